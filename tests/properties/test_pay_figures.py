"""Any document of the right shape can be computed with: what the log has accepted must never stop payroll."""

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.oracle import pay
from tests.oracle.beside import arrived_at, by_key, engine_due, projected
from tests.oracle.documents import funding, ladder
from tests.oracle.logs import CITY, Log, policy

from payroll.settlement import settle
from shared import events
from shared.events import Certificate, Post, Rating
from shared.money import fen
from shared.policy_check import faults
from shared.policy_document import (
    Base,
    CertificateAllowance,
    Flat,
    FundingRule,
    Ladder,
    Level,
    Mode,
    Performance,
    Rounding,
    Unit,
)

pytestmark = pytest.mark.campaign

SHARE, LONG = 60, 1_500
ROUNDINGS = [Rounding(to=unit, mode=mode) for unit in Unit for mode in Mode]


def paid_for_october(document, *wages_fen):
    """Enact the document, publish these wages and work out a month."""
    log = Log()
    log.places()
    log.enact(document, "2020-09-01")
    log.open_payroll("2020-09")
    log.hire("w", "2020-09-18")
    for wage_fen in wages_fen:
        log.publish(wage_fen, "2020-10-01")
    return engine_due(log.events, "2020-10")


@pytest.mark.parametrize("places", [2, 6, 7, 10])
def test_shares_of_up_to_ten_places_can_be_computed(places):
    third, rest = f"0.{'3' * places}", f"0.{'3' * (places - 1)}4"
    one_ninth = Decimal(f"1.{'1' * places}")
    document = policy(
        "chibi-2020",
        funding=funding(city=third, street=third, community=rest),
        performance=Performance(share=Decimal(third), factors={"excellent": one_ninth}),
    )
    assert sum(paid_for_october(document).values()) > 0


def test_coefficients_of_ten_places_without_rounding_can_be_computed():
    fine = ladder(rounded_base=False, full_month_rounding=None, coefficients={1: Decimal("0.7231231231")})
    document = policy("chibi-2020", ladder=fine, bands={})
    assert sum(paid_for_october(document).values()) > 0


def test_a_published_wage_never_stops_a_document_that_could_be_computed_before():
    fine = ladder(
        rounded_base=False,
        full_month_rounding=None,
        coefficients={1: Decimal("0.7231"), 3: Decimal("1.9007")},
    )
    third = Performance(share=Decimal("0.3333"), factors={"excellent": Decimal("1.1111")})
    document = policy("chibi-2020", ladder=fine, bands={}, performance=third)
    assert paid_for_october(document)
    assert paid_for_october(document, 6_111_107)


def test_an_amount_with_an_exponent_is_an_amount():
    """A YAML or JSON file may say it that way, and the ledger reads it as the same figure."""
    assert [fen(Decimal(text)) for text in ("5.458E+4", "1E+1", "0E+2")] == [5_458_000, 1_000, 0]
    assert paid_for_october(policy("chibi-2020", ladder=_with_wage("5.458E+4"))) == paid_for_october(
        policy("chibi-2020", ladder=_with_wage("54580.00"))
    )


def test_a_factor_beyond_any_regulation_is_refused_at_its_place():
    wrong = Performance(share=Decimal(1), factors={"excellent": Decimal("10.1")}, without_rating=Decimal(11))
    places = [fault.pointer for fault in faults(policy("chibi-2020", performance=wrong))]
    assert places == ["/performance/factors/excellent", "/performance/without_rating"]


def _with_wage(text):
    ours = ladder()
    return Ladder(base=Base(average_annual_wage=Decimal(text), share=ours.base.share), coefficients=ours.coefficients)


def ratios(largest):
    """0 to the largest with up to ten places: the ends, short ones, and ones that use every place."""
    exact = st.decimals(0, largest, places=10)
    return st.one_of(
        st.sampled_from([Decimal(0), Decimal(largest), Decimal("1E-10")]), exact, st.decimals(0, largest, places=2)
    )


def _amounts(largest="999999999.99"):
    return st.one_of(
        st.sampled_from([Decimal(0), Decimal(largest), Decimal("1E+8")]), st.decimals(0, largest, places=2)
    )


@st.composite
def _parted(draw, whole):
    """Shares of some levels, adding up to the whole where it is said so, else to at most 1."""
    levels = draw(st.permutations(list(Level)))[: draw(st.integers(1, 3))]
    cuts = sorted(draw(st.lists(ratios(1), min_size=len(levels), max_size=len(levels))))
    if whole:
        cuts[-1] = Decimal(1)
    return {level: high - low for level, low, high in zip(levels, [Decimal(0), *cuts], cuts, strict=False)}


_RULES = st.builds(
    FundingRule,
    posts=st.just(tuple(Post)),
    shares=_parted(whole=False),
    remainder=st.none() | _parted(whole=True),
)
_POSITIVE = ratios(10).filter(bool)
_LADDERS = st.builds(
    Ladder,
    base=st.builds(
        Base,
        average_annual_wage=_amounts().filter(bool),
        share=_POSITIVE,
        rounding=st.none() | st.sampled_from(ROUNDINGS),
    ),
    coefficients=st.dictionaries(st.integers(1, 99), _POSITIVE | st.just(Decimal(100)), max_size=3).flatmap(
        lambda others: _POSITIVE.map(lambda ratio: {**others, 1: ratio})
    ),
    full_month_rounding=st.none() | st.sampled_from(ROUNDINGS),
)
_CHANGES = {
    "funding": _RULES.map(lambda rule: (rule,)),
    "performance": st.none()
    | st.builds(
        Performance,
        share=ratios(1),
        factors=st.dictionaries(st.sampled_from([str(rating) for rating in Rating]), ratios(10)),
        without_rating=ratios(10),
    ),
    "certificate_allowance": st.none()
    | st.builds(
        CertificateAllowance, monthly=st.dictionaries(st.sampled_from([str(name) for name in Certificate]), _amounts())
    ),
    "line_rounding": st.sampled_from(ROUNDINGS),
}
_DOCUMENTS = st.one_of(
    st.fixed_dictionaries({**_CHANGES, "ladder": _LADDERS}),
    st.fixed_dictionaries(
        {**_CHANGES, "flat": st.builds(Flat, monthly=st.fixed_dictionaries({"dedicated": _amounts()}))}
    ).map(lambda changes: {**changes, "ladder": None}),
).map(lambda changes: policy("chibi-2020", bands={}, **changes))


def at_work(documents):
    """The documents one after the other over two months, and somebody who moves, is rated and qualified in them."""
    log = Log()
    log.places()
    for document, day in zip(documents, ("2020-09-01", "2020-10-10"), strict=False):
        log.enact(document, day)
    log.open_payroll("2020-09")
    log.hire("w", "2020-09-18")
    log.act("w", events.WorkerTransferred(from_community_id="", community_id="nanhe"), "2020-10-05")
    log.act("w", events.WorkerAppraised(year=2019, rating=Rating.EXCELLENT), "2020-10-20")
    log.act("w", events.WorkerQualified(certificate=Certificate.SENIOR, personal=""), "2020-09-20")
    return log


def agree_on(documents):
    """Computed by payroll with every line explained, and to the fen what the oracle pays."""
    log = at_work(documents)
    settlement = settle(projected(log.events).known(CITY, log.position), "2020-10")
    months = (pay.due(log.events, CITY, month, log.position) for month in ("2020-09", "2020-10"))
    assert by_key(settlement.due) == {key: amount for month in months for key, amount in month.items()}
    assert all(arrived_at(line) == line.amount_fen for line in settlement.explained())


@settings(max_examples=SHARE, deadline=None, derandomize=True, database=None)
@given(st.lists(_DOCUMENTS, min_size=1, max_size=2))
def test_every_document_is_paid_to_the_fen(documents):
    agree_on(documents)


@pytest.mark.prove
@pytest.mark.timeout(3600)
@settings(max_examples=LONG, deadline=None, database=None)
@given(st.lists(_DOCUMENTS, min_size=1, max_size=2))
def test_every_document_is_paid_to_the_fen_at_length(documents):
    agree_on(documents)
