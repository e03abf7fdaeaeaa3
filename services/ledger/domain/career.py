"""The acts of a working life: each command, and the event it becomes when the rules allow it."""

from datetime import date
from typing import Annotated, NamedTuple

from msgspec import UNSET, Meta, Struct

from ledger.domain.admission import check_admission, check_path
from ledger.domain.command import Command, Id, Words, WorkerCommand
from ledger.domain.grades import entry_grade
from ledger.domain.policy import Policies
from ledger.domain.probation import probation_until
from ledger.domain.standing import Standing
from shared.events import (
    OUTSIDE,
    Certificate,
    Channel,
    Education,
    Post,
    PostChanged,
    PostPath,
    SeparationReason,
    WorkerEducated,
    WorkerHired,
    WorkerRegraded,
    WorkerSeparated,
    WorkerTrained,
    WorkerTransferred,
)
from shared.patterns import END
from shared.policy_document import PolicyDocument
from shared.refusal import Refused

Grade = Annotated[int, Meta(ge=1, le=99)]
Years = Annotated[int, Meta(ge=0, le=60)]
Digits = Annotated[str, Meta(max_length=40, pattern=r"^[0-9A-Za-z+ -]*" + END)]

# --- commands


class Known(Struct, frozen=True, kw_only=True):
    """Who somebody is, opened with their key: as it was sealed, whatever was asked of it then."""

    name: str
    identity_number: str
    phone: str = ""
    bank_account: str = ""


class Person(Known, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who is meant; stored only as ciphertext under the person's own key."""

    name: Words
    identity_number: Annotated[str, Meta(max_length=18, description="GB 11643, 18 characters")]
    phone: Digits = ""
    bank_account: Digits = ""


class Entry(Command, frozen=True, kw_only=True):
    """Somebody enters service. Without `grade` the policy's entry grade is taken.

    `paid_outside`: holds a seat but is paid elsewhere, e.g. on a public-institution post 事业岗位.
    `successor_id`: who carries the worker on, where the community was redrawn since; the redraw's own without it.
    `probation_until`: the last day on probation 试用期; without it as the policy has it for the channel.
    `candidate_id`: who passed exam and check; age and diploma were judged on the day of the exam.
    """

    community_id: Id
    grid_id: Id | None = None
    channel: Channel
    post: Post
    grade: Grade | None = None
    paid_outside: bool = False
    successor_id: Id | None = None
    probation_until: date | None = None
    candidate_id: Id | None = None


class HireWorker(Entry, frozen=True, kw_only=True):
    """Somebody enters service for the first time."""

    education: Education
    counted_years: Years = 0
    person: Person


class TransferWorker(WorkerCommand, frozen=True, kw_only=True):
    """To another community, or to another grid of the same. `successor_id` as of a hire."""

    community_id: Id
    grid_id: Id | None = None
    successor_id: Id | None = None


class ChangePost(WorkerCommand, frozen=True, kw_only=True):
    """To another post, upwards or downwards. Without `grade`: the present one, moved into the band of the new post.

    `path`: how it was come by, election 选举, selection 竞聘 or appointment 任命.
    """

    post: Post
    grade: Grade | None = None
    path: PostPath | None = None


class RegradeWorker(WorkerCommand, frozen=True, kw_only=True):
    """Another grade of the post's band. `exceptional` 破格: the rule counts on from it; else it is held to the rule."""

    grade: Grade
    reason: Words
    exceptional: bool = False


class TrainWorker(WorkerCommand, frozen=True, kw_only=True):
    """A completed course."""

    course: Words
    hours: Annotated[int, Meta(ge=1, le=2000)]
    initial: bool = False


class EducateWorker(WorkerCommand, frozen=True, kw_only=True):
    """A higher diploma is recognised. It moves no grade by itself; a grade is a recorded act."""

    education: Education


class SeparateWorker(WorkerCommand, frozen=True, kw_only=True):
    """The effective date is the first day out of service."""

    reason: SeparationReason


# --- decisions


def hire(command: HireWorker, policies: Policies, *, worker_id: str, city_id: str, birth_date: date) -> WorkerHired:
    """Refused as `check_admission` and `probation_until` say, `no-policy`; `personal` is empty."""
    brought = Brought((command.education,), counted_years=command.counted_years)
    on = terms(command, policies, brought, birth_date)
    return WorkerHired(
        worker_id=worker_id,
        city_id=city_id,
        community_id=command.community_id,
        grid_id=command.grid_id,
        channel=command.channel,
        scheme=on.scheme,
        post=command.post,
        grade=on.grade,
        education=command.education,
        counted_years=command.counted_years,
        personal="",
        probation_until=on.probation_until or UNSET,
    )


class Brought(Struct, frozen=True):
    """What somebody brings along to an entry: diplomas, the highest last, certificates, years; whether once more."""

    diplomas: tuple[Education, ...]
    certificates: tuple[Certificate, ...] = ()
    counted_years: int = 0
    again: bool = False


class Terms(NamedTuple):
    """On which terms somebody enters service."""

    scheme: str
    grade: int | None
    probation_until: date | None


def terms(command: Entry, policies: Policies, brought: Brought, birth_date: date) -> Terms:
    """Scheme, grade and probation on entry; refused as `hire` says."""
    day = command.effective_date
    if command.paid_outside:
        document, admitted = None, policies.open_to(command.channel, day)
    else:
        document = admitted = admitting(command.channel, command.post, day, policies)
    if admitted is not None:
        check_admission(
            admitted,
            command.channel,
            command.post,
            birth_date=birth_date,
            education=brought.diplomas[-1],
            day=day,
            examined=command.candidate_id is not None,
        )
    grade = grade_of(command.post, command.grade, brought, document)
    until = probation_until(command.probation_until, document, command.channel, day)
    return Terms(document.scheme if document else OUTSIDE, grade, until)


def transfer(command: TransferWorker, standing: Standing) -> WorkerTransferred:
    """The move, from where the worker is on the day."""
    return WorkerTransferred(
        from_community_id=standing.community_id, community_id=command.community_id, grid_id=command.grid_id
    )


def change_post(command: ChangePost, standing: Standing, policies: Policies) -> PostChanged:
    """The grade asked for, else the present one within the new post's band. Refused `no-policy`, `path-not-open`."""
    grade = command.grade
    document = policies.for_scheme(standing.scheme, command.effective_date)
    if document is not None:
        _check_paid(document, command.post)
        check_path(document, standing, command.post, command.path)
    if grade is None and document is not None and standing.grade is not None:
        band = document.bands.get(command.post.value)
        grade = min(max(standing.grade, band.lowest), band.highest) if band else standing.grade
    return PostChanged(from_post=standing.post, post=command.post, grade=grade, path=command.path or UNSET)


def regrade(command: RegradeWorker, standing: Standing) -> WorkerRegraded:
    """The new grade beside the one it replaces."""
    return WorkerRegraded(
        from_grade=standing.grade,
        grade=command.grade,
        reason=command.reason,
        exceptional=command.exceptional or UNSET,
    )


def train(command: TrainWorker) -> WorkerTrained:
    """The course as completed."""
    return WorkerTrained(course=command.course, hours=command.hours, initial=command.initial)


def educate(command: EducateWorker) -> WorkerEducated:
    """The diploma as recognised."""
    return WorkerEducated(education=command.education)


def separate(command: SeparateWorker) -> WorkerSeparated:
    """The exit with its reason."""
    return WorkerSeparated(reason=command.reason)


def admitting(channel: Channel, post: Post, day: date, policies: Policies) -> PolicyDocument:
    """The document that takes people in by the channel. Refused `channel-not-open`, `no-policy`."""
    document = policies.open_to(channel, day)
    if document is None:
        raise Refused(
            "channel-not-open",
            f"no policy in force on {day} takes people in by {channel}",
            pointer="/channel" if channel is not Channel.CONVERSION else "/effective_date",
            remedy="choose a channel and a day that a policy opens, or enact the policy first",
        )
    _check_paid(document, post)
    return document


def _check_paid(document: PolicyDocument, post: Post) -> None:
    if document.flat is not None and post.value not in document.flat.monthly:
        raise Refused(
            "no-policy",
            f"{document.policy_id} says no pay for a {post}",
            pointer="/post",
            remedy="choose a post the policy names, or set paid_outside",
        )


def grade_of(post: Post, grade: int | None, brought: Brought, document: PolicyDocument | None) -> int | None:
    """The grade that is asked for, else the one of the policy's entry."""
    if grade is not None or document is None:
        return grade
    rules = document.grade_rules
    kept = not brought.again or rules is None or rules.years_kept_on_rehire
    return entry_grade(
        post,
        counted_years=brought.counted_years if kept else 0,
        diplomas=brought.diplomas,
        certificates=brought.certificates,
        document=document,
    )
