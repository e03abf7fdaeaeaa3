"""Money as whole fen: reading and writing yuan, rounding, splits that add up."""

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from math import lcm

from shared.policy_document import Mode, Rounding, Unit

_YUAN = re.compile(r"-?[0-9]{1,13}(\.[0-9]{1,2})?")
_FEN_PER_UNIT = {Unit.FEN: 1, Unit.YUAN: 100}


def yuan(amount_fen: int) -> str:
    """Fen as a decimal string of yuan with two places: 123400 → "1234.00", -5 → "-0.05"."""
    sign = "-" if amount_fen < 0 else ""
    whole, rest = divmod(abs(amount_fen), 100)
    return f"{sign}{whole}.{rest:02d}"


def fen(amount: str | Decimal) -> int:
    """Yuan with at most two places as fen: "1234.5" → 123450. Raises ValueError for anything else."""
    text = f"{amount:f}" if isinstance(amount, Decimal) else amount
    if not _YUAN.fullmatch(text):
        raise ValueError(f"{text!r} is not an amount of yuan with at most two places")
    return int(Decimal(text) * 100)


def half_up(numerator: int, denominator: int) -> int:
    """Round a fraction to a whole number, halves away from zero. `denominator` > 0."""
    sign = -1 if numerator < 0 else 1
    return sign * ((2 * abs(numerator) + denominator) // (2 * denominator))


def round_fen(amount_fen: Fraction, rounding: Rounding | None) -> Fraction:
    """An exact amount in fen at a rounding point; None leaves it exact."""
    if rounding is None:
        return amount_fen
    unit = _FEN_PER_UNIT[rounding.to]
    size = abs(amount_fen) / unit
    if rounding.mode is Mode.HALF_UP:
        units = half_up(size.numerator, size.denominator)
    else:
        units = int(size) if rounding.mode is Mode.DOWN else -int(-size // 1)
    return Fraction(units * unit if amount_fen >= 0 else -units * unit)


def split(amount_fen: int, weights: Mapping[str, int]) -> dict[str, int]:
    """Share an amount by weights so that the parts add up to it exactly.

    Largest remainder; ties go to the payer first in the order of their names, so that the result depends on who
    pays and never on the order of listing. split(-a) = -split(a). Raises ValueError without a positive weight.
    """
    total = sum(weights.values())
    if total <= 0 or min(weights.values()) < 0:
        raise ValueError("a split needs weights that are not negative, at least one positive")
    sign = -1 if amount_fen < 0 else 1
    names = sorted(weights)
    products = {name: abs(amount_fen) * weights[name] for name in names}
    parts = {name: products[name] // total for name in names}
    left_over = abs(amount_fen) - sum(parts.values())
    by_remainder = sorted(names, key=lambda name: (-(products[name] % total), name))
    for name in by_remainder[:left_over]:
        parts[name] += 1
    return {name: sign * parts[name] for name in weights}


def common_weights(ratios: Sequence[Fraction]) -> list[int]:
    """Ratios as whole-number weights over their common denominator."""
    denominator = lcm(*(ratio.denominator for ratio in ratios))
    return [int(ratio * denominator) for ratio in ratios]
