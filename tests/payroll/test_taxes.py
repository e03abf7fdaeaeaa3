"""What a run's income tax is beside the rest of payroll (rule 20): payments, vouchers, reasons, budgets, databases."""

from fractions import Fraction

import pytest
from tests.payroll.feeding import payroll_over
from tests.payroll.taxing import declare, kept, months_of, taxed_log
from tests.payroll.test_api import Office
from tests.payroll.test_waterfalls import told
from tests.payroll.working import policy

from payroll.booking import PAYABLE, TAX_WITHHELD, Booking, vouchers_of
from payroll.budgets import year_of
from payroll.payments import payment_list
from payroll.projection import Projection
from payroll.settlement import month_alone, settle
from payroll.tracing import What, adds_up, walked
from shared.database import engine
from shared.policy_document import Source

BUDGET = {"budget_items": {"basic": "30101", "performance": "30107", "allowance": "30102"}}
PAPER = Source(part="income_tax", mark="published", document="个人所得税扣缴申报管理办法", clause="第六条")


def paid(months=2, **changes):
    """Payroll after the first runs of 2021: li at 30,000 a month with 2,000 of special deductions from February."""
    sources = (*policy("chibi-2020").sources, PAPER)
    log = taxed_log(**{"sources": sources, **BUDGET, **changes})
    log.hire("li", "2021-01-01", "dedicated", 10)
    declare(log, "li", "2021-02-01", "2000.00")
    payroll = payroll_over(log)
    months_of(log, payroll, months)
    return log, payroll


def test_the_worker_is_paid_so_much_less_and_the_tax_office_is_owed_it():
    """P11: 30,000 − 750; debit basic pay to payable, and from payable to what is withheld of tax."""
    _, payroll = paid(1)
    lines = kept(payroll, "2021-01")
    assert [payment.amount for payment in payment_list("chibi/2021-01/1", 0, lines, {}, None).payments] == ["29250.00"]
    vouchers = vouchers_of(lines, Booking(payroll.projection.known("chibi", payroll.projection.position)))
    booked = {
        voucher["payer"]: [(one["account"], one["debit_fen"], one["credit_fen"]) for one in voucher["entries"]]
        for voucher in vouchers
    }
    assert all(sum(debit - credit for _, debit, credit in entries) == 0 for entries in booked.values())
    assert booked["worker"] == [(TAX_WITHHELD, 0, 75_000), (PAYABLE, 75_000, 0)]


def test_a_line_of_tax_goes_down_to_clauses_declarations_and_the_lines_of_the_year():
    """F69: each leaf says which paper, fact or line it is from."""
    log, payroll = paid(2)
    payroll.projection.catch_up(log)
    march = settle(payroll.projection.known("chibi", log.head()), "2021-03")
    (tree,) = [tree for line, tree in zip(march.lines, march.traced(), strict=True) if line.item == "income_tax"]
    assert adds_up(tree)
    clauses = {one.clause.part: one.clause for one in walked(tree) if one.clause}
    assert clauses["income_tax/brackets/1/rate"].value == "0.1"
    assert clauses["income_tax/monthly_deduction"].value == "5000.00"
    assert {clause.document for clause in clauses.values()} == {PAPER.document}
    assert {fact.kind for one in walked(tree) for fact in one.facts} == {"in_service", "special_deduction"}
    lines = {(one.line.month, one.value) for one in walked(tree) if one.line is not None}
    assert lines == {
        ("2021-01", Fraction(3_000_000)),
        ("2021-02", Fraction(3_000_000)),
        ("2021-01", Fraction(75_000)),
        ("2021-02", Fraction(153_000)),
    }
    assert next(one.value for one in walked(tree) if one.what is What.TAX) == -(7_100_000 // 10 - 252_000)


def test_a_month_by_itself_and_a_years_budget_are_of_service_and_have_no_tax():
    """F21: tax is no payer's cost, and is due for no month of service."""
    _, payroll = paid(2)
    known = payroll.projection.known("chibi", payroll.projection.position)
    assert {line.item for line in month_alone(known, "2021-02").lines} == {"basic"}
    assert [(one.payer, one.to_come) for one in year_of(known, 2021) if one.payer != "city/chibi"] == []
    assert [one.paid for one in year_of(known, 2021)] == ["60000.00"]


def test_a_closed_run_and_its_tax_stay_what_they_are_whatever_is_declared_later():
    """Nothing is to be paid again where nothing changed."""
    log, payroll = paid(2)
    before = kept(payroll, "2021-02")
    declare(log, "li", "2021-01-01", "9000.00")
    payroll.projection.catch_up(log)
    assert kept(payroll, "2021-02") == before
    assert settle(payroll.projection.known("chibi", log.head()), "2021-02").lines == []


@pytest.mark.campaign
def test_between_two_runs_tax_is_a_part_of_its_own_and_no_rest_is_left():
    """F70: 750 in January, 1,530 in February; the payslip tells the tree."""
    office = Office(paid(2)[0])
    parts = told(office.get("/payroll/v1/runs/chibi/2021-02/1/differences", against_month="2021-01"))
    assert [(kind, amount) for kind, amount, _ in parts if kind == "tax"] == [("tax", "-780.00")]
    slip = office.get("/payroll/v1/workers/li/payslips/2021-02").json()
    assert slip["totals"]["by_item"] == {"basic": "30000.00", "income_tax": "-1530.00"}
    why = office.get("/payroll/v1/workers/li/payslips/2021-02/explanation").json()
    assert why["amount"] == "28470.00"
    number = next(line["number"] for line in slip["lines"] if line["item"] == "income_tax")
    line = office.get(f"/payroll/v1/runs/chibi/2021-02/1/lines/{number}/explanation").json()
    assert line["amount"] == "-1530.00"
    assert "worker.special-deduction-declared.v1" in {event["type"] for event in line["events"]}


@pytest.mark.campaign
def test_the_payslip_of_an_open_month_shows_the_tax_that_its_run_would_withhold():
    office = Office(paid(1)[0])
    slip = office.get("/payroll/v1/workers/li/payslips/2021-02").json()
    assert (slip["status"], slip["totals"]["by_item"]["income_tax"]) == ("open", "-1530.00")


@pytest.mark.postgres
def test_postgresql_keeps_the_same_lines_of_tax(postgres_address):
    """What is withheld next follows from them."""
    log, payroll = paid(2)
    projection = Projection(engine(postgres_address, "payroll"))
    projection.catch_up(log)
    assert projection.digest() == payroll.projection.digest()
    ours, theirs = (
        settle(one.known("chibi", log.head()), "2021-03").digest for one in (projection, payroll.projection)
    )
    assert ours == theirs
    projection.close()
