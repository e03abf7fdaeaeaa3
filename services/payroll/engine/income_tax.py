"""Income tax as it is withheld (rule 20): on what was paid in the payment year so far, less what was withheld."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from shared.money import half_up


@dataclass(frozen=True)
class Bracket:
    """Income of the year above `above_fen` is taxed at `rate`, until the next bracket."""

    above_fen: int
    rate: Fraction


@dataclass(frozen=True)
class YearSoFar:
    """What concerns one person in the payment year, this month with it; fen.

    `months` in service, each with the standard deduction; `insurance_fen` is the worker's own part.
    """

    months: int
    paid_fen: int
    insurance_fen: int = 0
    special_fen: int = 0
    withheld_fen: int = 0


def taxable_fen(year: YearSoFar, standard_fen: int) -> int:
    """累计预扣预缴应纳税所得额: paid, less the standard deduction of each month, insurance and special deductions."""
    return max(0, year.paid_fen - year.months * standard_fen - year.insurance_fen - year.special_fen)


def tax_fen(income_fen: int, brackets: Sequence[Bracket]) -> int:
    """The tax of a year's income, each part of it at the rate of its bracket, half up to the fen; brackets ascend."""
    tops = [*(bracket.above_fen for bracket in brackets[1:]), None]
    parts = (
        (min(income_fen, income_fen if top is None else top) - bracket.above_fen, bracket.rate)
        for bracket, top in zip(brackets, tops, strict=True)
    )
    tax = sum((max(0, part) * rate for part, rate in parts), Fraction(0))
    return half_up(tax.numerator, tax.denominator)


def to_withhold_fen(year: YearSoFar, standard_fen: int, brackets: Sequence[Bracket]) -> int:
    """累计预扣法: the tax of the year so far less what was withheld; too much of it stays until the year ends."""
    return max(0, tax_fen(taxable_fen(year, standard_fen), brackets) - year.withheld_fen)
