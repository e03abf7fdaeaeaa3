"""The yearly appraisal 考核: proposed, published, reviewed, final, corrected; never overwritten (rule 9)."""

from datetime import date, timedelta
from typing import Annotated

from msgspec import Meta

from ledger.domain.command import Words, WorkerCommand
from ledger.domain.policy import Policies
from ledger.domain.standing import Stage, Standing
from ledger.domain.timeline import Act, Timeline
from shared.events import (
    AppraisalCorrected,
    AppraisalProposed,
    AppraisalPublished,
    Rating,
    ReviewRequested,
    WorkerAppraised,
)
from shared.policy_document import Appraisal
from shared.refusal import Refused

Year = Annotated[int, Meta(ge=1949, le=2199)]

# --- commands


class ProposeAppraisal(WorkerCommand, frozen=True, kw_only=True):
    """A rating is proposed for one calendar year; it counts for nothing yet. Another proposal takes its place."""

    year: Year
    rating: Rating


class PublishAppraisal(WorkerCommand, frozen=True, kw_only=True):
    """公示: what was proposed is made known; from now on a review can be asked for."""

    year: Year


class RequestReview(WorkerCommand, frozen=True, kw_only=True):
    """复核: the worker asks for another look, within the days that the policy gives."""

    year: Year
    reason: Words


class AppraiseWorker(WorkerCommand, frozen=True, kw_only=True):
    """The final result of one calendar year: the end of its process, or by itself where none was begun."""

    year: Year
    rating: Rating


class CorrectAppraisal(WorkerCommand, frozen=True, kw_only=True):
    """更正: a final result was wrong; the right one holds from the effective date on, and both stay readable."""

    year: Year
    rating: Rating
    reason: Words


# --- state


def ratings_of(timeline: Timeline) -> dict[int, tuple[Rating, Act]]:
    """The rating that each year has, whenever it was given, and the act that gave it last."""
    return {
        act.event.year: (act.event.rating, act)
        for act in timeline
        if isinstance(act.event, WorkerAppraised | AppraisalCorrected)
    }


def appraisal_rules(standing: Standing, day: date, policies: Policies) -> Appraisal | None:
    """What the worker's policy says of appraisals on the day."""
    document = policies.for_scheme(standing.scheme, day)
    return document.appraisal if document else None


# --- decisions


def propose(command: ProposeAppraisal) -> AppraisalProposed:
    """The rating as proposed."""
    return AppraisalProposed(year=command.year, rating=command.rating)


def publish(command: PublishAppraisal, standing: Standing) -> AppraisalPublished:
    """What was proposed. Refused `appraisal-stage`."""
    course = standing.appraisals.get(str(command.year))
    if course is None or course.stage is not Stage.PROPOSED:
        raise _off_stage(standing, command.year, "published", "propose a rating first")
    return AppraisalPublished(year=command.year, rating=course.rating)


def request_review(command: RequestReview) -> ReviewRequested:
    """The request with its reason."""
    return ReviewRequested(year=command.year, reason=command.reason)


def appraise(command: AppraiseWorker) -> WorkerAppraised:
    """The result as recorded."""
    return WorkerAppraised(year=command.year, rating=command.rating)


def correct(command: CorrectAppraisal, standing: Standing) -> AppraisalCorrected:
    """The right result beside the one it replaces. Refused `appraisal-stage`."""
    was = standing.ratings.get(str(command.year))
    if was is None:
        raise _off_stage(standing, command.year, "corrected", "give its result first")
    return AppraisalCorrected(year=command.year, from_rating=was, rating=command.rating, reason=command.reason)


# --- what a timeline must say


def check_proposal(standing: Standing, event: AppraisalProposed, day: date, policies: Policies) -> None:
    """Refused `future-year`, `rating-off-scale`, `already-there`, `appraisal-stage`."""
    _check_year(event.year, day)
    _check_scale(event.rating, standing, day, policies)
    course = standing.appraisals.get(str(event.year))
    if course is not None and course.stage is not Stage.PROPOSED:
        raise _off_stage(standing, event.year, "proposed", "correct the result once it is final")
    if course is not None and course.rating is event.rating:
        raise _already(f"{event.rating} is already proposed for {event.year}", "/rating", "nothing needs doing")


def check_publication(standing: Standing, event: AppraisalPublished, day: date, policies: Policies) -> None:
    """Refused `appraisal-stage`, also where something else was proposed meanwhile."""
    course = standing.appraisals.get(str(event.year))
    if course is None or course.stage is not Stage.PROPOSED or course.rating is not event.rating:
        raise _off_stage(standing, event.year, f"published as {event.rating}", "propose it first")


def check_review(standing: Standing, event: ReviewRequested, day: date, policies: Policies) -> None:
    """Refused `appraisal-stage`, and `review-too-late` after the days that the policy gives."""
    course = standing.appraisals.get(str(event.year))
    if course is None or course.stage is not Stage.PUBLISHED:
        raise _off_stage(standing, event.year, "reviewed", "a review is asked for what was published and is not final")
    rules = appraisal_rules(standing, day, policies)
    if rules is not None and rules.review_days is not None and day > course.since + timedelta(days=rules.review_days):
        raise Refused(
            "review-too-late",
            f"it was published on {course.since}; a review is asked for within {rules.review_days} days",
            pointer="/effective_date",
            remedy="make the result final; what is wrong in it is corrected afterwards",
        )


def check_appraisal(standing: Standing, event: WorkerAppraised, day: date, policies: Policies) -> None:
    """Refused `future-year`, `rating-off-scale`, `already-there`, `appraisal-stage`, `review-open`."""
    _check_year(event.year, day)
    if str(event.year) in standing.ratings:
        raise _already(
            f"the year {event.year} is already appraised: {standing.ratings[str(event.year)]}",
            "/year",
            "correct the result, or void it first; it is never overwritten",
        )
    _check_scale(event.rating, standing, day, policies)
    course = standing.appraisals.get(str(event.year))
    if course is None or course.stage is Stage.UNDER_REVIEW:
        return
    if course.stage is Stage.PROPOSED:
        raise _off_stage(standing, event.year, "final", "publish what was proposed first")
    if course.rating is not event.rating:
        raise _off_stage(
            standing, event.year, f"final as {event.rating}", "what was published changes by a review only"
        )
    rules = appraisal_rules(standing, day, policies)
    if rules is not None and rules.review_days is not None and day <= course.since + timedelta(days=rules.review_days):
        raise Refused(
            "review-open",
            f"a review can be asked for until {course.since + timedelta(days=rules.review_days)}",
            pointer="/effective_date",
            remedy="choose a day after it",
        )


def check_correction(standing: Standing, event: AppraisalCorrected, day: date, policies: Policies) -> None:
    """Refused `appraisal-stage`, `rating-off-scale`, `already-there`."""
    _check_scale(event.rating, standing, day, policies)
    was = standing.ratings.get(str(event.year))
    if was is event.rating:
        raise _already(f"the year {event.year} is already rated {was}", "/rating", "nothing needs doing")
    if was is not event.from_rating:
        raise _off_stage(standing, event.year, f"corrected from {event.from_rating}", "correct what is recorded then")


def _check_year(year: int, day: date) -> None:
    if year > day.year:
        raise Refused(
            "future-year",
            f"the year {year} has not begun on {day}",
            pointer="/year",
            remedy=f"appraise {day.year} or an earlier year",
        )


def _check_scale(rating: Rating, standing: Standing, day: date, policies: Policies) -> None:
    rules = appraisal_rules(standing, day, policies)
    if rules is not None and rating.value not in rules.ratings:
        raise Refused(
            "rating-off-scale",
            f"{rating} is not on the scale: {', '.join(rules.ratings)}",
            pointer="/rating",
            remedy="choose a rating of the policy's scale",
        )


def _off_stage(standing: Standing, year: int, wished: str, remedy: str) -> Refused:
    course = standing.appraisals.get(str(year))
    stands = f"{course.stage}, as {course.rating}" if course else "not begun"
    return Refused(
        "appraisal-stage",
        f"the appraisal of {year} cannot be {wished}: it is {stands}",
        pointer="/year",
        remedy=remedy,
    )


def _already(detail: str, pointer: str, remedy: str) -> Refused:
    return Refused("already-there", detail, pointer=pointer, remedy=remedy)
