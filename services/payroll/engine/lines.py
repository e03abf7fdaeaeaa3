"""Work out what is due: stretches × months → items, rounded once, shared among payers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from enum import IntEnum
from itertools import pairwise

import numpy as np

from payroll.engine.facts import Facts, Ints, in_order
from payroll.engine.funding import allocated, shared
from payroll.engine.policy_tables import PolicyTables
from payroll.engine.policy_versions import Version
from payroll.engine.timeline import Pieces, Stretches, calendar, partial_months, stretches, whole_months
from payroll.engine.vocabulary import Item, PayerLevel

CHUNK_WORKERS = 8000


class Gap(IntEnum):
    """Why a segment has no rule: nothing in force, no rate for post, grade or rating, or nobody named to pay."""

    NO_POLICY = 1
    NO_RATE = 2
    NO_FUNDING = 3


@dataclass(frozen=True)
class Segments:
    """Days of one worker in one month at one rate in one community, with what they are due.

    `month` counts from 1970-01, `start` is a day number, `amounts` is fen: int64[segments, items, payer levels].
    """

    worker: Ints
    month: Ints
    start: Ints
    days: Ints
    month_days: Ints
    rate: Ints
    community: Ints
    amounts: Ints

    def __len__(self) -> int:
        return len(self.worker)

    def partial(self) -> list[int]:
        """The rows that are not a whole month, in the order of their days."""
        rows = np.flatnonzero(self.days != self.month_days)
        ordered: list[int] = rows[np.argsort(self.start[rows], kind="stable")].tolist()
        return ordered


@dataclass(frozen=True)
class Entries:
    """Amounts under their keys: one payer level's part of one item of one worker and month. Equal-length columns."""

    worker: Ints
    service_month: Ints
    payable_month: Ints
    item: Ints
    post: Ints
    community: Ints
    level: Ints
    amount_fen: Ints

    def __len__(self) -> int:
        return len(self.worker)


def entries_of(rows: Sequence[tuple[int, ...]]) -> Entries:
    """Entries from rows in the order of the columns."""
    columns = np.array(rows, dtype=np.int64).reshape(len(rows), len(fields(Entries))).T
    return Entries(*(np.ascontiguousarray(column) for column in columns))


@dataclass(frozen=True)
class Due:
    """What is due, as entries, each pointing to the segment it comes from (`segment`), and the segments.

    A key may stand in several entries when a month has several segments; differences add them up.
    """

    tables: PolicyTables
    segments: Segments
    segment: Ints
    entries: Entries

    def gaps(self) -> list[tuple[int, Gap]]:
        """Segments that no rule covers, and why. A month with one cannot be closed."""
        reason = gaps_of(self.tables, self.segments.rate)
        return [(int(row), Gap(int(reason[row]))) for row in np.flatnonzero(reason)]

    def versions(self) -> list[Version]:
        """The versions of the rules that some segment rests on."""
        used = np.unique(self.tables.decode(self.segments.rate)[0])
        return [self.tables.versions[version] for version in used.tolist()]


def due(facts: Facts, tables: PolicyTables) -> Due:
    """What the facts make due in the tables' months. Monthly items are payable in their service month."""
    segments = _joined(list(settled(facts, tables)))
    row, item, level = np.nonzero(segments.amounts)
    month = segments.month[row]
    post = tables.decode(segments.rate[row])[1]
    amount = segments.amounts[row, item, level]
    entries = Entries(segments.worker[row], month, month, item, post, segments.community[row], level, amount)
    return Due(tables, segments, row, entries)


def settled(facts: Facts, tables: PolicyTables, chunk_workers: int = CHUNK_WORKERS) -> Iterator[Segments]:
    """The segments of all workers, a chunk of workers at a time: whole months first, then partial ones.

    No Python runs per row; totals over any axis are sums of `amounts`.
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
    months = calendar(tables)
    whole, partial = whole_months(rows, months), partial_months(rows, months)
    yield _segments(rows, whole, _by_memo(rows.rate, whole.stretch, tables))
    yield _segments(rows, partial, _by_kernel(rows, partial, tables))


def _by_memo(rate: Ints, stretch: Ints, tables: PolicyTables) -> Ints:
    """Whole months at one rate: the kernel's answer for each rate once, gathered."""
    seen = np.zeros(int(np.prod(tables.shape)), dtype=np.bool_)
    seen[rate] = True
    rates = np.flatnonzero(seen)
    slot = np.zeros(len(seen), dtype=np.int64)
    slot[rates] = np.arange(len(rates))
    one = np.ones(len(rates), dtype=np.int64)
    memo = kernel(tables, rates, one, one, np.arange(len(rates)))
    gathered: Ints = memo[slot[rate][stretch]]
    return gathered


def _by_kernel(rows: Stretches, pieces: Pieces, tables: PolicyTables) -> Ints:
    """Months with more than one segment, or service on some days only."""
    worker = rows.worker[pieces.stretch]
    opens = np.append(True, (worker[1:] != worker[:-1]) | (pieces.month[1:] != pieces.month[:-1]))
    starts = np.flatnonzero(opens[: len(worker)])
    return kernel(tables, rows.rate[pieces.stretch], pieces.days, pieces.month_days, starts)


def kernel(tables: PolicyTables, rate: Ints, days: Ints, month_days: Ints, starts: Ints) -> Ints:
    """The rule of pay: int64[segments, items, payer levels] in fen.

    Rows are segments, `starts` the first row of each worker's month. Per item: Σ days × full-month pay ÷ days of the
    month, rounded once where the policy in force at the month's last segment says, over the segments by largest
    remainder, and each segment's part over its payers likewise.
    """
    amounts = np.zeros((len(rate), len(Item), len(PayerLevel)), dtype=np.int64)
    if not len(rate):
        return amounts
    version, post, _, _, _ = tables.decode(rate)
    last = np.append(starts[1:], len(rate)) - 1
    worked = numerators(tables, rate) * days[:, None]
    for item in Item:
        exact = np.add.reduceat(worked[:, item], starts)
        denominator = month_days[starts].astype(worked.dtype) * tables.scale[item]
        rounded = _rounded(exact, denominator, tables.rounding_unit[version[last]], tables.rounding_mode[version[last]])
        line = allocated(rounded, worked[:, item], starts, wide=tables.wide)
        amounts[:, item] = shared(line, tables.weights[version, post, item])
    return amounts


def numerators(tables: PolicyTables, rate: Ints) -> Ints:
    """A full month of each item at each rate, over `tables.scale`; zero where there is no rate."""
    version, post, grade, certificate, rating = tables.decode(rate)
    pay = np.maximum(tables.pay[version, post, grade], 0)
    basic = pay * tables.basic_share[version]
    performance = pay * np.maximum(tables.factor[version, rating], 0)
    return np.stack([basic, performance, tables.allowance[version, certificate]], axis=1)


def gaps_of(tables: PolicyTables, rate: Ints) -> Ints:
    """Per rate, the Gap that keeps it from being paid, or 0."""
    version, post, grade, _, rating = tables.decode(rate)
    in_force = np.array([version.document is not None for version in tables.versions])
    no_rate = (tables.pay[version, post, grade] < 0) | (tables.factor[version, rating] < 0)
    reason = np.where(tables.funded[version, post], 0, int(Gap.NO_FUNDING))
    reason = np.where(no_rate, int(Gap.NO_RATE), reason)
    found: Ints = np.where(in_force[version], reason, int(Gap.NO_POLICY))
    return found


def _rounded(numerator: Ints, denominator: Ints, unit: Ints, mode: Ints) -> Ints:
    """numerator ÷ denominator in fen, to whole units: half up (mode 0), down (1) or up (2). Nothing is negative."""
    size = denominator * unit
    half_up = (2 * numerator + size) // (2 * size)
    down = numerator // size
    units = np.where(mode == 0, half_up, np.where(mode == 1, down, -(-numerator // size)))
    return (units * unit).astype(np.int64)


def _segments(rows: Stretches, pieces: Pieces, amounts: Ints) -> Segments:
    stretch = pieces.stretch
    return Segments(
        rows.worker[stretch],
        pieces.month,
        pieces.start,
        pieces.days,
        pieces.month_days,
        rows.rate[stretch],
        rows.community[stretch],
        amounts,
    )


def _joined(parts: list[Segments]) -> Segments:
    parts = [part for part in parts if len(part)] or parts[:1]
    if len(parts) == 1:
        return parts[0]
    return Segments(*(np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(Segments)))
