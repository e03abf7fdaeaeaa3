"""Rules that look at much beside rules that look at little: neither changes what the others pay."""

from collections import Counter
from datetime import date
from decimal import Decimal
from itertools import pairwise

import msgspec
import pytest
from tests.payroll.working import by_payer, enacted, fact, hire, policy, work_out

from payroll.engine import FactKind, month_number
from shared.events import Education
from shared.policy_document import (
    Additive,
    AllowanceStart,
    Axis,
    CertificateAllowance,
    Contribution,
    District,
    EducationAllowance,
    Flat,
    FundingRule,
    Insurance,
    Level,
    Mode,
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
    WorkingCalendar,
    YearBy,
)

FACTORS = {"excellent": Decimal("1.5"), "competent": Decimal(1), "unfit": Decimal(0)}
BY_SENIORITY = {
    "ladder": None,
    "bands": {},
    "additive": Additive(
        tables={
            "post": PayTable(by=(Axis.POST,), monthly={"head": Decimal(3000), "dedicated": Decimal(2000)}),
            "diploma": PayTable(by=(Axis.EDUCATION,), monthly={"college": Decimal(50), "bachelor": Decimal(150)}),
            "years": PayTable(by=(Axis.YEARS,), monthly={"1": Decimal(10), "3": Decimal(30), "4": Decimal(70)}),
        }
    ),
}
BY_CALENDAR = BY_SENIORITY | {
    "grade_rules": msgspec.structs.replace(policy("chibi-2020").grade_rules, year_by=YearBy.CALENDAR)
}
CALENDAR = WorkingCalendar(rest_days=(date(2020, 10, 1), date(2021, 1, 1)))
LOOKING_AT = {
    "a second post": {
        "ladder": None,
        "bands": {},
        "flat": Flat(monthly={"head": Decimal(3000), "dedicated": Decimal(2000)}),
        "two_posts": TwoPostsPay(pays=TwoPosts.HIGHER),
    },
    "a supplement": {"two_posts": TwoPostsPay(pays=TwoPosts.SUPPLEMENT, supplement=Decimal(300))},
    "probation": {"probation": Probation(months=6, pay_share=Decimal("0.80"))},
    "suspension": {"suspension": Suspension(pay_share=Decimal("0.50"))},
    "the latest rating": {"performance": Performance(share=Decimal("0.20"), factors=FACTORS)},
    "the year's rating": {
        "performance": Performance(share=Decimal("0.20"), factors=FACTORS, rated_by=RatedBy.SAME_YEAR)
    },
    "last year's rating": {
        "performance": Performance(share=Decimal("0.20"), factors=FACTORS, rated_by=RatedBy.YEAR_BEFORE)
    },
    "certificates": {
        "certificate_allowance": CertificateAllowance(
            monthly={"assistant": Decimal(100), "senior": Decimal(300)}, starts=AllowanceStart.REGISTRATION
        )
    },
    "all certificates": {
        "certificate_allowance": CertificateAllowance(
            monthly={"assistant": Decimal(100), "senior": Decimal(300)},
            several=Several.ADDING,
            starts=AllowanceStart.NEXT_YEAR,
        )
    },
    "diplomas": {"education_allowance": EducationAllowance(monthly={"college": Decimal(50), "bachelor": Decimal(80)})},
    "districts": {
        "districts": {
            "east": District(
                streets=("first",),
                funding=(FundingRule(posts=("dedicated", "head"), shares={Level.DISTRICT: Decimal(1)}),),
            )
        }
    },
    "lines of whole yuan": {"line_rounding": Rounding(to=Unit.YUAN, mode=Mode.DOWN)},
    "whole months of whole yuan": {"total_rounding": Rounding(to=Unit.YUAN, mode=Mode.UP)},
    "shares of whole yuan": {"shares_to": Unit.YUAN},
    "working days": {"proration": Proration.WORKING_DAYS, "working_calendar": CALENDAR},
    "whole months": {"proration": Proration.WHOLE_MONTH},
    "half-yearly performance": {
        "performance": Performance(share=Decimal("0.20"), factors={}, rhythm=Rhythm.HALF_YEARLY, paid_in=(2, 8))
    },
    "insurance": {"contributions": {Insurance.PENSION: Contribution(employer=Decimal("0.16"))}},
    "tables": BY_SENIORITY,
    "tables by calendar": BY_CALENDAR,
}
PLAIN = {"certificate_allowance": None}
MONTHS = ("2020-09", "2021-05")


def somebody():
    """A head and a worker with something of everything, and one who has nothing."""
    rows = hire("an", "2020-09-01", grade=2) + hire("bo", "2020-09-10", "head", 7, at="south")
    rows += hire("cai", "2020-10-20")
    for position, (worker, kind, on, value) in enumerate(
        [
            ("an", FactKind.SERVED_SINCE, "2020-09-01", "2016-11-20"),
            ("bo", FactKind.SERVED_SINCE, "2020-09-10", "2019-12-31"),
            ("an", FactKind.EDUCATION, "2020-09-01", "college"),
            ("an", FactKind.EDUCATION, "2020-11-11", "+bachelor"),
            ("bo", FactKind.EDUCATION, "2020-10-01", "bachelor"),
            ("an", FactKind.CERTIFICATE, "2020-10-15", "assistant"),
            ("an", FactKind.CERTIFICATE, "2020-12-15", "senior"),
            ("bo", FactKind.CERTIFICATE, "2020-11-01", "senior"),
            ("an", FactKind.RATING, "2020-10-01", "2019 excellent"),
            ("an", FactKind.RATING, "2021-01-20", "2020 unfit"),
            ("bo", FactKind.RATING, "2021-02-10", "2020 excellent"),
            ("an", FactKind.SECOND_POST, "2020-10-10", "head"),
            ("bo", FactKind.SECOND_POST, "2020-12-01", "dedicated"),
            ("bo", FactKind.PROBATION, "2020-09-10", "2021-01-15"),
            ("an", FactKind.SUSPENDED, "2021-02-08", 1),
            ("an", FactKind.SUSPENDED, "2021-03-08", 0),
        ],
        20,
    ):
        rows += fact(worker, kind, on, value, position)
    return rows


def paid(rules, months=MONTHS):
    """What is due of each month, by payer."""
    found = by_payer(work_out(somebody(), rules, months=months))
    return {key: amount for key, amount in found.items() if amount}


def within(found, first, last):
    """The months from the first to the last."""
    return {key: amount for key, amount in found.items() if first <= key[1] <= last}


@pytest.mark.parametrize("what", LOOKING_AT)
def test_what_only_the_earlier_or_the_later_rules_look_at_changes_nothing_under_the_others(what):
    """Rule 3: each day is paid by the rules in force on it, and by these as if there were no others."""
    looking = paid([enacted("chibi-2020", "2020-09-01", **PLAIN | LOOKING_AT[what])])
    plain = paid([enacted("chibi-2020", "2020-09-01", **PLAIN)])
    assert looking != plain
    for early, late in ((PLAIN | LOOKING_AT[what], PLAIN), (PLAIN, PLAIN | LOOKING_AT[what])):
        rules = [enacted("chibi-2020", "2020-09-01", **early), enacted("chibi-2020", "2021-01-01", 3, **late)]
        before, after = (looking, plain) if early is not PLAIN else (plain, looking)
        expected = within(before, "2020-09", "2020-12") | within(after, "2021-01", "2021-05")
        assert paid(rules) == expected


@pytest.mark.parametrize(("one", "other"), [*pairwise(LOOKING_AT), *pairwise(reversed(LOOKING_AT))])
def test_rules_that_look_at_different_things_follow_each_other_on_a_day(one, other):
    early, late = (PLAIN | LOOKING_AT[each] for each in (one, other))
    rules = [enacted("chibi-2020", "2020-09-01", **early), enacted("chibi-2020", "2021-01-01", 3, **late)]
    before, after = (paid([enacted("chibi-2020", "2020-09-01", **each)]) for each in (early, late))
    assert paid(rules) == within(before, "2020-09", "2020-12") | within(after, "2021-01", "2021-05")


@pytest.mark.parametrize("what", LOOKING_AT)
def test_a_month_is_paid_the_same_whether_it_is_worked_out_alone_or_with_others(what):
    rules = [enacted("chibi-2020", "2020-09-01", **PLAIN | LOOKING_AT[what])]
    together = paid(rules)
    for month in range(month_number(MONTHS[0]), month_number(MONTHS[1]) + 1):
        name = f"{1970 + month // 12}-{month % 12 + 1:02d}"
        assert paid(rules, (name, name)) == within(together, name, name)


def by_item(found, worker, item):
    """Month → fen of an item of a worker."""
    sums = Counter()
    for (who, month, its_item, _), amount in found.items():
        sums[month] += amount if (who, its_item) == (worker, item) else 0
    return sums


def test_years_counted_by_the_calendar_change_on_1_january_and_others_on_the_anniversary():
    """Rule 8: since 20 November 2016, 3 → 4 years; 2,000 for the post, 150 for the diploma from 11 November."""
    by_day = by_item(paid([enacted("chibi-2020", "2020-09-01", **PLAIN | BY_SENIORITY)]), "an", "basic")
    by_calendar = by_item(paid([enacted("chibi-2020", "2020-09-01", **PLAIN | BY_CALENDAR)]), "an", "basic")
    # November: (2000 + 50 + 30) × 10/30 + (2000 + 150 + 30) × 9/30 + (2000 + 150 + 70) × 11/30 = 2161.33…
    assert [by_day[month] for month in ("2020-10", "2020-11", "2020-12", "2021-01")] == [
        208_000,
        216_133,
        222_000,
        222_000,
    ]
    # 2020 − 2016 = 4 years all year long
    assert [by_calendar[month] for month in ("2020-10", "2020-12", "2021-01")] == [212_000, 222_000, 222_000]
    since = by_item(paid([enacted("chibi-2020", "2020-09-01", **PLAIN | BY_CALENDAR)]), "bo", "basic")
    # since 31 December 2019: the first year by the calendar is 2020, the second 2021, and 1 year pays 10
    assert (since["2020-12"], since["2021-01"]) == (316_000, 316_000)


@pytest.mark.parametrize("by", [BY_SENIORITY, BY_CALENDAR])
@pytest.mark.parametrize(
    ("since", "yuan"),
    [
        (None, 2000),
        ("2020-10-02", 2000),
        ("2022-01-01", 2000),
        ("2018-10-01", 2010),
        ("2017-10-01", 2030),
        ("2016-10-01", 2070),
        ("1970-01-02", 2070),
    ],
)
def test_years_of_service_are_paid_up_to_the_most_that_a_table_names_and_none_before_they_are_known(by, since, yuan):
    """Rule 1: 10 for one year, 30 for three, 70 for four; all of October 2020."""
    rows = hire("li", "2020-10-01") + (fact("li", FactKind.SERVED_SINCE, "2020-10-01", since) if since else [])
    found = by_payer(work_out(rows, [enacted("chibi-2020", "2020-09-01", **PLAIN | by)], months=("2020-10", "2020-10")))
    assert sum(found.values()) == yuan * 100


@pytest.mark.parametrize("diploma", list(Education))
def test_a_table_by_diploma_pays_for_each_of_them_and_the_highest_alone(diploma):
    """Rule 15: held on entry or earned since, whatever was recorded before and after."""
    places = {each.value: Decimal(10 * place) for place, each in enumerate(Education, 1)}
    table = {"diploma": PayTable(by=(Axis.EDUCATION,), monthly=places)}
    rules = [enacted("chibi-2020", "2020-09-01", **PLAIN | BY_SENIORITY | {"additive": Additive(tables=table)})]
    for value in (diploma.value, f"+{diploma.value}"):
        rows = hire("li", "2020-10-01") + fact("li", FactKind.EDUCATION, "2020-10-01", value)
        assert set(by_payer(work_out(rows, rules)).values()) == {int(places[diploma.value]) * 100}
        for lower in list(Education)[: list(Education).index(diploma)]:
            more = rows + fact("li", FactKind.EDUCATION, "2020-10-01", lower.value, position=21)
            assert set(by_payer(work_out(more, rules)).values()) == {int(places[diploma.value]) * 100}


@pytest.mark.parametrize("post", ["head", "deputy", "member", "dedicated"])
@pytest.mark.parametrize("grade", [0, 3, 4, 99])
def test_a_step_that_no_table_names_adds_nothing_to_the_post(post, grade):
    """Rule 1: the steps 1 and 2 are named."""
    posts = {"head": 4000, "deputy": 3000, "member": 2000, "dedicated": 1000}
    tables = {
        "post": PayTable(by=(Axis.POST,), monthly={name: Decimal(yuan) for name, yuan in posts.items()}),
        "step": PayTable(by=(Axis.GRADE,), monthly={"1": Decimal(10), "2": Decimal(20)}),
    }
    rules = [enacted("chibi-2020", "2020-09-01", **PLAIN | BY_SENIORITY | {"additive": Additive(tables=tables)})]
    found = by_payer(work_out(hire("li", "2020-10-01", post, grade), rules, months=("2020-10", "2020-10")))
    assert sum(found.values()) == posts[post] * 100


def test_a_year_by_the_calendar_is_full_on_1_january_and_by_the_day_on_its_anniversary():
    """Rule 8: since 15 June 2017 the fourth year is full on 1 January 2021, or on 15 June of it: 2,030 → 2,070."""
    rows = hire("li", "2020-10-01") + fact("li", FactKind.SERVED_SINCE, "2020-10-01", "2017-06-15")
    for by, turn in ((BY_CALENDAR, "2021-01"), (BY_SENIORITY, "2021-07")):
        rules = [enacted("chibi-2020", "2020-09-01", **PLAIN | by)]
        found = by_item(by_payer(work_out(rows, rules, months=("2020-10", "2021-12"))), "li", "basic")
        expected = {month: 207_000 if month >= turn else 203_000 for month in found}
        # June 2021: 14 of 30 days at 2,030 and 16 at 2,070
        assert found == expected | ({"2021-06": 205_133} if by is BY_SENIORITY else {})


@pytest.mark.parametrize("most", [(1, 9), (9, 1)])
def test_each_table_counts_years_as_far_as_it_names_them(most):
    """Rule 1: 2,000 for the post; 10 yuan for each year named, by rules until 31 December and after it."""
    rules = []
    for years, on in zip(most, ("2020-09-01", "2021-01-01"), strict=True):
        monthly = {str(year): Decimal(10 * year) for year in range(1, years + 1)}
        post = BY_SENIORITY["additive"].tables["post"]
        tables = {"post": post, "years": PayTable(by=(Axis.YEARS,), monthly=monthly)}
        rules.append(enacted("chibi-2020", on, **PLAIN | BY_SENIORITY | {"additive": Additive(tables=tables)}))
    rows = hire("li", "2020-10-01") + fact("li", FactKind.SERVED_SINCE, "2020-10-01", "1990-06-15")
    found = by_item(by_payer(work_out(rows, rules, months=("2020-12", "2021-01"))), "li", "basic")
    assert found == {month: 200_000 + 1000 * years for month, years in zip(("2020-12", "2021-01"), most, strict=True)}
