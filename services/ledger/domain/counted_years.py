"""Which years count towards a step, and when years with the best rating bring one before its time (rule 8)."""

from collections.abc import Iterator, Mapping
from datetime import date, timedelta

import msgspec
from msgspec import Struct

from ledger.domain.timeline import Act
from shared.policy_document import GradeRules, YearBy

Ratings = Mapping[int, tuple[str, Act]]
"""Year → its rating and the act that gave it."""


class Counted(Struct, frozen=True):
    """A year that counts: the calendar year whose rating is its own, None for one counted on entry."""

    year: int | None = None
    act: Act | None = None


class Count(Struct, frozen=True):
    """Years towards the next step. `seen` service years since `since` were looked at already, the last by `judged`.

    `row` are the years in a row with the rating that brings a step early, `early` such steps had in the career.
    `normal_in` and `early_in` are the calendar years of the last step of either kind. `total`: the years counted on
    entry and those of service that count, whatever steps came of them, without those that a gate lost.
    """

    since: date
    seen: int = 0
    judged: int | None = None
    years: tuple[Counted, ...] = ()
    row: tuple[Counted, ...] = ()
    early: int = 0
    normal_in: int | None = None
    early_in: int | None = None
    total: int = 0

    def with_entry(self, years: int) -> "Count":
        """With years that count from elsewhere: served before the entry, or deemed to be served."""
        return msgspec.structs.replace(self, years=(*self.years, *(Counted() for _ in range(years))))

    def anew(self, day: date) -> "Count":
        """From that day on without the years before; the career's early steps stay used."""
        return Count(day, early=self.early, normal_in=self.normal_in, early_in=self.early_in)


def count_on(count: Count, day: date, rules: GradeRules, ratings: Ratings) -> Count:
    """The years that were completed by the day, each judged by the rating of its calendar year.

    A year rated outside the gate begins the count anew; one without a rating does not count where there is a gate.
    """
    years, row, total = list(count.years), list(count.row), count.total
    for since, seen, year in _completed(count, day, rules):
        count = msgspec.structs.replace(count, since=since, seen=seen, judged=year)
        rating, act = ratings.get(year, (None, None))
        if rating is None:
            counts = rules.unrated_year_counts and not rules.gate_ratings
        else:
            counts = rating not in rules.uncounted_ratings
            if counts and rules.gate_ratings and rating not in rules.gate_ratings:
                total -= sum(one.year is not None for one in years)
                years.clear()
                counts = False
        if counts:
            total += 1
            years.append(Counted(year, act))
        if rules.early_steps is None or rating != rules.early_steps.rating:
            row.clear()
        else:
            row.append(Counted(year, act))
    return msgspec.structs.replace(count, years=tuple(years), row=tuple(row), total=total)


def count_all(count: Count, day: date) -> Count:
    """The years that were completed by the day, where no rule judges them."""
    seen = count.seen
    while _anniversary(count.since, seen + 1) <= day:
        seen += 1
    return msgspec.structs.replace(count, seen=seen, total=count.total + seen - count.seen)


def take_step(count: Count, rules: GradeRules, day: date) -> tuple[Count, tuple[Counted, ...]]:
    """The count after a step and the years that earned it; the same count and none where none is due.

    None in the calendar year of an early step: that was this one, before its time.
    """
    if len(count.years) < rules.years_per_step or count.early_in == day.year:
        return count, ()
    earned, rest = count.years[: rules.years_per_step], count.years[rules.years_per_step :]
    return msgspec.structs.replace(count, years=rest, normal_in=day.year), earned


def take_early_step(count: Count, rules: GradeRules, day: date) -> tuple[Count, tuple[Counted, ...]]:
    """The same for a step before its time, where none came in the calendar year: the years are counted anew."""
    early = rules.early_steps
    if early is None or len(count.row) < early.in_a_row or count.early >= early.most or count.normal_in == day.year:
        return count, ()
    if count.early_in == day.year:
        return count, ()
    after = msgspec.structs.replace(count, years=(), row=(), early=count.early + 1, early_in=day.year)
    return after, count.row[-early.in_a_row :]


def _completed(count: Count, day: date, rules: GradeRules) -> Iterator[tuple[date, int, int]]:
    """The years completed by the day: from where years are told on, how many since, the calendar year that judges.

    Each begins where the one before it ended, whatever counts as a year by then. By service it is twelve months; by the
    calendar it ends with a calendar year, the first that has not judged a year before. Its last day's year judges it.
    """
    since, seen, judged = count.since, count.seen, count.judged
    while True:
        if rules.year_by is YearBy.CALENDAR:
            begins = _anniversary(since, seen)
            year = begins.year if judged is None else max(begins.year, judged + 1)
            since, seen, ends = date(year + 1, 1, 1), 0, date(year + 1, 1, 1)
        else:
            seen += 1
            ends = _anniversary(since, seen)
        if ends > day:
            return
        judged = (ends - timedelta(days=1)).year
        yield since, seen, judged


def _anniversary(since: date, years: int) -> date:
    """The day so many years later; of 29 February, 1 March where there is none."""
    try:
        return since.replace(year=since.year + years)
    except ValueError:
        return date(since.year + years, 3, 1)
