"""Rules that look at much beside rules that look at little: neither changes what the others pay."""

from collections import Counter
from decimal import Decimal

import msgspec
import pytest
from tests.payroll.working import by_payer, enacted, fact, hire, policy, work_out

from payroll.engine import FactKind, month_number
from shared.policy_document import (
    Additive,
    AllowanceStart,
    Axis,
    CertificateAllowance,
    District,
    EducationAllowance,
    Flat,
    FundingRule,
    Level,
    PayTable,
    Performance,
    Probation,
    RatedBy,
    Several,
    Suspension,
    TwoPosts,
    TwoPostsPay,
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
