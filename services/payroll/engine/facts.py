"""What the engine is given: facts about workers as columns of small integers."""

from __future__ import annotations

from calendar import isleap
from dataclasses import dataclass, fields
from datetime import date, timedelta
from enum import IntEnum
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Ints: TypeAlias = NDArray[np.int64]
Flags: TypeAlias = NDArray[np.bool_]

EPOCH = date(1970, 1, 1)


class FactKind(IntEnum):
    """Which property of a worker a fact sets from its day on."""

    IN_SERVICE = 0
    SCHEME = 1
    POST = 2
    GRADE = 3
    COMMUNITY = 4
    CERTIFICATE = 5
    RATING = 6
    SUSPENDED = 7
    SECOND_POST = 8
    EDUCATION = 9
    PROBATION = 10
    SERVED_SINCE = 11
    SPECIAL_DEDUCTION = 12


@dataclass(frozen=True)
class Facts:
    """Facts that hold (voided ones are not here), one per row of equal-length columns.

    `worker` and `value` are codes of the vocabulary (a grade is itself, 0 for none; in service and suspended: 1
    or 0; of a second post 0 is none; a deduction is fen a month; a certificate is a `vocabulary.certificate_change`, a
    diploma a `diploma_held`; a rating has its year with it, see `vocabulary.rating_of_year`; a probation is its last
    day, served since a day from which all years of service count; both as `day`), `kind` is a FactKind, `day` counts
    from 1970-01-01, `position` and `ordinal` say where in the log the fact stands.
    """

    worker: Ints
    kind: NDArray[np.int8]
    day: NDArray[np.int32]
    position: Ints
    ordinal: NDArray[np.int16]
    value: Ints

    def __len__(self) -> int:
        return len(self.worker)

    def take(self, rows: Ints | slice) -> Facts:
        """These rows in this order."""
        return Facts(*(getattr(self, field.name)[rows] for field in fields(self)))


def facts_of(rows: list[tuple[int, int, int, int, int, int]]) -> Facts:
    """Facts from rows of (worker, kind, day, position, ordinal, value)."""
    columns = np.array(rows, dtype=np.int64).reshape(len(rows), 6).T
    worker, kind, day, position, ordinal, value = (np.ascontiguousarray(column) for column in columns)
    return Facts(worker, kind.astype(np.int8), day.astype(np.int32), position, ordinal.astype(np.int16), value)


def in_order(facts: Facts) -> Facts:
    """The same facts by worker, day, position, ordinal; the very same object when they already are."""
    ahead = np.zeros(max(len(facts) - 1, 0), dtype=np.bool_)
    level = np.ones_like(ahead)
    for column in (facts.worker, facts.day, facts.position, facts.ordinal):
        ahead |= level & (column[1:] < column[:-1])
        level &= column[1:] == column[:-1]
    if not ahead.any():
        return facts
    return facts.take(np.lexsort((facts.ordinal, facts.position, facts.day, facts.worker)))


def day_number(day: date) -> int:
    """A date as days since 1970-01-01."""
    return (day - EPOCH).days


def month_number(month: str) -> int:
    """`2020-09` as months since 1970-01."""
    year, _, number = month.partition("-")
    return (int(year) - EPOCH.year) * 12 + int(number) - 1


def month_name(number: int) -> str:
    """Months since 1970-01 as `2020-09`."""
    return f"{EPOCH.year + number // 12:04d}-{number % 12 + 1:02d}"


def first_day(month: int) -> int:
    """The day number of the first of a month given as months since 1970-01."""
    return day_number(date(EPOCH.year + month // 12, month % 12 + 1, 1))


def years_before(day: int, years: int) -> int:
    """The day number of the same calendar day so many years before; 1 March where that year has no 29 February."""
    then = EPOCH + timedelta(day)
    leap = isleap(then.year - years) or (then.month, then.day) != (2, 29)
    return day_number(then.replace(year=then.year - years) if leap else date(then.year - years, 3, 1))
