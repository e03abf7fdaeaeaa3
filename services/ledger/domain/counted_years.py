"""Which years count towards a step, and when years with the best rating bring one before its time (rule 8)."""

from collections.abc import Iterator, Mapping
from datetime import date

from msgspec import Struct

from ledger.domain.admission import age_on
from ledger.domain.timeline import Act
from shared.policy_document import GradeRules, YearBy

Ratings = Mapping[int, tuple[str, Act]]
"""Year → its rating and the act that gave it."""


class Counted(Struct, frozen=True):
    """A year that counts: the calendar year whose rating is its own, None for one counted on entry."""

    year: int | None = None
    act: Act | None = None


class Count(Struct, frozen=True):
    """Years towards the next step. `seen` service years since the day of entry were looked at already.

    `row` are the years in a row with the rating that brings a step early, `early` such steps had in the career.
    """

    since: date
    seen: int = 0
    years: tuple[Counted, ...] = ()
    row: tuple[Counted, ...] = ()
    early: int = 0

    def with_entry(self, years: int) -> "Count":
        """With years that count from elsewhere: served before the entry, or deemed to be served."""
        return Count(self.since, self.seen, (*self.years, *(Counted() for _ in range(years))), self.row, self.early)

    def anew(self, day: date) -> "Count":
        """From that day on without the years before; the career's early steps stay used."""
        return Count(day, early=self.early)


def count_on(count: Count, day: date, rules: GradeRules, ratings: Ratings) -> Count:
    """The years that were completed by the day, each judged by the rating of its calendar year.

    A service year is judged by the calendar year of its last day. A year outside the gate begins the count anew.
    """
    years, row = list(count.years), list(count.row)
    completed = list(_completed(count.since, day, rules))
    for year in completed[count.seen :]:
        rating, act = ratings.get(year, (None, None))
        if rating in rules.uncounted_ratings or (rating is None and not rules.unrated_year_counts):
            pass
        elif rules.gate_ratings and rating not in rules.gate_ratings:
            years.clear()
        else:
            years.append(Counted(year, act))
        if rules.early_steps is None or rating != rules.early_steps.rating:
            row.clear()
        else:
            row.append(Counted(year, act))
    return Count(count.since, max(count.seen, len(completed)), tuple(years), tuple(row), count.early)


def take_step(count: Count, rules: GradeRules) -> tuple[Count, tuple[Counted, ...]]:
    """The count after a step and the years that earned it; the same count and none where none is due."""
    if len(count.years) < rules.years_per_step:
        return count, ()
    earned, rest = count.years[: rules.years_per_step], count.years[rules.years_per_step :]
    return Count(count.since, count.seen, rest, count.row, count.early), earned


def take_early_step(count: Count, rules: GradeRules) -> tuple[Count, tuple[Counted, ...]]:
    """The same for a step before its time: the years towards the next one are counted anew."""
    early = rules.early_steps
    if early is None or len(count.row) < early.in_a_row or count.early >= early.most:
        return count, ()
    return Count(count.since, count.seen, (), (), count.early + 1), count.row[-early.in_a_row :]


def _completed(since: date, day: date, rules: GradeRules) -> Iterator[int]:
    """The calendar years that judge the years completed by the day, in order."""
    if rules.year_by is YearBy.CALENDAR:
        yield from range(since.year, day.year)
        return
    first = since.year if (since.month, since.day) == (1, 1) else since.year + 1
    yield from range(first, first + max(age_on(since, day), 0))
