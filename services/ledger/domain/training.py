"""Training 培训: the initial course, which a policy may ask for before a probation is confirmed (rule 24)."""

from datetime import date

from ledger.domain.policy import Policies
from ledger.domain.standing import Standing
from shared.refusal import Refused

# --- decisions


def check_initial_course(standing: Standing, day: date, policies: Policies) -> None:
    """Refused `initial-course-missing` with fewer hours of the initial course than the policy of the day asks for."""
    document = policies.for_scheme(standing.scheme, day)
    asked = document.training if document is not None else None
    if asked is None or not asked.initial_before_confirmation or standing.initial_hours >= asked.initial_hours:
        return
    raise Refused(
        "initial-course-missing",
        f"the worker has {standing.initial_hours} of the {asked.initial_hours} hours of the initial course by {day}",
        pointer="/effective_date",
        remedy="record the hours with initial set, or choose a day on which they are complete",
        extra={"hours": standing.initial_hours, "asked": asked.initial_hours},
    )
