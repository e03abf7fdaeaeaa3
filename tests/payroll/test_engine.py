"""The rules of the pay engine, on figures worked by hand from the domain's ladder."""

from contextlib import nullcontext
from decimal import Decimal
from itertools import product

import pytest
from tests.payroll.working import base, by_month, by_payer, enacted, fact, hire, policy, without_remainder, work_out

from payroll.engine import FactKind, Gap, month_number
from shared.policy_document import (
    Additive,
    Axis,
    Base,
    CertificateAllowance,
    District,
    Flat,
    FundingRule,
    Ladder,
    Level,
    Mode,
    PayTable,
    Performance,
    Probation,
    Rhythm,
    Rounding,
    Suspension,
    TwoPosts,
    TwoPostsPay,
    Unit,
)

CHIBI = [enacted("chibi-2020", "2020-09-18")]


@pytest.mark.parametrize(("grade", "yuan"), [(1, 2620), (9, 3530), (10, 3639), (18, 4803)])
def test_a_whole_month_is_base_times_coefficient_rounded_as_the_policy_says(grade, yuan):
    paid = by_month(work_out(hire("w", "2020-10-01", "head", grade), CHIBI, months=("2020-10", "2020-10")))
    assert paid == {("w", "2020-10"): yuan * 100}


def test_4803_is_3362_10_city_and_two_halves_of_1440_90():
    """F18: a committee post is paid 70 % by the city; the demo's remainder is 50:50."""
    paid = by_payer(work_out(hire("w", "2020-10-01", "head", 18), CHIBI, months=("2020-10", "2020-10")))
    assert {key[3]: amount for key, amount in paid.items()} == {
        "city/chibi": 336_210,
        "community/north": 72_045,
        "street/first": 72_045,
    }


def test_a_dedicated_worker_is_paid_by_the_city_alone():
    """F18."""
    paid = by_payer(work_out(hire("w", "2020-10-01"), CHIBI, months=("2020-10", "2020-10")))
    assert paid == {("w", "2020-10", "basic", "city/chibi"): 262_000}


def test_twenty_of_thirty_one_days_are_paid_and_rounded_once():
    paid = by_month(work_out(hire("w", "2020-10-12"), CHIBI, months=("2020-10", "2020-11")))
    assert paid == {("w", "2020-10"): 169_032, ("w", "2020-11"): 262_000}


def test_the_first_day_out_of_service_is_not_paid_and_nothing_after_it():
    rows = hire("w", "2020-10-01") + fact("w", FactKind.IN_SERVICE, "2020-11-16", 0)
    assert by_month(work_out(rows, CHIBI)) == {("w", "2020-10"): 262_000, ("w", "2020-11"): 131_000}


def test_a_month_in_two_communities_at_constant_pay_is_exactly_the_full_amount():
    rows = hire("w", "2020-10-01", "member", 3) + fact("w", FactKind.COMMUNITY, "2020-10-11", "south")
    result = work_out(rows, CHIBI, months=("2020-10", "2020-10"))
    assert by_month(result) == {("w", "2020-10"): 283_800}
    by_community = {key[3]: amount for key, amount in by_payer(result).items()}
    # 2838.00 × 10/31 = 915.48, × 21/31 = 1922.52; 70 % city 640.84 + 1345.76; halves of 274.64 and 576.76
    assert by_community == {
        "city/chibi": 64_084 + 134_576,
        "community/north": 13_732,
        "street/first": 13_732,
        "community/south": 28_838,
        "street/second": 28_838,
    }


def test_two_changes_inside_a_month_are_paid_by_the_days_of_each_and_rounded_once():
    """7 of 31 days at 2,620, 8 at 2,729 and 12 at 2,838: 74,228 ÷ 31 = 2394.4516…"""
    rows = hire("w", "2020-10-05") + fact("w", FactKind.GRADE, "2020-10-12", 2)
    rows += fact("w", FactKind.GRADE, "2020-10-20", 3, position=21)
    assert by_month(work_out(rows, CHIBI, months=("2020-10", "2020-10"))) == {("w", "2020-10"): 239_445}


def test_a_month_is_rounded_once_also_where_it_begins_with_the_end_of_a_stretch_from_the_month_before():
    """November: 10 days at 2,620 and 20 at 2,729 are 2692.666…; by parts they would be 873.33 + 1819.33."""
    rows = hire("v", "2020-10-12") + hire("w", "2020-10-12") + fact("w", FactKind.GRADE, "2020-11-11", 2)
    paid = by_month(work_out(rows, CHIBI, months=("2020-10", "2020-12")))
    assert [paid["w", month] for month in ("2020-10", "2020-11", "2020-12")] == [169_032, 269_267, 272_900]
    assert [paid["v", month] for month in ("2020-10", "2020-11", "2020-12")] == [169_032, 262_000, 262_000]


def test_a_whole_month_is_one_of_one_and_a_part_is_so_many_days_of_so_many():
    rows = hire("w", "2020-10-12")
    segments = work_out(rows, CHIBI, months=("2020-10", "2020-11")).segments
    found = zip(segments.month.tolist(), segments.part.tolist(), segments.whole.tolist(), strict=True)
    assert sorted(found) == [(609, 20, 31), (610, 1, 1)]


def test_only_the_performance_part_waits_for_the_months_in_which_it_is_paid():
    """Rule 16: what October to December earned by performance is payable in February, all else in its own month."""
    performance = Performance(share=Decimal("0.20"), factors={}, rhythm=Rhythm.HALF_YEARLY, paid_in=(2, 8))
    rules = [enacted("chibi-2020", "2020-09-18", performance=performance)]
    entries = work_out(hire("w", "2020-10-01"), rules, months=("2020-10", "2021-01")).entries
    waits = {
        (int(item), int(month)): int(payable)
        for item, month, payable in zip(entries.item, entries.service_month, entries.payable_month, strict=True)
    }
    october = month_number("2020-10")
    assert [waits[0, october + n] for n in range(4)] == [october, october + 1, october + 2, october + 3]
    assert [waits[1, october + n] for n in range(4)] == [month_number("2021-02")] * 3 + [month_number("2021-08")]


def test_later_facts_of_the_same_day_win():
    rows = hire("w", "2020-10-01") + fact("w", FactKind.GRADE, "2020-11-01", 3, position=31)
    rows += fact("w", FactKind.GRADE, "2020-11-01", 2, position=30)
    assert by_month(work_out(rows, CHIBI))["w", "2020-11"] == 283_800


def test_a_change_dated_later_changes_nothing_before_its_day():
    """F04: a promotion dated next month changes no figure before that date, and all after."""
    before = by_month(work_out(hire("w", "2020-10-01"), CHIBI))
    after = by_month(work_out(hire("w", "2020-10-01") + fact("w", FactKind.GRADE, "2021-02-01", 5), CHIBI))
    assert {key for key in before if before[key] != after[key]} == {key for key in before if key[1] >= "2021-02"}


def test_a_certificate_pays_from_the_month_after_its_registration_and_the_highest_only():
    rows = hire("w", "2020-10-01") + fact("w", FactKind.CERTIFICATE, "2020-11-01", "senior")
    rows += fact("w", FactKind.CERTIFICATE, "2021-01-20", "assistant", position=21)
    paid = by_month(work_out(rows, CHIBI, months=("2020-10", "2021-02")), "allowance")
    assert paid == {("w", month): 30_000 for month in ("2020-12", "2021-01", "2021-02")}


def test_a_certificate_that_ended_is_paid_for_no_longer_and_the_next_lower_one_again():
    """Rule 14: from the month after it ended."""
    rows = hire("w", "2020-10-01") + fact("w", FactKind.CERTIFICATE, "2020-10-05", "assistant")
    rows += fact("w", FactKind.CERTIFICATE, "2020-10-06", "senior", position=21)
    rows += fact("w", FactKind.CERTIFICATE, "2020-12-06", "-senior", position=22)
    rows += fact("w", FactKind.CERTIFICATE, "2021-01-06", "-assistant", position=23)
    paid = by_month(work_out(rows, CHIBI, months=("2020-10", "2021-03")), "allowance")
    assert paid == {("w", "2020-11"): 30_000, ("w", "2020-12"): 30_000, ("w", "2021-01"): 10_000}


def test_a_certificate_pays_from_its_day_where_the_policy_says_registration():
    allowance = CertificateAllowance(monthly={"senior": Decimal("300.00")}, starts="registration")
    rules = [enacted("chibi-2020", "2020-09-18", certificate_allowance=allowance)]
    rows = hire("w", "2020-10-01") + fact("w", FactKind.CERTIFICATE, "2020-11-16", "senior")
    assert by_month(work_out(rows, rules), "allowance")["w", "2020-11"] == 15_000


def test_performance_follows_the_latest_rating_and_basic_is_the_rest():
    performance = Performance(share=Decimal("0.20"), factors={"excellent": Decimal("1.5"), "unfit": Decimal(0)})
    rules = [enacted("chibi-2020", "2020-09-18", performance=performance)]
    rows = hire("w", "2020-10-01") + fact("w", FactKind.RATING, "2021-01-01", "2020 excellent")
    rows += fact("w", FactKind.RATING, "2021-06-01", "2021 unfit", position=21)
    result = work_out(rows, rules)
    basic, extra = by_month(result, "basic"), by_month(result, "performance")
    assert set(basic.values()) == {209_600}
    assert [extra.get(("w", month)) for month in ("2020-12", "2021-01", "2021-06")] == [52_400, 78_600, None]
    assert result.gaps() == []


def test_the_rating_that_counts_is_that_of_the_latest_year_and_not_the_last_one_recorded():
    """Of one year it is the one recorded last; before its day no rating counts."""
    performance = Performance(share=Decimal("0.20"), factors={"excellent": Decimal("1.5"), "unfit": Decimal(0)})
    rules = [enacted("chibi-2020", "2020-09-18", performance=performance)]
    rows = hire("v", "2020-10-01") + hire("w", "2020-10-01") + fact("v", FactKind.RATING, "2020-10-01", "2030 unfit")
    rows += fact("w", FactKind.RATING, "2021-01-01", "2020 excellent")
    rows += fact("w", FactKind.RATING, "2021-03-01", "2019 unfit", position=21)
    rows += fact("w", FactKind.RATING, "2021-05-01", "2020 unfit", position=22)
    extra = by_month(work_out(rows, rules), "performance")
    paid = [extra.get(("w", month)) for month in ("2020-12", "2021-01", "2021-03", "2021-05")]
    assert paid == [52_400, 78_600, 78_600, None]


def test_of_one_year_the_rating_recorded_last_counts_whichever_is_better():
    """Rule 9: a correction supersedes; 2,620 × 0.2 × 1.5."""
    performance = Performance(share=Decimal("0.20"), factors={"excellent": Decimal("1.5"), "unfit": Decimal(0)})
    for first, last, fen in (("excellent", "unfit", None), ("unfit", "excellent", 78_600)):
        rows = hire("an", "2020-10-01") + hire("w", "2020-10-01")
        rows += fact("an", FactKind.RATING, "2020-10-01", "2031 unfit")
        rows += fact("w", FactKind.RATING, "2021-01-01", f"2020 {first}")
        rows += fact("w", FactKind.RATING, "2021-05-01", f"2020 {last}", position=22)
        extra = by_month(work_out(rows, [enacted("chibi-2020", "2020-09-18", performance=performance)]), "performance")
        assert extra.get(("w", "2021-05")) == fen


def test_a_rating_without_a_factor_is_a_gap_and_not_a_silent_zero():
    performance = Performance(share=Decimal("0.20"), factors={"excellent": Decimal(1)})
    rows = hire("w", "2020-10-01") + fact("w", FactKind.RATING, "2020-11-01", "2019 marginal")
    rules = [enacted("chibi-2020", "2020-09-18", performance=performance)]
    assert {gap for _, gap in work_out(rows, rules).gaps()} == {Gap.NO_RATE}


def test_a_seat_paid_elsewhere_is_due_nothing_and_is_no_gap():
    result = work_out(hire("w", "2020-10-01", "head", 0, scheme="outside"), CHIBI)
    assert (by_month(result), result.gaps()) == ({}, [])


def test_two_schemes_live_side_by_side():
    rules = [*CHIBI, enacted("chibi-legacy", "2019-01-01")]
    rows = hire("new", "2020-10-01") + hire("old", "2020-10-01", grade=0, scheme="legacy")
    paid = by_month(work_out(rows, rules, months=("2020-10", "2020-10")))
    assert paid == {("new", "2020-10"): 262_000, ("old", "2020-10"): 130_000}


def test_a_conversion_inside_a_month_is_paid_by_the_days_under_each_scheme():
    rules = [*CHIBI, enacted("chibi-legacy", "2019-01-01")]
    rows = hire("w", "2020-10-01", grade=0, scheme="legacy") + fact("w", FactKind.SCHEME, "2020-10-12", "ladder")
    rows += fact("w", FactKind.GRADE, "2020-10-12", 1, ordinal=1)
    # 1300 × 11/31 + 2620 × 20/31 = 461.290… + 1690.322… = 2151.612…
    assert by_month(work_out(rows, rules, months=("2020-10", "2020-10"))) == {("w", "2020-10"): 215_161}


def test_a_published_base_holds_from_its_day_until_a_later_document():
    later = enacted("chibi-2020", "2021-07-01", position=5)
    paid = by_month(work_out(hire("w", "2020-10-01"), [*CHIBI, later], [base("2021-01-01", "60000.00", 9)]))
    # 60000 × 0.8 ÷ 12 = 4000.00; × 0.72 = 2880
    assert [paid["w", month] for month in ("2020-12", "2021-01", "2021-06", "2021-07")] == [
        262_000,
        288_000,
        288_000,
        262_000,
    ]


def test_the_later_recorded_document_of_the_same_day_is_in_force():
    same_day = enacted("chibi-2020", "2020-09-18", position=4, line_rounding=Rounding(to=Unit.YUAN, mode=Mode.DOWN))
    paid = by_month(work_out(hire("w", "2020-10-12"), [same_day, *CHIBI], months=("2020-10", "2020-10")))
    assert paid == {("w", "2020-10"): 169_000}


def test_an_unrounded_base_stays_exact_until_the_line_is_rounded():
    ladder = policy("chibi-2020").ladder
    exact = Ladder(
        base=Base(average_annual_wage=Decimal("54580.00"), share=Decimal("0.80"), rounding=None),
        coefficients=ladder.coefficients,
        full_month_rounding=None,
    )
    rules = [enacted("chibi-2020", "2020-09-18", ladder=exact)]
    # 54580 × 0.8 ÷ 12 × 0.97 = 3529.5066…, of which 15/30 days are 1764.7533…
    paid = by_month(work_out(hire("w", "2020-11-16", grade=9), rules, months=("2020-11", "2020-12")))
    assert paid == {("w", "2020-11"): 176_475, ("w", "2020-12"): 352_951}


def test_what_no_rule_names_is_suspense():
    """F20: without a rule for the remainder the amount is listed in suspense, never given to somebody."""
    rules = [enacted("chibi-2020", "2020-09-18", funding=without_remainder())]
    paid = by_payer(work_out(hire("w", "2020-10-01", "head", 18), rules, months=("2020-10", "2020-10")))
    assert {key[3]: amount for key, amount in paid.items()} == {"city/chibi": 336_210, "suspense": 144_090}


@pytest.mark.parametrize(
    ("rules", "row", "gap"),
    [
        ([], {}, Gap.NO_POLICY),
        (CHIBI, {"grade": 0}, Gap.NO_RATE),
        (CHIBI, {"grade": 40}, Gap.NO_RATE),
        ([enacted("chibi-2020", "2020-09-18", funding=without_remainder())], {}, Gap.NO_FUNDING),
    ],
)
def test_service_that_no_rule_covers_is_a_gap_of_every_month(rules, row, gap):
    result = work_out(hire("w", "2020-10-12", **row), rules, months=("2020-10", "2020-12"))
    assert [gap for _, gap in result.gaps()] == [gap] * 3


def test_a_funding_rule_that_changes_inside_a_month_splits_by_the_day():
    """F18: a dated change of the funding rule splits the month by day."""
    half = (FundingRule(posts=("head",), shares={Level.CITY: Decimal("0.5"), Level.STREET: Decimal("0.5")}),)
    rules = [*CHIBI, enacted("chibi-2020", "2020-11-11", position=3, funding=half)]
    paid = by_payer(work_out(hire("w", "2020-11-01", "head", 18), rules, months=("2020-11", "2020-11")))
    # 4803 × 10/30 = 1601: 1120.70 + 240.15 + 240.15; 4803 × 20/30 = 3202: 1601 + 1601
    assert {key[3]: amount for key, amount in paid.items()} == {
        "city/chibi": 112_070 + 160_100,
        "community/north": 24_015,
        "street/first": 24_015 + 160_100,
    }


def test_facts_before_the_first_month_matter_but_no_month_before_it_is_due():
    paid = by_month(work_out(hire("w", "2015-03-01"), CHIBI, months=("2020-10", "2020-11")))
    assert paid == {("w", "2020-10"): 262_000, ("w", "2020-11"): 262_000}


def test_figures_that_leave_int64_are_computed_as_exactly():
    fine = Ladder(
        base=Base(average_annual_wage=Decimal("54580.00"), share=Decimal("0.8000000001"), rounding=None),
        coefficients={1: Decimal("0.7200000001")},
        full_month_rounding=None,
    )
    rules = [enacted("chibi-2020", "2020-09-18", ladder=fine, bands={})]
    # 54580 × 0.8000000001 ÷ 12 × 0.7200000001 = 2619.8400007…
    assert by_month(work_out(hire("w", "2020-10-01"), rules, months=("2020-10", "2020-10"))) == {
        ("w", "2020-10"): 261_984
    }


def test_fine_shares_of_an_ordinary_amount_are_not_refused_for_the_scale_they_were_worked_out_from():
    """4,803 × 10⁷ is far below 2⁶³; the scale of another item has nothing to do with it."""
    shares = {Level.CITY: Decimal("0.3333333"), Level.STREET: Decimal("0.6666667")}
    performance = Performance(share=Decimal("0.3333"), factors={"excellent": Decimal("1.1111")})
    base = Base(average_annual_wage=Decimal("54580.00"), share=Decimal("0.80"), rounding=None)
    exact = Ladder(base=base, coefficients={1: Decimal("0.7231")}, full_month_rounding=None)
    changes = {"ladder": exact, "bands": {}, "performance": performance}
    rules = [enacted("chibi-2020", "2020-09-18", funding=(FundingRule(posts=("head",), shares=shares),), **changes)]
    # 54580 × 0.8 ÷ 12 × 0.7231 = 2631.1198…; basic 0.6667 of it 1754.17, performance 0.3333 of it 876.95
    paid = by_month(work_out(hire("w", "2020-10-01", "head"), rules, months=("2020-10", "2020-10")))
    assert paid == {("w", "2020-10"): 175_417 + 87_695}


def test_a_district_pays_as_a_payer_of_its_own_and_a_street_outside_every_district_is_in_suspense():
    """Rules 4 and 12: city and district five to five; the district is that of the seat's street."""
    halves = (FundingRule(posts=("dedicated",), shares={Level.CITY: Decimal("0.5"), Level.DISTRICT: Decimal("0.5")}),)
    district = {"tianning": District(streets=("first",))}
    rules = [enacted("chibi-2020", "2020-09-01", funding=halves, districts=district)]
    rows = hire("li", "2020-10-01") + hire("wu", "2020-10-01", at="south")
    found = by_payer(work_out(rows, rules, months=("2020-10", "2020-10")))
    assert found == {
        ("li", "2020-10", "basic", "city/chibi"): 131_000,
        ("li", "2020-10", "basic", "district/tianning"): 131_000,
        ("wu", "2020-10", "basic", "city/chibi"): 131_000,
        ("wu", "2020-10", "basic", "suspense"): 131_000,
    }


def test_each_district_has_rules_of_its_own():
    """Rule 4: the east pays its own alone, the west halves with the city; the south lies in the west."""
    shares = ({Level.DISTRICT: Decimal(1)}, {Level.CITY: Decimal("0.5"), Level.DISTRICT: Decimal("0.5")})
    districts = {
        name: District(streets=(street,), funding=(FundingRule(posts=("dedicated",), shares=parts),))
        for (name, street), parts in zip((("east", "first"), ("west", "second")), shares, strict=True)
    }
    rules = [enacted("chibi-2020", "2020-09-01", districts=districts)]
    rows = hire("li", "2020-10-01") + hire("wu", "2020-10-01", at="south")
    assert by_payer(work_out(rows, rules, months=("2020-10", "2020-10"))) == {
        ("li", "2020-10", "basic", "district/east"): 262_000,
        ("wu", "2020-10", "basic", "city/chibi"): 131_000,
        ("wu", "2020-10", "basic", "district/west"): 131_000,
    }


def test_rules_that_look_at_more_than_a_number_can_tell_are_refused_and_not_mixed_up():
    """Two versions and four posts leave 2⁶⁰ steps."""
    for highest, refused in ((2**59 - 1, False), (2**60 - 1, True)):
        table = PayTable(by=(Axis.GRADE,), monthly={"1": Decimal(1000), str(highest): Decimal(2000)})
        changes = {"ladder": None, "bands": {}, "certificate_allowance": None, "performance": None}
        rules = [enacted("chibi-2020", "2020-09-01", additive=Additive(tables={"step": table}), **changes)]
        rows = hire("li", "2020-10-01", grade=highest)
        with pytest.raises(OverflowError, match="too much") if refused else nullcontext():
            assert set(by_month(work_out(rows, rules)).values()) == {200_000}


def test_of_any_two_posts_the_higher_is_paid():
    """Rule 22; of a suspended holder of two posts half, of one on probation four fifths."""
    yuan = {"head": 4000, "deputy": 3000, "member": 2000, "dedicated": 1000}
    rules = [
        enacted(
            "chibi-2020",
            "2020-09-01",
            ladder=None,
            bands={},
            flat=Flat(monthly={post: Decimal(pay) for post, pay in yuan.items()}),
            two_posts=TwoPostsPay(pays=TwoPosts.HIGHER),
            suspension=Suspension(pay_share=Decimal("0.5")),
            probation=Probation(months=6, pay_share=Decimal("0.8")),
        )
    ]
    for post, second in product(yuan, yuan):
        rows = hire("w", "2020-10-01", post) + fact("w", FactKind.SECOND_POST, "2020-10-01", second)
        higher = max(yuan[post], yuan[second]) * 100
        for kind, value, paid in (
            (FactKind.SUSPENDED, 0, higher),
            (FactKind.SUSPENDED, 1, higher // 2),
            (FactKind.PROBATION, "2020-10-31", higher * 4 // 5),
        ):
            more = fact("w", kind, "2020-10-01", value, position=21)
            assert set(by_month(work_out(rows + more, rules, months=("2020-10", "2020-10"))).values()) == {paid}


def test_each_district_has_a_performance_part_of_its_own():
    """Rule 16: a fifth of 2,620, twice as much in the east, half of it in the west, the city's own elsewhere."""
    by_factor = {
        factor: Performance(share=Decimal("0.20"), factors={}, without_rating=Decimal(factor))
        for factor in ("1", "2", "0.5")
    }
    districts = {
        "east": District(streets=("first",), performance=by_factor["2"]),
        "west": District(streets=("second",), performance=by_factor["0.5"]),
    }
    for there, (li, wu) in ((districts, (104_800, 26_200)), ({"west": districts["west"]}, (52_400, 26_200))):
        rules = [enacted("chibi-2020", "2020-09-01", districts=there, performance=by_factor["1"])]
        rows = hire("li", "2020-10-01") + hire("wu", "2020-10-01", at="south")
        extra = by_month(work_out(rows, rules, months=("2020-10", "2020-10")), "performance")
        assert extra == {("li", "2020-10"): li, ("wu", "2020-10"): wu}
