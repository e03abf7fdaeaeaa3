"""What the policy format can say about pay beyond a ladder, each on figures worked by hand."""

from datetime import date
from decimal import Decimal

import msgspec
import pytest
from tests.payroll.feeding import caller, opened, payroll_over
from tests.payroll.working import by_month, by_payer, enacted, fact, hire, policy, work_out

from payroll.engine import FactKind, Gap, month_number
from payroll.settlement import settle
from shared.events import (
    Education,
    Post,
    ProbationConfirmed,
    Rating,
    SecondPostLeft,
    SecondPostTaken,
    WorkerAppraised,
    WorkerEducated,
    WorkerReturned,
    WorkerSuspended,
)
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
    Mode,
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
    WorkingCalendar,
)

FIFTH = Decimal("0.20")
FACTORS = {"excellent": Decimal("1.5"), "competent": Decimal(1), "unfit": Decimal(0)}


def ladder(base):
    """Chibi's ladder on another base."""
    return msgspec.structs.replace(policy("chibi-2020").ladder, base=base)


def monthly(yuan):
    """A ladder that pays so much a month in grade 10."""
    return ladder(Base(monthly_amount=Decimal(yuan)))


def of_3100(**changes):
    """Grade 10 is paid 3,100 a month; October 2020 has 31 days and 22 from Monday to Friday."""
    return [enacted("chibi-2020", "2020-09-01", ladder=monthly("3100.00"), **changes)]


def october(rules, *more, grade=10, post="dedicated", on="2020-10-01", item=None):
    """What somebody is due for October 2020, yuan as fen."""
    rows = hire("li", on, post, grade) + [row for rows in more for row in rows]
    return by_month(work_out(rows, rules, months=("2020-10", "2020-10")), item).get(("li", "2020-10"), 0)


def drafted(log, month="2020-10"):
    """A month's draft."""
    payroll = payroll_over(log)
    payroll.draft("chibi", month, caller(f"draft {month}"))
    return payroll.run("chibi", month, 1, payroll.projection.position).drafted


def explained(log, month="2020-10"):
    """The words of a month's lines."""
    payroll = payroll_over(log)
    payroll.reach.head()
    return [line.worked_out for line in settle(payroll.projection.known("chibi", log.head()), month).explained()]


# --- a base, its shares, its payers


def test_a_scheme_without_a_published_wage_pays_nothing_and_blocks_the_close():
    log = opened(ladder=ladder(Base(share=Decimal("0.80"))))
    log.hire("li", "2020-10-01")
    found = drafted(log)
    assert (found.total_fen, found.blockers) == (
        0,
        ("no-rule: li in 2020-10: no average annual wage is published for the scheme yet",),
    )


def test_a_rule_that_nobody_is_paid_by_blocks_nothing():
    log = opened()
    log.enact("2020-09-18", policy("xiangan-2013", jurisdiction="chibi"))
    log.hire("li", "2020-10-01")
    assert drafted(log).blockers == ()


def test_a_share_of_the_wage_rises_on_the_day_that_the_document_names():
    """Rule 3: 80 %, then 90 % of one wage from the middle of the month on."""
    base = Base(
        average_annual_wage=Decimal("36000.00"),
        share=Decimal("0.80"),
        later_shares=(LaterShare(from_date=date(2020, 10, 16), share=Decimal("0.90")),),
    )
    log = opened(ladder=ladder(base))
    log.hire("li", "2020-10-01", grade=10)
    found = drafted(log)
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
    log = opened(ladder=monthly("3875.00"), funding=rules, performance=Performance(share=FIFTH, factors={}))
    log.hire("li", "2020-10-01", grade=10)
    # basic 3100: 1500 for 15 days at 7:3, 1600 for 16 days at 5:5; performance 775
    assert drafted(log).payers == {"city/chibi": 105_000 + 80_000, "street/first": 45_000 + 80_000 + 77_500}


# --- tables that are added up


def test_tables_are_read_by_post_step_diploma_and_years_of_service():
    """Rule 1: 1,000 by post, 300 for step 2, 150 for a bachelor, 90 for three years as a member."""
    tables = {
        "post": PayTable(by=(Axis.POST,), monthly={"member": Decimal(1000)}),
        "step": PayTable(by=(Axis.GRADE,), monthly={"1": Decimal(200), "2": Decimal(300)}),
        "diploma": PayTable(by=(Axis.EDUCATION,), monthly={"bachelor": Decimal(150), "college": Decimal(50)}),
        "years": PayTable(
            by=(Axis.POST, Axis.YEARS),
            monthly={"member/1": Decimal(30), "member/3": Decimal(90), "head/2": Decimal(500)},
        ),
    }
    rules = [enacted("chibi-2020", "2020-09-01", ladder=None, bands={}, additive=Additive(tables=tables))]
    diploma = fact("li", FactKind.EDUCATION, "2020-10-01", "bachelor")
    since = fact("li", FactKind.SERVED_SINCE, "2020-10-01", "2017-03-20")
    assert october(rules, diploma, since, grade=2, post="member") == 154_000


def test_a_year_of_service_counts_from_its_anniversary():
    """Rule 1: 15 days without, 16 of 31 days with the 310 of the first year: 160.00."""
    table = PayTable(by=(Axis.YEARS,), monthly={"0": Decimal(0), "1": Decimal(310)})
    rules = [enacted("chibi-2020", "2020-09-01", ladder=None, bands={}, additive=Additive(tables={"years": table}))]
    assert october(rules, fact("li", FactKind.SERVED_SINCE, "2020-10-01", "2019-10-16")) == 16_000


def test_who_stands_in_no_table_has_no_rate():
    table = PayTable(by=(Axis.POST,), monthly={"head": Decimal(1000)})
    rules = [enacted("chibi-2020", "2020-09-01", ladder=None, bands={}, additive=Additive(tables={"post": table}))]
    found = work_out(hire("li", "2020-10-01"), rules, months=("2020-10", "2020-10"))
    assert {gap for _, gap in found.gaps()} == {Gap.NO_RATE}


# --- allowances


def test_certificates_that_add_up_are_all_paid_for_from_the_next_year_on():
    """Rule 14: 100 and 300 from 1 January; until then nothing."""
    allowance = CertificateAllowance(
        monthly={"assistant": Decimal(100), "senior": Decimal(300)},
        several=Several.ADDING,
        starts=AllowanceStart.NEXT_YEAR,
    )
    rows = hire("li", "2020-10-01") + fact("li", FactKind.CERTIFICATE, "2020-10-05", "assistant")
    rows += fact("li", FactKind.CERTIFICATE, "2020-11-05", "senior", position=21)
    rules = [enacted("chibi-2020", "2020-09-01", certificate_allowance=allowance)]
    found = by_month(work_out(rows, rules, months=("2020-10", "2021-02")), "allowance")
    assert found == {("li", "2021-01"): 40_000, ("li", "2021-02"): 40_000}


def test_a_diploma_held_on_entry_is_paid_for_at_once_and_one_earned_in_service_from_the_next_month():
    """Rule 15: 50 for a college diploma, 80 for the higher one alone."""
    allowance = EducationAllowance(monthly={"college": Decimal(50), "bachelor": Decimal(80)})
    log = opened(education_allowance=allowance)
    log.hire("li", "2020-10-01")
    log.write("worker/li", "2020-11-10", WorkerEducated(education=Education.BACHELOR))
    assert [drafted(log, month).total_fen - 262_000 * n for n, month in enumerate(("2020-10", "2020-11"), 1)] == [
        5_000,
        10_000,
    ]
    assert explained(log, "2020-12")[-1] == "bachelor diploma: 80.00 a month; city 100 % → 80.00"


# --- the performance part


def rated_by(which):
    """A performance part of a fifth of 3,100, by one rating or another."""
    return of_3100(performance=Performance(share=FIFTH, factors=FACTORS, rated_by=which))


@pytest.mark.parametrize(("which", "yuan"), [(RatedBy.LATEST, 0), (RatedBy.SAME_YEAR, 0), (RatedBy.YEAR_BEFORE, 930)])
def test_the_rating_of_the_year_or_of_the_year_before_sets_the_factor(which, yuan):
    """Rule 10: 2019 excellent, 2020 unfit, both known; 3,100 × 0.2 × 1.5 = 930."""
    rows = fact("li", FactKind.RATING, "2020-10-01", "2019 excellent")
    rows += fact("li", FactKind.RATING, "2020-10-01", "2020 unfit", position=21)
    assert october(rated_by(which), rows, item="performance") == yuan * 100


def test_a_rating_given_in_january_is_that_of_the_whole_year_before_and_of_no_day_after():
    rows = hire("li", "2020-10-01", grade=10) + fact("li", FactKind.RATING, "2021-01-20", "2020 excellent")
    found = by_month(work_out(rows, rated_by(RatedBy.SAME_YEAR), months=("2020-10", "2021-02")), "performance")
    assert [found["li", month] for month in ("2020-10", "2020-12", "2021-01", "2021-02")] == [93_000] * 2 + [62_000] * 2


def test_a_half_years_performance_is_paid_in_the_months_that_the_document_names():
    """Rule 16: of July to December in February; until then it is not payable."""
    performance = Performance(share=FIFTH, factors={}, rhythm=Rhythm.HALF_YEARLY, paid_in=(2, 8))
    log = opened(ladder=monthly("3100.00"), performance=performance)
    log.hire("li", "2020-10-01", grade=10)
    assert drafted(log, "2021-01").total_fen == 4 * 248_000
    found = drafted(log, "2021-02")
    assert found.total_fen == 5 * 248_000 + 3 * 62_000
    assert (
        explained(log, "2021-02")[1] == "3100.00 × 1.00 → 3100.00 a month, of which 20 % performance × 1 (no rating) → "
        "620.00 a month; payable in 2021-02; city 100 % → 620.00"
    )


# --- districts over time


def test_a_street_is_of_the_district_that_the_rules_in_force_on_the_day_say():
    """Rules 4 and 12: a document of 2021 draws the districts anew; what was due before keeps its payer."""
    halves = (FundingRule(posts=("dedicated",), shares={Level.DISTRICT: Decimal(1)}),)
    old = enacted("chibi-2020", "2020-09-01", funding=halves, districts={"north": District(streets=("first",))})
    new = enacted("chibi-2020", "2021-01-01", 3, funding=halves, districts={"south": District(streets=("first",))})
    found = by_payer(work_out(hire("li", "2020-12-01"), [old, new], months=("2020-12", "2021-01")))
    assert found == {
        ("li", "2020-12", "basic", "district/north"): 262_000,
        ("li", "2021-01", "basic", "district/south"): 262_000,
    }


def test_a_closed_month_stays_paid_when_a_later_document_draws_districts_anew():
    halves = (FundingRule(posts=("dedicated",), shares={Level.DISTRICT: Decimal(1)}),)
    log = opened(funding=halves, districts={"north": District(streets=("first",))})
    log.hire("li", "2020-10-01")
    before = drafted(log)
    log.enact("2020-11-01", policy("chibi-2020", funding=halves, districts={"south": District(streets=("first",))}))
    assert drafted(log).payers == before.payers == {"district/north": 262_000}
    assert drafted(log, "2020-11").payers == {"district/north": 262_000, "district/south": 262_000}


# --- probation, suspension, two posts


def test_a_probation_pays_its_share_to_its_last_day_and_nothing_of_the_performance_part():
    """Rule 17: 80 % of 2,480 for 15 days, then 3,100 in full: 960 + 1,280 + 320 of 31 days."""
    rules = of_3100(
        probation=Probation(months=3, pay_share=Decimal("0.80"), performance=False),
        performance=Performance(share=FIFTH, factors={}),
    )
    rows = fact("li", FactKind.PROBATION, "2020-10-01", "2020-10-15")
    # basic 2480 × 0.8 × 15/31 + 2480 × 16/31 = 960 + 1280; performance 620 × 16/31 = 320
    assert october(rules, rows, item="basic") == 224_000
    assert october(rules, rows, item="performance") == 32_000


def test_the_last_day_of_a_probation_is_on_probation():
    """Rule 17: one day at 80 %, thirty in full: 80 + 3,000."""
    rules = of_3100(probation=Probation(months=3, pay_share=Decimal("0.80")))
    assert october(rules, fact("li", FactKind.PROBATION, "2020-10-01", "2020-10-01")) == 308_000


def test_a_confirmed_probation_is_over_on_the_day_of_the_confirmation():
    log = opened(ladder=monthly("3100.00"), probation=Probation(months=3, pay_share=Decimal("0.80")))
    hired = log.hire("li", "2020-10-01", grade=10)
    log.events[-1] = msgspec.structs.replace(
        hired, event=msgspec.structs.replace(hired.event, probation_until=date(2020, 12, 31))
    )
    log.write("worker/li", "2020-10-16", ProbationConfirmed())
    assert drafted(log).total_fen == 120_000 + 160_000
    assert explained(log)[0].startswith(
        "3100.00 × 1.00 → 3100.00 a month, of which 80 % on probation → 2480.00 a month; 15 of 31 days → 1200.00"
    )


def test_the_only_worker_suspended_for_the_whole_month_is_paid_the_share_that_goes_on():
    """Rule 18: half of everything that is paid."""
    log = opened(ladder=monthly("3100.00"), suspension=Suspension(pay_share=Decimal("0.50")))
    log.hire("li", "2020-09-01", grade=10)
    log.write("worker/li", "2020-09-20", WorkerSuspended(reason="调查"))
    log.write("worker/li", "2020-11-16", WorkerReturned())
    assert (drafted(log).total_fen, drafted(log, "2020-11").total_fen) == (155_000, 155_000 + 232_500)
    assert explained(log) == [
        "3100.00 × 1.00 → 3100.00 a month, of which 50 % while suspended → 1550.00 a month; city 100 % → 1550.00"
    ]


def test_a_suspension_of_which_nothing_is_paid_is_no_gap():
    log = opened()
    log.hire("li", "2020-09-01")
    log.write("worker/li", "2020-09-20", WorkerSuspended(reason="调查"))
    assert (drafted(log).total_fen, drafted(log).blockers) == (0, ())


@pytest.mark.parametrize(
    ("pays", "yuan"),
    [
        (TwoPostsPay(), 3100),
        (TwoPostsPay(pays=TwoPosts.HIGHER), 6200),
        (TwoPostsPay(pays=TwoPosts.SUPPLEMENT, supplement=Decimal(200)), 3300),
    ],
)
def test_two_posts_in_one_hand_are_paid_once_as_the_higher_or_with_a_supplement(pays, yuan):
    """Rule 22: the head's row pays twice as much."""
    own = msgspec.structs.replace(monthly("3100.00"), by_post={"head": {10: Decimal(2)}})
    log = opened(ladder=own, bands={}, two_posts=pays)
    log.hire("li", "2020-09-01", grade=10)
    log.write("worker/li", "2020-09-01", SecondPostTaken(post=Post.HEAD))
    log.write("worker/li", "2020-11-01", SecondPostLeft())
    assert drafted(log).total_fen == yuan * 100
    assert drafted(log, "2020-11").total_fen == yuan * 100 + 310_000


def test_the_higher_of_two_posts_is_paid_by_those_who_pay_for_it():
    """Rules 4 and 22: 70 % of a head's pay is the city's, and the line stands under the head."""
    own = msgspec.structs.replace(monthly("3100.00"), by_post={"head": {10: Decimal(2)}})
    log = opened(ladder=own, bands={}, two_posts=TwoPostsPay(pays=TwoPosts.HIGHER))
    log.hire("li", "2020-10-01", grade=10)
    log.write("worker/li", "2020-10-01", SecondPostTaken(post=Post.HEAD))
    assert drafted(log).payers == {"city/chibi": 434_000, "community/north": 93_000, "street/first": 93_000}
    assert explained(log)[0].startswith("as head, the higher of two posts: 3100.00 × 2 → 6200.00 a month; city 70 %")


# --- parts of a month


CALENDAR = WorkingCalendar(
    rest_days=tuple(date(2020, 10, day) for day in (5, 6, 7, 8)), made_up_days=(date(2020, 10, 10),)
)


def by_working_days(**changes):
    """3,100 a month by working days; in October 2020 22 weekdays, 4 days of rest and one made up: 19."""
    return of_3100(proration=Proration.WORKING_DAYS, working_calendar=CALENDAR, **changes)


def test_part_of_a_month_is_paid_by_its_working_days_of_21_75():
    """Rule 18: from Saturday 10 October, made up, 16 working days: 3,100 × 16 ÷ 21.75 = 2,280.46."""
    assert october(by_working_days(), on="2020-10-10") == 228_046


def test_a_month_served_on_all_its_working_days_is_a_whole_month():
    """Rule 18: a change of grade inside it parts its own 19 working days: 2,790 × 7/19 + 3,100 × 12/19."""
    assert october(by_working_days()) == 310_000
    assert (
        october(by_working_days(), fact("li", FactKind.GRADE, "2020-10-16", 7))
        == 310_000 * 8 // 19 + 279_000 * 11 // 19 + 1
    )


def test_no_part_of_a_month_is_paid_more_than_the_whole():
    """Rule 18: 22 of the 23 working days of a month of 23 are more than 21.75, and are one month."""
    rules = of_3100(proration=Proration.WORKING_DAYS, working_calendar=CALENDAR)
    found = by_month(work_out(hire("li", "2020-12-02", grade=10), rules, months=("2020-12", "2020-12")))
    assert found == {("li", "2020-12"): 310_000}


def test_a_year_that_the_calendar_does_not_know_blocks_the_close_where_it_matters():
    log = opened(ladder=monthly("3100.00"), proration=Proration.WORKING_DAYS, working_calendar=CALENDAR)
    log.hire("li", "2021-01-01", grade=10)
    log.hire("wu", "2021-01-04", grade=10)
    assert drafted(log, "2021-01").blockers[1:] == (
        "no-rule: wu in 2021-01: the policy's calendar of working days says nothing of the year",
    )


def test_a_change_inside_a_month_counts_from_the_next_whole_month():
    """Rule 18: hired on the 12th, of grade 7 from 10 November, gone on 20 December."""
    rows = hire("li", "2020-10-12", grade=10) + fact("li", FactKind.GRADE, "2020-11-10", 7)
    rows += fact("li", FactKind.IN_SERVICE, "2020-12-20", 0)
    found = by_month(work_out(rows, of_3100(proration=Proration.WHOLE_MONTH), months=("2020-10", "2021-01")))
    assert found == {("li", "2020-11"): 310_000, ("li", "2020-12"): 279_000}


# --- rounding points


def test_a_persons_whole_month_is_rounded_and_the_largest_item_bears_it():
    """3,100.00 × 20/31 = 2,000.00 and 100 × 20/31 = 64.52: together 2,065, of which 64.52 is the allowance."""
    rules = of_3100(
        total_rounding=Rounding(to=Unit.YUAN),
        certificate_allowance=CertificateAllowance(
            monthly={"senior": Decimal(100)}, starts=AllowanceStart.REGISTRATION
        ),
    )
    rows = fact("li", FactKind.CERTIFICATE, "2020-10-12", "senior")
    assert october(rules, rows, on="2020-10-12", item="basic") == 200_048
    assert october(rules, rows, on="2020-10-12", item="allowance") == 6_452


def test_payers_shares_are_cut_to_whole_yuan_and_the_fen_go_after_the_largest_remainder():
    """Rule 4: 3,100.55 in thirds: 1,033.52 each; 1,033, then one yuan more and 0.55 by remainder, ties in order."""
    third = Decimal("0.3333333333")
    shares = {Level.CITY: third, Level.STREET: third, Level.COMMUNITY: Decimal("0.3333333334")}
    rules = [
        enacted(
            "chibi-2020",
            "2020-09-01",
            ladder=msgspec.structs.replace(monthly("3100.55"), full_month_rounding=Rounding()),
            funding=(FundingRule(posts=("dedicated",), shares=shares),),
            shares_to=Unit.YUAN,
        )
    ]
    found = by_payer(work_out(hire("li", "2020-10-01", grade=10), rules, months=("2020-10", "2020-10")))
    assert {key[3]: amount for key, amount in found.items()} == {
        "community/north": 103_400,
        "city/chibi": 103_355,
        "street/first": 103_300,
    }


def test_every_rounding_point_may_go_another_way():
    """Base down to the yuan, full month up, line down: 3,638.67 → 3,638 × 0.75 → 2,729 × 20/31 → 1,760.64."""
    base = Base(
        average_annual_wage=Decimal("54580.00"), share=Decimal("0.80"), rounding=Rounding(to=Unit.YUAN, mode=Mode.DOWN)
    )
    ours = msgspec.structs.replace(ladder(base), full_month_rounding=Rounding(to=Unit.YUAN, mode=Mode.UP))
    rules = [enacted("chibi-2020", "2020-09-01", ladder=ours, line_rounding=Rounding(mode=Mode.DOWN))]
    assert october(rules, grade=2, on="2020-10-12") == 176_064


def test_a_rating_reaches_payroll_by_year():
    """Rule 10: whatever was paid for the year without a rating is settled with what the rating makes of it."""
    log = opened(
        ladder=monthly("3100.00"), performance=Performance(share=FIFTH, factors=FACTORS, rated_by=RatedBy.SAME_YEAR)
    )
    log.hire("li", "2020-10-01", grade=10)
    log.write("worker/li", "2021-01-10", WorkerAppraised(year=2020, rating=Rating.EXCELLENT))
    assert drafted(log, "2020-10").total_fen == 248_000 + 93_000
    assert month_number("2020-10") == 609
