"""The steps due on one day of the year, written down for a whole place (rule 8)."""

from datetime import date, timedelta
from typing import Annotated

from msgspec import Meta

from ledger.domain.command import Command, Id
from ledger.domain.drift import Difference, difference
from ledger.domain.due_grade import derivation
from ledger.domain.grade_walk import STEPS_OF_THE_YEAR
from ledger.domain.grades import STEP
from ledger.domain.policy import Policies
from ledger.domain.worker import Worker
from shared.events import WorkerRegraded
from shared.refusal import Refused

# --- command


class AdvanceWorkers(Command, frozen=True, kw_only=True):
    """Record the steps that fall due on the effective date for everybody in the city, its street or its community.

    `without`: who is left out, because an act of theirs stands in the way.
    """

    city_id: Id
    street_id: Id | None = None
    community_id: Id | None = None
    without: Annotated[tuple[Id, ...], Meta(max_length=500)] = ()


# --- decisions


def advance(worker: Worker, policies: Policies, day: date) -> Difference | WorkerRegraded | None:
    """The regrade that the day's step asks for; None where none is due, or it is recorded already.

    Where the record is off before the day, that is the answer: a step on top of it would swallow it.
    """
    standing = worker.on(day)
    if standing is None or not standing.in_service:
        return None
    steps = derivation(worker.timeline, policies, day)
    today = [step for step in steps if step.on == day and step.part]
    if not any(step.part in STEPS_OF_THE_YEAR for step in today):
        return None
    before = difference(worker, policies, day - timedelta(days=1))
    due, recorded = steps[-1].grade, standing.grade
    if before is not None or due is None or recorded is None or due <= recorded:
        return before
    return WorkerRegraded(from_grade=recorded, grade=due, reason=STEP, why="; ".join(step.why for step in today))


def check_step_day(policies: Policies, day: date) -> None:
    """Refused `step-off-day` on a day on which no policy lets steps fall due."""
    if day in policies.step_days(day, day):
        return
    named = [str(one) for one in policies.step_days(date(day.year, 1, 1), date(day.year, 12, 31))]
    raise Refused(
        "step-off-day",
        f"no policy has steps fall due on {day}",
        pointer="/effective_date",
        remedy=f"give the day that a policy names: {', '.join(named)}" if named else "enact a policy with step rules",
    )
