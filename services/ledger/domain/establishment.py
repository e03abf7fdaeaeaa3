"""What a policy's part on the establishment 员额 allows a city and a community, on the day a quota is set or moved."""

from collections.abc import Iterator
from datetime import date
from decimal import ROUND_CEILING, ROUND_DOWN, ROUND_HALF_UP, Decimal
from typing import Final, NamedTuple

from ledger.domain.community import Community
from ledger.domain.policy import Policies
from shared.events import Category, PolicyEnacted
from shared.policy_document import Establishment, Mode, PolicyDocument
from shared.refusal import Refused

_ROUNDING: Final = {Mode.UP: ROUND_CEILING, Mode.DOWN: ROUND_DOWN, Mode.HALF_UP: ROUND_HALF_UP}
_RESIDENTS: Final = Decimal(10_000)


class Size(NamedTuple):
    """What the seats of a community are measured by; `grids` None: it cannot have any yet."""

    households: int
    population: int
    grids: int | None


class _Norm(NamedTuple):
    """At least and at most so many seats; `part` is where the policy says so, `why` how it comes about."""

    part: str
    least: int
    most: int | None
    why: str


def size_of(community: Community, day: date) -> Size:
    """The size of a community that is registered."""
    place = community.registered
    assert place is not None
    return Size(place.households, place.population, len(community.grids_on(day)))


def check_community_seats(
    policies: Policies, size: Size, category: Category, seats: int, day: date, *, where: str, pointer: str = "/seats"
) -> None:
    """Refused `outside-establishment` where a policy in force on the day gives the community fewer seats, or more."""
    for document in _in_force(policies, day):
        assert document.establishment is not None
        for norm in _norms(document.establishment, size, category):
            _check(document, norm, seats, f"{seats} {category} seats of {where}", pointer)


def check_city_seats(policies: Policies, category: Category, seats: int, day: date) -> None:
    """Refused `outside-establishment` where a policy in force on the day gives the whole city fewer seats."""
    for document in _in_force(policies, day):
        assert document.establishment is not None
        most = document.establishment.city_seats.get(category.value)
        if most is not None:
            norm = _Norm("city_seats", 0, most, f"the whole city has {most}")
            _check(document, norm, seats, f"{seats} {category} seats of the city", "/seats")


def _in_force(policies: Policies, day: date) -> Iterator[PolicyDocument]:
    current: dict[str, PolicyDocument] = {}
    for act in policies.timeline.until(day):
        if isinstance(act.event, PolicyEnacted):
            current[act.event.scheme] = act.event.document
    return (document for document in current.values() if document.establishment is not None)


def _norms(rules: Establishment, size: Size, category: Category) -> Iterator[_Norm]:
    if category is Category.COMMITTEE:
        if rules.committee is not None:
            least, most = rules.committee.least, rules.committee.most
            yield _Norm("committee", least, most, f"a committee has {least} to {most}")
        return
    span = rules.households_per_dedicated
    if span is not None:
        least = _whole(rules, Decimal(size.households) / span.most) if span.most else 0
        ceiling = _whole(rules, Decimal(size.households) / span.least) if span.least else None
        why = f"one for {span.least} to {span.most} of {size.households} households"
        yield _Norm("households_per_dedicated", least, ceiling, why)
    if rules.dedicated_per_grid is not None and size.grids is not None:
        ceiling = _whole(rules, rules.dedicated_per_grid * size.grids)
        why = f"{rules.dedicated_per_grid} for each of {size.grids} grids"
        yield _Norm("dedicated_per_grid", 0, ceiling, why)
    if rules.dedicated_per_10000_residents is not None:
        ceiling = _whole(rules, rules.dedicated_per_10000_residents * size.population / _RESIDENTS)
        why = f"{rules.dedicated_per_10000_residents} for 10000 of {size.population} residents"
        yield _Norm("dedicated_per_10000_residents", 0, ceiling, why)


def _whole(rules: Establishment, seats: Decimal) -> int:
    return int(seats.quantize(Decimal(1), rounding=_ROUNDING[rules.rounding]))


def _check(document: PolicyDocument, norm: _Norm, seats: int, what: str, pointer: str) -> None:
    if norm.least <= seats and (norm.most is None or seats <= norm.most):
        return
    allowed = f"at least {norm.least}" if norm.most is None else f"{norm.least} to {norm.most}"
    paper, clause = _clause(document, norm.part)
    raise Refused(
        "outside-establishment",
        f"{what}, allowed are {allowed}: {norm.why} ({document.policy_id}, {paper} {clause}".rstrip() + ")",
        pointer=pointer,
        remedy=f"set {allowed} seats, or enact a policy whose establishment says otherwise",
        extra={
            "policy_id": document.policy_id,
            "part": f"establishment/{norm.part}",
            "document": paper,
            "clause": clause,
            "least": norm.least,
            "most": norm.most,
        },
    )


def _clause(document: PolicyDocument, part: str) -> tuple[str, str]:
    """(paper, clause) that the document names for the part of its establishment, the closest first."""
    named = {source.part: (source.document, source.clause) for source in document.sources}
    return named.get(f"establishment/{part}") or named.get("establishment") or (document.title, "")
