"""The engine's columns from plain values, a column at a time: of many rows, a row at a time would take longest."""

from collections.abc import Iterable, Sequence

import numpy as np

from payroll.engine.facts import Facts, Ints, month_number
from payroll.engine.lines import Entries


def facts_in(
    count: int,
    *,
    worker: Iterable[int],
    kind: Iterable[int],
    day: Iterable[int],
    position: Iterable[int],
    ordinal: Iterable[int],
    value: Iterable[int],
) -> Facts:
    """So many facts from their columns."""
    return Facts(
        worker=_column(worker, count),
        kind=_column(kind, count).astype(np.int8),
        day=_column(day, count).astype(np.int32),
        position=_column(position, count),
        ordinal=_column(ordinal, count).astype(np.int16),
        value=_column(value, count),
    )


def entries_in(count: int, **columns: Iterable[int]) -> Entries:
    """So many entries from their columns, by name."""
    return Entries(**{name: _column(values, count) for name, values in columns.items()})


def months_in(names: Sequence[str]) -> Ints:
    """Months by name, as numbers."""
    return _column(map(month_number, names), len(names))


def _column(values: Iterable[int], count: int) -> Ints:
    return np.fromiter(values, np.int64, count)
