"""The command that records the steps due in a place as one act."""

from collections.abc import Sequence
from datetime import date, timedelta

import msgspec

from ledger.commands.staff import staff_of
from ledger.desk import Decision, Desk, Opened
from ledger.domain.advancement import AdvanceWorkers, advance, check_step_day
from ledger.domain.drift import Difference
from ledger.domain.policy import Policies
from ledger.domain.worker import Worker, admit
from ledger.drift_answers import Drift, told_drift
from ledger.event_store import Change
from shared.events import WorkerRegraded
from shared.refusal import Refused


def advance_workers(desk: Desk, command: AdvanceWorkers) -> Decision:
    """One regrade on the stream of everybody whose step is due, in one append.

    Whose record is off before the day is held back, with the acts that have to be recorded first.
    Refused `nothing-due`, `step-off-day`, `too-many-at-once`, and `later-act-in-the-way` naming whom to leave out.
    """
    day = command.effective_date
    staff = staff_of(desk, command.city_id, command.street_id, command.community_id, day)
    policies = desk.policies(command.city_id).state
    check_step_day(policies, day)
    changes: list[Change] = []
    hindered: list[tuple[str, Refused]] = []
    held_back: list[Drift] = []
    for worker in staff:
        worker_id = worker.stream.partition("/")[2]
        regraded = None if worker_id in command.without else advance(worker.state, policies, day)
        if isinstance(regraded, Difference):
            held_back.append(_told(desk, worker, regraded, policies, day))
        if not isinstance(regraded, WorkerRegraded):
            continue
        try:
            admit(worker.state, regraded, day, policies)
        except Refused as refused:
            hindered.append((worker_id, refused))
        changes.append(worker.with_(regraded))
    if hindered:
        raise _hindered(hindered)
    if not changes:
        raise _nothing_due(day, held_back)
    return Decision(changes[0].stream, changes, held_back=held_back)


def _told(desk: Desk, worker: Opened[Worker], found: Difference, policies: Policies, day: date) -> Drift:
    known = desk.store.stream(worker.stream)
    eve = day - timedelta(days=1)
    return told_drift(worker.stream.partition("/")[2], found, known, worker.state, policies, eve)


def _nothing_due(day: date, held_back: Sequence[Drift]) -> Refused:
    if not held_back:
        return Refused(
            "nothing-due",
            f"nobody there has a step due on {day} that is not recorded",
            pointer="/effective_date",
            remedy="nothing needs doing; GET /ledger/v1/drifts lists other grades that are not the due ones",
        )
    return Refused(
        "nothing-due",
        f"{len(held_back)} have a step due on {day}, first {held_back[0].worker_id}: their grades are off before it",
        pointer="/effective_date",
        remedy="record the acts first that `held_back` proposes for each of them, in their order",
        extra={"held_back": msgspec.to_builtins(held_back)},
    )


def _hindered(hindered: Sequence[tuple[str, Refused]]) -> Refused:
    worker_id, first = hindered[0]
    acts: list[object] = []
    for _, refused in hindered:
        found = refused.extra.get("acts")
        acts += found if isinstance(found, list) else []
    return Refused(
        "later-act-in-the-way",
        f"{len(hindered)} of them cannot step up, first {worker_id}: {first.detail}",
        pointer="/without",
        remedy="name them in `without`, and see to each of them by itself",
        extra={"workers": [name for name, _ in hindered], "acts": acts},
    )
