"""Fold facts into stretches of days on which nothing that pay depends on changes, and cut them at months."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from payroll.engine.facts import FactKind, Facts, Flags, Ints, first_day
from payroll.engine.policy_tables import SCHEME_STRIDE, PolicyTables
from payroll.engine.policy_versions import BEFORE_ALL_DAYS
from payroll.engine.vocabulary import CERTIFICATE_STRIDE, RATING_STRIDE
from shared.events import OUTSIDE

_NEXT_MONTH_CERTIFICATE = len(FactKind)
_DAY_BITS = 32


@dataclass(frozen=True)
class Stretches:
    """Days [start, end) of one worker with one rate code in one community; by worker and day, never overlapping."""

    worker: Ints
    start: Ints
    end: Ints
    rate: Ints
    community: Ints

    def __len__(self) -> int:
        return len(self.worker)

    def take(self, rows: Ints | Flags) -> Stretches:
        """These rows."""
        return Stretches(*(getattr(self, field.name)[rows] for field in fields(self)))


@dataclass(frozen=True)
class Calendar:
    """The months of a horizon: `month_of` a day counted from `first`, and the first day of each month (one more)."""

    first: int
    first_month: int
    month_of: Ints
    starts: Ints


def calendar(tables: PolicyTables) -> Calendar:
    """The calendar of the tables' months."""
    months = range(tables.first_month, tables.last_month + 2)
    starts = np.array([first_day(month) for month in months], dtype=np.int64)
    numbers = np.arange(tables.first_month, tables.last_month + 2, dtype=np.int64)
    month_of = np.append(np.repeat(numbers[:-1], np.diff(starts)), numbers[-1])
    return Calendar(int(starts[0]), tables.first_month, month_of, starts)


def stretches(facts: Facts, tables: PolicyTables) -> Stretches:
    """The stretches of paid service within the tables' months, from facts in order (`facts.in_order`).

    A stretch ends where the scheme's rules, the post, the grade, the certificate paid for, the rating that counts or
    the community changes; a change that the rules in force do not look at (a rating without performance pay) does not
    end it. A seat whose holder is paid elsewhere has no stretch, nor has the time of a suspension.
    """
    if not len(facts):
        empty = np.zeros(0, dtype=np.int64)
        return Stretches(empty, empty, empty, empty, empty)
    facts, kind = _with_shifted_certificates(facts, tables)
    state = _states(facts, kind)
    key = (facts.worker << _DAY_BITS) + facts.day
    last_of_day = np.append(key[1:] != key[:-1], True)
    worker, start = facts.worker[last_of_day], facts.day[last_of_day].astype(np.int64)
    columns = [column[last_of_day] for column in state]
    horizon_end = first_day(tables.last_month + 1)
    end = np.append(np.where(worker[1:] == worker[:-1], start[1:], horizon_end), horizon_end)
    np.maximum(start, first_day(tables.first_month), out=start)
    np.minimum(end, horizon_end, out=end)
    outside = tables.vocabulary.scheme_codes.get(OUTSIDE, -1)
    paid = (columns[FactKind.IN_SERVICE] == 1) & (columns[FactKind.SUSPENDED] == 0) & (start < end)
    paid &= columns[FactKind.SCHEME] != outside
    rows = np.flatnonzero(paid)
    return _cut_at_versions(worker[rows], start[rows], end[rows], [column[rows] for column in columns], tables)


def _with_shifted_certificates(facts: Facts, tables: PolicyTables) -> tuple[Facts, Ints]:
    """Each certificate once more on the first of the following month, for rules that pay from the next month on."""
    kind = facts.kind.astype(np.int64)
    rows = np.flatnonzero(kind == FactKind.CERTIFICATE)
    if not len(rows) or not (tables.allowance_start == 2).any():
        return facts, kind
    shifted = facts.take(rows)
    months = shifted.day.astype("datetime64[D]").astype("datetime64[M]") + 1
    day = np.concatenate([facts.day, months.astype("datetime64[D]").astype(np.int32)])
    columns = [
        np.concatenate([getattr(facts, name), getattr(shifted, name)])
        for name in ("worker", "position", "ordinal", "value")
    ]
    kind = np.concatenate([kind, np.full(len(rows), _NEXT_MONTH_CERTIFICATE)])
    order = np.argsort((columns[0] << _DAY_BITS) + day, kind="stable")
    worker, position, ordinal, value = (column[order] for column in columns)
    return Facts(worker, kind[order].astype(np.int8), day[order], position, ordinal, value), kind[order]


def _states(facts: Facts, kind: Ints) -> list[Ints]:
    """Per kind, the value that holds after each fact: the latest of the worker.

    Of certificates it is the highest held; of ratings that of the latest year appraised, as it was recorded last.
    """
    first_of_worker = np.append(True, facts.worker[1:] != facts.worker[:-1])
    rows = np.arange(len(kind))
    firsts = np.where(first_of_worker, rows, 0)
    columns = []
    for wanted in range(_NEXT_MONTH_CERTIFICATE + 1):
        mine = kind == wanted
        value = np.where(mine, facts.value, 0)
        if wanted in (FactKind.CERTIFICATE, _NEXT_MONTH_CERTIFICATE):
            columns.append(_highest_held(value, first_of_worker))
            continue
        if wanted == FactKind.RATING:
            year, value = value // RATING_STRIDE, value % RATING_STRIDE
            mine &= year == _highest_so_far(year, first_of_worker)
        columns.append(value[np.maximum.accumulate(np.where(mine, rows, firsts))])
    return columns


def _highest_held(value: Ints, first_of_worker: Flags) -> Ints:
    """The highest certificate that the worker holds after each row: registered, and not ended since."""
    if not (value > CERTIFICATE_STRIDE).any():
        return _highest_so_far(value, first_of_worker)
    rows = np.arange(len(value))
    firsts = np.where(first_of_worker, rows, 0)
    highest = np.zeros_like(value)
    for level in range(1, CERTIFICATE_STRIDE):
        mine = value % CERTIFICATE_STRIDE == level
        last = value[np.maximum.accumulate(np.where(mine, rows, firsts))]
        highest = np.where(last == level, level, highest)
    return highest


def _highest_so_far(value: Ints, first_of_worker: Flags) -> Ints:
    """The highest of the worker's values up to each row."""
    floor = np.cumsum(first_of_worker) * (int(value.max()) + 1)
    highest: Ints = np.maximum.accumulate(value + floor) - floor
    return highest


def _cut_at_versions(worker: Ints, start: Ints, end: Ints, state: list[Ints], tables: PolicyTables) -> Stretches:
    scheme = state[FactKind.SCHEME] * SCHEME_STRIDE
    first = np.searchsorted(tables.version_key, scheme + start, side="right") - 1
    last = np.searchsorted(tables.version_key, scheme + end - 1, side="right") - 1
    version = first
    if (first != last).any():
        count = last - first + 1
        rows = np.repeat(np.arange(len(worker)), count)
        version = first[rows] + _places(count)
        day = tables.version_day
        following = np.append(day[1:], BEFORE_ALL_DAYS)[version]
        start = np.maximum(start[rows], day[version])
        end = np.where(version == last[rows], end[rows], following)
        worker, state = worker[rows], [column[rows] for column in state]
    return _merged(Stretches(worker, start, end, _rates(version, state, tables), state[FactKind.COMMUNITY]))


def _rates(version: Ints, state: list[Ints], tables: PolicyTables) -> Ints:
    """The rate code of each row; what the rules in force do not look at is zero, so that it ends no stretch."""
    grade = state[FactKind.GRADE]
    grade = np.where(tables.uses_grade[version] & (grade < tables.shape[2]), grade, 0)
    begins = tables.allowance_start[version]
    certificate = np.where(begins == 1, state[FactKind.CERTIFICATE], 0)
    certificate = np.where(begins == 2, state[_NEXT_MONTH_CERTIFICATE], certificate)
    rating = np.where(tables.uses_rating[version], state[FactKind.RATING], 0)
    return tables.encode(version, state[FactKind.POST], grade, certificate, rating)


def _merged(rows: Stretches) -> Stretches:
    """Neighbouring stretches of the same worker, rate and community as one."""
    if not len(rows):
        return rows
    same = (
        (rows.worker[1:] == rows.worker[:-1])
        & (rows.start[1:] == rows.end[:-1])
        & (rows.rate[1:] == rows.rate[:-1])
        & (rows.community[1:] == rows.community[:-1])
    )
    if not same.any():
        return rows
    opens = np.append(True, ~same)
    closes = np.append(~same, True)
    return Stretches(rows.worker[opens], rows.start[opens], rows.end[closes], rows.rate[opens], rows.community[opens])


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
    month = first[stretch] + _places(count)
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


def _places(count: Ints) -> Ints:
    """0, 1, … within each group of the given sizes: [2, 3] → [0, 1, 0, 1, 2]."""
    ends = np.cumsum(count)
    total = int(ends[-1]) if len(ends) else 0
    return np.arange(total) - np.repeat(ends - count, count)
