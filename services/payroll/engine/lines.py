"""Work out what is due: stretches × months → segments with amounts → entries under their keys."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from itertools import pairwise

import numpy as np

from payroll.engine.contributions import contributions
from payroll.engine.facts import Facts, Flags, Ints, in_order
from payroll.engine.kernel import kernel
from payroll.engine.months import Calendar, Pieces, calendar, partial_months, whole_months
from payroll.engine.policy_tables import PolicyTables
from payroll.engine.policy_versions import Version
from payroll.engine.proration import Days, parts, unknown_days
from payroll.engine.rates import Gap, Rates
from payroll.engine.segments import Segments
from payroll.engine.timeline import Stretches, stretches
from payroll.engine.true_up import true_ups
from payroll.engine.vocabulary import Item

CHUNK_WORKERS = 8000


@dataclass(frozen=True)
class Entries:
    """Amounts under their keys: one payer's part of one item of one worker and month. Equal-length columns."""

    worker: Ints
    service_month: Ints
    payable_month: Ints
    item: Ints
    post: Ints
    community: Ints
    payer: Ints
    amount_fen: Ints

    def __len__(self) -> int:
        return len(self.worker)

    def take(self, rows: Ints) -> Entries:
        """These rows."""
        return Entries(*(getattr(self, field.name)[rows] for field in fields(self)))


def entries_of(rows: Sequence[tuple[int, ...]]) -> Entries:
    """Entries from rows in the order of the columns."""
    columns = np.array(rows, dtype=np.int64).reshape(len(rows), len(fields(Entries))).T
    return Entries(*(np.ascontiguousarray(column) for column in columns))


@dataclass(frozen=True)
class Due:
    """What is due, as entries, each pointing to the segment it comes from (`segment`) and its payer level, and these.

    A key may stand in several entries when a month has several segments; differences add them up.
    """

    tables: PolicyTables
    segments: Segments
    segment: Ints
    level: Ints
    entries: Entries

    def payable(self, last_month: int) -> Due:
        """What of it is payable up to a month."""
        return self.taken(self.entries.payable_month <= last_month)

    def taken(self, which: Flags) -> Due:
        """These entries of it."""
        rows = np.flatnonzero(which)
        return Due(self.tables, self.segments, self.segment[rows], self.level[rows], self.entries.take(rows))

    def asked(self) -> Flags:
        """The segments of the months that were asked for; those before count towards a year that ends within."""
        found: Flags = self.segments.month >= self.tables.first_month
        return found

    def gaps(self) -> list[tuple[int, Gap]]:
        """Segments asked for that no rule covers, and why. A month with one cannot be closed."""
        reason = self.tables.rates.gap[self.segments.rate]
        unknown = unknown_days(_days_of(self), self.tables.rates.rules.proration, self.tables.working_days)
        unknown &= self.segments.days != self.segments.month_days
        reason = np.where((reason == 0) & unknown, int(Gap.NO_CALENDAR), reason)
        return [(int(row), Gap(int(reason[row]))) for row in np.flatnonzero(reason * self.asked())]

    def versions(self) -> list[Version]:
        """The versions of the rules that some segment asked for rests on."""
        used = np.unique(self.tables.rates.version[self.segments.rate[self.asked()]])
        return [self.tables.versions[version] for version in used.tolist()]


def _days_of(due: Due) -> Days:
    rows, rates = due.segments, due.tables.rates
    version = rates.version[rows.rate][rows.last_of_month()]
    return Days(version, rows.start, rows.days, rows.start, rows.month_days)


def due(facts: Facts, tables: PolicyTables) -> Due:
    """What the facts make due for the tables' months of service, each item with the month in which it is payable."""
    segments = _joined(list(settled(facts, tables)))
    added = list(contributions(segments, tables))
    added += true_ups(segments, tables, added)
    row, item, level = np.nonzero(segments.amounts)
    rate, community = segments.rate[row], segments.community[row]
    payer = tables.payer[tables.rates.version[rate], community, level]
    columns = [(item, row, segments.month[row], level, payer, segments.amounts[row, item, level])]
    columns += [
        (np.full(len(more.segment), more.item), more.segment, more.month, more.level, more.payer, more.amount_fen)
        for more in added
    ]
    item, row, month, level, payer, amount_fen = (np.concatenate(column) for column in zip(*columns, strict=True))
    entries = Entries(
        worker=segments.worker[row],
        service_month=month,
        payable_month=month + _delay(segments, row, item, tables.rates),
        item=item,
        post=tables.rates.post[segments.rate[row]],
        community=segments.community[row],
        payer=payer,
        amount_fen=amount_fen,
    )
    found = Due(tables, segments, row, level, entries)
    return found if tables.worked_from == tables.first_month else found.taken(month >= tables.first_month)


def _delay(segments: Segments, row: Ints, item: Ints, rates: Rates) -> Ints:
    """Rule 16: months until the performance part is payable, by the rules in force at the month's last segment."""
    if not rates.rules.apart.any():
        return np.zeros(len(row), dtype=np.int64)
    rate = segments.rate[segments.last_of_month()[row]]
    delay = rates.rules.delay[rates.version[rate], rates.district[rate], segments.month[row] % 12]
    return np.where(item == Item.PERFORMANCE, delay, 0)


def settled(facts: Facts, tables: PolicyTables, chunk_workers: int = CHUNK_WORKERS) -> Iterator[Segments]:
    """The segments of all workers, a chunk of workers at a time: whole months first, then partial ones.

    No Python runs per row; totals over any axis are sums of `amounts`. A worker's month is one run of rows.
    """
    facts = in_order(facts)
    if not len(facts):
        yield from _settle(facts, tables)
        return
    bounds = np.arange(int(facts.worker[0]), int(facts.worker[-1]) + 1, chunk_workers)
    cuts = [*np.searchsorted(facts.worker, bounds).tolist(), len(facts)]
    for low, high in pairwise(cuts):
        if low < high:
            yield from _settle(facts.take(slice(low, high)), tables)


def _settle(facts: Facts, tables: PolicyTables) -> Iterator[Segments]:
    rows = stretches(facts, tables)
    months = calendar(tables.worked_from, tables.last_month)
    yield _whole(rows, whole_months(rows, months), tables.rates)
    yield _partial(rows, partial_months(rows, months), months, tables)


def _whole(rows: Stretches, pieces: Pieces, rates: Rates) -> Segments:
    """Whole months at one rate: the kernel's answer for each rate once, gathered."""
    one = np.broadcast_to(np.int64(1), len(pieces.stretch))
    return _segments(rows, pieces, one, one, _of_whole_months(rates)[rows.rate[pieces.stretch]])


def _of_whole_months(rates: Rates) -> Ints:
    """A whole month at each rate met so far, by slot."""
    known = 0 if rates.whole is None else len(rates.whole)
    if rates.whole is None or known < len(rates.gap):
        slots = np.arange(known, len(rates.gap))
        one = np.ones(len(slots), dtype=np.int64)
        new = kernel(rates, slots, one, one, np.arange(len(slots)))
        rates.whole = new if rates.whole is None else np.append(rates.whole, new, axis=0)
    return rates.whole


def _partial(rows: Stretches, pieces: Pieces, months: Calendar, tables: PolicyTables) -> Segments:
    """Months with more than one segment, or service on some days only."""
    worker, rate, rates = rows.worker[pieces.stretch], rows.rate[pieces.stretch], tables.rates
    opens = np.append(True, (worker[1:] != worker[:-1]) | (pieces.month[1:] != pieces.month[:-1]))
    starts = np.flatnonzero(opens[: len(worker)])
    if not len(worker):
        return _segments(rows, pieces, pieces.days, pieces.month_days, kernel(rates, rate, rate, rate, starts))
    month_start = months.starts[pieces.month - months.first_month]
    days = Days(rates.version[rate], pieces.start, pieces.days, month_start, pieces.month_days)
    part, whole = parts(days, starts, rates.rules.proration, tables.working_days)
    return _segments(rows, pieces, part, whole, kernel(rates, rate, part, whole, starts))


def _segments(rows: Stretches, pieces: Pieces, part: Ints, whole: Ints, amounts: Ints) -> Segments:
    stretch = pieces.stretch
    return Segments(
        worker=rows.worker[stretch],
        month=pieces.month,
        start=pieces.start,
        days=pieces.days,
        month_days=pieces.month_days,
        part=part,
        whole=whole,
        rate=rows.rate[stretch],
        community=rows.community[stretch],
        amounts=amounts,
    )


def _joined(parts: list[Segments]) -> Segments:
    parts = [part for part in parts if len(part)] or parts[:1]
    if len(parts) == 1:
        return parts[0]
    return Segments(*(np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(Segments)))
