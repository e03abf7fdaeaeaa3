"""Policy documents that differ in what can go wrong: roundings, items, starts, payers, missing rules and rates."""

from datetime import date
from decimal import Decimal
from typing import Any

import msgspec
from tests.oracle.logs import policy

from shared.events import Post
from shared.policy_document import (
    AllowanceStart,
    Base,
    CertificateAllowance,
    FundingRule,
    Ladder,
    LaterShare,
    Level,
    Mode,
    PayItem,
    Performance,
    PolicyDocument,
    Rounding,
    Unit,
)


def ladder(*, rounded_base: bool = True, **changes: Any) -> Ladder:
    """Chibi's ladder with some parts replaced."""
    ours = policy("chibi-2020").ladder
    assert ours is not None
    base = ours.base if rounded_base else msgspec.structs.replace(ours.base, rounding=None)
    return msgspec.structs.replace(ours, **{"base": base, **changes})


def funding(**shares: str) -> tuple[FundingRule, ...]:
    """One rule for all posts; what the shares leave is named nowhere."""
    return (FundingRule(posts=tuple(Post), shares={Level(name): Decimal(ratio) for name, ratio in shares.items()}),)


_PERFORMANCE = Performance(
    share=Decimal("0.35"), factors={"excellent": Decimal("1.25"), "competent": Decimal(1), "unfit": Decimal(0)}
)


def rated() -> PolicyDocument:
    """Chibi's document with a part of the pay that follows the rating."""
    return policy("chibi-2020", performance=_PERFORMANCE)


_THIRD = Performance(share=Decimal("0.333"), factors={"excellent": Decimal("1.111")}, without_rating=Decimal("0.9"))
_FROM_THE_DAY = CertificateAllowance(
    monthly={"assistant": Decimal("100.01"), "senior": Decimal("300.00")}, starts=AllowanceStart.REGISTRATION
)
_COMMITTEE_ONLY = (
    FundingRule(
        posts=("head", "member"),
        shares={Level.CITY: Decimal("0.7")},
        remainder={Level.STREET: Decimal("0.333"), Level.COMMUNITY: Decimal("0.667")},
    ),
)
_FINE = ladder(
    rounded_base=False,
    full_month_rounding=None,
    coefficients={1: Decimal("0.7231"), 3: Decimal("1.9007"), 10: Decimal("1.3333")},
)

_RISING = ladder(
    base=Base(
        average_annual_wage=Decimal("54580.00"),
        share=Decimal("0.80"),
        later_shares=(
            LaterShare(from_date=date(2020, 10, 16), share=Decimal("0.90")),
            LaterShare(from_date=date(2021, 1, 1), share=Decimal(1)),
        ),
    )
)
_DATED = (
    *funding(city="0.70"),
    *(msgspec.structs.replace(rule, from_date=date(2020, 11, 20)) for rule in funding(city="0.5", community="0.5")),
    *(msgspec.structs.replace(rule, items=(PayItem.PERFORMANCE,)) for rule in funding(street="1")),
)

LADDERS = (
    policy("chibi-2020"),
    rated(),
    policy(
        "chibi-2020",
        certificate_allowance=_FROM_THE_DAY,
        funding=funding(city="0.4", street="0.4", community="0.2"),
    ),
    policy("chibi-2020", ladder=ladder(rounded_base=False, full_month_rounding=None), performance=_PERFORMANCE),
    policy("chibi-2020", line_rounding=Rounding(to=Unit.YUAN, mode=Mode.DOWN), funding=_COMMITTEE_ONLY),
    policy("chibi-2020", line_rounding=Rounding(mode=Mode.UP), funding=funding(city="0.70")),
    policy("chibi-2020", ladder=_FINE, bands={}, performance=_THIRD),
    policy("chibi-2020", funding=funding(city="0.3333333", street="0.3333333", community="0.3333334")),
    policy("chibi-2020", ladder=_RISING, funding=_DATED, performance=_PERFORMANCE),
    policy("chibi-2020", ladder=ladder(base=Base(monthly_amount=Decimal("2958.00"), rounding=None))),
)
"""Documents of the scheme `ladder`; those with fine figures leave int64 when lines are shared over segments."""

FLATS = (
    policy("chibi-legacy"),
    policy("chibi-legacy", line_rounding=Rounding(mode=Mode.DOWN), funding=funding(street="1")),
)
"""Documents of the scheme `legacy`."""
