"""The shapes of the answers about grades: how one comes about, and where a recorded one is not the due one."""

from datetime import date

from msgspec import Struct

from ledger.domain.explanation import Cause, ToldStep
from shared.envelope import Basis


class GradeExplained(Struct, frozen=True, kw_only=True):
    """How the grade that is due on a day comes about, as known at a position, beside the recorded one."""

    worker_id: str
    grade_on: date
    known_position: int
    version: int
    steps: list[ToldStep]
    due_grade: int | None
    recorded_grade: int | None
    differs: bool


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
    """A worker whose recorded grade is not the one that is due, from when on, and which events made it so."""

    worker_id: str
    community_id: str
    since: date
    recorded_grade: int | None
    due_grade: int | None
    causes: list[Cause]
    proposed: Proposal | None


class DriftPage(Struct, frozen=True, kw_only=True):
    """Drifts in the order of worker ids; `next_after` goes on where this page ends, null at the end.

    A page looks at some workers only, so that it may hold none and yet not be the last.
    """

    effective_on: date
    known_position: int
    drifts: list[Drift]
    next_after: str | None
