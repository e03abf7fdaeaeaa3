"""Compile the policies in force into dense integer tables, once per change of policy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import lcm

import numpy as np

from payroll.engine.facts import Flags, Ints, first_day
from payroll.engine.policy_versions import BEFORE_ALL_DAYS, EnactedPolicy, PublishedBase, Version, versions_of
from payroll.engine.vocabulary import CERTIFICATES, POSTS, RATINGS, PayerLevel, Vocabulary
from shared.money import common_weights
from shared.policy_document import AllowanceStart, FundingRule, Level, Mode, PayItem, Rounding, Unit

SCHEME_STRIDE = 1 << 32
LONGEST_MONTH = 31
_INT64 = 1 << 63
_FEN_ROUNDED_UP = 200


@dataclass(frozen=True)
class PolicyTables:
    """The rules over codes. Axes: v version, p post, g grade, c certificate, r rating, i item,
    l payer level.

    `pay[v,p,g] / pay_scale` is a full month's pay in fen (-1: no rate); `basic_share[v]` and `factor[v,r]` are ratios
    over `share_scale` (-1: no factor); `allowance[v,c]` is fen over `allowance_scale`; `weights[v,p,i,l]` are whole
    numbers (all of it suspense where no rule names the post and item).
    `version_key` is scheme × SCHEME_STRIDE + first day, ascending. `wide`: a product could pass int64, so
    that figures are kept and multiplied as Python's integers.
    """

    vocabulary: Vocabulary
    first_month: int
    last_month: int
    versions: tuple[Version, ...]
    version_key: Ints
    version_day: Ints
    pay: Ints
    pay_scale: int
    basic_share: Ints
    factor: Ints
    share_scale: int
    allowance: Ints
    allowance_scale: int
    weights: Ints
    funded: Flags
    uses_grade: Flags
    uses_rating: Flags
    allowance_start: Ints
    rounding_unit: Ints
    rounding_mode: Ints
    wide: bool

    @property
    def shape(self) -> tuple[int, int, int, int, int]:
        """The size of each axis of a rate code: version, post, grade, certificate, rating."""
        return (*self.pay.shape, len(CERTIFICATES), len(RATINGS))

    @property
    def scale(self) -> tuple[int, int, int]:
        """What the numerators of each item are divided by, to be fen."""
        return (self.pay_scale * self.share_scale, self.pay_scale * self.share_scale, self.allowance_scale)

    def encode(self, version: Ints, post: Ints, grade: Ints, certificate: Ints, rating: Ints) -> Ints:
        """One rate code for all that the pay of a day depends on."""
        _, posts, grades, certificates, ratings = self.shape
        code: Ints = (((version * posts + post) * grades + grade) * certificates + certificate) * ratings + rating
        return code

    def decode(self, rate: Ints) -> tuple[Ints, Ints, Ints, Ints, Ints]:
        """The columns version, post, grade, certificate, rating of rate codes."""
        version, post, grade, certificate, rating = np.unravel_index(rate, self.shape)
        return version, post, grade, certificate, rating


ALLOWANCE_CODES = {None: 0, AllowanceStart.REGISTRATION: 1, AllowanceStart.NEXT_MONTH: 2, AllowanceStart.NEXT_YEAR: 0}
MODE_CODES = {Mode.HALF_UP: 0, Mode.DOWN: 1, Mode.UP: 2}
_LEVELS = {level: PayerLevel[level.name] for level in Level}


def compile_policies(
    policies: Sequence[EnactedPolicy],
    bases: Sequence[PublishedBase],
    vocabulary: Vocabulary,
    first_month: int,
    last_month: int,
) -> PolicyTables:
    """The tables for months `first_month` to `last_month` inclusive (months since 1970-01)."""
    versions = versions_of(policies, bases, vocabulary)
    grades = 1 + max(map(_highest_grade, versions), default=0)
    pay, pay_scale = _scaled([_pay_of(version, grades) for version in versions])
    shares, share_scale = _scaled([_shares_of(version) for version in versions])
    allowance, allowance_scale = _scaled([_allowances_of(version) for version in versions])
    weights, funded = _weights(versions)
    wide = _leaves_int64(pay, shares, allowance, pay_scale, share_scale, allowance_scale, weights)
    number = np.dtype(object) if wide else np.dtype(np.int64)
    share_columns = np.array(shares, dtype=number)
    roundings = [version.document.line_rounding if version.document else Rounding() for version in versions]
    unit = np.array([100 if rounding.to is Unit.YUAN else 1 for rounding in roundings], dtype=np.int64)
    tables = PolicyTables(
        vocabulary=vocabulary,
        first_month=first_month,
        last_month=last_month,
        versions=versions,
        version_key=np.array([v.scheme * SCHEME_STRIDE + v.first_day for v in versions], dtype=np.int64),
        version_day=np.array([v.first_day for v in versions], dtype=np.int64),
        pay=np.array(pay, dtype=number).reshape(len(versions), len(POSTS), grades),
        pay_scale=pay_scale,
        basic_share=share_columns[:, 0],
        factor=share_columns[:, 1:],
        share_scale=share_scale,
        allowance=np.array(allowance, dtype=number),
        allowance_scale=allowance_scale,
        weights=np.array(weights, dtype=number),
        funded=funded,
        uses_grade=np.array([bool(v.document and v.document.has_grades()) for v in versions], dtype=np.bool_),
        uses_rating=np.array([bool(v.document and v.document.performance) for v in versions], dtype=np.bool_),
        allowance_start=np.array([_allowance_start(version) for version in versions], dtype=np.int64),
        rounding_unit=unit,
        rounding_mode=np.array([MODE_CODES[rounding.mode] for rounding in roundings], dtype=np.int64),
        wide=wide,
    )
    assert first_day(first_month) > BEFORE_ALL_DAYS
    return tables


def _highest_grade(version: Version) -> int:
    ladder = version.document.ladder if version.document else None
    rows = (ladder.coefficients, *ladder.by_post.values()) if ladder else ()
    return max((grade for row in rows for grade in row), default=0)


def _pay_of(version: Version, grades: int) -> list[Fraction | None]:
    ladder = version.document.ladder if version.document else None
    if ladder is None or ladder.by_post:
        return [version.full_pay_fen(post, grade) for post in POSTS for grade in range(grades)]
    return [version.full_pay_fen(POSTS[0], grade) for grade in range(grades)] * len(POSTS)


def _shares_of(version: Version) -> list[Fraction | None]:
    """The basic share, then per rating the performance share × its factor: basic is the rest of the full pay."""
    performance = version.document.performance if version.document else None
    if performance is None:
        return [Fraction(1), *(Fraction(0) for _ in RATINGS)]
    share = Fraction(performance.share)
    factors = [performance.without_rating, *(performance.factors.get(rating) for rating in RATINGS[1:])]
    rated: list[Fraction | None] = [None if factor is None else share * Fraction(factor) for factor in factors]
    return [1 - share, *rated]


def _allowances_of(version: Version) -> list[Fraction]:
    allowance = version.document.certificate_allowance if version.document else None
    if allowance is None:
        return [Fraction(0)] * len(CERTIFICATES)
    monthly = [allowance.monthly.get(certificate) for certificate in CERTIFICATES[1:]]
    return [Fraction(0), *(Fraction(0) if amount is None else Fraction(amount) * 100 for amount in monthly)]


def _allowance_start(version: Version) -> int:
    allowance = version.document.certificate_allowance if version.document else None
    return ALLOWANCE_CODES[allowance.starts if allowance else None]


def _weights(versions: tuple[Version, ...]) -> tuple[list[list[list[list[int]]]], Flags]:
    """Weights per version, post, item and payer level, and for which posts a rule names any item."""
    rules = [[[version.funding_rule(post, item) for item in PayItem] for post in POSTS] for version in versions]
    weights = [[[common_weights(payer_ratios(rule)) for rule in items] for items in row] for row in rules]
    return weights, np.array([[any(items) for items in row] for row in rules], dtype=np.bool_)


def payer_ratios(rule: FundingRule | None) -> list[Fraction]:
    """The part of each payer level; what no rule names is suspense 挂账."""
    ratios = [Fraction(0)] * len(PayerLevel)
    for level, ratio in (rule.shares if rule else {}).items():
        ratios[_LEVELS[level]] += Fraction(ratio)
    rest = 1 - sum(ratios, Fraction(0))
    remainder = rule.remainder if rule else None
    if remainder is None:
        ratios[PayerLevel.SUSPENSE] += rest
    for level, ratio in (remainder or {}).items():
        ratios[_LEVELS[level]] += rest * Fraction(ratio)
    return ratios


def _scaled(rows: Sequence[Sequence[Fraction | None]]) -> tuple[list[list[int]], int]:
    """Fractions as whole numbers over one common denominator; -1 where there is none."""
    scale = lcm(*(ratio.denominator for row in rows for ratio in row if ratio is not None))
    return [[-1 if ratio is None else int(ratio * scale) for ratio in row] for row in rows], scale


def _leaves_int64(
    pay: list[list[int]],
    shares: list[list[int]],
    allowance: list[list[int]],
    pay_scale: int,
    share_scale: int,
    allowance_scale: int,
    weights: list[list[list[list[int]]]],
) -> bool:
    """Whether a product of figures could leave int64: numerators × days, a line × its weights."""
    basic = _largest(pay) * _largest(shares)
    numerator = max(basic, _largest(allowance))
    scale = max(pay_scale * share_scale, allowance_scale)
    line_fen = max(basic // (pay_scale * share_scale), _largest(allowance) // allowance_scale) + _FEN_ROUNDED_UP
    products = (
        2 * LONGEST_MONTH * (numerator + _FEN_ROUNDED_UP * scale),
        line_fen * max(sum(ratios) for row in weights for items in row for ratios in items),
        line_fen * LONGEST_MONTH * numerator,
    )
    return max(products) >= _INT64


def _largest(rows: list[list[int]]) -> int:
    return max(1, *(number for row in rows for number in row))
