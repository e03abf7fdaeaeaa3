"""A document that is free of faults can be computed with: what the log has accepted must never stop payroll."""

from decimal import Decimal

import pytest
from tests.oracle.beside import engine_due
from tests.oracle.documents import funding, ladder
from tests.oracle.logs import Log, policy

from shared.policy_document import Performance, faults

pytestmark = pytest.mark.campaign

OPEN = "int64 is left by figures that the ledger accepts; refuse them when they are enacted or compute them wider"


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


@pytest.mark.xfail(raises=OverflowError, strict=True, reason=OPEN)
def test_shares_of_ten_places_can_be_computed():
    document = policy(
        "chibi-2020",
        funding=funding(city="0.3333333333", street="0.3333333333", community="0.3333333334"),
        performance=Performance(share=Decimal("0.3333333333"), factors={"excellent": Decimal("1.1111111111")}),
    )
    assert faults(document) == []
    assert paid_for_october(document)


@pytest.mark.xfail(raises=OverflowError, strict=True, reason=OPEN)
def test_a_published_wage_never_stops_a_document_that_could_be_computed_before():
    fine = ladder(
        rounded_base=False,
        full_month_rounding=None,
        coefficients={1: Decimal("0.7231"), 3: Decimal("1.9007")},
    )
    third = Performance(share=Decimal("0.3333"), factors={"excellent": Decimal("1.1111")})
    document = policy("chibi-2020", ladder=fine, bands={}, performance=third)
    assert faults(document) == []
    assert paid_for_october(document)
    assert paid_for_october(document, 6_111_107)
