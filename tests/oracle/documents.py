"""Policy documents that differ in what can go wrong: roundings, items, starts, payers, missing rules and rates."""

from datetime import date
from decimal import Decimal
from typing import Any

import msgspec
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy
from tests.oracle.logs import policy

from shared.events import Post
from shared.policy_document import (
    Additive,
    AllowanceStart,
    Axis,
    Base,
    CertificateAllowance,
    Contribution,
    District,
    EducationAllowance,
    FundingRule,
    Insurance,
    Ladder,
    LaterShare,
    Level,
    Mode,
    PayItem,
    PayTable,
    Performance,
    PolicyDocument,
    Probation,
    Proration,
    RatedBy,
    Rhythm,
    Rounding,
    Several,
    Suspension,
    TrueUp,
    TwoPosts,
    TwoPostsPay,
    Unit,
    WorkingCalendar,
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

_SHARES = st.sampled_from([Decimal(text) for text in ("0", "0.2", "0.35", "0.5", "0.8", "1")])
_YUAN = st.sampled_from([Decimal(text) for text in ("0.01", "50.00", "99.99", "100.00", "333.33", "1200.00")])
_ROUNDINGS = st.builds(Rounding, to=st.sampled_from(Unit), mode=st.sampled_from(Mode))
_DIPLOMAS = ("high_school", "college", "bachelor", "master", "doctor")
_WORDS = {
    Axis.POST: [post.value for post in Post],
    Axis.GRADE: [str(grade) for grade in range(1, 19)],
    Axis.EDUCATION: list(_DIPLOMAS),
    Axis.YEARS: [str(years) for years in range(0, 12)],
}
_AXES = [(axis,) for axis in Axis] + [(Axis.POST, axis) for axis in Axis if axis is not Axis.POST]


def _tables() -> SearchStrategy[PayTable]:
    """A table by one axis or by a post and another, with some of its rows."""

    def by(axes: tuple[Axis, ...]) -> SearchStrategy[PayTable]:
        keys = st.tuples(*(st.sampled_from(_WORDS[axis]) for axis in axes)).map("/".join)
        rows = st.dictionaries(keys, _YUAN, min_size=1, max_size=8)
        return st.builds(PayTable, by=st.just(axes), monthly=rows, item=st.sampled_from(PayItem))

    return st.sampled_from(_AXES).flatmap(by)


def _performances() -> SearchStrategy[Performance]:
    factors = st.sampled_from([Decimal(text) for text in ("0", "0.8", "1", "1.25")])
    ratings = st.sampled_from(["excellent", "competent", "marginal", "unfit"])
    return st.builds(
        Performance,
        share=_SHARES,
        factors=st.dictionaries(ratings, factors),
        without_rating=factors,
        rhythm=st.sampled_from(Rhythm),
        paid_in=st.sampled_from([(), (12,), (1, 7), (2,), (10, 12)]),
        rated_by=st.sampled_from(RatedBy),
    )


def _fundings() -> SearchStrategy[tuple[FundingRule, ...]]:
    """Some rules: for all items or some, from the first day or a later one, naming all payers or leaving a rest."""
    ratios = st.sampled_from(
        [
            ({Level.CITY: Decimal(1)}, None),
            ({Level.CITY: Decimal("0.5"), Level.DISTRICT: Decimal("0.5")}, None),
            ({Level.CITY: Decimal("0.7")}, {Level.STREET: Decimal("0.5"), Level.COMMUNITY: Decimal("0.5")}),
            ({Level.DISTRICT: Decimal("0.3333"), Level.STREET: Decimal("0.6667")}, None),
            ({Level.STREET: Decimal("0.4")}, None),
        ]
    )
    rules = st.builds(
        lambda parts, posts, items, day: FundingRule(
            posts=posts, shares=parts[0], remainder=parts[1], items=items, from_date=day
        ),
        ratios,
        st.sampled_from([tuple(Post), ("head", "member"), ("dedicated",)]),
        st.sampled_from([(), (), (PayItem.PERFORMANCE,), (PayItem.ALLOWANCE, PayItem.BASIC)]),
        st.sampled_from([None, None, date(2020, 10, 20), date(2021, 1, 1)]),
    )
    return st.lists(rules, min_size=1, max_size=3).map(tuple)


def _districts() -> SearchStrategy[dict[str, District]]:
    """Which streets lie in which of two districts, and what these have of their own."""
    there = st.builds(
        District,
        streets=st.just(()),
        performance=st.none() | _performances(),
        funding=st.just(()) | _fundings(),
    )
    streets = st.sampled_from([((), ()), (("puqi",), ()), (("puqi",), ("luogang",)), (("luogang",), ("puqi",))])
    return st.builds(
        lambda pair, north, south: {
            "north": msgspec.structs.replace(north, streets=pair[0]),
            "south": msgspec.structs.replace(south, streets=pair[1]),
        },
        streets,
        there,
        there,
    )


def _pays() -> SearchStrategy[dict[str, Any]]:
    """A ladder, one with a row of its own for the head, or a sum of tables."""
    own = {"head": {grade: Decimal("1.50") for grade in range(5, 19)}, "member": {3: Decimal("0.33")}}
    additive = st.builds(
        Additive,
        tables=st.dictionaries(st.sampled_from(["one", "two", "three", "four"]), _tables(), min_size=1),
        full_month_rounding=st.none() | _ROUNDINGS,
    )
    return st.one_of(
        st.just({}),
        st.just({"ladder": ladder(by_post=own)}),
        additive.map(lambda tables: {"ladder": None, "additive": tables}),
    )


def _circumstances() -> SearchStrategy[dict[str, Any]]:
    starts, several = st.sampled_from(AllowanceStart), st.sampled_from(Several)
    certificates = st.dictionaries(st.sampled_from(["assistant", "social_worker", "senior"]), _YUAN, min_size=1)
    diplomas = st.dictionaries(st.sampled_from(_DIPLOMAS), _YUAN, min_size=1)
    two_posts = st.sampled_from([TwoPosts.ONE_PAY, TwoPosts.HIGHER]).map(lambda pays: TwoPostsPay(pays=pays))
    return st.fixed_dictionaries(
        {},
        optional={
            "certificate_allowance": st.none()
            | st.builds(CertificateAllowance, monthly=certificates, starts=starts, several=several),
            "education_allowance": st.builds(EducationAllowance, monthly=diplomas, starts=starts, several=several),
            "performance": _performances(),
            "probation": st.builds(Probation, months=st.just(3), pay_share=_SHARES, performance=st.booleans()),
            "suspension": st.builds(Suspension, pay_share=_SHARES),
            "two_posts": two_posts | st.builds(TwoPostsPay, pays=st.just(TwoPosts.SUPPLEMENT), supplement=_YUAN),
            "contributions": _contributions(),
            "funding": _fundings(),
            "districts": _districts(),
        },
    )


def _contributions() -> SearchStrategy[dict[Insurance, Contribution]]:
    """Some insurances, with bounds or without, rounded one way or another."""
    rates = st.sampled_from([Decimal(text) for text in ("0", "0.003", "0.02", "0.08", "0.16")])
    rules = st.builds(
        Contribution,
        employer=rates,
        personal=rates,
        floor=st.none() | st.just(Decimal("3739.80")),
        ceiling=st.none() | st.just(Decimal("3800.01")),
        items=st.sampled_from([(), (PayItem.BASIC,), (PayItem.BASIC, PayItem.ALLOWANCE)]),
        rounding=_ROUNDINGS,
    )
    return st.dictionaries(st.sampled_from(Insurance), rules, max_size=2)


_DAYS_OFF = (*(date(2020, 10, day) for day in (1, 2, 5, 6, 7, 8)), date(2021, 1, 1))
_MADE_UP = (date(2020, 9, 27), date(2020, 10, 10))


def _roundings() -> SearchStrategy[dict[str, Any]]:
    """How parts of a month are paid, and every rounding point."""
    calendar = st.builds(
        WorkingCalendar,
        days_a_month=st.sampled_from([Decimal("21.75"), Decimal("20.83"), Decimal(22)]),
        rest_days=st.sampled_from([(), _DAYS_OFF]),
        made_up_days=st.sampled_from([(), _MADE_UP]),
    )
    return st.fixed_dictionaries(
        {"proration": st.sampled_from(Proration)},
        optional={
            "working_calendar": calendar,
            "line_rounding": _ROUNDINGS,
            "total_rounding": _ROUNDINGS,
            "shares_to": st.sampled_from(Unit),
            "true_up": st.sampled_from(TrueUp),
        },
    )


def anything() -> SearchStrategy[PolicyDocument]:
    """A document of the scheme `ladder` that may say anything the format can say about pay."""
    return st.tuples(_pays(), _circumstances(), _roundings()).map(
        lambda parts: policy("chibi-2020", bands={}, **{name: part for each in parts for name, part in each.items()})
    )
