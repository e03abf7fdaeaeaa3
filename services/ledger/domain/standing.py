"""What a worker is on one day, folded from the acts that hold by then."""

from collections.abc import Callable
from datetime import date
from enum import StrEnum

import msgspec
from msgspec import Struct

from ledger.domain.registered import diplomas_on_entry
from ledger.domain.seats import category_of
from ledger.domain.timeline import Act
from shared.events import (
    AppraisalCorrected,
    AppraisalProposed,
    AppraisalPublished,
    Category,
    Certificate,
    CertificateEnded,
    Channel,
    Education,
    Event,
    Post,
    PostChanged,
    ProbationConfirmed,
    Rating,
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
    WorkerTrained,
    WorkerTransferred,
)


class Stage(StrEnum):
    """How far the appraisal of a year has come."""

    PROPOSED = "proposed"
    PUBLISHED = "published"
    UNDER_REVIEW = "under_review"
    FINAL = "final"
    CORRECTED = "corrected"


class Course(Struct, frozen=True):
    """The appraisal of one year: its stage, the rating at it, and the day it came to it; of a review, that of the
    publication."""

    stage: Stage
    rating: Rating
    since: date


class Standing(Struct, frozen=True, kw_only=True):
    """What a worker is on one day."""

    worker_id: str
    in_service: bool
    city_id: str
    community_id: str
    grid_id: str | None
    channel: Channel
    scheme: str
    post: Post
    grade: int | None
    seat: Category | None
    education: Education
    counted_years: int
    diplomas: tuple[Education, ...]
    certificate: Certificate | None = None
    certificates: tuple[Certificate, ...] = ()
    ratings: dict[str, Rating] = {}
    appraisals: dict[str, Course] = {}
    training_hours: int = 0
    initial_hours: int = 0
    hired_on: date
    left_on: date | None = None
    probation_until: date | None = None
    confirmed_on: date | None = None
    suspended_since: date | None = None
    second_post: Post | None = None


def evolve(standing: Standing | None, act: Act) -> Standing | None:
    """The standing after the act; what does not fit an unknown worker is left out."""
    event = act.event
    if isinstance(event, WorkerHired):
        return _hired(event, act.effective_date)
    if standing is None:
        return None
    changes = _CHANGES.get(type(event))
    if changes is None:
        return standing
    return msgspec.structs.replace(standing, **changes(standing, event, act.effective_date))


def _hired(event: WorkerHired, day: date) -> Standing:
    return Standing(
        worker_id=event.worker_id,
        in_service=True,
        city_id=event.city_id,
        community_id=event.community_id,
        grid_id=event.grid_id,
        channel=event.channel,
        scheme=event.scheme,
        post=event.post,
        grade=event.grade,
        seat=None if event.channel is Channel.LEGACY else category_of(event.post),
        education=event.education,
        diplomas=(event.education,),
        counted_years=event.counted_years,
        hired_on=day,
        probation_until=event.probation_until or None,
    )


def _rehired(standing: Standing, event: WorkerRehired, day: date) -> dict[str, object]:
    return {
        "in_service": True,
        "city_id": event.city_id,
        "community_id": event.community_id,
        "grid_id": event.grid_id,
        "channel": event.channel,
        "scheme": event.scheme,
        "post": event.post,
        "grade": event.grade,
        "seat": None if event.channel is Channel.LEGACY else category_of(event.post),
        "education": event.education,
        "diplomas": diplomas_on_entry(standing.diplomas, event.education),
        "counted_years": event.counted_years,
        "hired_on": day,
        "left_on": None,
        "probation_until": event.probation_until or None,
        "confirmed_on": None,
        "initial_hours": 0,
        "second_post": None,
    }


def _leaves(standing: Standing, event: WorkerSeparated, day: date) -> dict[str, object]:
    return {"in_service": False, "left_on": day, "suspended_since": None, "second_post": None}


def _moves(standing: Standing, event: WorkerTransferred, day: date) -> dict[str, object]:
    second_post = None if event.from_community_id != event.community_id else standing.second_post
    return {"community_id": event.community_id, "grid_id": event.grid_id, "second_post": second_post}


def _carried(standing: Standing, event: WorkerCarried, day: date) -> dict[str, object]:
    """Who has left is not carried."""
    return {"community_id": event.community_id, "grid_id": event.grid_id} if standing.in_service else {}


def _converts(standing: Standing, event: WorkerConverted, day: date) -> dict[str, object]:
    return {
        "scheme": event.scheme,
        "community_id": event.community_id,
        "grid_id": event.grid_id,
        "post": event.post,
        "grade": event.grade,
        "seat": category_of(event.post),
        "second_post": standing.second_post if event.from_community_id == event.community_id else None,
    }


def _changes_post(standing: Standing, event: PostChanged, day: date) -> dict[str, object]:
    seat = None if standing.seat is None else category_of(event.post)
    return {"post": event.post, "grade": event.grade, "seat": seat}


def _rates(standing: Standing, event: WorkerAppraised | AppraisalCorrected, day: date) -> dict[str, object]:
    stage = Stage.FINAL if isinstance(event, WorkerAppraised) else Stage.CORRECTED
    ratings = {**standing.ratings, str(event.year): event.rating}
    return {"ratings": ratings, **_course(standing, event.year, Course(stage, event.rating, day))}


def _reviews(standing: Standing, event: ReviewRequested, day: date) -> dict[str, object]:
    was = standing.appraisals.get(str(event.year))
    return _course(standing, event.year, Course(Stage.UNDER_REVIEW, was.rating, was.since)) if was else {}


def _course(standing: Standing, year: int, course: Course) -> dict[str, object]:
    return {"appraisals": {**standing.appraisals, str(year): course}}


def _trains(standing: Standing, event: WorkerTrained, day: date) -> dict[str, object]:
    initial_hours = standing.initial_hours + (event.hours if event.initial else 0)
    return {"training_hours": standing.training_hours + event.hours, "initial_hours": initial_hours}


def _qualifies(standing: Standing, event: WorkerQualified, day: date) -> dict[str, object]:
    return _holding({*standing.certificates, event.certificate})


def _loses(standing: Standing, event: CertificateEnded, day: date) -> dict[str, object]:
    return _holding({*standing.certificates} - {event.certificate})


def _holding(held: set[Certificate]) -> dict[str, object]:
    """The certificates, lowest first, and the highest, which counts."""
    certificates = tuple(level for level in Certificate if level in held)
    return {"certificates": certificates, "certificate": certificates[-1] if certificates else None}


_CHANGES: dict[type[Event], Callable[..., dict[str, object]]] = {
    WorkerRehired: _rehired,
    ProbationConfirmed: lambda standing, event, day: {"confirmed_on": day},
    WorkerTransferred: _moves,
    WorkerCarried: _carried,
    WorkerConverted: _converts,
    PostChanged: _changes_post,
    WorkerRegraded: lambda standing, event, day: {"grade": event.grade},
    AppraisalProposed: lambda standing, event, day: _course(
        standing, event.year, Course(Stage.PROPOSED, event.rating, day)
    ),
    AppraisalPublished: lambda standing, event, day: _course(
        standing, event.year, Course(Stage.PUBLISHED, event.rating, day)
    ),
    ReviewRequested: _reviews,
    WorkerAppraised: _rates,
    AppraisalCorrected: _rates,
    WorkerTrained: _trains,
    WorkerQualified: _qualifies,
    CertificateEnded: _loses,
    WorkerEducated: lambda standing, event, day: {
        "education": event.education,
        "diplomas": (*standing.diplomas, event.education),
    },
    WorkerSuspended: lambda standing, event, day: {"suspended_since": day},
    WorkerReturned: lambda standing, event, day: {"suspended_since": None},
    SecondPostTaken: lambda standing, event, day: {"second_post": event.post},
    SecondPostLeft: lambda standing, event, day: {"second_post": None},
    WorkerSeparated: _leaves,
}
