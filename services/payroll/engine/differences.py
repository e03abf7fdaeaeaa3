"""Due minus paid on the same keys, per payer; never split again."""

from __future__ import annotations

from dataclasses import dataclass, fields
from math import prod

import numpy as np

from payroll.engine.facts import Ints
from payroll.engine.lines import Entries

_KEYS = tuple(field.name for field in fields(Entries))[:-1]


@dataclass(frozen=True)
class Differences:
    """What is still to be paid (or taken back) under each key, in key order; zero rows are dropped.

    `due_fen` − `paid_fen` = `amount_fen`, never zero. The other columns are those of Entries.
    """

    worker: Ints
    service_month: Ints
    payable_month: Ints
    item: Ints
    post: Ints
    community: Ints
    payer: Ints
    due_fen: Ints
    paid_fen: Ints

    @property
    def amount_fen(self) -> Ints:
        """The difference, fen."""
        return self.due_fen - self.paid_fen

    def __len__(self) -> int:
        return len(self.worker)


@dataclass(frozen=True)
class _Sums:
    """Amounts added up under each key, in key order, and a row of the entries that has the key."""

    key: Ints
    amount_fen: Ints
    row: Ints


def differences(due: Entries, paid: Entries) -> Differences:
    """Merge on sorted keys and subtract. Raises OverflowError beyond 2⁶³ different keys."""
    ranges = [_range(getattr(due, name), getattr(paid, name)) for name in _KEYS]
    now, before = _added(due, ranges), _added(paid, ranges)
    if np.array_equal(now.key, before.key):
        left = np.flatnonzero(now.amount_fen != before.amount_fen)
        columns = [getattr(due, name)[now.row[left]].astype(np.int64) for name in _KEYS]
        return Differences(*[*columns, now.amount_fen[left], before.amount_fen[left]])
    key = np.concatenate([now.key, before.key])
    order = np.argsort(key, kind="stable")
    key = key[order]
    starts = np.flatnonzero(np.append(True, key[1:] != key[:-1]))
    amount_fen = np.concatenate([now.amount_fen, before.amount_fen])[order]
    is_due = order < len(now.key)
    due_fen = np.add.reduceat(np.where(is_due, amount_fen, 0), starts)
    paid_fen = np.add.reduceat(np.where(is_due, 0, amount_fen), starts)
    left = np.flatnonzero(due_fen != paid_fen)
    # A key that only was paid has its names from there; any other has them from what is due.
    first = order[starts][left]
    of_due = first < len(now.key)
    rows, others = now.row[first[of_due]], before.row[first[~of_due] - len(now.key)]
    columns = [np.empty(len(left), dtype=np.int64) for _ in _KEYS]
    for column, name in zip(columns, _KEYS, strict=True):
        column[of_due], column[~of_due] = getattr(due, name)[rows], getattr(paid, name)[others]
    return Differences(*[*columns, due_fen[left], paid_fen[left]])


def _range(one: Ints, other: Ints) -> tuple[int, int]:
    """The lowest of both, and how many different values lie between it and the highest."""
    filled = [column for column in (one, other) if len(column)]
    lowest = min((int(column.min()) for column in filled), default=0)
    return lowest, max((int(column.max()) for column in filled), default=0) - lowest + 1


def _added(entries: Entries, ranges: list[tuple[int, int]]) -> _Sums:
    key = _packed(entries, ranges)
    if (key[1:] > key[:-1]).all():
        return _Sums(key, entries.amount_fen, np.arange(len(key)))
    order = np.argsort(key, kind="stable")
    key = key[order]
    starts = np.flatnonzero(np.append(True, key[1:] != key[:-1]))
    return _Sums(key[starts], np.add.reduceat(entries.amount_fen[order], starts), order[starts])


def _packed(entries: Entries, ranges: list[tuple[int, int]]) -> Ints:
    """One sortable number per key, in mixed radix."""
    if prod(size for _, size in ranges) >= 1 << 63:
        raise OverflowError("too many keys for one merge; merge fewer workers or months at a time")
    key = np.zeros(len(entries), dtype=np.int64)
    for name, (lowest, size) in zip(_KEYS, ranges, strict=True):
        key *= size
        key += getattr(entries, name)
        key -= lowest
    return key
