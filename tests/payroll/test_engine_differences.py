"""Due less paid under each key: what is in one of them only, in both, in neither, and in several parts."""

from collections import Counter
from random import Random

import numpy as np
import pytest

from payroll.engine import differences, entries_of
from payroll.engine.columns import entries_in

KEYS = ("worker", "service_month", "payable_month", "item", "post", "community", "payer")


def entry(amount_fen, **key):
    """An amount; what the key does not say is 3."""
    return (*(key.get(name, 3) for name in KEYS), amount_fen)


def left(due, paid):
    """(key, due, paid) of what is left, in order."""
    found = differences(entries_of(due), entries_of(paid))
    columns = [getattr(found, name).tolist() for name in KEYS]
    assert (found.due_fen - found.paid_fen == found.amount_fen).all()
    assert len(found) == len(found.worker)
    return [
        (key, due_fen, paid_fen)
        for *key, due_fen, paid_fen in zip(*columns, found.due_fen.tolist(), found.paid_fen.tolist(), strict=True)
    ]


def by_hand(due, paid):
    """The same, a row at a time."""
    was, will = Counter(), Counter()
    for sums, rows in ((will, due), (was, paid)):
        for *key, amount_fen in rows:
            sums[tuple(key)] += amount_fen
    return [(list(key), will[key], was[key]) for key in sorted({*was, *will}) if will[key] != was[key]]


@pytest.mark.parametrize("name", KEYS)
@pytest.mark.parametrize(("here", "there"), [(3, 9), (9, 3)])
def test_what_was_paid_under_another_key_is_taken_back_there_and_paid_here(name, here, there):
    """P11: never by one key for another."""
    due, paid = [entry(100, **{name: here})], [entry(100, **{name: there})]
    assert left(due, paid) == by_hand(due, paid)
    assert [row[1:] for row in left(due, paid)] == ([(100, 0), (0, 100)] if here < there else [(0, 100), (100, 0)])


def test_with_nothing_paid_all_is_due_and_with_nothing_due_all_is_taken_back():
    rows = [entry(100, worker=2), entry(50, worker=1), entry(7, worker=1)]
    assert left(rows, []) == [([1, *[3] * 6], 57, 0), ([2, *[3] * 6], 100, 0)]
    assert left([], rows) == [([1, *[3] * 6], 0, 57), ([2, *[3] * 6], 0, 100)]
    assert left([], []) == []


def test_parts_that_come_to_what_was_paid_leave_nothing():
    assert left([entry(60), entry(40)], [entry(100)]) == []
    assert left([entry(60), entry(-60)], []) == []
    others = [entry(1, worker=1), entry(60, worker=2), entry(40, worker=2)]
    assert left(others, [entry(1, worker=1), entry(50, worker=2), entry(50, worker=2)]) == []
    assert left(others[::-1], [entry(50, worker=2), entry(1, worker=1), entry(50, worker=2)]) == []


@pytest.mark.parametrize("seed", range(60))
def test_what_is_left_is_what_a_list_by_hand_leaves(seed):
    random = Random(seed)

    def rows():
        return [
            (*(random.randint(low, low + 2) for low in (0, 600, 600, -1, 5, 0, 1)), random.choice([-5, 0, 5, 9]))
            for _ in range(random.randint(0, 12))
        ]

    due = rows()
    paid = random.choice([rows(), due[: len(due) // 2], [*due[::-1], *rows()[:1]]])
    assert left(due, paid) == by_hand(due, paid)
    assert left(sorted(due), sorted(paid)) == by_hand(due, paid)


def test_more_keys_than_a_number_can_tell_apart_are_refused_and_not_mixed_up():
    """Seven columns of up to 2⁹ values make 2⁶³."""
    wide = [entry(1, **dict.fromkeys(KEYS, value)) for value in (0, (1 << 9) - 1)]
    narrow = [entry(1, **dict.fromkeys(KEYS[1:], value)) for value in (0, (1 << 9) - 1)]
    assert len(left(narrow, [])) == 2
    with pytest.raises(OverflowError, match="fewer workers or months"):
        left(wide, [])
    with pytest.raises(OverflowError, match="fewer workers or months"):
        left([], wide)


def test_entries_from_columns_are_those_from_rows():
    rows = [entry(1, worker=1), entry(2, worker=2)]
    columns = dict(zip((*KEYS, "amount_fen"), map(list, zip(*rows, strict=True)), strict=True))
    found = entries_in(2, **columns)
    assert left(rows, []) == [
        ([int(getattr(found, name)[n]) for name in KEYS], int(found.amount_fen[n]), 0) for n in range(2)
    ]
    assert found.take(np.array([1])).worker.tolist() == [2]
