"""A calendar of the establishment 员额: one row for every day on which heads or seats change."""

from collections.abc import Hashable, Iterable, Mapping
from datetime import date
from itertools import groupby
from typing import NamedTuple, TypeVar

from ledger.domain.city import City
from ledger.domain.community import Community
from ledger.domain.seats import Level, course
from shared.events import Category

_Key = TypeVar("_Key", bound=Hashable)


class CitySeats(NamedTuple):
    """Seats the city has, how many of them its communities were given, and the heads that hold one."""

    seats: int
    allotted: int
    heads: int


def of_community(community: Community, since: date, until: date) -> list[tuple[date, dict[Category, Level]]]:
    """The community on `since` and on each day up to `until` on which something is another than the day before."""
    return _rows({category: community.course(category, since) for category in Category}, until)


def of_city(
    city: City, communities: Iterable[Community], since: date, until: date
) -> list[tuple[date, dict[Category, CitySeats]]]:
    """The city likewise; its heads are those of all its communities."""
    takings: dict[Category, list[tuple[date, int]]] = {category: [] for category in Category}
    for community in communities:
        for category in Category:
            takings[category] += community.takings(category)
    courses = {("given", category): city.course(category, since) for category in Category}
    courses |= {("heads", category): course((), takings[category], since=since) for category in Category}
    return [
        (
            day,
            {
                category: CitySeats(
                    row["given", category].seats, row["given", category].taken, row["heads", category].taken
                )
                for category in Category
            },
        )
        for day, row in _rows(courses, until)
    ]


def _rows(courses: Mapping[_Key, Iterable[Level]], until: date) -> list[tuple[date, dict[_Key, Level]]]:
    """Courses that begin on one day side by side; a day on which nothing is another is left out."""
    steps = sorted(((level.day, key, level) for key, levels in courses.items() for level in levels), key=_day_of)
    rows: list[tuple[date, dict[_Key, Level]]] = []
    now: dict[_Key, Level] = {}
    for day, changed in groupby(steps, key=_day_of):
        if day > until:
            break
        before = {key: level[1:] for key, level in now.items()}
        now = {**now, **{key: level for _, key, level in changed}}
        if {key: level[1:] for key, level in now.items()} != before:
            rows.append((day, now))
    return rows


def _day_of(step: tuple[date, _Key, Level]) -> date:
    return step[0]
