"""Admission by exam 逢进必考: applied, examined, checked, and then hired or withdrawn (rule 11)."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from ledger.domain.admission import check_conditions
from ledger.domain.career import Person
from ledger.domain.command import Command, Id, Words
from ledger.domain.policy import Policies
from ledger.domain.timeline import Act, Timeline
from shared.events import (
    CandidateChecked,
    CandidateExamined,
    CandidateHired,
    CandidateRegistered,
    CandidateWithdrawn,
    Channel,
    Education,
    Event,
    Post,
)
from shared.patterns import END, PLAIN
from shared.policy_document import Admission, PolicyDocument
from shared.refusal import Refused

Mark = Annotated[str, Meta(pattern=r"^(0|[1-9][0-9]{0,3})(\.[0-9]{1,2})?" + END, description="e.g. 86.50")]

# --- commands


class RegisterCandidate(Command, frozen=True, kw_only=True):
    """Somebody applies for a post of the city. One application of a person at a time."""

    city_id: Id
    post: Post
    education: Education
    person: Person


class CandidateCommand(Command, frozen=True, kw_only=True):
    """An act on one candidate."""

    candidate_id: Id


class ExamineCandidate(CandidateCommand, frozen=True, kw_only=True):
    """The mark of the exam; the effective date is the exam's day, on which age and diploma count."""

    mark: Mark


class CheckCandidate(CandidateCommand, frozen=True, kw_only=True):
    """Whether the check was passed."""

    passed: bool
    finding: Annotated[str, Meta(max_length=200, pattern=PLAIN)] = ""


class WithdrawCandidate(CandidateCommand, frozen=True, kw_only=True):
    """The application ends without a hire, and cannot be taken up again: the person applies anew."""

    reason: Words


# --- state


class Application(Struct, frozen=True, kw_only=True):
    """How far a candidate came by a day. `mark` is a decimal string."""

    candidate_id: str
    city_id: str
    post: Post
    education: Education
    registered_on: date
    examined_on: date | None = None
    mark: str | None = None
    checked_on: date | None = None
    passed_check: bool | None = None
    withdrawn_on: date | None = None
    hired_on: date | None = None
    worker_id: str | None = None


class Candidate(Struct, frozen=True):
    """A candidate's timeline."""

    timeline: Timeline = Timeline()

    @property
    def founded(self) -> CandidateRegistered | None:
        """The registration the stream began with, even where it was voided."""
        event = self.timeline.first.event if self.timeline.first else None
        return event if isinstance(event, CandidateRegistered) else None

    def on(self, day: date) -> Application | None:
        """How far they came by the day; None before they applied."""
        found = None
        for act in self.timeline.until(day):
            found = _after(found, act)
        return found


def _after(application: Application | None, act: Act) -> Application | None:
    event, day = act.event, act.effective_date
    if isinstance(event, CandidateRegistered):
        return Application(
            candidate_id=event.candidate_id,
            city_id=event.city_id,
            post=event.post,
            education=event.education,
            registered_on=day,
        )
    if application is None:
        return None
    changes: dict[str, object] = {}
    if isinstance(event, CandidateExamined):
        changes = {"examined_on": day, "mark": f"{Decimal(event.mark_hundredths) / 100:.2f}"}
    elif isinstance(event, CandidateChecked):
        changes = {"checked_on": day, "passed_check": event.passed}
    elif isinstance(event, CandidateWithdrawn):
        changes = {"withdrawn_on": day}
    elif isinstance(event, CandidateHired):
        changes = {"hired_on": day, "worker_id": event.worker_id}
    return msgspec.structs.replace(application, **changes)


# --- decisions


def take(candidate: Candidate, event: Event, day: date, policies: Policies) -> Candidate:
    """The candidate with the event, decided against all that is on record. Refused `candidate-not-ready`,
    `already-there`, `later-act-in-the-way`."""
    after = Candidate(candidate.timeline.with_([event], day))
    for act, refused in violations(after, policies):
        if act.version == after.timeline.version:
            raise refused
        raise Refused(
            "later-act-in-the-way",
            f"{act.event.name} of {act.effective_date} would no longer be possible: {refused.detail}",
            pointer="/effective_date",
            remedy="choose a later date, or void the later act first and give it again afterwards",
            extra={"acts": [act.command_id]},
        )
    return after


def violations(candidate: Candidate, policies: Policies) -> Iterator[tuple[Act, Refused]]:
    """The acts that are not possible where they stand, in order."""
    application = None
    for act in candidate.timeline:
        try:
            _check(application, act, policies)
        except Refused as refused:
            yield act, refused
        application = _after(application, act)


def examined(command: ExamineCandidate) -> CandidateExamined:
    """The mark in hundredths."""
    return CandidateExamined(mark_hundredths=int(Decimal(command.mark) * 100))


def check_examined(
    application: Application | None, command: ExamineCandidate, policies: Policies, birth_date: date
) -> None:
    """Age and diploma on the exam's day, as the policy of that day asks. Refused `too-old`, `too-young`,
    `diploma-too-low`, `channel-not-open`."""
    if application is None:
        return
    day = command.effective_date
    document = policies.open_to(Channel.EXAM, day)
    if document is None:
        raise Refused(
            "channel-not-open",
            f"no policy in force on {day} takes people in by exam",
            pointer="/effective_date",
            remedy="choose the day of the exam, or enact the policy first",
        )
    check_conditions(document, application.post, birth_date=birth_date, education=application.education, day=day)


def _check(application: Application | None, act: Act, policies: Policies) -> None:
    if isinstance(act.event, CandidateRegistered):
        return
    if application is None:
        raise _not_ready(f"nobody had applied by {act.effective_date}", "choose a day after the application")
    if application.withdrawn_on is not None:
        raise _not_ready(f"the application ended on {application.withdrawn_on}", "register the person anew")
    if application.hired_on is not None:
        raise _not_ready(f"the candidate was hired on {application.hired_on}", "act on the worker instead")
    if isinstance(act.event, CandidateExamined) and application.examined_on is not None:
        raise Refused(
            "already-there",
            f"the exam of {application.examined_on} is marked already",
            pointer="/mark",
            remedy="void the mistaken mark first; it is never overwritten",
        )
    if isinstance(act.event, CandidateChecked | CandidateHired):
        _check_mark(application, policies)
    if isinstance(act.event, CandidateHired) and not application.passed_check:
        raise _not_ready(
            "the check was not passed" if application.checked_on else "the check is not on record",
            "record the check, or hire somebody else",
        )


def _check_mark(application: Application, policies: Policies) -> None:
    if application.examined_on is None or application.mark is None:
        raise _not_ready("no exam is on record", "record the mark of the exam first")
    condition = condition_on(policies, application.post, application.examined_on)
    if condition is None or condition.pass_mark is None:
        return
    if Decimal(application.mark) < condition.pass_mark:
        raise _not_ready(
            f"the mark {application.mark} is below {condition.pass_mark}", "compare the mark; nobody is passed below it"
        )


def condition_on(policies: Policies, post: Post, day: date) -> Admission | None:
    """What the policy of the day asks of whoever enters the post by exam."""
    document: PolicyDocument | None = policies.open_to(Channel.EXAM, day)
    return None if document is None else document.admission.get(post.value)


def _not_ready(detail: str, remedy: str) -> Refused:
    return Refused("candidate-not-ready", detail, pointer="/candidate_id", remedy=remedy)
