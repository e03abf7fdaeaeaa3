"""The shapes of the answers about grades: how one comes about, and where a recorded one is not the due one."""

from datetime import date

from msgspec import Struct

from ledger.domain.explanation import ToldStep
from ledger.drift_answers import Drift


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


class DriftPage(Struct, frozen=True, kw_only=True):
    """Drifts in the order of worker ids; `next_after` goes on where this page ends, null at the end.

    A page looks at some workers only, so that it may hold none and yet not be the last.
    """

    effective_on: date
    known_position: int
    drifts: list[Drift]
    next_after: str | None
