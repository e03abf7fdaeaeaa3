"""The oracle's view of the rules: what a full month of a state is worth on a day, and in which shares it is paid."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from tests.oracle.careers import Day, highest_certificate

from shared import events
from shared.envelope import Recorded
from shared.policy_document import PolicyDocument, Rounding


@dataclass(frozen=True)
class InForce:
    """The document and the average annual wage that hold for a scheme on a day; `position` names the act."""

    document: PolicyDocument
    wage_fen: Fraction
    position: int


def in_force(acts: Sequence[Recorded], scheme: str, day: date) -> InForce | None:
    """The latest document as `careers.known` orders them; a base published after it replaces its wage."""
    found = None
    for act in (act for act in acts if act.effective_date <= day):
        match act.event:
            case events.PolicyEnacted(scheme=its) as enacted if its == scheme:
                ladder = enacted.document.ladder
                wage = Fraction(ladder.base.average_annual_wage or 0) * 100 if ladder else Fraction(0)
                found = InForce(enacted.document, wage, act.position)
            case events.BasePublished(scheme=its) as published if its == scheme and found and found.document.ladder:
                found = InForce(found.document, Fraction(published.average_annual_wage_fen), act.position)
    return found


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
    base = rounded(rule.wage_fen * Fraction(ladder.base.share) / 12, ladder.base.rounding)
    return rounded(base * Fraction(coefficient), ladder.full_month_rounding)


def _factor(state: Day, document: PolicyDocument) -> Fraction:
    assert document.performance is not None
    if state.rating is None:
        return Fraction(document.performance.without_rating)
    return Fraction(document.performance.factors.get(state.rating, 0))


def payers(state: Day, rule: InForce, streets: dict[str, str]) -> dict[str, Fraction]:
    """Who pays which part of an amount earned in this state; what no rule names is in suspense."""
    funding = next((rule for rule in rule.document.funding if state.post in rule.posts), None)
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
