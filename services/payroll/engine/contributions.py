"""Employer contributions and personal deductions (rule 19): shares of what a month's service is due, within bounds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from payroll.engine.facts import Ints
from payroll.engine.funding import shared
from payroll.engine.kernel import rounded
from payroll.engine.policy_tables import PolicyTables
from payroll.engine.segments import Segments
from payroll.engine.version_rules import FEN_OF_UNIT, ITEMS, MODE_CODES
from payroll.engine.vocabulary import OWN_ITEMS, UNIT_ITEMS, WORKER, Item, PayerLevel
from shared.policy_document import Contribution

NO_LEVEL = len(PayerLevel)
_INT64 = 1 << 63


@dataclass(frozen=True)
class Added:
    """Amounts of one item beside what was earned: by which segment each stands, of which month of service it is, level
    or NO_LEVEL, and the payer."""

    item: Item
    segment: Ints
    month: Ints
    level: Ints
    payer: Ints
    amount_fen: Ints


def contributions(segments: Segments, tables: PolicyTables) -> Iterator[Added]:
    """What employers pay on top and workers themselves, by the rules in force at the end of each month of service."""
    if not len(segments) or not any(version.document and version.document.contributions for version in tables.versions):
        return
    last = np.unique(segments.last_of_month())
    gross = np.add.reduceat(segments.amounts.sum(axis=2), np.append(0, last[:-1] + 1), axis=0)
    in_force = tables.rates.version[segments.rate[last]]
    for code, version in enumerate(tables.versions):
        mine = np.flatnonzero((in_force == code) & gross.any(axis=1))
        if version.document is None or not len(mine):
            continue
        for insurance, rule in version.document.contributions.items():
            base = contribution_base(rule, gross[mine])
            unit, own = part_of(base, rule, Fraction(rule.employer)), part_of(base, rule, Fraction(rule.personal))
            yield from _by_payers(UNIT_ITEMS[insurance], unit, segments, last[mine], tables)
            rows = np.flatnonzero(own)
            row, payer = last[mine][rows], np.full(len(rows), tables.vocabulary.payer_codes[WORKER])
            level = np.full(len(rows), NO_LEVEL)
            yield Added(OWN_ITEMS[insurance], row, segments.month[row], level, payer, -own[rows])


def contribution_base(rule: Contribution, gross: Ints) -> Ints:
    """缴费基数 in fen: what the month is due of the items that count, not below the floor and not above the ceiling.

    `gross` is fen: int64[months, items].
    """
    counted = [item for item, name in ITEMS.items() if not rule.items or name in rule.items]
    base: Ints = gross[:, counted].sum(axis=1)
    floor, ceiling = rule.floor, rule.ceiling
    if floor is not None:
        base = np.maximum(base, int(floor * 100))
    return base if ceiling is None else np.minimum(base, int(ceiling * 100))


def part_of(base: Ints, rule: Contribution, share: Fraction) -> Ints:
    """A share of the base, rounded as the contribution says."""
    wide = 2 * share.numerator * int(base.max(initial=0)) + 200 * share.denominator >= _INT64
    exact = base.astype(object if wide else np.int64) * share.numerator
    of = np.full(len(base), share.denominator, dtype=exact.dtype)
    unit = np.full(len(base), FEN_OF_UNIT[rule.rounding.to])
    return rounded(exact, of, unit, np.full(len(base), MODE_CODES[rule.rounding.mode]))


def _by_payers(item: Item, amount: Ints, segments: Segments, last: Ints, tables: PolicyTables) -> Iterator[Added]:
    """The employer's part, paid by those who pay the basic pay at the end of the month."""
    rates, rate = tables.rates, segments.rate[last]
    version = rates.version[rate]
    weights = rates.rules.weights[version, rates.post[rate], rates.district[rate], Item.BASIC]
    wide = int(amount.max(initial=0)) * rates.rules.most_weight >= _INT64
    parts = shared(amount, weights.astype(object) if wide else weights, rates.rules.share_unit[version])
    row, level = np.nonzero(parts)
    payer = tables.payer[version[row], segments.community[last][row], level]
    yield Added(item, last[row], segments.month[last[row]], level, payer, parts[row, level])
