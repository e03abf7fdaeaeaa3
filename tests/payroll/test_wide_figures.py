"""Figures of ever more places are computed exactly, below and above what 64 bits hold."""

from decimal import Decimal
from fractions import Fraction

import pytest
from tests.payroll.working import by_month, by_payer, enacted, fact, hire, work_out

from payroll.engine import FactKind
from shared.money import half_up, split
from shared.policy_document import (
    Base,
    Contribution,
    Flat,
    FundingRule,
    Insurance,
    Ladder,
    Level,
    Performance,
    Proration,
)

DIGITS = range(1, 10)
TINY = Decimal("0.0000001")
OCTOBER = ("2020-10", "2020-10")


def on(coefficients, **changes):
    """A base of 3,638.67 and these coefficients; nothing is rounded before the line."""
    ladder = Ladder(base=Base(monthly_amount=Decimal("3638.67")), coefficients=coefficients, full_month_rounding=None)
    return enacted("chibi-2020", "2020-09-01", ladder=ladder, bands={}, certificate_allowance=None, **changes)


def exactly(amount):
    """Half up to the fen."""
    return half_up(amount.numerator, amount.denominator)


@pytest.mark.parametrize("places", range(9, 15))
def test_a_coefficient_of_so_many_places_is_paid_to_the_fen_for_part_of_a_month_and_for_all_of_it(places):
    """20 of 31 days are multiplied before they are divided; a worker beside has next to nothing."""
    for digit in DIGITS:
        fine = Decimal(f"0.{str(digit) * places}")
        rules = [on({1: fine, 2: TINY})]
        rows = hire("li", "2020-10-12") + hire("wu", "2020-10-01") + hire("an", "2020-10-12", grade=2)
        found = by_month(work_out(rows, rules, months=OCTOBER))
        pay = 363_867 * Fraction(fine)
        assert found["li", "2020-10"] == exactly(pay * 20 / 31)
        assert found["wu", "2020-10"] == exactly(pay)
        assert found.get(("an", "2020-10"), 0) == 0


@pytest.mark.parametrize("places", range(9, 17))
def test_shares_of_so_many_places_are_split_to_the_fen(places):
    for digit in DIGITS:
        city = Decimal(f"0.{str(digit) * places}") / 2
        shares = {Level.CITY: city, Level.STREET: 1 - city}
        rules = [on({1: Decimal("0.72"), 2: TINY}, funding=(FundingRule(posts=("dedicated",), shares=shares),))]
        found = by_payer(work_out(hire("li", "2020-10-01") + hire("an", "2020-10-01", grade=2), rules, months=OCTOBER))
        whole = Fraction(city).denominator
        weights = {"city/chibi": int(Fraction(city) * whole), "street/first": int((1 - Fraction(city)) * whole)}
        line = exactly(363_867 * Fraction("0.72"))
        assert {payer: amount for (*_, payer), amount in found.items()} == {
            payer: amount for payer, amount in split(line, weights).items() if amount
        }


@pytest.mark.parametrize("pay_fen", [922_336, 922_337, 922_338, 922_350, 922_500, 922_537, 922_538])
def test_a_line_that_just_leaves_64_bits_by_the_weight_of_its_payer_is_split_to_the_fen(pay_fen):
    """9,223.37 yuan and a few fen × 10¹³ are about 2⁶³."""
    rest = Decimal("1E-13")
    rule = (FundingRule(posts=("dedicated",), shares={Level.CITY: 1 - rest, Level.STREET: rest}),)
    flat = {"ladder": None, "bands": {}, "flat": Flat(monthly={"dedicated": Decimal(pay_fen) / 100})}
    rules = [enacted("chibi-2020", "2020-09-01", funding=rule, **flat)]
    found = by_payer(work_out(hire("li", "2020-10-01"), rules, months=OCTOBER))
    assert found == {("li", "2020-10", "basic", "city/chibi"): pay_fen}


@pytest.mark.parametrize(("method", "days"), [(Proration.CALENDAR_DAYS, (11, 20)), (Proration.WORKING_DAYS, (7, 15))])
@pytest.mark.parametrize("places", range(3, 10))
def test_a_line_over_two_places_is_allotted_to_the_fen_by_figures_of_so_many_places(places, method, days):
    """11 of 31 days in the north, 20 in the south, or 7 and 15 working days; a share of a third is performance."""
    community = (FundingRule(posts=("dedicated",), shares={Level.COMMUNITY: Decimal(1)}),)
    for digit in DIGITS:
        fine = Decimal(f"1.{str(digit) * places}")
        third = Performance(share=Decimal("0.3333"), factors={})
        rules = [on({1: fine}, funding=community, performance=third, proration=method)]
        rows = hire("li", "2020-10-01") + fact("li", FactKind.COMMUNITY, "2020-10-12", "south")
        found = by_payer(work_out(rows, rules, months=OCTOBER))
        for item, share in (("basic", Fraction("0.6667")), ("performance", Fraction("0.3333"))):
            parts = split(exactly(363_867 * Fraction(fine) * share), dict(zip(("north", "south"), days, strict=True)))
            for place, amount in parts.items():
                assert found["li", "2020-10", item, f"community/{place}"] == amount


@pytest.mark.parametrize("places", range(12, 17))
def test_the_employers_part_of_a_floor_far_above_the_pay_is_split_to_the_fen(places):
    """A tenth of 100,000 for somebody who is paid 1 yuan, by shares of so many places."""
    pension = {Insurance.PENSION: Contribution(employer=Decimal("0.10"), floor=Decimal(100_000))}
    for digit in DIGITS:
        city = Decimal(f"0.{str(digit) * places}") / 2
        rule = (FundingRule(posts=("dedicated",), shares={Level.CITY: city, Level.STREET: 1 - city}),)
        flat = {"ladder": None, "bands": {}, "flat": Flat(monthly={"dedicated": Decimal(1)})}
        rules = [enacted("chibi-2020", "2020-09-01", funding=rule, contributions=pension, **flat)]
        found = by_payer(work_out(hire("li", "2020-10-01"), rules, months=OCTOBER))
        whole = Fraction(city).denominator
        weights = {"city/chibi": int(Fraction(city) * whole), "street/first": int((1 - Fraction(city)) * whole)}
        assert {payer: amount for (_, _, item, payer), amount in found.items() if item == "pension_unit"} == split(
            1_000_000, weights
        )
