"""Share amounts among payers so that the parts add up: largest remainder over whole columns."""

import numpy as np

from payroll.engine.facts import Ints


def shared(amount: Ints, weights: Ints, unit: Ints | None = None) -> Ints:
    """The parts of each amount by its row of weights, as `shared.money.split` gives them: int64[rows, parts].

    `amount` (fen) is int64[rows], `weights` whole numbers[rows, parts], not negative, with a positive sum; they are
    Python's integers where amount × sum of weights could leave int64 (`PolicyTables.wide`). The left-over fen go to
    the largest remainders, a tie to the part that comes first. shared(-a) = -shared(a).
    With a `unit` per row, parts are cut to whole units and the left-over units go round, last what lies below one.
    """
    total = weights.sum(axis=1, keepdims=True)
    products = np.abs(amount)[:, None] * weights
    parts = (products // total).astype(np.int64)
    if unit is not None and (unit > 1).any():
        parts -= parts % unit[:, None]
    remainders = products - parts * total
    left_over = np.abs(amount) - parts.sum(axis=1)
    short = np.flatnonzero(left_over)
    size = 1 if unit is None else unit[short, None]
    parts[short] += np.clip(left_over[short, None] - _ranks(remainders[short]) * size, 0, size)
    signed: Ints = np.where(amount < 0, -1, 1)[:, None] * parts
    return signed


def _ranks(remainders: Ints) -> Ints:
    """For each part of a row, how many parts come before it: a larger remainder, or an equal one further left."""
    ranks = np.zeros(remainders.shape, dtype=np.int64)
    parts = remainders.shape[1]
    for mine in range(parts):
        for other in range(parts):
            if other < mine:
                ranks[:, mine] += remainders[:, other] >= remainders[:, mine]
            elif other > mine:
                ranks[:, mine] += remainders[:, other] > remainders[:, mine]
    return ranks


def allocated(rounded: Ints, weights: Ints, starts: Ints, *, wide: bool) -> Ints:
    """A rounded line over its segments by largest remainder, a tie to the earlier one: int64[segments].

    `rounded` is the amount per line in fen, `weights` the exact numerators of each segment, `starts` the first
    segment of each line. A line of one segment is that segment's. `wide`: the products leave int64, so Python's
    integers are used.
    """
    count = np.diff(np.append(starts, len(weights)))
    parts = np.repeat(rounded, count)
    line = np.repeat(np.arange(len(starts)), count)
    rows = np.flatnonzero(count[line] > 1)
    if not len(rows):
        return parts
    number = np.dtype(object) if wide else np.dtype(np.int64)
    line = line[rows]
    opens = np.flatnonzero(np.append(True, line[1:] != line[:-1]))
    sizes = np.diff(np.append(opens, len(rows)))
    weight = weights[rows].astype(number)
    total = np.repeat(np.add.reduceat(weight, opens), sizes)
    total[total == 0] = 1
    products = parts[rows].astype(number) * weight
    floors = products // total
    remainders = products - floors * total
    left_over = rounded[line[opens]] - np.add.reduceat(floors, opens).astype(np.int64)
    parts[rows] = floors.astype(np.int64) + _by_remainder(remainders, opens, sizes, left_over)
    return parts


def largest_remainders(exact: Ints, scale: int, opens: Ints, whole: Ints, unit: Ints) -> Ints:
    """Exact parts of amounts, brought to fen that add up to them: int64[parts].

    A part is `exact / scale` fen; `opens` is the first part of each amount, `whole` and `unit` are fen per amount.
    Parts are cut to whole units; left-over units go to the largest remainders, a tie to the part that comes first.
    """
    sizes = np.diff(np.append(opens, len(exact)))
    of_part = np.repeat(unit, sizes)
    parts = (exact // scale).astype(np.int64)
    parts -= parts % of_part
    left_over = whole - np.add.reduceat(parts, opens)
    return parts + _by_remainder(exact - parts.astype(exact.dtype) * scale, opens, sizes, left_over, of_part)


def _by_remainder(remainders: Ints, opens: Ints, sizes: Ints, left_over: Ints, unit: Ints | int = 1) -> Ints:
    """What each part gets of its amount's left-over: whole units by remainder, last what lies below one."""
    group = np.repeat(np.arange(len(opens)), sizes)
    order = np.lexsort((-remainders, group))
    place = np.empty(len(group), dtype=np.int64)
    place[order] = np.arange(len(group)) - np.repeat(opens, sizes)
    got: Ints = np.clip(np.repeat(left_over, sizes) - place * unit, 0, unit)
    return got
