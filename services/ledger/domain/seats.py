"""Heads against seats 员额 on every day: step functions of dates."""

from collections.abc import Iterable, Iterator
from datetime import date
from typing import NamedTuple

from shared.events import Category, Post


class Level(NamedTuple):
    """How much is taken of how much from a day on."""

    day: date
    taken: int
    seats: int


class Overfull(NamedTuple):
    """The first day on which more is taken than there is."""

    day: date
    taken: int
    seats: int


def category_of(post: Post) -> Category:
    """The kind of seat a post takes: committee 两委 or dedicated 专职."""
    return Category.DEDICATED if post is Post.DEDICATED else Category.COMMITTEE


def first_overfull(
    limits: Iterable[tuple[date, int]], takings: Iterable[tuple[date, int]], *, since: date = date.min
) -> Overfull | None:
    """The first day from `since` on with more taken than the limit of that day, or None."""
    return next((Overfull(*level) for level in course(limits, takings, since=since) if level.taken > level.seats), None)


def course(
    limits: Iterable[tuple[date, int]], takings: Iterable[tuple[date, int]], *, since: date = date.min
) -> Iterator[Level]:
    """How much is taken of how much on `since` and on each later day on which one of the two is written.

    `limits`: (day, seats from that day on), in order, the last of a day wins; `takings`: (day, change of heads).
    """
    limit_on = dict(limits)
    change_on: dict[date, int] = {}
    for day, change in takings:
        change_on[day] = change_on.get(day, 0) + change
    seats = taken = 0
    for day in sorted(limit_on.keys() | change_on.keys() | {since}):
        seats = limit_on.get(day, seats)
        taken += change_on.get(day, 0)
        if day >= since:
            yield Level(day, taken, seats)


def value_on(steps: Iterable[tuple[date, int]], day: date) -> int:
    """The value of a step function on the day; 0 before its first step."""
    value = 0
    for since, step in steps:
        if since <= day:
            value = step
    return value
