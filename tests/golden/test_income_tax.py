"""Cumulative withholding on the official example (rule 20): 30,000 a month, 4,500 insurance, 2,000 special."""

from fractions import Fraction

import pytest

from payroll.engine.income_tax import Bracket, YearSoFar, tax_fen, taxable_fen, to_withhold_fen

STANDARD = 500_000
BRACKETS = [
    Bracket(above_yuan * 100, Fraction(percent, 100))
    for above_yuan, percent in (
        (0, 3),
        (36_000, 10),
        (144_000, 20),
        (300_000, 25),
        (420_000, 30),
        (660_000, 35),
        (960_000, 45),
    )
]


def withheld(months, monthly=3_000_000, insurance=450_000, special=200_000):
    """Month after month of one year, fen."""
    found = []
    for month in range(1, months + 1):
        year = YearSoFar(month, monthly * month, insurance * month, special * month, sum(found))
        found.append(to_withhold_fen(year, STANDARD, BRACKETS))
    return found


def test_the_first_three_months_of_the_official_example_withhold_555_625_and_1850():
    """18,500 × 3 %; 37,000 × 10 % − 2,520 − 555; 55,500 × 10 % − 2,520 − 1,180."""
    assert withheld(3) == [55_500, 62_500, 185_000]


def test_what_is_withheld_over_a_year_is_the_tax_of_the_year():
    """222,000 × 20 % − 16,920 = 27,480."""
    assert sum(withheld(12)) == 2_748_000


def test_a_community_workers_pay_is_below_the_standard_deduction():
    assert withheld(12, monthly=480_300, insurance=0, special=0) == [0] * 12


def test_a_lump_sum_is_taxed_where_it_lifts_the_year_above_the_deductions():
    """Three months of 4,000 and 20,000 in the third: 32,000 − 15,000 = 17,000 × 3 % = 510."""
    paid = [400_000, 800_000, 3_200_000]
    found = []
    for month, paid_fen in enumerate(paid, 1):
        found.append(to_withhold_fen(YearSoFar(month, paid_fen, withheld_fen=sum(found)), STANDARD, BRACKETS))
    assert found == [0, 0, 51_000]


def test_without_insurance_and_special_deductions_all_above_the_standard_one_is_taxed():
    """30,000 − 5,000; of 5,000 nothing, of a fen more a fen."""
    assert taxable_fen(YearSoFar(1, 3_000_000), STANDARD) == 2_500_000
    assert to_withhold_fen(YearSoFar(1, 3_000_000), STANDARD, BRACKETS) == 75_000
    assert [taxable_fen(YearSoFar(1, paid), STANDARD) for paid in (499_999, 500_000, 500_001)] == [0, 0, 1]


def test_what_was_withheld_too_much_is_not_paid_back_within_the_year():
    assert to_withhold_fen(YearSoFar(6, 3_200_000, withheld_fen=51_000), STANDARD, BRACKETS) == 0


@pytest.mark.parametrize(
    ("income_yuan", "rate", "quick_yuan"),
    [
        (36_000, 3, 0),
        (144_000, 10, 2_520),
        (300_000, 20, 16_920),
        (420_000, 25, 31_920),
        (660_000, 30, 52_920),
        (960_000, 35, 85_920),
        (2_000_000, 45, 181_920),
    ],
)
def test_the_brackets_give_what_rate_and_quick_deduction_give(income_yuan, rate, quick_yuan):
    """The published table of the comprehensive income."""
    assert tax_fen(income_yuan * 100, BRACKETS) == income_yuan * rate - quick_yuan * 100
