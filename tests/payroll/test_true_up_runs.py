"""Twelve months closed with a year-end true-up (F17): runs, late acts, explanations, vouchers, payments, what-if."""

from decimal import Decimal

import pytest
from tests.payroll.feeding import caller, opened
from tests.payroll.test_api import Office
from tests.payroll.test_true_up import CITY, COMMUNITY, STREET, funding
from tests.payroll.test_waterfalls import told

from payroll.hand_overs import hand_over
from payroll.settlement import settle
from shared.money import fen, split, yuan
from shared.policy_document import Flat, Level, TrueUp
from shared.refusal import Refused

pytestmark = pytest.mark.campaign

MONTHS = ("2020-10", "2020-11", "2020-12", *(f"2021-{month:02d}" for month in range(1, 13)))
RUN = "/payroll/v1/runs/chibi/2021-12/1"


def office(**changes):
    """Chen, head at 33.33 a month shared 70/15/15, and Li, who is paid 100.01, by the city alone."""
    said = {
        "ladder": None,
        "bands": {},
        "grade_rules": None,
        "flat": Flat(monthly={"head": Decimal("33.33"), "dedicated": Decimal("100.01")}),
        "funding": funding(posts=("head",)) + funding({Level.CITY: "1"}, ("dedicated",)),
        "budget_items": {"basic": "30101", "year_end_true_up": "30199"},
        "true_up": TrueUp.YEAR_END,
    }
    log = opened(**{**said, **changes})
    log.hire("chen", "2020-10-01", "head", 1)
    log.hire("li", "2020-10-12", at="south")
    return Office(log)


def closed_year(**changes):
    """The same with every month of 2020 and 2021 closed."""
    found = office(**changes)
    for month in MONTHS:
        found.close(month)
    return found


@pytest.fixture(scope="module")
def closed():
    return closed_year()


def lines_of(office, month, sequence=1):
    return office.get(f"/payroll/v1/runs/chibi/{month}/{sequence}/lines").json()["lines"]


def paid_for(office, year, months=MONTHS, worker="chen"):
    """Payer → fen that closed runs paid for the worker's months of service in a year."""
    found = {}
    for month in months:
        for line in lines_of(office, month):
            if line["worker_id"] == worker and line["service_month"].startswith(year):
                found[line["payer"]] = found.get(line["payer"], 0) + fen(line["amount"])
    return found


def test_over_twelve_closed_months_each_payer_paid_the_largest_remainder_of_the_year(closed):
    """F17."""
    assert paid_for(closed, "2021") == split(39_996, {CITY: 70, COMMUNITY: 15, STREET: 15})
    assert paid_for(closed, "2020") == split(9_999, {CITY: 70, COMMUNITY: 15, STREET: 15})
    trued = [line for line in lines_of(closed, "2021-12") if line["item"] == "year_end_true_up"]
    assert [(line["worker_id"], line["payer"], line["amount"]) for line in trued] == [
        ("chen", CITY, "0.01"),
        ("chen", STREET, "-0.01"),
    ]
    assert {(line["service_month"], line["payable_month"], line["post"]) for line in trued} == {
        ("2021-12", "2021-12", "head")
    }


def test_december_shown_alone_has_the_same_true_up(closed):
    shown = closed.get("/payroll/v1/workers/chen/due/2021-12").json()["lines"]
    run = lines_of(closed, "2021-12")
    assert [(line["item"], line["payer"], line["amount"]) for line in shown] == [
        (line["item"], line["payer"], line["amount"]) for line in run if line["worker_id"] == "chen"
    ]


def test_the_words_of_a_true_up_say_the_exact_part_of_the_year_and_what_the_months_gave(closed):
    """F69."""
    words = [line["worked_out"] for line in lines_of(closed, "2021-12") if line["item"] == "year_end_true_up"]
    assert words == [
        "true-up of 2021: basic 399.96 × city 70 % → 279.9720, to the fen by largest remainder → 279.97; "
        "less 279.96 given by its months → 0.01",
        "true-up of 2021: basic 399.96 × street 15 % → 59.9940, to the fen by largest remainder → 59.99; "
        "less 60.00 given by its months → -0.01",
    ]


def test_the_tree_of_a_true_up_rests_on_the_clause_that_asks_for_it_and_on_the_hire(closed):
    """F69."""
    line = next(one for one in lines_of(closed, "2021-12") if one["item"] == "year_end_true_up")
    answer = closed.get(f"{RUN}/lines/{line['number']}/explanation").json()
    (node,) = answer["tree"]["parts"]
    assert (answer["amount"], answer["sentence"]) == ("0.01", line["worked_out"])
    assert (node["what"], node["clause"]["part"], node["clause"]["value"]) == ("true-up", "true_up", "year-end")
    year, given = node["parts"]
    assert (year["what"], year["value"], given["what"], given["value"]) == ("year", "279.97", "given", "-279.96")
    exact, rounding = year["parts"]
    assert [part["value"] for part in exact["parts"]] == ["399.96", "0.70"]
    assert rounding["clause"]["part"] == "true_up"
    assert {event["type"] for event in answer["events"]} == {"worker.hired.v1", "policy.enacted.v1"}


def test_the_words_leave_out_the_months_of_which_the_payer_bears_nothing():
    """F69: four months at 100.01 by the city alone, then eight at 33.33 by all three."""
    found = office()
    found.log.hire("wu", "2021-01-01", "dedicated")
    found.log.promote("wu", "2021-05-01", "head", 1)
    found.payroll.projection.catch_up(found.log)
    settled = settle(found.payroll.projection.known("chibi", found.log.head(), "wu"), "2021-12")
    assert [line.worked_out for line in settled.explained() if line.item == "year_end_true_up"] == [
        "true-up of 2021: basic 400.04 × city 100 % + basic 266.64 × city 70 % → 586.6880, "
        "to the fen by largest remainder → 586.69; less 586.68 given by its months → 0.01",
        "true-up of 2021: basic 266.64 × street 15 % → 39.9960, to the fen by largest remainder → 39.99; "
        "less 40.00 given by its months → -0.01",
    ]


def test_a_late_act_after_the_close_of_december_moves_lines_and_true_up_per_payer():
    """F06: chen left on 1 June; what was paid since is taken back, and five months are given as they fell."""
    found = closed_year()
    before = lines_of(found, "2021-12")
    found.log.separate("chen", "2021-06-01")
    found.close("2022-01")
    assert lines_of(found, "2021-12") == before
    assert paid_for(found, "2021", (*MONTHS, "2022-01")) == split(5 * 3_333, {CITY: 70, COMMUNITY: 15, STREET: 15})
    taken_back = [line for line in lines_of(found, "2022-01") if line["item"] == "year_end_true_up"]
    assert [(line["payer"], line["amount"], line["worked_out"]) for line in taken_back] == [
        (CITY, "-0.01", "due now 0.00 less 0.01 paid before → -0.01"),
        (STREET, "0.01", "due now 0.00 less -0.01 paid before → 0.01"),
    ]
    assert settle(found.payroll.projection.known("chibi", found.log.head()), "2022-01").lines == []


def test_the_voucher_with_a_true_up_balances_and_books_it_to_its_own_item():
    """Rule 25."""
    found = closed_year()
    hand_over(found.payroll, "chibi", "2021-12", 1, caller("h"))
    batch = found.get(f"{RUN}/hand-over").json()
    assert batch["control"]["by_budget_item"]["30199"] == "0.00"
    assert {line["budget_item"] for line in batch["lines"] if line["item"] == "year_end_true_up"} == {"30199"}
    for voucher in batch["vouchers"]:
        assert voucher["debit"] == voucher["credit"]
    booked = {voucher["payer"]: {one["account"]: one for one in voucher["entries"]} for voucher in batch["vouchers"]}
    assert booked[CITY]["30199"]["debit"] == booked[STREET]["30199"]["credit"] == "0.01"


def test_a_true_up_that_no_policy_books_is_not_handed_over():
    found = closed_year(budget_items={"basic": "30101"})
    with pytest.raises(Refused) as refused:
        hand_over(found.payroll, "chibi", "2021-12", 1, caller("h"))
    assert refused.value.code == "budget-item-missing"


def test_nobody_is_paid_more_or_less_for_a_true_up(closed):
    payments = closed.get(f"{RUN}/payments").json()
    assert {one["worker_id"]: one["amount"] for one in payments["payments"]} == {"chen": "33.33", "li": "100.01"}


def test_december_beside_november_differs_by_the_true_up_and_leaves_no_rest(closed):
    """F70."""
    answer = closed.get("/payroll/v1/workers/chen/differences", month="2021-12", against_month="2021-11")
    assert [(kind, amount) for kind, amount, _ in told(answer)] == [("calendar", "0.00")]
    assert answer.json()["parts"][0]["by_payer"] == {CITY: "0.01", STREET: "-0.01"}


def test_a_payers_year_comes_to_what_is_paid_with_the_true_up(closed):
    """F21: what is forecast for the year is what its runs paid; nothing is still to come."""
    years = closed.get("/payroll/v1/budgets", jurisdiction="chibi", year="2021").json()["payers"]
    chen, li = paid_for(closed, "2021"), paid_for(closed, "2021", worker="li")
    for one in years:
        both = chen.get(one["payer"], 0) + li.get(one["payer"], 0)
        assert (one["forecast"], one["paid"], one["to_come"]) == (yuan(both), yuan(both), "0.00")
