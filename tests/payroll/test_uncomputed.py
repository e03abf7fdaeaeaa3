"""A policy that says more than the engine computes closes no month, and the blocker names the part of the document."""

from datetime import date
from decimal import Decimal

import msgspec
import pytest
from tests.payroll.feeding import caller, opened, payroll_over
from tests.payroll.working import policy

from shared.policy_document import (
    Additive,
    AllowanceStart,
    Axis,
    Base,
    CertificateAllowance,
    District,
    EducationAllowance,
    FundingRule,
    LaterShare,
    Level,
    PayItem,
    PayTable,
    Performance,
    Probation,
    Proration,
    RatedBy,
    Rhythm,
    Rounding,
    Several,
    Suspension,
    TwoPosts,
    TwoPostsPay,
    Unit,
)
from shared.refusal import Refused

FIFTH = Decimal("0.20")
MONEY = {"assistant": Decimal("100.00")}


def ladder(base):
    """Chibi's ladder on another base."""
    return msgspec.structs.replace(policy("chibi-2020").ladder, base=base)


def rated(**changes):
    """A performance part of a fifth."""
    return Performance(share=FIFTH, factors={}, **changes)


SAID = {
    "additive": {
        "ladder": None,
        "additive": Additive(tables={"basic": PayTable(by=(Axis.POST,), monthly={"dedicated": Decimal("1200.00")})}),
    },
    "ladder/base": {"ladder": ladder(Base(share=Decimal("0.80")))},
    "performance/rhythm": {"performance": rated(rhythm=Rhythm.HALF_YEARLY)},
    "performance/rated_by": {"performance": rated(rated_by=RatedBy.SAME_YEAR)},
    "certificate_allowance/several": {
        "certificate_allowance": CertificateAllowance(monthly=MONEY, several=Several.ADDING)
    },
    "certificate_allowance/starts": {
        "certificate_allowance": CertificateAllowance(monthly=MONEY, starts=AllowanceStart.NEXT_YEAR)
    },
    "education_allowance": {"education_allowance": EducationAllowance(monthly={"bachelor": Decimal("50.00")})},
    "districts/north/performance": {"districts": {"north": District(streets=("first",), performance=rated())}},
    "districts/north/funding": {
        "districts": {
            "north": District(
                streets=("first",), funding=(FundingRule(posts=("dedicated",), shares={Level.CITY: Decimal(1)}),)
            )
        }
    },
    "probation": {"probation": Probation(months=3, pay_share=Decimal("0.80"))},
    "suspension": {"suspension": Suspension(pay_share=Decimal("0.50"))},
    "two_posts": {"two_posts": TwoPostsPay(pays=TwoPosts.SUPPLEMENT, supplement=Decimal("200.00"))},
    "proration": {"proration": Proration.WORKING_DAYS},
    "total_rounding": {"total_rounding": Rounding(to=Unit.YUAN)},
    "shares_to": {"shares_to": Unit.YUAN},
}


def drafted(payroll):
    """October's draft."""
    payroll.draft("chibi", "2020-10", caller("draft"))
    return payroll.run("chibi", "2020-10", 1, payroll.projection.position).drafted


@pytest.mark.parametrize("part", SAID)
def test_a_part_that_is_not_computed_blocks_the_close_and_is_named(part):
    log = opened(**SAID[part])
    log.hire("li", "2020-10-01")
    payroll = payroll_over(log)
    blockers = drafted(payroll).blockers
    assert blockers[0].startswith(f"not-computed: chibi-2020: {part}: ")
    digest = payroll.run("chibi", "2020-10", 1, payroll.projection.position).drafted.digest
    payroll.approve("chibi", "2020-10", 1, digest, caller("approve", "approver"))
    with pytest.raises(Refused, match="not-computed") as refused:
        payroll.close("chibi", "2020-10", 1, caller("close"))
    assert refused.value.code == "run-blocked"


def test_a_rule_that_nobody_is_paid_by_blocks_nothing():
    log = opened()
    log.enact("2020-09-18", policy("chibi-legacy", proration=Proration.WORKING_DAYS))
    log.hire("li", "2020-10-01")
    assert drafted(payroll_over(log)).blockers == ()


def test_a_probation_on_full_pay_blocks_nothing():
    log = opened(probation=Probation(months=3))
    log.hire("li", "2020-10-01")
    assert drafted(payroll_over(log)).blockers == ()


def test_a_share_of_the_wage_rises_on_the_day_that_the_document_names():
    """Rule 3: 80 %, then 90 % of one wage from the middle of the month on."""
    base = Base(
        average_annual_wage=Decimal("36000.00"),
        share=Decimal("0.80"),
        later_shares=(LaterShare(from_date=date(2020, 10, 16), share=Decimal("0.90")),),
    )
    log = opened(ladder=ladder(base))
    log.hire("li", "2020-10-01", grade=10)
    found = drafted(payroll_over(log))
    # 2400 for 15 and 2700 for 16 of 31 days: 1161.29 + 1393.55
    assert (found.total_fen, found.blockers) == (255_484, ())


def test_the_payers_change_on_a_day_and_an_item_has_payers_of_its_own():
    """Rule 4: post, item and date; 7:3 of the basic part until 15 October, then 5:5; the street pays performance."""
    rules = (
        FundingRule(posts=("dedicated",), shares={Level.CITY: Decimal("0.7"), Level.STREET: Decimal("0.3")}),
        FundingRule(
            posts=("dedicated",),
            shares={Level.CITY: Decimal("0.5"), Level.STREET: Decimal("0.5")},
            from_date=date(2020, 10, 16),
        ),
        FundingRule(posts=("dedicated",), shares={Level.STREET: Decimal(1)}, items=(PayItem.PERFORMANCE,)),
    )
    base = Base(monthly_amount=Decimal("3875.00"))
    log = opened(ladder=ladder(base), funding=rules, performance=rated())
    log.hire("li", "2020-10-01", grade=10)
    found = drafted(payroll_over(log))
    # basic 3100: 1500 for 15 days at 7:3, 1600 for 16 days at 5:5; performance 775
    assert found.payers == {"city/chibi": 105_000 + 80_000, "street/first": 45_000 + 80_000 + 77_500}
