"""Cut stretches of days at months: the whole months inside them, and what is left at their ends."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from payroll.engine.facts import Ints, first_day
from payroll.engine.timeline import Stretches, places

_DAY_BITS = 32


@dataclass(frozen=True)
class Calendar:
    """The months of a horizon: `month_of` a day counted from `first`, and the first day of each month (one more)."""

    first: int
    first_month: int
    month_of: Ints
    starts: Ints


def calendar(first_month: int, last_month: int) -> Calendar:
    """The calendar of these months, inclusive."""
    months = range(first_month, last_month + 2)
    starts = np.array([first_day(month) for month in months], dtype=np.int64)
    numbers = np.arange(first_month, last_month + 2, dtype=np.int64)
    month_of = np.append(np.repeat(numbers[:-1], np.diff(starts)), numbers[-1])
    return Calendar(int(starts[0]), first_month, month_of, starts)


@dataclass(frozen=True)
class Pieces:
    """Parts of stretches within one month: the stretch (row), the month, the first day and the number of days."""

    stretch: Ints
    month: Ints
    start: Ints
    days: Ints
    month_days: Ints


def whole_months(rows: Stretches, months: Calendar) -> Pieces:
    """Every whole month of every stretch."""
    first_month, starts = months.first_month, months.starts
    first = _month_of(rows.start, months)
    first = first + (rows.start != starts[first - first_month])
    count = np.maximum(_month_of(rows.end, months) - first, 0)
    stretch = np.repeat(np.arange(len(rows)), count)
    month = first[stretch] + places(count)
    start = starts[month - first_month]
    days = np.diff(starts)[month - first_month]
    return Pieces(stretch, month, start, days, days)


def partial_months(rows: Stretches, months: Calendar) -> Pieces:
    """What is left of every stretch at its two ends, by worker and day."""
    first_month, starts = months.first_month, months.starts
    head_month, tail_month = _month_of(rows.start, months), _month_of(rows.end, months)
    aligned = rows.start == starts[head_month - first_month]
    head = np.flatnonzero(~aligned)
    tail_start = starts[tail_month - first_month]
    tail = np.flatnonzero((rows.end != tail_start) & (aligned | (tail_month > head_month)))
    stretch = np.concatenate([head, tail])
    month = np.concatenate([head_month[head], tail_month[tail]])
    start = np.concatenate([rows.start[head], tail_start[tail]])
    end = np.minimum(rows.end[stretch], starts[month - first_month + 1])
    order = np.argsort(stretch * (1 << _DAY_BITS) + start, kind="stable")
    month_days = starts[month - first_month + 1] - starts[month - first_month]
    return Pieces(*(column[order] for column in (stretch, month, start, end - start, month_days)))


def _month_of(day: Ints, months: Calendar) -> Ints:
    found: Ints = months.month_of[day - months.first]
    return found
