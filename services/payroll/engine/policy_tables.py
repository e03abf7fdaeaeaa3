"""Compile the policies in force into dense integer tables, once per change of policy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from math import lcm

import numpy as np

from payroll.engine.facts import Flags, Ints, day_number, first_day
from payroll.engine.vocabulary import CERTIFICATES, POSTS, RATINGS, PayerLevel, Vocabulary
from shared.money import common_weights, fen, round_fen
from shared.policy_document import AllowanceStart, FundingRule, Level, Mode, PolicyDocument, Rounding, Unit

BEFORE_ALL_DAYS = -(1 << 30)
SCHEME_STRIDE = 1 << 32
LONGEST_MONTH = 31
_INT64 = 1 << 63
_FEN_ROUNDED_UP = 200


@dataclass(frozen=True)
class EnactedPolicy:
    """A document came into force on a date; `position` is where the log says so."""

    effective_date: date
    position: int
    document: PolicyDocument


@dataclass(frozen=True)
class PublishedBase:
    """The average annual wage of a scheme from a date on, until a document or a base of a later date."""

    effective_date: date
    position: int
    scheme: str
    average_annual_wage_fen: int


@dataclass(frozen=True)
class Version:
    """One stretch of unchanging rules of a scheme, from its first day on. No document: nothing is in force yet."""

    scheme: int
    first_day: int
    document: PolicyDocument | None = None
    average_annual_wage_fen: int = 0

    def base_fen(self) -> Fraction:
        """核算基数 in fen: the wage × the share ÷ 12, rounded where the document says."""
        assert self.document is not None
        assert self.document.ladder is not None
        base = self.document.ladder.base
        return round_fen(self.average_annual_wage_fen * Fraction(base.share) / 12, base.rounding)

    def full_pay_fen(self, post: str, grade: int) -> Fraction | None:
        """A full month's pay in fen, before it is parted into items; None when the document has no rate for it."""
        if self.document is None:
            return None
        if self.document.flat is not None:
            monthly = self.document.flat.monthly.get(post)
            return None if monthly is None else Fraction(monthly) * 100
        ladder = self.document.ladder
        if ladder is None or grade not in ladder.coefficients:
            return None
        return round_fen(self.base_fen() * Fraction(ladder.coefficients[grade]), ladder.full_month_rounding)


@dataclass(frozen=True)
class PolicyTables:
    """The rules over codes. Axes: v version, p post, g grade, c certificate, r rating, l payer level.

    `pay[v,p,g] / pay_scale` is a full month's pay in fen (-1: no rate); `basic_share[v]` and `factor[v,r]` are ratios
    over `share_scale` (-1: no factor); `allowance[v,c]` is fen over `allowance_scale`; `weights[v,p,l]` are whole
    numbers (all of it suspense where no rule names the post).
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


ALLOWANCE_CODES = {None: 0, AllowanceStart.REGISTRATION: 1, AllowanceStart.NEXT_MONTH: 2}
MODE_CODES = {Mode.HALF_UP: 0, Mode.DOWN: 1, Mode.UP: 2}
_LEVELS = {Level.CITY: PayerLevel.CITY, Level.COMMUNITY: PayerLevel.COMMUNITY, Level.STREET: PayerLevel.STREET}


def compile_policies(
    policies: Sequence[EnactedPolicy],
    bases: Sequence[PublishedBase],
    vocabulary: Vocabulary,
    first_month: int,
    last_month: int,
) -> PolicyTables:
    """The tables for months `first_month` to `last_month` inclusive (months since 1970-01)."""
    versions = _versions(policies, bases, vocabulary)
    grades = 1 + max((max(_coefficients(version), default=0) for version in versions), default=0)
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
        uses_grade=np.array([bool(v.document and v.document.ladder) for v in versions], dtype=np.bool_),
        uses_rating=np.array([bool(v.document and v.document.performance) for v in versions], dtype=np.bool_),
        allowance_start=np.array([_allowance_start(version) for version in versions], dtype=np.int64),
        rounding_unit=unit,
        rounding_mode=np.array([MODE_CODES[rounding.mode] for rounding in roundings], dtype=np.int64),
        wide=wide,
    )
    assert first_day(first_month) > BEFORE_ALL_DAYS
    return tables


def _versions(
    policies: Sequence[EnactedPolicy], bases: Sequence[PublishedBase], vocabulary: Vocabulary
) -> tuple[Version, ...]:
    """Per scheme, one version per day on which its rules change, with a last word per day: the highest position."""
    acts: list[EnactedPolicy | PublishedBase] = [*policies, *bases]
    acts.sort(key=lambda act: (act.effective_date, act.position))
    found: list[Version] = []
    for code, scheme in enumerate(vocabulary.schemes):
        current = Version(code, BEFORE_ALL_DAYS)
        by_day = {current.first_day: current}
        for act in acts:
            day = day_number(act.effective_date)
            if isinstance(act, EnactedPolicy) and act.document.scheme == scheme:
                ladder = act.document.ladder
                wage_fen = fen(ladder.base.average_annual_wage) if ladder else 0
                current = by_day[day] = Version(code, day, act.document, wage_fen)
            elif isinstance(act, PublishedBase) and act.scheme == scheme and _coefficients(current):
                current = by_day[day] = Version(code, day, current.document, act.average_annual_wage_fen)
        found += by_day.values()
    return tuple(found) or (Version(0, BEFORE_ALL_DAYS),)


def _coefficients(version: Version) -> tuple[int, ...]:
    document = version.document
    return tuple(document.ladder.coefficients) if document and document.ladder else ()


def _pay_of(version: Version, grades: int) -> list[Fraction | None]:
    if version.document is None or version.document.flat is not None:
        return [version.full_pay_fen(post, 0) for post in POSTS for _ in range(grades)]
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


def _weights(versions: tuple[Version, ...]) -> tuple[list[list[list[int]]], Flags]:
    rules = [[_rule_for(version, post) for post in POSTS] for version in versions]
    weights = [[common_weights(payer_ratios(rule)) for rule in row] for row in rules]
    return weights, np.array([[rule is not None for rule in row] for row in rules], dtype=np.bool_)


def _rule_for(version: Version, post: str) -> FundingRule | None:
    rules = version.document.funding if version.document else ()
    return next((rule for rule in rules if post in rule.posts), None)


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
    weights: list[list[list[int]]],
) -> bool:
    """Whether a product of figures could leave int64: numerators × days, a line × its weights."""
    basic = _largest(pay) * _largest(shares)
    numerator = max(basic, _largest(allowance))
    scale = max(pay_scale * share_scale, allowance_scale)
    line_fen = max(basic // (pay_scale * share_scale), _largest(allowance) // allowance_scale) + _FEN_ROUNDED_UP
    products = (
        2 * LONGEST_MONTH * (numerator + _FEN_ROUNDED_UP * scale),
        line_fen * max(sum(ratios) for row in weights for ratios in row),
        line_fen * LONGEST_MONTH * numerator,
    )
    return max(products) >= _INT64


def _largest(rows: list[list[int]]) -> int:
    return max(1, *(number for row in rows for number in row))
