"""The oracle's view of the rules: what a full month of a state is worth on a day, and in which shares it is paid."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from tests.oracle.careers import Day, highest_certificate

from shared import events
from shared.envelope import Recorded
from shared.policy_document import FundingRule, PolicyDocument, Rounding


@dataclass(frozen=True)
class InForce:
    """The document and the average annual wage that hold for a scheme on a day; `position` names the act."""

    document: PolicyDocument
    wage_fen: Fraction
    position: int
    share: Fraction = Fraction(0)
    funding: tuple[FundingRule, ...] = ()


def in_force(acts: Sequence[Recorded], scheme: str, day: date) -> InForce | None:
    """The latest document as `careers.known` orders them, with the latest wage that a document or a base told."""
    found, wage = None, Fraction(0)
    for act in (act for act in acts if act.effective_date <= day):
        match act.event:
            case events.PolicyEnacted(scheme=its) as enacted if its == scheme:
                ladder = enacted.document.ladder
                if ladder is not None and ladder.base.average_annual_wage is not None:
                    wage = Fraction(ladder.base.average_annual_wage) * 100
                found = InForce(enacted.document, wage, act.position)
            case events.BasePublished(scheme=its) as published if its == scheme:
                wage = Fraction(published.average_annual_wage_fen)
                if found is not None and _on_wage(found):
                    found = InForce(found.document, wage, act.position)
    return found and _as_of(found, day)


def _on_wage(found: InForce) -> bool:
    ladder = found.document.ladder
    return ladder is not None and ladder.base.share is not None


def _as_of(found: InForce, day: date) -> InForce:
    """The share of the wage and the funding rules that have come by the day."""
    document = found.document
    shares = [Fraction(0)]
    if document.ladder is not None:
        base = document.ladder.base
        shares = [
            Fraction(base.share or 0),
            *(Fraction(one.share) for one in base.later_shares if one.from_date <= day),
        ]
    funding = tuple(rule for rule in document.funding if rule.from_date is None or rule.from_date <= day)
    return InForce(document, found.wage_fen, found.position, shares[-1], funding)


def rounded(amount_fen: Fraction, rounding: Rounding | None) -> Fraction:
    """An amount that is not negative, at a rounding point."""
    if rounding is None:
        return amount_fen
    unit = 100 if rounding.to == "yuan" else 1
    units, rest = divmod(amount_fen / unit, 1)
    up = {"half-up": rest * 2 >= 1, "down": False, "up": rest > 0}[rounding.mode]
    return Fraction((int(units) + up) * unit)


def full_month(state: Day, rule: InForce, day: date) -> dict[str, Fraction]:
    """A full month of each item in fen for somebody in this state under this rule; no rate is nothing."""
    document = rule.document
    pay = _full_pay(state, rule)
    items = {"basic": pay}
    if document.performance is not None:
        share = Fraction(document.performance.share)
        items = {"basic": pay * (1 - share), "performance": pay * share * _factor(state, document)}
    if document.certificate_allowance is not None:
        certificate = paid_certificate(state, rule, day)
        amount = document.certificate_allowance.monthly.get(certificate or "")
        items["allowance"] = Fraction(amount or 0) * 100
    return items


def paid_certificate(state: Day, rule: InForce, day: date) -> str | None:
    """The certificate the document pays for on the day."""
    allowance = rule.document.certificate_allowance
    return highest_certificate(state, day, allowance.starts) if allowance else None


def _full_pay(state: Day, rule: InForce) -> Fraction:
    if rule.document.flat is not None:
        return Fraction(rule.document.flat.monthly.get(state.post, 0)) * 100
    ladder = rule.document.ladder
    assert ladder is not None
    coefficient = ladder.coefficients.get(state.grade)
    if coefficient is None:
        return Fraction(0)
    monthly = rule.wage_fen * rule.share / 12
    if ladder.base.monthly_amount is not None:
        monthly = Fraction(ladder.base.monthly_amount) * 100
    base = rounded(monthly, ladder.base.rounding)
    return rounded(base * Fraction(coefficient), ladder.full_month_rounding)


def _factor(state: Day, document: PolicyDocument) -> Fraction:
    assert document.performance is not None
    if state.rating is None:
        return Fraction(document.performance.without_rating)
    return Fraction(document.performance.factors.get(state.rating, 0))


def payers(state: Day, rule: InForce, item: str, streets: dict[str, str]) -> dict[str, Fraction]:
    """Who pays which part of an item earned in this state; what no rule names is in suspense."""
    named = [one for one in rule.funding if state.post in one.posts and item in one.items]
    general = [one for one in rule.funding if state.post in one.posts and not one.items]
    latest = max((one.from_date or date.min for one in named or general), default=None)
    funding = next((one for one in named or general if (one.from_date or date.min) == latest), None)
    if funding is None:
        return {"suspense": Fraction(1)}
    street = streets.get(state.community)
    district = next((name for name, one in rule.document.districts.items() if street in one.streets), None)
    names = {
        "city": f"city/{rule.document.jurisdiction}",
        "district": f"district/{district}" if district else "suspense",
        "street": f"street/{street}" if street else "suspense",
        "community": f"community/{state.community}",
    }
    parts = dict.fromkeys([*names.values(), "suspense"], Fraction(0))
    for level, share in funding.shares.items():
        parts[names[level]] += Fraction(share)
    rest = 1 - sum(parts.values())
    if funding.remainder is None:
        parts["suspense"] += rest
    for level, share in (funding.remainder or {}).items():
        parts[names[level]] += rest * Fraction(share)
    return {payer: part for payer, part in parts.items() if part}
