"""Income tax as it is withheld (rule 20): on what was paid in the payment year so far, less what was withheld."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from itertools import pairwise

from shared.money import fen, round_fen
from shared.policy_document import IncomeTax, Rounding

TO_THE_FEN = Rounding()


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


@cache
def brackets_of(tax: IncomeTax) -> tuple[Bracket, ...]:
    """The brackets as a policy has them."""
    return tuple(Bracket(fen(bracket.above), Fraction(bracket.rate)) for bracket in tax.brackets)


def taxable_fen(year: YearSoFar, standard_fen: int) -> int:
    """累计预扣预缴应纳税所得额: paid, less the standard deduction of each month, insurance and special deductions."""
    return max(0, year.paid_fen - year.months * standard_fen - year.insurance_fen - year.special_fen)


def bracket_of(income_fen: int, brackets: Sequence[Bracket]) -> int:
    """Which bracket the last fen of an income lies in; brackets ascend from 0."""
    return max(sum(bracket.above_fen < income_fen for bracket in brackets) - 1, 0)


def quick_fen(number: int, brackets: Sequence[Bracket]) -> Fraction:
    """速算扣除数: by how much the rate of a bracket would tax too much, had it held from 0 on."""
    steps = pairwise(brackets[: number + 1])
    return sum((higher.above_fen * (higher.rate - lower.rate) for lower, higher in steps), Fraction(0))


def tax_fen(income_fen: int, brackets: Sequence[Bracket], rounding: Rounding = TO_THE_FEN) -> int:
    """The tax of a year's income, each part of it at the rate of its bracket: its rate × all, less 速算扣除数."""
    number = bracket_of(income_fen, brackets)
    return int(round_fen(income_fen * brackets[number].rate - quick_fen(number, brackets), rounding))


def to_withhold_fen(
    year: YearSoFar, standard_fen: int, brackets: Sequence[Bracket], rounding: Rounding = TO_THE_FEN
) -> int:
    """累计预扣法: the tax of the year so far less what was withheld; too much of it stays until the year ends."""
    return max(0, tax_fen(taxable_fen(year, standard_fen), brackets, rounding) - year.withheld_fen)
