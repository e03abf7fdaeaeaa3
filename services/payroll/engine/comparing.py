"""Work out the same people twice, by two sets of rules or facts, and sum both sides along the axes of a budget."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from payroll.engine.facts import Facts, Flags, Ints, in_order
from payroll.engine.lines import Due, Entries, due
from payroll.engine.policy_tables import PolicyTables
from payroll.engine.segments import Segments
from payroll.engine.vocabulary import WORKER

BASELINE, SCENARIO = 0, 1
_CHUNK_MONTHS = 1 << 15
"""So many months of workers are worked out at a time: their columns stay in the processor's cache."""
Marks: TypeAlias = NDArray[np.uint64]
_SEED, _FACTOR = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xC2B2AE3D27D4EB4F)


@dataclass
class Comparison:
    """What people cost on the two sides, of service months from `first_month` on; the first axis of each is the side.

    `place_fen` is int64[side, month, community], `payer_fen[side, month, payer]`,
    `worker_fen[side, worker]`; `heads[side, month, community]` counts who is in paid service there in the month;
    `marks` see `_marks`; `unruled[side]` counts the segments that no rule covers.
    """

    first_month: int
    place_fen: Ints
    payer_fen: Ints
    worker_fen: Ints
    heads: Ints
    marks: Marks
    unruled: list[int] = field(default_factory=lambda: [0, 0])

    def touched(self) -> list[int]:
        """The workers of whom any amount under any key differs, also where it adds up to nothing; in order."""
        found: list[int] = np.flatnonzero(self.marks[BASELINE] != self.marks[SCENARIO]).tolist()
        return found

    def by_place(self) -> Iterator[tuple[int, int, int, int]]:
        """(month, community, fen of the baseline, fen of the scenario), without what is nought on both."""
        yield from self._cells(self.place_fen)

    def by_payer(self) -> Iterator[tuple[int, int, int, int]]:
        """(month, payer, fen of the baseline, fen of the scenario), likewise."""
        yield from self._cells(self.payer_fen)

    def people(self) -> Iterator[tuple[int, int, int, int]]:
        """(month, community, heads of the baseline, heads of the scenario), likewise."""
        yield from self._cells(self.heads)

    def _cells(self, sums: Ints) -> Iterator[Any]:
        where = np.nonzero(sums.any(axis=0))
        columns = (where[0] + self.first_month, *where[1:], sums[BASELINE][where], sums[SCENARIO][where])
        yield from zip(*(column.tolist() for column in columns), strict=True)

    def add(self, side: int, worked_out: Due) -> None:
        """Add up what some workers cost on a side; what is taken off their pay is no part of that."""
        entries, segments = worked_out.entries, worked_out.segments
        np.add.at(self.marks[side], entries.worker, _marks(entries))
        entries = entries.take(np.flatnonzero(entries.payer != worked_out.tables.vocabulary.payer_codes[WORKER]))
        _, months, communities = self.place_fen.shape
        month = entries.service_month - self.first_month
        np.add.at(self.place_fen[side].reshape(-1), month * communities + entries.community, entries.amount_fen)
        np.add.at(self.payer_fen[side].reshape(-1), month * self.payer_fen.shape[2] + entries.payer, entries.amount_fen)
        np.add.at(self.worker_fen[side], entries.worker, entries.amount_fen)
        self.heads[side] += _heads(segments, worked_out.asked(), self.first_month, (months, communities))
        self.unruled[side] += len(worked_out.gaps())


def compare(
    baseline: Facts, drafted: Facts, voided: Sequence[int], tables: tuple[PolicyTables, PolicyTables]
) -> Comparison:
    """The people of `baseline` by its tables, and with the `drafted` facts and without `voided` positions by the
    scenario's.

    Both tables are for the same months and names. Workers are taken a chunk at a time, so that memory stays flat; those
    whose facts and rules are the same on both sides are worked out once.
    """
    names = tables[BASELINE].vocabulary
    months = tables[BASELINE].last_month - tables[BASELINE].first_month + 1
    sums = Comparison(
        first_month=tables[BASELINE].first_month,
        place_fen=np.zeros((2, months, len(names.communities)), dtype=np.int64),
        payer_fen=np.zeros((2, months, len(names.payers)), dtype=np.int64),
        heads=np.zeros((2, months, len(names.communities)), dtype=np.int64),
        worker_fen=np.zeros((2, len(names.workers)), dtype=np.int64),
        marks=np.zeros((2, len(names.workers)), dtype=np.uint64),
    )
    chunk_workers = max(1, _CHUNK_MONTHS // months)
    for before, after in _chunks(in_order(baseline), drafted, voided, len(names.workers), chunk_workers):
        was = due(before, tables[BASELINE])
        same = after is before and tables[SCENARIO] is tables[BASELINE]
        will = was if same else due(after, tables[SCENARIO])
        sums.add(BASELINE, was)
        sums.add(SCENARIO, will)
    return sums


def _chunks(
    baseline: Facts, drafted: Facts, voided: Sequence[int], workers: int, chunk_workers: int
) -> Iterator[tuple[Facts, Facts]]:
    """The facts of some workers on both sides; the same object twice where nothing was drafted about them."""
    taken_out = np.isin(baseline.position, np.asarray(voided, dtype=np.int64)) if voided else None
    drafted = drafted.take(np.argsort(drafted.worker, kind="stable"))
    bounds = np.arange(0, workers + chunk_workers, chunk_workers)
    cuts, drafted_cuts = np.searchsorted(baseline.worker, bounds), np.searchsorted(drafted.worker, bounds)
    for number in range(len(bounds) - 1):
        mine = slice(int(cuts[number]), int(cuts[number + 1]))
        more = slice(int(drafted_cuts[number]), int(drafted_cuts[number + 1]))
        before = after = baseline.take(mine)
        if taken_out is not None and taken_out[mine].any():
            after = before.take(np.flatnonzero(~taken_out[mine]))
        if more.start < more.stop:
            after = _joined(after, drafted.take(more))
        yield before, after


def _joined(facts: Facts, more: Facts) -> Facts:
    columns = ((getattr(facts, one.name), getattr(more, one.name)) for one in fields(Facts))
    return in_order(Facts(*(np.concatenate(pair) for pair in columns)))


def _heads(segments: Segments, asked: Flags, first_month: int, shape: tuple[int, int]) -> Ints:
    """int64[month, community]: different workers, however many segments one of them has there in a month."""
    place = (segments.month - first_month) * shape[1] + segments.community
    whole = segments.days == segments.month_days
    partial = asked & ~whole
    once = np.unique(segments.worker[partial] * (shape[0] * shape[1]) + place[partial]) % (shape[0] * shape[1])
    places = np.concatenate([place[asked & whole], once])
    counted: Ints = np.bincount(places, minlength=shape[0] * shape[1]).reshape(shape)
    return counted


def _marks(entries: Entries) -> Marks:
    """A number for each entry that follows from its key, times its amount: their sum over a worker tells two sides
    apart, in whatever order and parts the amounts come; two that differ look alike once in 2⁶⁴."""
    mark = np.full(len(entries), _SEED, dtype=np.uint64)
    for one in fields(Entries)[:-1]:
        mark = (mark ^ getattr(entries, one.name).astype(np.uint64)) * _FACTOR
        mark ^= mark >> np.uint64(32)
    return mark * entries.amount_fen.astype(np.uint64)
