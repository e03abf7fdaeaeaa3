"""The oracle's view of the rules: what a full month of a state is worth on a day, and in which shares it is paid."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import NamedTuple

from tests.oracle.careers import Day, certificates_on, diplomas_on, years_later

from shared import events
from shared.envelope import Recorded
from shared.policy_document import District, FundingRule, Performance, PolicyDocument, Rounding


@dataclass(frozen=True)
class InForce:
    """The document and the average annual wage that hold for a scheme on a day; `position` names the act."""

    document: PolicyDocument
    wage_fen: Fraction
    position: int
    share: Fraction = Fraction(0)
    funding: tuple[FundingRule, ...] = ()
    come: tuple[date, ...] = ()


class Counted(NamedTuple):
    """What the pay of a day depends on under the rules in force, and nothing else."""

    post: str
    grade: int
    certificates: tuple[str, ...]
    diplomas: tuple[str, ...]
    education: str
    years: int
    rating: str | None
    second_post: str
    on_probation: bool
    suspended: bool
    district: str | None


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
    every = [*document.funding, *(rule for there in document.districts.values() for rule in there.funding)]
    come = tuple(sorted({rule.from_date for rule in every if rule.from_date and rule.from_date <= day}))
    funding = tuple(rule for rule in document.funding if rule.from_date is None or rule.from_date <= day)
    return InForce(document, found.wage_fen, found.position, shares[-1], funding, come)


def rounded(amount_fen: Fraction, rounding: Rounding | None) -> Fraction:
    """An amount that is not negative, at a rounding point."""
    if rounding is None:
        return amount_fen
    unit = 100 if rounding.to == "yuan" else 1
    units, rest = divmod(amount_fen / unit, 1)
    up = {"half-up": rest * 2 >= 1, "down": False, "up": rest > 0}[rounding.mode]
    return Fraction((int(units) + up) * unit)


def district_of(rule: InForce, street: str | None) -> str | None:
    """The district in which the rules in force have the street."""
    return next((name for name, one in rule.document.districts.items() if street in one.streets), None)


def performance_of(rule: InForce, district: str | None) -> Performance | None:
    """The district's own rule or the city's."""
    there = rule.document.districts[district] if district else District(streets=())
    return there.performance or rule.document.performance


def counted(state: Day, rule: InForce, day: date, street: str | None) -> Counted:
    """What the rules look at of somebody on the day."""
    document = rule.document
    tables = list(document.additive.tables.values()) if document.additive else []
    axes = {axis for table in tables for axis in table.by}
    district = district_of(rule, street)
    there = document.districts[district] if district else District(streets=())
    own = district if there.performance or there.funding else None
    held = diplomas_on(state, day, "registration")
    probation = document.probation
    reduces = probation is not None and (probation.pay_share != 1 or not probation.performance)
    return Counted(
        post=state.post,
        grade=state.grade if document.ladder or "grade" in axes else 0,
        certificates=_paid_for(document.certificate_allowance, state, day, certificates_on),
        diplomas=_paid_for(document.education_allowance, state, day, diplomas_on),
        education=held[-1] if held and "education" in axes else "",
        years=max([number for number in _numbers(tables) if number <= years_on(state, document, day)], default=0),
        rating=_rating(state, performance_of(rule, own), day),
        second_post=state.second_post if document.two_posts.pays != "one-pay" else "",
        on_probation=reduces and state.probation_until is not None and day <= state.probation_until,
        suspended=state.suspended,
        district=own,
    )


def _paid_for(allowance, state: Day, day: date, held_on) -> tuple[str, ...]:
    if allowance is None:
        return ()
    held = held_on(state, day, allowance.starts)
    return tuple(held if allowance.several == "adding" else held[-1:])


def _numbers(tables) -> list[int]:
    return [int(key.split("/")[-1]) for table in tables if "years" in table.by for key in table.monthly]


def years_on(state: Day, document: PolicyDocument, day: date) -> int:
    """Full years of service on the day, or calendar years begun since the entry."""
    since = state.served_since
    if since is None:
        return 0
    if document.grade_rules is not None and document.grade_rules.year_by == "calendar":
        return max(day.year - since.year, 0)
    return max((n for n in range(day.year - since.year + 1) if years_later(since, n) <= day), default=0)


def _rating(state: Day, performance: Performance | None, day: date) -> str | None:
    if performance is None:
        return None
    if performance.rated_by == "latest":
        return state.rating
    return dict(state.ratings).get(day.year - (performance.rated_by == "year-before"))


def full_month(seen: Counted, rule: InForce) -> dict[str, Fraction]:
    """A full month of each item in fen for somebody so seen under this rule; no rate is nothing."""
    document = rule.document
    items = _full_pay(paid_post(seen, rule), seen, rule)
    performance = performance_of(rule, seen.district)
    if performance is not None:
        share, factor = Fraction(performance.share), _factor(seen.rating, performance)
        items["performance"] = (items["basic"] * share + items["performance"]) * factor
        items["basic"] *= 1 - share
    if seen.on_probation:
        assert document.probation is not None
        items = {item: amount * Fraction(document.probation.pay_share) for item, amount in items.items()}
        if not document.probation.performance:
            items["performance"] = Fraction(0)
    for names, allowance in (
        (seen.certificates, document.certificate_allowance),
        (seen.diplomas, document.education_allowance),
    ):
        for name in names:
            assert allowance is not None
            items["allowance"] += Fraction(allowance.monthly.get(name, 0)) * 100
    if seen.second_post and document.two_posts.supplement is not None:
        items["allowance"] += Fraction(document.two_posts.supplement) * 100
    if seen.suspended:
        share = Fraction(document.suspension.pay_share) if document.suspension else Fraction(0)
        items = {item: amount * share for item, amount in items.items()}
    return items


def paid_post(seen: Counted, rule: InForce) -> str:
    """Of two posts the one that pays more, where it is said so."""
    if not seen.second_post or rule.document.two_posts.pays != "higher":
        return seen.post
    first, second = (sum(_full_pay(post, seen, rule).values()) for post in (seen.post, seen.second_post))
    return seen.second_post if second > first else seen.post


def _full_pay(post: str, seen: Counted, rule: InForce) -> dict[str, Fraction]:
    items = dict.fromkeys(("basic", "performance", "allowance"), Fraction(0))
    document = rule.document
    seen = seen._replace(grade=_grade_in(post, seen, rule))
    if document.additive is not None:
        for table in document.additive.tables.values():
            items[table.item] += Fraction(table.monthly.get(_row(table, post, seen), 0)) * 100
        return {item: rounded(amount, document.additive.full_month_rounding) for item, amount in items.items()}
    if document.flat is not None:
        return {**items, "basic": Fraction(document.flat.monthly.get(post, 0)) * 100}
    ladder = document.ladder
    assert ladder is not None
    coefficient = ladder.by_post.get(post, ladder.coefficients).get(seen.grade)
    if coefficient is None:
        return items
    monthly = rule.wage_fen * rule.share / 12
    if ladder.base.monthly_amount is not None:
        monthly = Fraction(ladder.base.monthly_amount) * 100
    base = rounded(monthly, ladder.base.rounding)
    return {**items, "basic": rounded(base * Fraction(coefficient), ladder.full_month_rounding)}


def _grade_in(post: str, seen: Counted, rule: InForce) -> int:
    """Of a second post: not below its lowest grade, and not above its highest."""
    band = rule.document.bands.get(post)
    if post == seen.post or band is None or not seen.grade:
        return seen.grade
    return band.lowest if seen.grade < band.lowest else min(seen.grade, band.highest)


def _row(table, post: str, seen: Counted) -> str:
    words = []
    for axis in table.by:
        if axis == "years":
            mine = [key for key in table.monthly if len(table.by) == 1 or key.split("/")[0] == post]
            reached = [int(key.split("/")[-1]) for key in mine if int(key.split("/")[-1]) <= seen.years]
            words.append(str(max(reached, default="none")))
        else:
            words.append({"post": post, "grade": str(seen.grade), "education": seen.education}[axis])
    return "/".join(words)


def _factor(rating: str | None, performance: Performance) -> Fraction:
    if rating is None:
        return Fraction(performance.without_rating)
    return Fraction(performance.factors.get(rating, 0))


def payers(post: str, state: Day, rule: InForce, item: str, street: str | None) -> list[tuple[str, Fraction]]:
    """Who pays which part of an item of a post earned in this state; what no rule names is in suspense.

    In the order city, community, district, street, suspense, which decides ties.
    """
    district = district_of(rule, street)
    funding = _funding(post, rule, item, district)
    if funding is None:
        return [("suspense", Fraction(1))]
    rest = 1 - sum(map(Fraction, funding.shares.values()))
    remainder = funding.remainder or {}
    part = {
        level: Fraction(funding.shares.get(level, 0)) + rest * Fraction(remainder.get(level, 0))
        for level in ("city", "community", "district", "street")
    }
    parts = [
        (f"city/{rule.document.jurisdiction}", part["city"]),
        (f"community/{state.community}", part["community"]),
        (f"district/{district}" if district else "suspense", part["district"]),
        (f"street/{street}" if street else "suspense", part["street"]),
        ("suspense", rest if funding.remainder is None else Fraction(0)),
    ]
    return [(payer, share) for payer, share in parts if share]


def _funding(post: str, rule: InForce, item: str, district: str | None) -> FundingRule | None:
    """The rule for the item before one for all items, and then the latest that has come."""
    rules = rule.funding
    if district is not None and rule.document.districts[district].funding:
        there = rule.document.districts[district].funding
        rules = tuple(one for one in there if one.from_date is None or one.from_date in rule.come)
    named = [one for one in rules if post in one.posts and item in one.items]
    general = [one for one in rules if post in one.posts and not one.items]
    latest = max((one.from_date or date.min for one in named or general), default=None)
    return next((one for one in named or general if (one.from_date or date.min) == latest), None)
