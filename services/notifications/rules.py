"""Which message goes to whom when something was recorded: a pure function of one event.

A message says what changed, since when, and under which number the act was recorded. It never carries an amount, an
identity number or the name of a third person: values are ids, dates, post and grade words, a course title, a month.
"""

import re
from collections.abc import Mapping
from datetime import date
from enum import StrEnum

from msgspec import Struct

from notifications.words import ADMISSIONS, CERTIFICATES, EDUCATIONS, PATHS, POSTS, RATINGS, REASONS
from shared.envelope import Recorded
from shared.events import (
    AppraisalCorrected,
    AppraisalPublished,
    BudgetExceeded,
    BudgetKept,
    CertificateEnded,
    CommandVoided,
    Event,
    PersonCorrected,
    PostChanged,
    ProbationConfirmed,
    ReviewRequested,
    RunAcknowledged,
    RunClosed,
    SecondPostLeft,
    SecondPostTaken,
    SeparationReason,
    SpecialDeductionDeclared,
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
    WorkerTrained,
    WorkerTransferred,
)

MESSAGES_AT_MOST = 3
"""No event tells more recipients than this: the person, the office left, the office joined."""

COURSE_UNNAMED = "（名称从略）"
"""Stands for a course title that holds an amount or a long number."""

_COURSE_CHARACTERS = 80
_SECRET = re.compile(r"\d{11}|\d[.．]\d\d|[¥￥]|\d[万千]?[元块]|rmb|yuan|cny", re.IGNORECASE)


class Urgency(StrEnum):
    """Whether a notice may wait for a digest or the morning."""

    NORMAL = "normal"
    URGENT = "urgent"


class Message(Struct, frozen=True, kw_only=True):
    """What one recipient is told: the address, the template, and the words that fill it.

    Addresses: `worker/ID` the person, `community/ID` its office, `workers/CITY` everybody who serves there,
    `finance/CITY` its finance office, `city/CITY` and `street/ID` who decides there about people.
    """

    recipient: str
    template: str
    urgency: Urgency
    values: Mapping[str, str]


def messages(recorded: Recorded) -> tuple[Message, ...]:
    """The messages of one event, each to another recipient; none for an event that concerns nobody by itself."""
    match recorded.event:
        case WorkerHired() | WorkerRehired() as event:
            return _hired(recorded, event)
        case WorkerConverted() as event:
            return _converted(recorded, event)
        case WorkerTransferred() as event:
            return _transferred(recorded, event)
        case WorkerCarried(community_id=community_id):
            return (_to_worker(recorded, "worker-carried", community=community_id),)
        case PostChanged() as event:
            return (_post_changed(recorded, event),)
        case SecondPostTaken(post=post):
            return (_to_worker(recorded, "second-post-taken", post=POSTS[post]),)
        case WorkerRegraded(from_grade=was, grade=now):
            return (_to_worker(recorded, "worker-regraded", from_grade=_grade(was), grade=_grade(now)),)
        case AppraisalPublished() | ReviewRequested() | WorkerAppraised() | AppraisalCorrected() as event:
            return (_appraised(recorded, event),)
        case WorkerTrained() as event:
            return (_trained(recorded, event),)
        case WorkerQualified(certificate=certificate) | CertificateEnded(certificate=certificate) as event:
            template = "worker-qualified" if isinstance(event, WorkerQualified) else "certificate-ended"
            return (_to_worker(recorded, template, certificate=CERTIFICATES[certificate]),)
        case WorkerEducated(education=education):
            return (_to_worker(recorded, "worker-educated", education=EDUCATIONS[education]),)
        case WorkerSeparated() as event:
            return _separated(recorded, event)
        case CommandVoided(command_id=voided) if recorded.stream.startswith("worker/"):
            return (_to_worker(recorded, "command-voided", Urgency.URGENT, voided=voided),)
        case CommandVoided(command_id=voided) if recorded.stream.startswith("community/"):
            return (_message(recorded, recorded.stream, "office-voided", Urgency.NORMAL, {"voided": voided}),)
        case RunClosed() | RunAcknowledged() | BudgetExceeded() | BudgetKept() as event:
            return _of_money(recorded, event)
        case event:
            told = _TOLD_WITHOUT_WORDS.get(type(event))
            return () if told is None else (_to_worker(recorded, *told),)


_TOLD_WITHOUT_WORDS: dict[type[Event], tuple[str, Urgency]] = {
    ProbationConfirmed: ("worker-probation-confirmed", Urgency.NORMAL),
    PersonCorrected: ("worker-person-corrected", Urgency.NORMAL),
    SecondPostLeft: ("second-post-left", Urgency.NORMAL),
    WorkerSuspended: ("worker-suspended", Urgency.URGENT),
    WorkerReturned: ("worker-returned", Urgency.NORMAL),
    SpecialDeductionDeclared: ("special-deduction-declared", Urgency.NORMAL),
}
"""Acts on a person that are told as they are, with nothing more to say."""


def _post_changed(recorded: Recorded, event: PostChanged) -> Message:
    words = {"from_post": POSTS[event.from_post], "post": POSTS[event.post], "grade": _grade(event.grade)}
    words["path"] = PATHS[event.path] if event.path else ""
    return _to_worker(recorded, "post-changed", **words)


def _appraised(
    recorded: Recorded, event: AppraisalPublished | ReviewRequested | WorkerAppraised | AppraisalCorrected
) -> Message:
    year = str(event.year)
    match event:
        case AppraisalPublished(rating=rating):
            return _to_worker(recorded, "appraisal-published", year=year, rating=RATINGS[rating])
        case ReviewRequested():
            return _to_worker(recorded, "review-requested", year=year)
        case WorkerAppraised(rating=rating):
            return _to_worker(recorded, "worker-appraised", year=year, rating=RATINGS[rating])
        case AppraisalCorrected(from_rating=was, rating=rating):
            words = {"from_rating": RATINGS[was], "rating": RATINGS[rating]}
            return _to_worker(recorded, "appraisal-corrected", year=year, **words)


def _hired(recorded: Recorded, event: WorkerHired | WorkerRehired) -> tuple[Message, ...]:
    words = {
        "community": event.community_id,
        "post": POSTS[event.post],
        "grade": _grade(event.grade),
        "admission": ADMISSIONS[event.channel],
    }
    return (
        _to_worker(recorded, "worker-hired" if isinstance(event, WorkerHired) else "worker-rehired", **words),
        _to_office(recorded, event.community_id, "office-joined", post=words["post"]),
    )


def _converted(recorded: Recorded, event: WorkerConverted) -> tuple[Message, ...]:
    words = {"community": event.community_id, "post": POSTS[event.post], "grade": _grade(event.grade)}
    offices = _moved(recorded, event.from_community_id, event.community_id)
    return (_to_worker(recorded, "worker-converted", Urgency.URGENT, **words), *offices)


def _transferred(recorded: Recorded, event: WorkerTransferred) -> tuple[Message, ...]:
    told = _to_worker(recorded, "worker-transferred", community=event.community_id, grid=event.grid_id or "")
    if event.from_community_id == event.community_id:
        office = _to_office(recorded, event.community_id, "office-grid-changed", grid=event.grid_id or "")
        return (told, office)
    return (told, *_moved(recorded, event.from_community_id, event.community_id))


def _moved(recorded: Recorded, left: str, joined: str) -> tuple[Message, ...]:
    """Both offices of a move, or nobody when the person stays."""
    if left == joined:
        return ()
    return (
        _to_office(recorded, left, "office-left", community=joined),
        _to_office(recorded, joined, "office-arrived", community=left),
    )


def _trained(recorded: Recorded, event: WorkerTrained) -> Message:
    kind = "岗前培训" if event.initial else "培训"
    return _to_worker(recorded, "worker-trained", course=_course(event.course), hours=str(event.hours), kind=kind)


def _separated(recorded: Recorded, event: WorkerSeparated) -> tuple[Message, ...]:
    if event.reason is SeparationReason.DECEASED:
        return ()
    return (_to_worker(recorded, "worker-separated", Urgency.URGENT, reason=REASONS[event.reason]),)


def _of_money(
    recorded: Recorded, event: RunClosed | RunAcknowledged | BudgetExceeded | BudgetKept
) -> tuple[Message, ...]:
    match event:
        case RunClosed():
            return _closed(recorded, event)
        case RunAcknowledged():
            return _acknowledged(recorded, event)
        case BudgetExceeded() | BudgetKept():
            return _judged(recorded, event)


def _acknowledged(recorded: Recorded, event: RunAcknowledged) -> tuple[Message, ...]:
    if not event.differences:
        return ()
    words = {"voucher": event.voucher_id, "lines": str(len(event.differences))}
    city_id = recorded.subject_id.partition("/")[0]
    return (_message(recorded, f"finance/{city_id}", "voucher-different", Urgency.URGENT, words),)


def _judged(recorded: Recorded, event: BudgetExceeded | BudgetKept) -> tuple[Message, ...]:
    """Its finance office, and whoever decides about people where the payer is."""
    exceeded = isinstance(event, BudgetExceeded)
    told = ("budget-exceeded", Urgency.URGENT) if exceeded else ("budget-kept", Urgency.NORMAL)
    city_id, words = recorded.subject_id, {"payer": event.payer, "year": str(event.year)}
    place = event.payer if event.payer.startswith(("street/", "community/")) else f"city/{city_id}"
    return tuple(_message(recorded, to, *told, words) for to in (f"finance/{city_id}", place))


def _closed(recorded: Recorded, event: RunClosed) -> tuple[Message, ...]:
    words = {"month": _month(event.month), "sequence": str(event.sequence) if event.sequence > 1 else ""}
    control = {"lines": str(event.lines), "position": str(event.at_position), "check": event.digest[:12]}
    return (
        _message(recorded, f"workers/{event.jurisdiction}", "payslips-ready", Urgency.NORMAL, words),
        _message(recorded, f"finance/{event.jurisdiction}", "run-closed", Urgency.URGENT, words | control),
    )


def _to_worker(recorded: Recorded, template: str, urgency: Urgency = Urgency.NORMAL, /, **words: str) -> Message:
    return _message(recorded, recorded.stream, template, urgency, words)


def _to_office(recorded: Recorded, community_id: str, template: str, /, **words: str) -> Message:
    words["worker"] = recorded.subject_id
    return _message(recorded, f"community/{community_id}", template, Urgency.NORMAL, words)


def _message(recorded: Recorded, recipient: str, template: str, urgency: Urgency, words: dict[str, str]) -> Message:
    values = {"since": _day(recorded.effective_date), "act": recorded.command_id, **words}
    return Message(recipient=recipient, template=template, urgency=urgency, values=values)


def _day(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"


def _month(month: str) -> str:
    year, _, number = month.partition("-")
    return f"{int(year)}年{int(number)}月"


def _grade(grade: int | None) -> str:
    return "" if grade is None else f"{grade}级"


def _course(title: str) -> str:
    """The title on one line, unless somebody wrote an amount or a personal number into it."""
    line = " ".join("".join(one if one.isprintable() else " " for one in title).split())
    if not line or _SECRET.search(re.sub(r"[\s\-_,，]", "", line)):
        return COURSE_UNNAMED
    return line if len(line) <= _COURSE_CHARACTERS else line[: _COURSE_CHARACTERS - 1] + "…"
