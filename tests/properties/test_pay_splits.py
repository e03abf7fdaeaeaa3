"""Splits add up to the fen, whoever is listed first: the plain split, the engine's columns and the oracle agree."""

from fractions import Fraction
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.oracle.pay import parted

from payroll.engine.funding import allocated, shared
from shared.money import common_weights, half_up, split

pytestmark = pytest.mark.campaign

CASES = 100_000
PAYERS = ("city/chibi", "community/beishan", "street/puqi", "suspense")

amounts = st.integers(-(10**12), 10**12)
weights = st.dictionaries(st.text("abc", max_size=4), st.integers(0, 10**6), min_size=1, max_size=6).filter(
    lambda shares: any(shares.values())
)


@pytest.fixture(scope="module")
def cases():
    """100,000 amounts with four weights each: many zeros, many equal, some negative amounts."""
    random = np.random.default_rng(16)
    amount = random.integers(-1_000_000, 1_000_000, CASES)
    weight = random.choice(np.array([0, 0, 1, 1, 2, 3, 7, 30, 333, 10_000]), (CASES, len(PAYERS)))
    weight[weight.sum(axis=1) == 0, 0] = 1
    return amount, weight


def test_100_000_splits_add_up_and_are_whole_fen(cases):
    """P10, F15, F16: the parts of every amount by every weights add up to it; nothing is a float."""
    amount, weight = cases
    parts = shared(amount, weight)
    assert parts.dtype == np.int64
    assert (parts.sum(axis=1) == amount).all()
    assert (parts[weight == 0] == 0).all()
    assert (np.sign(parts) * np.sign(amount)[:, None] >= 0).all()


def test_100_000_splits_of_the_engine_are_those_of_the_plain_split(cases):
    amount, weight = cases
    parts = shared(amount, weight).tolist()
    for whole, by, found in zip(amount.tolist(), weight.tolist(), parts, strict=True):
        assert split(whole, dict(zip(PAYERS, by, strict=True))) == dict(zip(PAYERS, found, strict=True))


def test_the_engine_gives_back_what_it_gave(cases):
    amount, weight = cases
    assert (shared(-amount, weight) == -shared(amount, weight)).all()


@given(amounts, weights)
@settings(max_examples=500, deadline=None, derandomize=True, database=None)
def test_a_split_adds_up_and_does_not_depend_on_the_order_of_the_payers(amount, shares):
    """P10."""
    parts = split(amount, shares)
    assert sum(parts.values()) == amount
    assert parts == split(amount, dict(reversed(shares.items())))
    assert {name: -part for name, part in parts.items()} == split(-amount, shares)


@given(amounts.map(abs), weights)
@settings(max_examples=500, deadline=None, derandomize=True, database=None)
def test_no_part_is_a_fen_or_more_from_its_exact_share(amount, shares):
    total = sum(shares.values())
    parts = split(amount, shares)
    assert all(abs(part - Fraction(amount * shares[name], total)) < 1 for name, part in parts.items())
    names = sorted(shares)
    assert [parts[name] for name in names] == parted(amount, [Fraction(shares[name]) for name in names])


def test_3333_fen_at_70_15_15_is_2333_500_500_in_every_listing_order():
    """F17."""
    shares = [("city/chibi", 70), ("community/beishan", 15), ("street/puqi", 15)]
    for listed in permutations(shares):
        assert split(3333, dict(listed)) == {"city/chibi": 2333, "community/beishan": 500, "street/puqi": 500}


def test_4_4_2_of_3333_33_is_1333_33_twice_and_666_67():
    """The published figures of Panjin 2016."""
    assert split(333_333, {"city": 4, "district": 4, "street": 2}) == {
        "city": 133_333,
        "district": 133_333,
        "street": 66_667,
    }


@given(st.lists(st.tuples(st.integers(0, 10**6), st.lists(st.integers(0, 10**7), min_size=1, max_size=5)), max_size=8))
@settings(max_examples=300, deadline=None, derandomize=True, database=None)
def test_a_line_over_its_segments_adds_up_the_tie_to_the_earlier_one(lines):
    lines = [(amount if any(weight) else 0, weight) for amount, weight in lines]
    rounded = np.array([amount for amount, _ in lines], dtype=np.int64)
    weight = np.array([part for _, weights in lines for part in weights], dtype=np.int64)
    starts = np.cumsum([0, *(len(weights) for _, weights in lines)])[:-1].astype(np.int64)
    expected = [part for amount, by in lines for part in parted(amount, [Fraction(one) for one in by])]
    for wide in (False, True):
        assert allocated(rounded, weight, starts, wide=wide).tolist() == expected


@given(st.integers(-(10**15), 10**15), st.integers(1, 10**6))
@settings(max_examples=500, deadline=None, derandomize=True, database=None)
def test_half_up_is_the_nearest_whole_and_halves_go_away_from_zero(numerator, denominator):
    found, exact = half_up(numerator, denominator), Fraction(numerator, denominator)
    assert abs(found - exact) <= Fraction(1, 2)
    if abs(found - exact) == Fraction(1, 2):
        assert abs(found) > abs(exact)


@given(st.lists(st.fractions(0, 1, max_denominator=10**4), min_size=1, max_size=5))
@settings(max_examples=200, deadline=None, derandomize=True, database=None)
def test_common_weights_keep_the_ratios(ratios):
    whole = common_weights(ratios)
    assert all(a * ratios[0] == whole[0] * ratio for a, ratio in zip(whole, ratios, strict=True))
