"""Money is whole fen: how yuan are read and written, where a figure is rounded, how an amount is shared."""

from decimal import Decimal
from fractions import Fraction

import pytest

from shared.money import common_weights, fen, half_up, round_fen, split, yuan
from shared.policy_document import Mode, Rounding, Unit


@pytest.mark.parametrize(
    ("amount_fen", "text"),
    [
        (0, "0.00"),
        (1, "0.01"),
        (-1, "-0.01"),
        (-5, "-0.05"),
        (99, "0.99"),
        (100, "1.00"),
        (262_000, "2620.00"),
        (-480_307, "-4803.07"),
    ],
)
def test_an_amount_is_written_with_two_places_and_read_as_the_same_fen(amount_fen, text):
    assert yuan(amount_fen) == text
    assert fen(text) == fen(Decimal(text)) == amount_fen


@pytest.mark.parametrize(("text", "amount_fen"), [("12", 1_200), ("12.5", 1_250), ("9999999999999.99", 10**15 - 1)])
def test_an_amount_may_have_fewer_than_two_places(text, amount_fen):
    assert fen(text) == amount_fen


@pytest.mark.parametrize("text", ["", "-", "1.234", "1.", ".5", "1e3", "1,000", " 1", "+1", "NaN", "1" * 14])
def test_what_is_no_amount_with_at_most_two_places_is_not_taken_for_one(text):
    with pytest.raises(ValueError, match="not an amount of yuan"):
        fen(text)


@pytest.mark.parametrize(
    ("numerator", "denominator", "whole"),
    [(0, 2, 0), (1, 2, 1), (-1, 2, -1), (1, 3, 0), (-1, 3, 0), (2, 3, 1), (-3, 2, -2), (7, 1, 7), (-1, 1, -1)],
)
def test_half_a_fen_is_rounded_away_from_nothing(numerator, denominator, whole):
    assert half_up(numerator, denominator) == whole


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize(
    ("mode", "to", "amount_fen", "rounded_fen"),
    [
        (Mode.HALF_UP, Unit.FEN, Fraction(523_970, 10**2), 5_240),
        (Mode.HALF_UP, Unit.FEN, Fraction(1, 2), 1),
        (Mode.HALF_UP, Unit.YUAN, Fraction(261_984), 262_000),
        (Mode.HALF_UP, Unit.YUAN, Fraction(261_949), 261_900),
        (Mode.DOWN, Unit.FEN, Fraction(5, 3), 1),
        (Mode.DOWN, Unit.YUAN, Fraction(261_999), 261_900),
        (Mode.UP, Unit.FEN, Fraction(4, 3), 2),
        (Mode.UP, Unit.YUAN, Fraction(261_901), 262_000),
        (Mode.UP, Unit.YUAN, Fraction(262_000), 262_000),
    ],
)
def test_a_figure_goes_to_the_unit_the_way_that_the_policy_says_and_taken_back_likewise(
    mode, to, amount_fen, rounded_fen, sign
):
    assert round_fen(sign * amount_fen, Rounding(to=to, mode=mode)) == sign * rounded_fen


def test_nothing_is_rounded_to_nothing_and_without_a_rounding_point_a_figure_stays_exact():
    assert round_fen(Fraction(0), Rounding(to=Unit.YUAN, mode=Mode.UP)) == 0
    assert round_fen(Fraction(1, 3), None) == Fraction(1, 3)


@pytest.mark.parametrize("weights", [{"city": 0}, {"city": 0, "street": 0}, {"city": 2, "street": -1}, {"city": -1}])
def test_nobody_to_pay_or_a_share_below_nothing_is_no_split(weights):
    with pytest.raises(ValueError, match="weights"):
        split(100, weights)


def test_one_payer_pays_all_and_who_has_no_share_pays_nothing():
    assert split(1, {"city": 1}) == {"city": 1}
    assert split(-1, {"city": 1, "street": 0}) == {"city": -1, "street": 0}
    assert split(0, {"city": 7, "street": 3}) == {"city": 0, "street": 0}


def test_the_fen_left_over_go_to_the_largest_remainders_and_of_equals_to_the_first_name():
    """Rule 4: 100 fen by thirds; 5 fen by 70, 20 and 10."""
    assert split(100, {"street": 1, "city": 1, "community": 1}) == {"street": 33, "city": 34, "community": 33}
    assert split(-100, {"street": 1, "city": 1, "community": 1}) == {"street": -33, "city": -34, "community": -33}
    assert split(5, {"city": 62, "street": 38}) == {"city": 3, "street": 2}
    assert split(5, {"city": 70, "street": 20, "community": 10}) == {"city": 4, "street": 1, "community": 0}


def test_ratios_become_whole_weights_over_their_common_denominator():
    assert common_weights([Fraction(7, 10), Fraction(1, 4), Fraction(1, 20)]) == [14, 5, 1]
