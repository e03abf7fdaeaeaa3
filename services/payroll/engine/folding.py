"""What holds of a worker after each fact, and the traits of it that the rules in force look at."""

from __future__ import annotations

import numpy as np

from payroll.engine.echoes import CERTIFICATE_COUNTED, EDUCATION_COUNTED, YEARS_LATER, full_years, year_of
from payroll.engine.facts import FactKind, Facts, Flags, Ints
from payroll.engine.traits import By, Held, Start, State, Traits
from payroll.engine.vocabulary import CERTIFICATE_STRIDE, DIPLOMA_STRIDE, RATING_STRIDE


class Folded:
    """Facts with their echoes in order, each of a kind; `at` is always rows of them, the last of a worker's day."""

    def __init__(self, facts: Facts, kind: Ints) -> None:
        self.facts = facts
        self.kind = kind
        self._first: Flags = np.append(True, facts.worker[1:] != facts.worker[:-1])
        self._begun = np.maximum.accumulate(np.where(self._first, np.arange(len(kind)), 0))
        self._occurring = frozenset(np.flatnonzero(np.bincount(kind)).tolist())

    def latest(self, kind: int, at: Ints) -> Ints:
        """The value that the worker's latest fact of the kind set; 0 before the first."""
        if kind not in self._occurring:
            return np.zeros(len(at), dtype=np.int64)
        return self._last(self.kind == kind, at)

    def held(self, kind: int, stride: int, at: Ints, *, ends: bool) -> Ints:
        """The set of codes that were recorded; with `ends` without those recorded as ended since, `stride` higher."""
        found = np.zeros(len(at), dtype=np.int64)
        if kind in self._occurring:
            mine, codes = self.kind == kind, self.facts.value % stride
            for code in range(1, stride):
                last = self._last(mine & (codes == code), at)
                found += np.where((last == code) | ((last > 0) & (not ends)), 1 << (code - 1), 0)
        return found

    def rating(self, kind: int, at: Ints) -> Ints:
        """The rating of the latest year appraised, as it was recorded last, with its year."""
        if kind not in self._occurring:
            return np.zeros(len(at), dtype=np.int64)
        mine = self.kind == kind
        year = np.where(mine, self.facts.value, 0) // RATING_STRIDE
        return self._last(mine & (year == self._highest_so_far(year)), at)

    def _last(self, mine: Flags, at: Ints) -> Ints:
        """The value of the worker's last row of mine up to each of `at`; 0: there is none."""
        rows = np.flatnonzero(mine)
        so_many = np.cumsum(mine, dtype=np.int32)[at]
        last = np.append(-1, rows)[so_many]
        return np.where(last >= self._begun[at], self.facts.value[last], 0)

    def _highest_so_far(self, value: Ints) -> Ints:
        floor = np.cumsum(self._first) * (int(value.max()) + 1)
        highest: Ints = np.maximum.accumulate(value + floor) - floor
        return highest


def state_at(folded: Folded, at: Ints, day: Ints, version: Ints, community: Ints, traits: Traits) -> State:
    """The traits after the rows `at`, which are of the days `day`; but for a suspension 0 where nobody looks at one."""
    nothing = np.zeros(len(at), dtype=np.int64)
    district = traits.district[version, community] if traits.looks_at("district") else nothing
    second = education = probation = years = nothing
    if traits.looks_at("second_post"):
        second = np.where(traits.second_post[version], folded.latest(FactKind.SECOND_POST, at), 0)
    if traits.looks_at("education"):
        diplomas = folded.held(FactKind.EDUCATION, DIPLOMA_STRIDE, at, ends=False)
        education = np.where(traits.education[version], _highest(diplomas, DIPLOMA_STRIDE), 0)
    if traits.looks_at("probation"):
        until = folded.latest(FactKind.PROBATION, at)
        probation = (traits.probation[version] & (until >= day) & (until != 0)).astype(np.int64)
    if traits.looks_at("years"):
        years = traits.years[version, _years(folded, at, day, version, traits)]
    grade = folded.latest(FactKind.GRADE, at)
    return State(
        version=version,
        post=folded.latest(FactKind.POST, at),
        grade=np.where(traits.grade[version] & (grade < traits.sizes[State._fields.index("grade")]), grade, 0),
        certificates=_paid_for(
            folded, at, version, traits.certificates, CERTIFICATE_COUNTED, CERTIFICATE_STRIDE, ends=True
        ),
        diplomas=_paid_for(folded, at, version, traits.diplomas, EDUCATION_COUNTED, DIPLOMA_STRIDE, ends=False),
        education=education,
        years=years,
        rating=_rating(folded, at, day, traits.rating[version, district]),
        second_post=second,
        probation=probation,
        suspended=folded.latest(FactKind.SUSPENDED, at),
        district=district,
    )


def _paid_for(
    folded: Folded, at: Ints, version: Ints, held: Held, kinds: dict[Start, int], stride: int, *, ends: bool
) -> Ints:
    """The set that the version pays for, of what counts by the day."""
    found = np.zeros(len(at), dtype=np.int64)
    start = held.start[version]
    for when, kind in kinds.items():
        mine = start == when
        if mine.any():
            found = np.where(mine, held.paid[version, folded.held(kind, stride, at, ends=ends)], found)
    return found


def _rating(folded: Folded, at: Ints, day: Ints, by: Ints) -> Ints:
    """The rating that sets the performance factor: the latest, or that of the day's year or of the year before."""
    found = np.zeros(len(at), dtype=np.int64)
    if (by == By.LATEST).any():
        found = np.where(by == By.LATEST, folded.rating(FactKind.RATING, at) % RATING_STRIDE, 0)
    for which, (kind, later) in YEARS_LATER.items():
        mine = by == which
        if mine.any():
            rated = folded.rating(kind, at)
            mine &= rated // RATING_STRIDE + later == year_of(day)
            found = np.where(mine, rated % RATING_STRIDE, found)
    return found


def _years(folded: Folded, at: Ints, day: Ints, version: Ints, traits: Traits) -> Ints:
    """Full years of service on the day, up to the highest that any table names; 0 before they are known."""
    since = folded.latest(FactKind.SERVED_SINCE, at)
    by_calendar = year_of(day) - year_of(since)
    full = np.where(traits.calendar_years[version], by_calendar, full_years(since, day))
    return np.clip(np.where(since == 0, 0, full), 0, traits.years.shape[1] - 1)


def _highest(held: Ints, stride: int) -> Ints:
    """The highest code of each set."""
    found = np.zeros(len(held), dtype=np.int64)
    for code in range(1, stride):
        found = np.where(held >> (code - 1) & 1 == 1, code, found)
    return found
