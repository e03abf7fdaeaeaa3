"""Splits over columns: they add up, equal shared.money.split, and do not depend on the order of anything."""

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.payroll.working import by_payer, enacted, hire, work_out

from payroll.engine import FactKind, Item, differences, entries_of
from payroll.engine.funding import allocated, shared
from payroll.engine.payers import payer_ratios
from shared.money import common_weights, split
from shared.policy_document import FundingRule, Level

pytestmark = pytest.mark.campaign

NAMES = ["city/c", "community/c", "street/s", "suspense"]
AMOUNTS = st.integers(-(10**9), 10**9)
WEIGHTS = st.lists(st.integers(0, 1000), min_size=4, max_size=4).filter(any)


@given(st.lists(st.tuples(AMOUNTS, WEIGHTS), min_size=1, max_size=20))
def test_a_column_of_splits_is_the_same_as_one_split_each(rows):
    """F16 and P10: zero and equal weights, negative amounts; every row adds up to its amount."""
    amounts = np.array([amount for amount, _ in rows], dtype=np.int64)
    parts = shared(amounts, np.array([weights for _, weights in rows], dtype=np.int64))
    for (amount, weights), row in zip(rows, parts.tolist(), strict=True):
        assert row == list(split(amount, dict(zip(NAMES, weights, strict=True))).values())
        assert sum(row) == amount


@given(AMOUNTS, WEIGHTS)
def test_taking_back_is_paying_with_the_sign_changed(amount, weights):
    """P10."""
    weight = np.array([weights], dtype=np.int64)
    assert (shared(np.array([-amount]), weight) == -shared(np.array([amount]), weight)).all()


@given(st.permutations([(Level.STREET, "0.15"), (Level.COMMUNITY, "0.15"), (Level.CITY, "0.70")]))
def test_3333_fen_at_70_15_15_is_2333_500_500_in_every_order_of_listing(listing):
    """F17."""
    rule = FundingRule(posts=("head",), shares={level: Decimal(ratio) for level, ratio in listing})
    weights = np.array([common_weights(payer_ratios(rule))], dtype=np.int64)
    assert shared(np.array([3333]), weights).tolist() == [[2333, 500, 0, 500, 0]]


def test_panjins_three_thirds_of_3333_33():
    """Rule 4: the rounded thirds of the regulation add up."""
    assert shared(np.array([333_333]), np.array([[4, 4, 2, 0]])).tolist() == [[133_333, 133_333, 66_667, 0]]


@given(
    st.lists(
        st.tuples(st.integers(0, 10**6), st.lists(st.integers(0, 10**6), min_size=1, max_size=5).filter(any)),
        min_size=1,
        max_size=10,
    ),
    st.booleans(),
)
def test_lines_over_their_segments_add_up_and_equal_the_scalar_split(lines, wide):
    """F16: also where products would leave int64."""
    weights = np.array([weight for _, segments in lines for weight in segments], dtype=np.int64)
    starts = np.cumsum([0, *(len(segments) for _, segments in lines[:-1])])
    parts = allocated(np.array([amount for amount, _ in lines]), weights, starts, wide=wide).tolist()
    for (amount, segments), start in zip(lines, starts.tolist(), strict=True):
        named = {f"{n}": weight for n, weight in enumerate(segments)}
        assert parts[start : start + len(segments)] == list(split(amount, named).values())


@pytest.mark.parametrize("wide", [False, True])
def test_a_month_of_which_nothing_is_due_has_parts_of_nothing_beside_one_that_is_paid(wide):
    weights = np.array([0, 0, 1, 2], dtype=np.int64)
    assert allocated(np.array([0, 100]), weights, np.array([0, 2]), wide=wide).tolist() == [0, 0, 33, 67]


def test_one_fen_is_paid_and_taken_back_by_the_first_of_equals():
    weights = np.array([[1, 1], [1, 1], [1, 1]], dtype=np.int64)
    assert shared(np.array([1, 0, -1]), weights).tolist() == [[1, 0], [0, 0], [-1, 0]]


def test_shares_are_cut_to_whole_yuan_under_the_rules_that_say_so_and_to_fen_under_others():
    """1,000.50 by thirds: 333.50 each to the fen; to whole yuan 333 and then 334, and the half yuan goes on."""
    weights = np.array([[1, 1, 1]] * 3, dtype=np.int64)
    amounts = np.array([100_050, 100_050, -100_050])
    found = shared(amounts, weights, np.array([1, 100, 100])).tolist()
    assert found == [[33_350, 33_350, 33_350], [33_400, 33_350, 33_300], [-33_400, -33_350, -33_300]]


def test_a_rule_without_a_remainder_leaves_the_rest_in_suspense():
    """F20."""
    rule = FundingRule(posts=("head",), shares={Level.CITY: Decimal("0.7")})
    assert payer_ratios(rule) == [Fraction(7, 10), 0, 0, 0, Fraction(3, 10)]
    assert payer_ratios(None) == [0, 0, 0, 0, 1]


def career(seed):
    """Some random facts of a few workers."""
    random = Random(seed)
    rows = []
    for number in range(4):
        worker = f"w{number}"
        start = date(2020, 9, 1) + timedelta(random.randint(0, 90))
        rows += hire(
            worker, start.isoformat(), random.choice(["head", "dedicated"]), random.randint(1, 12), position=number
        )
        for position in range(10, 16):
            day = (start + timedelta(random.randint(0, 300))).isoformat()
            kind, value = random.choice(
                [
                    (FactKind.GRADE, random.randint(1, 18)),
                    (FactKind.COMMUNITY, random.choice(["north", "south"])),
                    (FactKind.POST, random.choice(["head", "member", "dedicated"])),
                    (FactKind.CERTIFICATE, random.choice(["assistant", "senior"])),
                    (FactKind.IN_SERVICE, random.randint(0, 1)),
                ]
            )
            rows.append((worker, kind, date.fromisoformat(day), position, 0, value))
    return rows


@pytest.mark.parametrize("seed", range(25))
def test_facts_in_any_order_make_the_same_due_and_payers_add_up(seed):
    rules = [enacted("chibi-2020", "2020-09-01"), enacted("chibi-2020", "2021-01-15", position=3)]
    rows = career(seed)
    shuffled = Random(seed).sample(rows, len(rows))
    result = work_out(rows, rules)
    assert by_payer(result) == by_payer(work_out(shuffled, rules))
    assert result.entries.amount_fen.sum() == result.segments.amounts[result.asked()].sum()
    assert (result.entries.amount_fen[result.entries.item != Item.YEAR_END_TRUE_UP] >= 0).all()


def test_a_difference_is_due_less_paid_per_payer_and_never_split_again():
    key = (0, 600, 600, 0, 3, 0)
    due = entries_of([(*key, 0, 700), (*key, 1, 150), (*key, 2, 150)])
    paid = entries_of([(*key, 0, 700), (*key, 1, 149), (*key, 3, 151)])
    found = differences(due, paid)
    assert list(zip(found.payer.tolist(), found.amount_fen.tolist(), strict=True)) == [(1, 1), (2, 150), (3, -151)]


@given(st.lists(st.tuples(*[st.integers(0, 2)] * 7, st.integers(-5, 5)), max_size=30))
def test_paying_the_difference_leaves_no_difference(rows):
    due, nothing = entries_of(rows), entries_of([])
    first = differences(due, nothing)
    paid = entries_of(
        [
            (*key, amount)
            for *key, amount in zip(
                first.worker.tolist(),
                first.service_month.tolist(),
                first.payable_month.tolist(),
                first.item.tolist(),
                first.post.tolist(),
                first.community.tolist(),
                first.payer.tolist(),
                first.amount_fen.tolist(),
                strict=True,
            )
        ]
    )
    assert len(differences(due, paid)) == 0
    assert first.amount_fen.sum() == due.amount_fen.sum()
