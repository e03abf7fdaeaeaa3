"""A drift as it is told: where a recorded grade is not the due one, what caused it, and the commands that mend it."""

from collections.abc import Sequence
from datetime import date

from msgspec import Struct

from ledger.domain.drift import Difference, Mend, mending
from ledger.domain.explanation import Cause, cause_of
from ledger.domain.policy import Policies
from ledger.domain.worker import Worker
from shared.envelope import Basis, Recorded
from shared.events import (
    AppraisalCorrected,
    CertificateEnded,
    CommandVoided,
    PostChanged,
    WorkerAppraised,
    WorkerEducated,
    WorkerQualified,
)

_MOVES_THE_RULE = (
    WorkerAppraised,
    AppraisalCorrected,
    WorkerEducated,
    WorkerQualified,
    CertificateEnded,
    PostChanged,
    CommandVoided,
)


class ProposedBody(Struct, frozen=True, kw_only=True):
    """The body of a command that would set the recorded grade right, on the paper of the event that moved it."""

    worker_id: str
    effective_date: date
    grade: int
    reason: str
    basis: Basis


class Proposal(Struct, frozen=True, kw_only=True):
    """A command to be sent as it is, or on a paper of its own; `refused` says what stands in its way, if anything."""

    path: str
    body: ProposedBody
    refused: str = ""
    acts: tuple[str, ...] = ()


class Drift(Struct, frozen=True, kw_only=True):
    """A worker whose recorded grade was not the due one: first when, which they were, and which events made it so.

    `proposed` are the commands, to be sent in their order, after which every day has the due grade on record; they end
    with one that something stands in the way of.
    """

    worker_id: str
    community_id: str
    since: date
    recorded_grade: int | None
    due_grade: int | None
    causes: list[Cause]
    proposed: list[Proposal]


def told_drift(
    worker_id: str, found: Difference, known: Sequence[Recorded], worker: Worker, policies: Policies, day: date
) -> Drift:
    """The drift up to the day, from what is known of the worker."""
    standing = worker.on(day)
    assert standing is not None
    causes = _causes(found, known)
    caused = {cause.position for cause in causes}
    basis = next((one.basis for one in reversed(known) if one.position in caused), known[0].basis)
    return Drift(
        worker_id=worker_id,
        community_id=standing.community_id,
        since=found.since,
        recorded_grade=found.recorded,
        due_grade=found.due,
        causes=causes,
        proposed=[_proposed(worker_id, mend, basis) for mend in mending(worker, policies, day)],
    )


def _causes(found: Difference, known: Sequence[Recorded]) -> list[Cause]:
    """What was written since the grade was, and what earned the due one; else the act that wrote the grade."""
    since = [
        Cause(position=one.position, event=one.type, effective_date=one.effective_date, command_id=one.command_id)
        for one in known
        if one.version > found.written.version and isinstance(one.event, _MOVES_THE_RULE)
    ]
    causes = [*since, *(cause_of(act) for act in (*found.earned, *found.policies))] or [cause_of(found.written)]
    by_position = {cause.position: cause for cause in causes}
    return [by_position[position] for position in sorted(by_position)]


def _proposed(worker_id: str, mend: Mend, basis: Basis) -> Proposal:
    acts = mend.refused.extra.get("acts") if mend.refused else None
    return Proposal(
        path="/ledger/v1/regrades",
        body=ProposedBody(
            worker_id=worker_id,
            effective_date=mend.on,
            grade=mend.regraded.grade,
            reason=mend.regraded.reason,
            basis=basis,
        ),
        refused=mend.refused.detail if mend.refused else "",
        acts=tuple(str(act) for act in acts) if isinstance(acts, list) else (),
    )
