"""The engine equals the oracle to the fen, per payer, on random histories, at any position of the log."""

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.oracle import pay
from tests.oracle.beside import engine_due
from tests.oracle.documents import funding, ladder, rated
from tests.oracle.histories import DAYS, MONTHS, YEARS, histories
from tests.oracle.logs import CITY, Log, policy

from shared import events
from shared.events import Rating
from shared.policy_document import Performance

pytestmark = pytest.mark.campaign

SHARE, LONG = 150, 3_000


def agree(log: Log, at_position: int) -> None:
    """Both opinions on every open month, as known at the position."""
    expected: dict[pay.Key, int] = {}
    for month in MONTHS:
        expected |= pay.due(log.events, CITY, month, at_position)
    payable = {key: amount for key, amount in expected.items() if key.payable <= MONTHS[-1]}
    assert engine_due(log.events, MONTHS[-1], at_position) == payable


RATED = {"year": YEARS, "rating": st.sampled_from(Rating)}
APPRAISALS = (
    st.builds(events.WorkerAppraised, **RATED)
    | st.builds(events.AppraisalCorrected, **RATED, from_rating=st.just(Rating.UNFIT), reason=st.just("漏记"))
    | st.builds(events.AppraisalProposed, **RATED)
    | st.builds(events.AppraisalPublished, **RATED)
)


@settings(max_examples=SHARE, deadline=None, derandomize=True, database=None)
@given(histories())
def test_the_engine_pays_what_the_oracle_pays(log):
    agree(log, log.position)


@settings(max_examples=SHARE // 3, deadline=None, derandomize=True, database=None)
@given(histories(), st.integers(0, 14))
def test_a_past_position_is_paid_as_it_was_known_then(log, back):
    """F02: what was known at a position is a fold of exactly the events up to it."""
    first = next(done.position for done in log.events if done.stream.startswith("worker/"))
    agree(log, max(first, log.position - back))


@settings(max_examples=SHARE // 3, deadline=None, derandomize=True, database=None)
@given(st.lists(APPRAISALS, min_size=2), st.data())
def test_the_rating_of_the_latest_year_is_paid_for_in_whatever_order_the_years_are_recorded(appraised, data):
    """Rules 9 and 10: a final or corrected rating is paid for, and nothing that was proposed or published."""
    log = Log()
    log.places()
    log.enact(rated(), "2020-09-01")
    log.open_payroll(MONTHS[0])
    log.hire("an", "2020-09-18")
    for appraisal in appraised:
        log.act("an", appraisal, data.draw(DAYS))
    agree(log, log.position)


def test_shares_of_four_places_beside_a_third_of_performance_can_be_computed():
    """4,803 × 10⁷ is far below 2⁶³, whatever the scale of the figures it was worked out from."""
    third = Performance(share=Decimal("0.3333"), factors={"excellent": Decimal("1.1111")})
    shares = funding(city="0.3333333", street="0.3333333", community="0.3333334")
    fine = ladder(rounded_base=False, full_month_rounding=None, coefficients={1: Decimal("0.7231")})
    log = Log()
    log.places()
    log.enact(policy("chibi-2020", ladder=fine, bands={}, performance=third, funding=shares), "2020-09-01")
    log.open_payroll(MONTHS[0])
    log.hire("an", "2020-09-18")
    agree(log, log.position)


@pytest.mark.prove
@pytest.mark.timeout(3600)
@settings(max_examples=LONG, deadline=None, database=None)
@given(histories(most=25), st.integers(0, 10))
def test_the_engine_pays_what_the_oracle_pays_at_length(log, back):
    first = next(done.position for done in log.events if done.stream.startswith("worker/"))
    agree(log, max(first, log.position - back))
