"""The rules of a scheme over time: one version for each stretch of days on which they do not change."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

from payroll.engine.facts import day_number
from payroll.engine.vocabulary import Vocabulary
from shared.money import fen, round_fen
from shared.policy_document import Base, FundingRule, Ladder, PayItem, Performance, PolicyDocument

BEFORE_ALL_DAYS = -(1 << 30)


@dataclass(frozen=True)
class EnactedPolicy:
    """A document came into force on a date; `position` is where the log says so."""

    effective_date: date
    position: int
    document: PolicyDocument


@dataclass(frozen=True)
class PublishedBase:
    """The average annual wage of a scheme from a date on, until another of a later date."""

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

    def base_fen(self) -> Fraction | None:
        """核算基数 in fen: a figure, or the wage × the share ÷ 12, rounded where the document says; None: no wage."""
        assert self.document is not None
        assert self.document.ladder is not None
        base = self.document.ladder.base
        if base.monthly_amount is not None:
            return round_fen(Fraction(base.monthly_amount) * 100, base.rounding)
        if base.share is None or not self.average_annual_wage_fen:
            return None
        share = Fraction(self._latest_share(base, base.share))
        return round_fen(self.average_annual_wage_fen * share / 12, base.rounding)

    def _latest_share(self, base: Base, first: Decimal) -> Decimal:
        come = [later.share for later in base.later_shares if day_number(later.from_date) <= self.first_day]
        return come[-1] if come else first

    def waits_for_wage(self) -> bool:
        """Whether a ladder has no base, for want of a published average annual wage."""
        return self.document is not None and self.document.ladder is not None and self.base_fen() is None

    def full_pay_fen(self, post: str, grade: int) -> Fraction | None:
        """A full month's pay in fen by a fixed amount or a ladder; None when the document has no rate for it."""
        if self.document is None:
            return None
        if self.document.flat is not None:
            monthly = self.document.flat.monthly.get(post)
            return None if monthly is None else Fraction(monthly) * 100
        ladder = self.document.ladder
        coefficient = ladder.coefficient(post, grade) if ladder else None
        base_fen = self.base_fen() if ladder else None
        if ladder is None or coefficient is None or base_fen is None:
            return None
        return ladder_pay(ladder, base_fen, coefficient)

    def district_of(self, street: str | None) -> str | None:
        """The district in which the document has the street to lie."""
        return self.document.district_of(street) if self.document else None

    def performance_in(self, district: str | None) -> Performance | None:
        """绩效 in a district: its own rule, or the city's."""
        if self.document is None:
            return None
        there = self.document.districts[district].performance if district else None
        return there or self.document.performance

    def funding_rule(self, post: str, item: PayItem, district: str | None = None) -> FundingRule | None:
        """分级承担 on the version's days, as `PolicyDocument.funding_rule` says."""
        if self.document is None:
            return None
        return self.document.funding_rule(post, item, district, lambda since: day_number(since) <= self.first_day)


def ladder_pay(ladder: Ladder, base_fen: Fraction, coefficient: Decimal) -> Fraction:
    """Pay = base × coefficient, in fen, rounded as a full month's amount (rule 1)."""
    return round_fen(base_fen * Fraction(coefficient), ladder.full_month_rounding)


def version_of(document: PolicyDocument, scheme: int = 0, first_day: int = 0) -> Version:
    """The rules of a document as it stands, with the wage that it names."""
    wage = document.ladder.base.average_annual_wage if document.ladder else None
    return Version(scheme, first_day, document, 0 if wage is None else fen(wage))


def versions_of(
    policies: Sequence[EnactedPolicy], bases: Sequence[PublishedBase], vocabulary: Vocabulary
) -> tuple[Version, ...]:
    """Per scheme, one version per day on which its rules change, with a last word per day: the highest position."""
    found: list[Version] = []
    for code, scheme in enumerate(vocabulary.schemes):
        documents = _by_day(policy for policy in policies if policy.document.scheme == scheme)
        wages = _wages(documents.values(), [base for base in bases if base.scheme == scheme])
        versions = [_version_on(day, code, documents, wages) for day in sorted({BEFORE_ALL_DAYS, *documents, *wages})]
        found += _cut_at_dates(
            version for version in versions if version.first_day not in wages or _changes(version, documents)
        )
    return tuple(found) or (Version(0, BEFORE_ALL_DAYS),)


def _version_on(day: int, code: int, documents: Mapping[int, EnactedPolicy], wages: Mapping[int, int]) -> Version:
    """The document and the wage that hold on the day."""
    enacted = [policy for first, policy in documents.items() if first <= day]
    document = enacted[-1].document if enacted else None
    known = [wage for first, wage in wages.items() if first <= day]
    return Version(code, day, document, known[-1] if known and _on_wage(document) else 0)


def _on_wage(document: PolicyDocument | None) -> bool:
    """Whether the pay follows the average wage."""
    return document is not None and document.ladder is not None and document.ladder.base.share is not None


def _changes(version: Version, documents: Mapping[int, EnactedPolicy]) -> bool:
    """Whether pay changes on the first day of a version, or only a wage that it does not follow."""
    return version.first_day in documents or _on_wage(version.document)


def _by_day(policies: Iterable[EnactedPolicy]) -> dict[int, EnactedPolicy]:
    """Day → the last word on the document that comes into force on it, in order."""
    ordered = sorted(policies, key=lambda policy: (policy.effective_date, policy.position))
    return {day_number(policy.effective_date): policy for policy in ordered}


def _wages(policies: Iterable[EnactedPolicy], bases: Iterable[PublishedBase]) -> dict[int, int]:
    """Day → the average wage from it on, which stays known whichever document is in force.

    One that a document names counts from the document's `starts` day on where another is known until then.
    """
    told = [(day_number(base.effective_date), base.position, base.average_annual_wage_fen) for base in bases]
    for policy in policies:
        base = policy.document.ladder.base if policy.document.ladder else None
        if base is not None and base.average_annual_wage is not None:
            day = day_number(policy.effective_date)
            if base.starts is not None and any(known <= day for known, _, _ in told):
                day = _next_start(policy.effective_date, base.starts)
            told.append((day, policy.position, fen(base.average_annual_wage)))
    return {day: wage for day, _, wage in sorted(told)}


def _next_start(day: date, starts: str) -> int:
    """The first MM-DD from the day on; 29 February is the 28th where there is none."""
    month, number = int(starts[:2]), int(starts[3:])
    years = (day.year, day.year + 1)
    begin = (date(year, month, min(number, monthrange(year, month)[1])) for year in years)
    return min(day_number(start) for start in begin if start >= day)


def _cut_at_dates(versions: Iterable[Version]) -> Iterator[Version]:
    """The versions of one scheme in order, each anew on every day that its document names within it."""
    for version, following in pairwise([*versions, None]):
        assert version is not None
        yield version
        for day in _named_days(version.document):
            if version.first_day < day and (following is None or day < following.first_day):
                yield replace(version, first_day=day)


def _named_days(document: PolicyDocument | None) -> list[int]:
    """The days from which a document itself says something else."""
    if document is None:
        return []
    shares = document.ladder.base.later_shares if document.ladder else ()
    rules = (*document.funding, *(rule for district in document.districts.values() for rule in district.funding))
    dates = {*(later.from_date for later in shares), *(rule.from_date for rule in rules if rule.from_date)}
    return sorted(map(day_number, dates))
