"""What an enactment accepts can be computed with: a document in which a check finds no fault is paid to the fen."""

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.oracle.documents import funding, ladder
from tests.oracle.logs import policy
from tests.properties.test_pay_figures import ROUNDINGS, agree_on, paid_for_october, ratios

from shared.events import Certificate, Post, Rating
from shared.policy_check import faults
from shared.policy_document import Band, Base, CertificateAllowance, Flat, FundingRule, Ladder, Level, Performance

pytestmark = pytest.mark.campaign

SHARE, LONG = 60, 1_500


def accepted(**parts):
    """Chibi's document with other parts, without those of its parts that these do not bear out."""
    document = policy("chibi-2020", **{"grade_rules": None, "budget_items": {}, **parts})
    assert faults(document) == []
    return document


def bands(highest):
    """Every post is open to the grades from 1 on."""
    return {str(post): Band(lowest=1, highest=highest) for post in Post}


@pytest.mark.parametrize("places", range(2, 11))
def test_shares_of_up_to_ten_places_are_accepted_and_computed(places):
    third = str(Decimal(1) / 3)[: places + 2]
    rest = str(1 - 2 * Decimal(third))
    document = accepted(
        bands=bands(18),
        funding=funding(city=third, street=third, community=rest),
        performance=Performance(share=Decimal(third), factors={"excellent": Decimal("1.1111111111")}),
    )
    assert sum(paid_for_october(document).values()) > 0


def test_coefficients_of_ten_places_without_rounding_are_accepted_and_computed():
    fine = ladder(rounded_base=False, full_month_rounding=None, coefficients={1: Decimal("0.7231231231")})
    assert sum(paid_for_october(accepted(ladder=fine, bands=bands(1))).values()) > 0


def amounts(least="0.01", largest="99999.99"):
    return st.one_of(st.sampled_from([Decimal(least), Decimal(largest)]), st.decimals(least, largest, places=2))


@st.composite
def falling(draw, names, values):
    """Values of some names, none less than the one after it."""
    chosen = [name for name in names if draw(st.booleans())] or names[:1]
    return dict(zip(chosen, sorted((draw(values) for _ in chosen), reverse=True), strict=True))


@st.composite
def parted(draw, whole):
    """Shares of some levels, none of nothing, adding up to the whole where it is said so, else to at most 1."""
    levels = draw(st.permutations(list(Level)))[: draw(st.integers(1, 3))]
    cuts = sorted(draw(st.lists(ratios(1), min_size=len(levels), max_size=len(levels))))
    if whole:
        cuts[-1] = Decimal(1)
    parts = {level: high - low for level, low, high in zip(levels, [Decimal(0), *cuts], cuts, strict=False)}
    return {level: part for level, part in parts.items() if part}


def rules(*posts):
    """One rule of funding; a remainder only where something remains."""
    shares, remainder = parted(whole=False).filter(bool), st.none() | parted(whole=True)
    return st.builds(FundingRule, posts=st.just(posts), shares=shares, remainder=remainder).filter(
        lambda rule: rule.remainder is None or sum(rule.shares.values()) < 1
    )


ITEMS = {
    "performance": st.none()
    | st.builds(
        Performance,
        share=ratios(1).filter(bool),
        factors=falling([str(rating) for rating in Rating], ratios(10)),
        without_rating=ratios(10),
    ),
    "certificate_allowance": st.none()
    | st.builds(CertificateAllowance, monthly=falling([str(name) for name in reversed(Certificate)], amounts())),
    "line_rounding": st.sampled_from(ROUNDINGS),
}
LADDERS = st.builds(
    Ladder,
    base=st.builds(
        Base,
        average_annual_wage=amounts("6000.00", "9999999.99"),
        share=ratios(2).filter(bool),
        rounding=st.none() | st.sampled_from(ROUNDINGS),
    ),
    coefficients=ratios(10).filter(bool).map(lambda ratio: {1: ratio}),
    full_month_rounding=st.none() | st.sampled_from(ROUNDINGS),
)
FLATS = st.builds(Flat, monthly=st.fixed_dictionaries({"dedicated": amounts()}))
BY_LADDER = {"ladder": LADDERS, "funding": st.tuples(rules(*Post)), "bands": st.just(bands(1))}
BY_FLAT = {
    **{"flat": FLATS, "funding": st.tuples(rules(Post.DEDICATED))},
    **{"ladder": st.none(), "bands": st.just({}), "admission": st.just({})},
}
DOCUMENTS = (st.fixed_dictionaries(ITEMS | BY_LADDER) | st.fixed_dictionaries(ITEMS | BY_FLAT)).map(
    lambda parts: accepted(**parts)
)


@settings(max_examples=SHARE, deadline=None, derandomize=True, database=None)
@given(st.lists(DOCUMENTS, min_size=1, max_size=2))
def test_every_document_without_faults_is_paid_to_the_fen(documents):
    agree_on(documents)


@pytest.mark.prove
@pytest.mark.timeout(3600)
@settings(max_examples=LONG, deadline=None, database=None)
@given(st.lists(DOCUMENTS, min_size=1, max_size=2))
def test_every_document_without_faults_is_paid_to_the_fen_at_length(documents):
    agree_on(documents)
