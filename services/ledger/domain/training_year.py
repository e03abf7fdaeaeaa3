"""The training of a year 年度培训: what is asked of whom, which classes are held, and who attended (rule 24)."""

from collections.abc import Iterator
from datetime import date
from typing import Annotated

from msgspec import UNSET, Meta, Struct

from ledger.domain.city import City
from ledger.domain.command import Command, Id, Words
from ledger.domain.policy import Policies
from ledger.domain.standing import Standing
from ledger.domain.timeline import Act
from ledger.domain.worker import Worker
from shared.events import ClassAttended, ClassOpened, Post, TrainingPlanned, WorkerTrained
from shared.refusal import Refused

Year = Annotated[int, Meta(ge=1949, le=2199)]
Hours = Annotated[int, Meta(ge=0, le=2000)]
MOST_AT_ONCE = 2000

# --- commands


class PlanTraining(Command, frozen=True, kw_only=True):
    """Hours that a year asks of these posts, of all without; for that year it goes before the policy's."""

    city_id: Id
    year: Year
    hours: Hours
    posts: Annotated[tuple[Post, ...], Meta(max_length=4)] = ()


class OpenClass(Command, frozen=True, kw_only=True):
    """A class is held; the effective date is its first day."""

    city_id: Id
    class_id: Id
    course: Words
    hours: Annotated[int, Meta(ge=1, le=2000)]
    initial: bool = False


class AttendClass(Command, frozen=True, kw_only=True):
    """These workers completed the class on the effective date: all of them, or nobody is recorded."""

    city_id: Id
    class_id: Id
    worker_ids: Annotated[tuple[Id, ...], Meta(min_length=1, max_length=MOST_AT_ONCE)]


# --- state


class YearOfTraining(Struct, frozen=True, kw_only=True):
    """Hours of a year by a day, of those asked for; null where nothing is asked. `courses`: what they were."""

    year: int
    hours: int
    asked: int | None
    missing: int
    courses: tuple[str, ...]


def class_on(city: City, class_id: str, day: date) -> ClassOpened | None:
    """The class, if it has begun by the day."""
    opened = (act.event for act in city.timeline.until(day) if isinstance(act.event, ClassOpened))
    return next((event for event in opened if event.class_id == class_id), None)


def hours_asked(city: City, policies: Policies, standing: Standing, year: int, day: date) -> int | None:
    """Hours that the year asks of the worker by the day: the last plan for the post by then, else the policy's."""
    acts = city.timeline.until(day)
    plans = [act.event for act in acts if isinstance(act.event, TrainingPlanned) and act.event.year == year]
    planned = [plan.hours for plan in plans if not plan.posts or standing.post in plan.posts]
    if planned:
        return planned[-1]
    document = policies.for_scheme(standing.scheme, date(year, 12, 31))
    asked = document.training.hours_a_year if document is not None and document.training is not None else 0
    return asked or None


def year_of(worker: Worker, year: int, day: date, asked: int | None) -> YearOfTraining:
    """What the worker completed in the year by the day."""
    done = [
        act.event
        for act in worker.timeline.until(day)
        if isinstance(act.event, WorkerTrained) and act.effective_date.year == year
    ]
    hours = sum(event.hours for event in done)
    courses = tuple(event.course for event in done)
    return YearOfTraining(year=year, hours=hours, asked=asked, missing=max((asked or 0) - hours, 0), courses=courses)


def without_class(city: City) -> Iterator[tuple[Act, str]]:
    """Attendances of a class that would not be held."""
    for act in city.timeline:
        if isinstance(act.event, ClassAttended) and class_on(city, act.event.class_id, act.effective_date) is None:
            yield act, f"the class {act.event.class_id} would not be held"


# --- decisions


def plan(command: PlanTraining) -> TrainingPlanned:
    """The plan as made; the last one for a year and post counts."""
    return TrainingPlanned(year=command.year, hours=command.hours, posts=command.posts)


def open_class(city: City, command: OpenClass) -> ClassOpened:
    """Refused `already-registered`."""
    if class_on(city, command.class_id, date.max) is not None:
        raise Refused(
            "already-registered",
            f"there is a class {command.class_id} already",
            pointer="/class_id",
            remedy="choose another class id",
        )
    return ClassOpened(class_id=command.class_id, course=command.course, hours=command.hours, initial=command.initial)


def attended(city: City, command: AttendClass) -> ClassOpened:
    """The class that they completed. Refused `unknown-class`."""
    found = class_on(city, command.class_id, command.effective_date)
    if found is None:
        raise Refused(
            "unknown-class",
            f"no class {command.class_id} has begun by {command.effective_date}",
            pointer="/class_id",
            remedy="open the class first, or choose a day after it began",
        )
    return found


def completed(worker: Worker, held: ClassOpened, number: int) -> WorkerTrained:
    """The course on the worker's own record. Refused `already-there` for a class that is on it."""
    trained = (act.event for act in worker.timeline if isinstance(act.event, WorkerTrained))
    if any(event.class_id == held.class_id for event in trained):
        raise Refused(
            "already-there",
            f"the class {held.class_id} is on record already",
            pointer=f"/worker_ids/{number}",
            remedy="leave the worker out",
        )
    return WorkerTrained(course=held.course, hours=held.hours, initial=held.initial, class_id=held.class_id or UNSET)
