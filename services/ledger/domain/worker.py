"""A worker's life: which acts are possible on the day they land on."""

from collections.abc import Callable, Iterator
from datetime import date

from msgspec import Struct

from ledger.domain.appraisal import (
    check_appraisal,
    check_correction,
    check_proposal,
    check_publication,
    check_review,
)
from ledger.domain.certificates import check_certificate, check_end
from ledger.domain.grades import STEP, check_grade
from ledger.domain.policy import Policies
from ledger.domain.probation import check_confirmation, check_exit
from ledger.domain.rehire import former
from ledger.domain.second_post import check_free, check_left, check_taken
from ledger.domain.standing import Standing as Standing
from ledger.domain.standing import evolve
from ledger.domain.suspension import check_return, check_suspension
from ledger.domain.timeline import Act, Timeline
from shared.events import (
    OUTSIDE,
    AppraisalCorrected,
    AppraisalProposed,
    AppraisalPublished,
    CertificateEnded,
    Education,
    Event,
    PersonCorrected,
    Post,
    PostChanged,
    ProbationConfirmed,
    ReviewRequested,
    SecondPostLeft,
    SecondPostTaken,
    WorkerAppraised,
    WorkerCarried,
    WorkerConverted,
    WorkerEducated,
    WorkerHired,
    WorkerQualified,
    WorkerRegraded,
    WorkerRehired,
    WorkerReturned,
    WorkerSeparated,
    WorkerSuspended,
    WorkerTransferred,
)
from shared.refusal import Refused

# --- state


class Worker(Struct, frozen=True):
    """A worker's timeline and what decisions ask of it."""

    timeline: Timeline = Timeline()

    def on(self, day: date) -> Standing | None:
        """What the worker is on the day; None before the hire."""
        standing = None
        for act in self.timeline.until(day):
            standing = evolve(standing, act)
        return standing

    def placed_on(self, day: date) -> Standing | None:
        """What the worker is on the day; before the hire, and when it was voided, what they were hired as."""
        return self.on(day) or (evolve(None, self.timeline.first) if self.timeline.first else None)

    def serving(self, day: date) -> Standing:
        """What a worker in service is on the day. Refused `not-in-service`."""
        standing = self.on(day)
        if standing is None or not standing.in_service:
            raise _not_in_service(standing, day)
        return standing

    def known(self, day: date) -> Standing:
        """What a worker in service, or one that left, is on the day. Refused `not-in-service` before the hire."""
        standing = self.on(day)
        if standing is None:
            raise _not_in_service(standing, day)
        return standing

    def served_in(self, year: int) -> bool:
        """Whether the worker was in service on some day of the calendar year."""
        began = self.on(date(year, 1, 1))
        entries = (act for act in self.timeline if isinstance(act.event, WorkerHired | WorkerRehired))
        return (began is not None and began.in_service) or any(act.effective_date.year == year for act in entries)

    def with_(self, event: Event, effective_date: date) -> "Worker":
        """The worker as they would be."""
        return Worker(self.timeline.with_([event], effective_date))


# --- decisions


def admit(worker: Worker, event: Event, effective_date: date, policies: Policies) -> Worker:
    """The worker with the event, decided against the whole timeline it lands in.

    Refused with the event's own code where it does not fit, `later-act-in-the-way` where a later act no longer would.
    What a newer policy would no longer allow was recorded under an older one; it stands in nobody's way. Nor does a
    step in that of a regrade: it only wrote down what the rule gave then, and says the grade from its own day on.
    """
    after = worker.with_(event, effective_date)
    check_lived(worker, after, policies)
    return after


def check_lived(before: Worker, after: Worker, policies: Policies) -> None:
    """Refused as `admit` says, where an act is not possible in the life that was in the one before."""
    as_before = {act.version for act, _ in violations(before, policies)}
    new = [act.event for act in after.timeline if act.version > before.timeline.version]
    regrades = any(isinstance(event, WorkerRegraded) for event in new)
    for act, refused in violations(after, policies):
        if act.version in as_before:
            continue
        if act.version > before.timeline.version:
            raise refused
        if regrades and _is_step(act.event):
            continue
        raise Refused(
            "later-act-in-the-way",
            f"{act.event.name} of {act.effective_date} would no longer be possible: {refused.detail}",
            pointer="/effective_date",
            remedy="choose a later date, or void the later act first and give it again afterwards",
            extra={"acts": [act.command_id]},
        )


def _is_step(event: Event) -> bool:
    return isinstance(event, WorkerRegraded) and event.reason == STEP and not event.exceptional


def violations(worker: Worker, policies: Policies) -> Iterator[tuple[Act, Refused]]:
    """The acts of the timeline that are not possible where they stand, in order."""
    standing = None
    for act in worker.timeline:
        try:
            _check(standing, act, policies)
        except Refused as refused:
            yield act, refused
        standing = evolve(standing, act)


def _check(standing: Standing | None, act: Act, policies: Policies) -> None:
    event = act.event
    if isinstance(event, WorkerHired):
        _check_grade_on(event.scheme, event.post, event.grade, act.effective_date, policies)
        return
    if isinstance(event, WorkerRehired):
        former(standing, act.effective_date)
        _check_grade_on(event.scheme, event.post, event.grade, act.effective_date, policies)
        return
    if isinstance(event, WorkerCarried):
        return
    if standing is None or not (standing.in_service or isinstance(event, _OF_THE_PAST)):
        raise _not_in_service(standing, act.effective_date)
    rule = _RULES.get(type(event))
    if rule is not None:
        rule(standing, event, act.effective_date, policies)


def _check_move(standing: Standing, event: WorkerTransferred, day: date, policies: Policies) -> None:
    if event.from_community_id == event.community_id != standing.community_id:
        raise _moved(standing, f"the worker is in {standing.community_id} and not on a grid of {event.community_id}")
    if (event.community_id, event.grid_id) == (standing.community_id, standing.grid_id):
        where = event.community_id + (f", grid {event.grid_id}" if event.grid_id else "")
        raise _already(f"the worker is already in {where}", "/community_id")


def _check_conversion(standing: Standing, event: WorkerConverted, day: date, policies: Policies) -> None:
    if event.scheme == standing.scheme:
        raise Refused(
            "already-converted",
            f"the worker is already under the scheme {event.scheme}",
            remedy="change the post or the grade instead",
        )
    if event.from_scheme != standing.scheme:
        raise _moved(standing, f"the worker is under {standing.scheme}")
    if event.from_community_id == event.community_id:
        check_free(standing, event.post)
    _check_grade_on(event.scheme, event.post, event.grade, day, policies)


def _check_post(standing: Standing, event: PostChanged, day: date, policies: Policies) -> None:
    if event.post is standing.post:
        raise _already(f"the worker is already {event.post}", "/post")
    if event.from_post is not standing.post:
        raise _moved(standing, f"the worker is not {event.from_post} but {standing.post}")
    check_free(standing, event.post)
    _check_grade_on(standing.scheme, event.post, event.grade, day, policies)


def _check_regrade(standing: Standing, event: WorkerRegraded, day: date, policies: Policies) -> None:
    if event.grade == standing.grade:
        raise _already(f"the worker already has grade {event.grade}", "/grade")
    if event.from_grade != standing.grade:
        raise _moved(standing, f"the worker has not grade {event.from_grade} but {standing.grade}")
    _check_grade_on(standing.scheme, standing.post, event.grade, day, policies)


def _check_education(standing: Standing, event: WorkerEducated, day: date, policies: Policies) -> None:
    levels = list(Education)
    if levels.index(event.education) <= levels.index(standing.education):
        raise Refused(
            "education-not-higher",
            f"{event.education} is not higher than the recorded {standing.education}",
            pointer="/education",
            remedy="record a higher diploma only",
        )


def _check_grade_on(scheme: str, post: Post, grade: int | None, day: date, policies: Policies) -> None:
    if grade is None:
        return
    document = None if scheme == OUTSIDE else policies.for_scheme(scheme, day)
    if document is None:
        raise Refused(
            "no-grades" if scheme == OUTSIDE else "no-policy",
            f"there is no ladder for the scheme {scheme} on {day}",
            pointer="/grade",
            remedy="choose a day on which a policy of the scheme is in force, or convert the worker first",
        )
    check_grade(post, grade, document)


_OF_THE_PAST = (
    AppraisalProposed,
    AppraisalPublished,
    ReviewRequested,
    WorkerAppraised,
    AppraisalCorrected,
    CertificateEnded,
    PersonCorrected,
)
"""What is said also of somebody who left: of a year that was served, that a certificate ended, and who they are."""

_RULES: dict[type[Event], Callable[..., None]] = {
    ProbationConfirmed: check_confirmation,
    WorkerTransferred: _check_move,
    WorkerConverted: _check_conversion,
    PostChanged: _check_post,
    WorkerRegraded: _check_regrade,
    AppraisalProposed: check_proposal,
    AppraisalPublished: check_publication,
    ReviewRequested: check_review,
    WorkerAppraised: check_appraisal,
    AppraisalCorrected: check_correction,
    WorkerQualified: check_certificate,
    CertificateEnded: check_end,
    WorkerEducated: _check_education,
    WorkerSuspended: check_suspension,
    WorkerReturned: check_return,
    SecondPostTaken: check_taken,
    SecondPostLeft: check_left,
    WorkerSeparated: check_exit,
}


def _not_in_service(standing: Standing | None, day: date) -> Refused:
    since = f"left on {standing.left_on}" if standing and standing.left_on else f"not hired by {day}"
    return Refused(
        "not-in-service",
        f"the worker is not in service on {day}: {since}",
        pointer="/effective_date",
        remedy="choose a day in service, or hire the worker first; who left is hired again by a re-hire",
    )


def _already(detail: str, pointer: str, remedy: str = "nothing needs doing") -> Refused:
    return Refused("already-there", detail, pointer=pointer, remedy=remedy)


def _moved(standing: Standing, detail: str) -> Refused:
    return Refused("later-act-in-the-way", detail, remedy="look at the worker's history and act on what holds there")
