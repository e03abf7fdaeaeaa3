"""Where a recorded grade is not the due one: since when, because of what, and the acts that would mend it."""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta

from msgspec import Struct

from ledger.domain.due_grade import derivation
from ledger.domain.grade_walk import SETS_THE_GRADE, Step
from ledger.domain.grades import STEP
from ledger.domain.policy import Policies
from ledger.domain.timeline import Act
from ledger.domain.worker import Worker, admit
from shared.events import PolicyEnacted, WorkerRegraded
from shared.refusal import Refused


class Difference(Struct, frozen=True, kw_only=True):
    """The first recorded grade beside the due one, and from when on. `written` recorded it, `earned` made it due."""

    since: date
    recorded: int | None
    due: int | None
    written: Act
    earned: tuple[Act, ...]
    policies: tuple[Act, ...]


class Mend(Struct, frozen=True):
    """A regrade that brings the record to the due grade from a day on; `refused` is why it would not be taken."""

    on: date
    regraded: WorkerRegraded
    refused: Refused | None = None


def difference(worker: Worker, policies: Policies, day: date) -> Difference | None:
    """The first of the present service up to the day. None for whoever is out of service, and where there is none."""
    standing = worker.on(day)
    if standing is None or not standing.in_service:
        return None
    steps = derivation(worker.timeline, policies, day)
    off = next(_off(worker, steps, standing.hired_on, day), None)
    if off is None:
        return None
    since, written, due = off
    return Difference(
        since=since,
        recorded=_grade(written),
        due=due,
        written=written,
        earned=tuple(act for step in steps if step.on == since and step.part for act in step.acts),
        policies=tuple(
            act
            for act in policies.timeline.until(day)
            if act.position > written.position
            and isinstance(act.event, PolicyEnacted)
            and act.event.scheme == standing.scheme
        ),
    )


def mending(worker: Worker, policies: Policies, day: date) -> list[Mend]:
    """The regrades, in order of date, after which every day up to this one has the due grade on record.

    It ends with the first that would be refused: what has to follow depends on what is done about that.
    """
    found: list[Mend] = []
    standing = worker.on(day)
    first = standing.hired_on if standing is not None else day
    while True:
        steps = derivation(worker.timeline, policies, day)
        off = next((one for one in _off(worker, steps, first, day) if one[2] is not None), None)
        if off is None or off[2] is None:
            return found
        since, written, _ = off
        first = since + timedelta(days=1)
        regraded = WorkerRegraded(from_grade=_grade(written), grade=off[2], reason=STEP)
        try:
            worker = admit(worker, regraded, since, policies)
        except Refused as refused:
            return [*found, Mend(since, regraded, refused)]
        found.append(Mend(since, regraded))


def _off(worker: Worker, steps: Sequence[Step], first: date, day: date) -> Iterator[tuple[date, Act, int | None]]:
    """Each day on which either grade moves and the two differ then: the act of the recorded one, and the due one."""
    acts = [act for act in worker.timeline.until(day) if isinstance(act.event, SETS_THE_GRADE)]
    for turn in sorted({act.effective_date for act in acts} | {step.on for step in steps}):
        if turn < first:
            continue
        written = [act for act in acts if act.effective_date <= turn][-1]
        due = next((step.grade for step in reversed(steps) if step.on <= turn), None)
        if _grade(written) != due:
            yield turn, written, due


def _grade(act: Act) -> int | None:
    assert isinstance(act.event, SETS_THE_GRADE)
    return act.event.grade
