"""The yearly appraisal 考核: one rating for one year, never overwritten (rule 9)."""

from datetime import date
from typing import Annotated

from msgspec import Meta

from ledger.domain.command import WorkerCommand
from ledger.domain.policy import Policies
from ledger.domain.standing import Standing
from ledger.domain.timeline import Act, Timeline
from shared.events import Rating, WorkerAppraised
from shared.refusal import Refused

# --- command


class AppraiseWorker(WorkerCommand, frozen=True, kw_only=True):
    """The result of one calendar year."""

    year: Annotated[int, Meta(ge=1949, le=2199)]
    rating: Rating


# --- state


def ratings_of(timeline: Timeline) -> dict[int, tuple[Rating, Act]]:
    """The rating that each year has, whenever it was given, and the act that gave it."""
    return {act.event.year: (act.event.rating, act) for act in timeline if isinstance(act.event, WorkerAppraised)}


# --- decisions


def appraise(command: AppraiseWorker) -> WorkerAppraised:
    """The result as recorded."""
    return WorkerAppraised(year=command.year, rating=command.rating)


def check_appraisal(standing: Standing, event: WorkerAppraised, day: date, policies: Policies) -> None:
    """Refused `future-year`, and `already-there` for a year that has its rating."""
    if event.year > day.year:
        raise Refused(
            "future-year",
            f"the year {event.year} is not over on {day}",
            pointer="/year",
            remedy=f"appraise {day.year} or an earlier year",
        )
    if str(event.year) in standing.ratings:
        raise Refused(
            "already-there",
            f"the year {event.year} is already appraised: {standing.ratings[str(event.year)]}",
            pointer="/year",
            remedy="void the recorded appraisal first; it is never overwritten",
        )
