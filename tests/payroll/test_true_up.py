"""The year-end true-up of payers' rounding (F17): with December each payer has given its exact part of the year."""

from collections import defaultdict
from decimal import Decimal
from fractions import Fraction
from itertools import permutations

import pytest
from tests.payroll.working import by_payer, coded, enacted, fact, hire, policy, words, work_out

from payroll.engine import POSTS, FactKind, Item, compare, compile_policies, facts_of, month_number
from shared.money import split
from shared.policy_check import faults
from shared.policy_document import Contribution, Flat, FundingRule, Insurance, Level, TrueUp, Unit

CITY, COMMUNITY, STREET = "city/chibi", "community/north", "street/first"
YEAR = ("2021-01", "2021-12")
SHARES = {Level.CITY: "0.70", Level.COMMUNITY: "0.15", Level.STREET: "0.15"}


def funding(shares=SHARES, posts=("head", "dedicated"), **more):
    """Who pays these posts."""
    return (FundingRule(posts=posts, shares={level: Decimal(part) for level, part in shares.items()}, **more),)


def rules(on="2020-01-01", position=0, monthly="33.33", **changes):
    """A fixed amount a month at 70/15/15 that is trued up with each December."""
    parts = {
        "scheme": "ladder",
        "flat": Flat(monthly={"head": Decimal(monthly), "dedicated": Decimal("100.01")}),
        "funding": funding(),
        "true_up": TrueUp.YEAR_END,
    }
    return enacted("chibi-legacy", on, position, **{**parts, **changes})


def true_up(result, month="2021-12"):
    """Payer → fen of the true-up of a month."""
    return {key[3]: fen for key, fen in by_payer(result).items() if key[1:3] == (month, "year_end_true_up")}


def of_payers(result):
    """Payer → fen of all that is due."""
    found = defaultdict(int)
    for (*_, payer), amount in by_payer(result).items():
        found[payer] += amount
    return dict(found)


@pytest.mark.parametrize("listed", list(permutations(SHARES.items())))
def test_twelve_times_33_33_at_70_15_15_is_trued_up_by_a_fen_in_every_listing_order(listed):
    """F17: 23.33/5.00/5.00 a month; 399.96 of the year are 279.972/59.994/59.994, so 279.97/60.00/59.99."""
    result = work_out(hire("chen", "2021-01-01", "head"), [rules(funding=funding(dict(listed)))], months=YEAR)
    assert true_up(result) == {CITY: 1, STREET: -1}
    assert of_payers(result) == {CITY: 27_997, COMMUNITY: 6_000, STREET: 5_999}
    assert of_payers(result) == split(39_996, {CITY: 70, COMMUNITY: 15, STREET: 15})


def test_a_policy_that_asks_for_none_has_none():
    result = work_out(hire("chen", "2021-01-01", "head"), [rules(true_up=TrueUp.NEVER)], months=YEAR)
    assert true_up(result) == {}
    assert of_payers(result) == {CITY: 27_996, COMMUNITY: 6_000, STREET: 6_000}


def test_a_year_that_is_not_over_is_not_trued_up():
    result = work_out(hire("chen", "2021-01-01", "head"), [rules()], months=("2020-12", "2021-11"))
    assert Item.YEAR_END_TRUE_UP not in result.entries.item
    assert set(of_payers(result).values()) == {11 * 2_333, 11 * 500}


@pytest.mark.parametrize("months", [("2021-12", "2021-12"), ("2021-07", "2022-03"), ("2021-02", "2023-01")])
def test_december_alone_is_trued_up_for_its_whole_year(months):
    """A span that begins later in the year shows its own months, and the true-up of all of them."""
    whole = by_payer(work_out(hire("chen", "2020-03-01", "head"), [rules()], months=("2021-01", "2023-12")))
    shown = work_out(hire("chen", "2020-03-01", "head"), [rules()], months=months)
    assert by_payer(shown) == {key: fen for key, fen in whole.items() if months[0] <= key[1] <= months[1]}
    assert shown.gaps() == []


def test_months_before_payroll_opened_do_not_count():
    """Three months of 33.33 are what their payers gave; twelve are not."""
    rows = hire("chen", "2021-01-01", "head")
    for months in (("2021-10", "2021-12"), ("2021-12", "2021-12")):
        assert true_up(work_out(rows, [rules()], months=months, opened="2021-10")) == {}
        assert true_up(work_out(rows, [rules()], months=months, opened="2020-10")) == {CITY: 1, STREET: -1}


def test_of_two_payers_with_equal_remainders_the_first_in_order_gets_the_fen():
    """Five times 0.01 in halves: 0.05 is 0.025 each; the city has given all five, and owes two no more."""
    halves = funding({Level.STREET: "0.5", Level.CITY: "0.5"})
    rows = hire("chen", "2021-01-01", "head") + fact("chen", FactKind.IN_SERVICE, "2021-06-01", 0)
    result = work_out(rows, [rules(monthly="0.01", funding=halves)], months=YEAR)
    assert of_payers(result) == {CITY: 3, STREET: 2}
    assert true_up(result) == {CITY: -2, STREET: 2}


def moved_and_left():
    """Eight months as head in the north at 70/15/15, a ninth as dedicated worker in the south, all by the city."""
    rows = hire("chen", "2021-01-01", "head") + fact("chen", FactKind.COMMUNITY, "2021-09-01", "south")
    rows += fact("chen", FactKind.POST, "2021-09-01", "dedicated", position=21)
    return rows + fact("chen", FactKind.IN_SERVICE, "2021-10-01", 0, position=22)


MIXED = funding(posts=("head",)) + funding({Level.CITY: "1"}, ("dedicated",))


def test_who_left_before_december_is_trued_up_with_it_in_the_last_post_and_place():
    """266.64 and 100.01: 286.658/39.996/39.996, so 286.66/40.00/39.99; given 286.65/40.00/40.00."""
    result = work_out(moved_and_left(), [rules(funding=MIXED)], months=YEAR)
    assert true_up(result) == {CITY: 1, STREET: -1}
    entries = result.entries.take((result.entries.item == Item.YEAR_END_TRUE_UP).nonzero()[0])
    named = [result.tables.vocabulary.communities[place] for place in entries.community.tolist()]
    posts = [POSTS[post].value for post in entries.post.tolist()]
    assert (named, posts) == (["south", "south"], ["dedicated", "dedicated"])
    assert entries.payable_month.tolist() == entries.service_month.tolist() == [month_number("2021-12")] * 2


def test_an_adjustment_adds_up_to_nothing_for_everybody():
    rows = moved_and_left() + hire("li", "2021-03-12", "head") + hire("wu", "2021-02-20", "dedicated", at="south")
    result = work_out(rows, [rules()], months=YEAR)
    assert true_up(result)
    for worker in ("chen", "li", "wu"):
        found = [fen for key, fen in by_payer(result).items() if (key[0], key[2]) == (worker, "year_end_true_up")]
        assert sum(found) == 0


def test_the_rules_at_the_end_of_the_year_say_whether_it_is_trued_up():
    """Whatever they said before, and for who left under other rules; each month counts with its own shares."""
    july = funding({Level.CITY: "0.5", Level.COMMUNITY: "0.25", Level.STREET: "0.25"})
    for first, later in ((TrueUp.NEVER, TrueUp.YEAR_END), (TrueUp.YEAR_END, TrueUp.NEVER)):
        enactments = [rules(true_up=first), rules("2021-07-01", 1, true_up=later, funding=july)]
        result = work_out(hire("chen", "2021-01-01", "head"), enactments, months=YEAR)
        # Six months at 70/15/15 and six at 50/25/25 of 199.98 each: 239.976/79.992/79.992.
        assert true_up(result) == ({CITY: -2, COMMUNITY: 1, STREET: 1} if later is TrueUp.YEAR_END else {})
        enactments = [rules(true_up=first, funding=MIXED), rules("2021-11-01", 1, true_up=later, funding=MIXED)]
        left = work_out(moved_and_left(), enactments, months=YEAR)
        assert bool(true_up(left)) is (later is TrueUp.YEAR_END)


def test_shares_in_whole_yuan_are_trued_up_in_whole_yuan():
    """123.45 is 86/19/18.45 a month; of 1,481.40, exactly 1,036.98/222.21/222.21, the payers bear 1,037/222.40/222."""
    result = work_out(hire("chen", "2021-01-01", "head"), [rules(monthly="123.45", shares_to=Unit.YUAN)], months=YEAR)
    assert true_up(result) == {CITY: 500, COMMUNITY: -560, STREET: 60}
    assert of_payers(result) == {CITY: 103_700, COMMUNITY: 22_240, STREET: 22_200}


def test_what_employers_pay_on_top_is_trued_up_with_the_pay_and_the_workers_own_is_not():
    """16 % of 33.33 is 5.33, at 70/15/15 3.73/0.80/0.80 a month: with the pay 38.66, of which twelve are 463.92."""
    pension = {Insurance.PENSION: Contribution(employer=Decimal("0.16"), personal=Decimal("0.08"))}
    result = work_out(hire("chen", "2021-01-01", "head"), [rules(contributions=pension)], months=YEAR)
    found = of_payers(result)
    assert found.pop("worker") == -12 * 267
    assert found == split(46_392, {CITY: 70, COMMUNITY: 15, STREET: 15})
    assert true_up(result) == {CITY: 2, COMMUNITY: -1, STREET: -1}


def test_shares_of_many_places_and_great_amounts_are_trued_up_exactly():
    """Ratios of ten places over three different sums leave int64."""
    fine = funding({Level.CITY: "0.3333333333", Level.STREET: "0.3333333333", Level.COMMUNITY: "0.3333333334"})
    finer = funding({Level.CITY: "0.123456789", Level.STREET: "0.876543211"})
    enactments = [rules(monthly="999999.97", funding=fine), rules("2021-07-01", 1, "987654.31", funding=finer)]
    result = work_out(hire("chen", "2021-01-01", "head"), enactments, months=YEAR)
    first, second = 6 * 99_999_997, 6 * 98_765_431
    exact = {
        CITY: first * Fraction("0.3333333333") + second * Fraction("0.123456789"),
        COMMUNITY: first * Fraction("0.3333333334"),
        STREET: first * Fraction("0.3333333333") + second * Fraction("0.876543211"),
    }
    assert sum(exact.values()) == first + second
    whole = 10**18
    assert of_payers(result) == split(first + second, {payer: int(part * whole) for payer, part in exact.items()})
    assert true_up(result)


def test_two_sides_compared_over_part_of_a_year_differ_by_the_true_up_alone():
    """What-if of December alone: one side of the policy trues up, the other does not; nobody counts twice."""
    rows = hire("chen", "2021-01-01", "head") + hire("li", "2021-02-01", "dedicated", at="south")
    names = words(rows)
    sides = tuple(
        compile_policies([rules(true_up=asked, funding=MIXED)], [], names, *[month_number("2021-12")] * 2)
        for asked in TrueUp
    )
    found = compare(coded(rows, names), facts_of([]), [], sides)
    moved = {names.payers[payer]: will - was for _, payer, was, will in found.by_payer() if will != was}
    assert moved == {CITY: 1, STREET: -1}
    assert [names.workers[worker] for worker in found.touched()] == ["chen"]
    assert [(was, will) for _, _, was, will in found.people()] == [(1, 1), (1, 1)]
    assert found.unruled == [0, 0]


def test_segments_before_the_span_that_no_rule_covers_are_not_its_gaps():
    """Nothing was in force before March; December says nothing of that."""
    rows = hire("chen", "2021-01-01", "head")
    assert work_out(rows, [rules("2021-03-01")], months=("2021-12", "2021-12")).gaps() == []
    assert len(work_out(rows, [rules("2021-03-01")], months=YEAR).gaps()) == 2


def test_a_document_names_the_budget_item_of_a_true_up_where_it_asks_for_one():
    """Rule 25: the class that a true-up is booked to is a value of the policy, and idle where nothing is trued up."""
    booked = {"basic": "30101", "allowance": "30102", "year_end_true_up": "30199"}
    asked, silent = (policy("chibi-2020", true_up=each, budget_items=booked) for each in reversed(TrueUp))
    assert faults(asked) == []
    assert [fault.pointer for fault in faults(silent)] == ["/budget_items/year_end_true_up"]


@pytest.mark.parametrize(
    ("first", "last", "opened", "worked_from"),
    [
        ("2020-10", "2020-12", None, "2020-01"),
        ("2020-10", "2020-12", "2020-09", "2020-09"),
        ("2020-10", "2020-12", "2019-05", "2020-01"),
        ("2020-10", "2020-12", "2020-11", "2020-10"),
        ("2020-12", "2021-02", None, "2020-01"),
        ("2020-01", "2020-12", None, "2020-01"),
        ("2020-10", "2020-11", None, "2020-10"),
        ("2020-10", "2021-11", None, "2020-01"),
    ],
)
def test_a_span_with_a_december_is_worked_out_from_the_first_due_month_of_its_year(first, last, opened, worked_from):
    """Without one, or by rules that true nothing up, from its own first month."""
    names = words(hire("li", "2020-01-01"))
    months = month_number(first), month_number(last)
    since = None if opened is None else month_number(opened)
    assert compile_policies([rules()], [], names, *months, since).worked_from == month_number(worked_from)
    assert compile_policies([rules(true_up=None)], [], names, *months, since).worked_from == months[0]
