"""The rule of pay over columns: parts of months × what they are worth → lines, rounded once, shared among payers."""

from __future__ import annotations

import numpy as np

from payroll.engine.facts import Ints
from payroll.engine.funding import allocated, shared
from payroll.engine.rates import Rates
from payroll.engine.vocabulary import EARNED_ITEMS, Item, PayerLevel


def kernel(rates: Rates, rate: Ints, part: Ints, whole: Ints, starts: Ints) -> Ints:
    """int64[segments, items, payer levels] in fen.

    Rows are segments: the slot of a rate and the part of a full month, `part` of `whole`; `starts` the first row of
    each worker's month. Per item: Σ parts of full-month pay, rounded once where the rules in force at the month's last
    segment say, over the segments by largest remainder, and each segment's part over its payers likewise.
    """
    amounts = np.zeros((len(rate), len(EARNED_ITEMS), len(PayerLevel)), dtype=np.int64)
    if not len(rate):
        return amounts
    rules, version = rates.rules, rates.version[rate]
    last = np.append(starts[1:], len(rate)) - 1
    worked = rates.numerators[rate] * part[:, None]
    lines = _lines(rates, worked, whole, starts, version[last])
    if rules.total_unit.any():
        apart = rules.apart[version[last], rates.district[rate[last]]]
        lines = _with_round_totals(lines, apart, rules.total_unit[version[last]], rules.total_mode[version[last]])
    weights = rules.weights[version, rates.post[rate], rates.district[rate]]
    if rates.wide:
        weights = weights.astype(object)
    for item in EARNED_ITEMS:
        line = allocated(lines[:, item], worked[:, item], starts, wide=rates.wide)
        amounts[:, item] = shared(line, weights[:, item], rules.share_unit[version])
    return amounts


def _lines(rates: Rates, worked: Ints, whole: Ints, starts: Ints, version: Ints) -> Ints:
    """Each month's line of each item, rounded: int64[months, items]."""
    unit, mode = rates.rules.unit[version], rates.rules.mode[version]
    exact = np.add.reduceat(worked, starts, axis=0)
    of = whole[starts].astype(worked.dtype)
    return np.stack([rounded(exact[:, item], of * rates.scale[item], unit, mode) for item in EARNED_ITEMS], axis=1)


def _with_round_totals(lines: Ints, apart: Ints, unit: Ints, mode: Ints) -> Ints:
    """A person's whole month to whole units: the largest line bears the difference, of equals the first.

    A performance part that is ever paid in another month is a total of its own.
    """
    own = np.zeros_like(lines)
    own[:, Item.PERFORMANCE] = np.where(apart, lines[:, Item.PERFORMANCE], 0)
    together = lines - own
    return np.where(unit[:, None] == 0, lines, _round_total(together, unit, mode) + _round_total(own, unit, mode))


def _round_total(lines: Ints, unit: Ints, mode: Ints) -> Ints:
    total = lines.sum(axis=1)
    target = rounded(total, np.ones_like(total), np.maximum(unit, 1), mode)
    bears = np.zeros_like(lines)
    bears[np.arange(len(lines)), lines.argmax(axis=1)] = 1
    found = lines + bears * (target - total)[:, None]
    return np.where((found < 0).any(axis=1)[:, None], bears * target[:, None], found)


def rounded(numerator: Ints, denominator: Ints, unit: Ints, mode: Ints) -> Ints:
    """numerator ÷ denominator in fen, to whole units: half up (mode 0), down (1) or up (2). Nothing is negative."""
    size = denominator * unit
    units = (2 * numerator + size) // (2 * size)
    if mode.any():
        units = np.where(mode == 0, units, np.where(mode == 1, numerator // size, -(-numerator // size)))
    found: Ints = (units * unit).astype(np.int64)
    return found
