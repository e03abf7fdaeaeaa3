"""How part of a month is paid (rule 18): by calendar days, by working days, or as the whole month of its first day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from fractions import Fraction

import numpy as np

from payroll.engine.facts import EPOCH, Flags, Ints
from payroll.engine.policy_versions import Version
from payroll.engine.version_rules import PRORATIONS
from shared.policy_document import Proration, WorkingCalendar

_CALENDAR, _WORKING, _WHOLE = (
    PRORATIONS.index(each) for each in (Proration.CALENDAR_DAYS, Proration.WORKING_DAYS, Proration.WHOLE_MONTH)
)
LONGEST_MONTH = 31


@dataclass(frozen=True)
class WorkingDays:
    """计薪日 of each version (v), from the day `first` on: `before[v, n]` counts those of the first n days.

    A full month is `days_a_month[v] / days_scale` of them; `known[v, n]`: the calendar knows the year of the day.
    """

    first: int
    before: Ints
    known: Flags
    days_a_month: Ints
    days_scale: int

    def within(self, version: Ints, start: Ints, end: Ints) -> Ints:
        """How many of the days [start, end) count."""
        found: Ints = self.before[version, end - self.first] - self.before[version, start - self.first]
        return found


def working_days(versions: Sequence[Version], first: int, end: int) -> WorkingDays | None:
    """The calendars of the versions that pay by working days, over the days [first, end); None where none does."""
    documents = [version.document for version in versions]
    calendars = [
        (document.working_calendar or WorkingCalendar())
        if document and document.proration is Proration.WORKING_DAYS
        else None
        for document in documents
    ]
    if not any(calendars):
        return None
    days = [EPOCH + timedelta(number) for number in range(first, end)]
    counts, known = (
        np.zeros((len(versions), len(days)), dtype=np.int64),
        np.zeros((len(versions), len(days)), dtype=np.bool_),
    )
    months = [Fraction(calendar.days_a_month) if calendar else Fraction(1) for calendar in calendars]
    for row, calendar in enumerate(calendars):
        if calendar is not None:
            rest, made_up = set(calendar.rest_days), set(calendar.made_up_days)
            counts[row] = [(day.weekday() < 5 and day not in rest) or day in made_up for day in days]
            known[row] = [calendar.knows(day.year) for day in days]
    scale = int(np.lcm.reduce([month.denominator for month in months]))
    before = np.concatenate([np.zeros((len(versions), 1), dtype=np.int64), np.cumsum(counts, axis=1)], axis=1)
    return WorkingDays(first, before, known, np.array([int(month * scale) for month in months], dtype=np.int64), scale)


def most_parts(found: WorkingDays | None) -> int:
    """The greatest number that a full month is multiplied or divided by."""
    return LONGEST_MONTH * (found.days_scale if found else 1)


@dataclass(frozen=True)
class Days:
    """Days of one worker within a month, one row each: from which day, how many, and of which month."""

    version: Ints
    start: Ints
    days: Ints
    month_start: Ints
    month_days: Ints


def parts(days: Days, opens: Ints, proration: Ints, working: WorkingDays | None) -> tuple[Ints, Ints]:
    """Which part of a full month each row is paid: so many of so many. `opens`: the first row of each worker's month.

    The rules in force on the month's last paid day say how: `proration` has the method of each version.
    """
    count = np.diff(np.append(opens, len(days.start)))
    version = np.repeat(days.version[np.append(opens[1:], len(days.start)) - 1], count)
    method = proration[version]
    part, whole = days.days, days.month_days
    if working is not None:
        mine = method == _WORKING
        worked, full = _of_working_days(days, opens, count, version, working)
        part, whole = np.where(mine, worked, part), np.where(mine, full, whole)
    if (method == _WHOLE).any():
        mine = method == _WHOLE
        part, whole = np.where(mine, days.start == days.month_start, part), np.where(mine, 1, whole)
    return part, whole


def _of_working_days(days: Days, opens: Ints, count: Ints, version: Ints, working: WorkingDays) -> tuple[Ints, Ints]:
    """Working days of so many a month; a month served on all of its own is whole, and none is more than whole."""
    counted = working.within(version, days.start, days.start + days.days)
    of_month = working.within(version, days.month_start, days.month_start + days.month_days)
    served = np.repeat(np.add.reduceat(counted, opens), count)
    a_month, scale = working.days_a_month[version], working.days_scale
    full = np.where(served == of_month, np.maximum(of_month, 1) * scale, np.maximum(a_month, served * scale))
    return counted * scale, full


def unknown_days(days: Days, proration: Ints, working: WorkingDays | None) -> Flags:
    """The rows paid by working days in a year that their calendar does not know."""
    if working is None:
        return np.zeros(len(days.start), dtype=np.bool_)
    found: Flags = (proration[days.version] == _WORKING) & ~working.known[days.version, days.start - working.first]
    return found
