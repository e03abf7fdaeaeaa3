"""Due minus paid on the same keys, per payer; never split again."""

from __future__ import annotations

from dataclasses import dataclass, fields

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


def differences(due: Entries, paid: Entries) -> Differences:
    """Merge on sorted keys and subtract."""
    columns = [np.concatenate([getattr(due, name), getattr(paid, name)]).astype(np.int64) for name in _KEYS]
    if not len(columns[0]):
        return Differences(*[*columns, columns[0], columns[0]])
    key = _packed(columns)
    order = np.argsort(key, kind="stable")
    key = key[order]
    starts = np.flatnonzero(np.append(True, key[1:] != key[:-1]))
    due_fen = _added(np.concatenate([due.amount_fen, np.zeros_like(paid.amount_fen)]), order, starts)
    paid_fen = _added(np.concatenate([np.zeros_like(due.amount_fen), paid.amount_fen]), order, starts)
    left = due_fen != paid_fen
    rows = order[starts][left]
    return Differences(*[*(column[rows] for column in columns), due_fen[left], paid_fen[left]])


def _packed(columns: list[Ints]) -> Ints:
    """One sortable number per key, in mixed radix. Raises OverflowError beyond 2⁶³ different keys."""
    key = np.zeros(len(columns[0]), dtype=np.int64)
    different = 1
    for column in columns:
        lowest = int(column.min())
        size = int(column.max()) - lowest + 1
        different *= size
        if different >= 1 << 63:
            raise OverflowError("too many keys for one merge; merge fewer workers or months at a time")
        key = key * size + (column - lowest)
    return key


def _added(amount_fen: Ints, order: Ints, starts: Ints) -> Ints:
    added: Ints = np.add.reduceat(amount_fen[order], starts)
    return added
