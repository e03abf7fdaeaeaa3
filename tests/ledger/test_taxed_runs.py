"""Income tax (rule 20) from the policy to finance, with payroll in front of the real ledger."""

from decimal import Decimal

import pytest
from tests.ledger.given import POLICIES, Town
from tests.ledger.test_batches import Finance
from tests.ledger.test_payroll_asks import Ask, ask

from workforce.policy_files import read_policy

__all__ = ["ask"]

pytestmark = pytest.mark.campaign

TAX = {"monthly_deduction": "1000.00", "brackets": [{"above": "0", "rate": "0.03"}, {"above": "5000", "rate": "0.10"}]}


def test_tax_is_withheld_by_the_policy_and_the_declaration_and_handed_over(town: Town, ask: Ask) -> None:
    """Rule 20, P11: October 2,620 − 1,000 − 500 at 3 % is 33.60; what finance books adds up, and 2,586.40 are paid."""
    document = read_policy(POLICIES / "chibi-2020.yaml") | {"income_tax": TAX}
    town.give("policies", "2020-10-01", document=document)
    worker_id = town.hire(day="2020-10-01")
    town.give("special-deductions", "2020-10-01", worker_id=worker_id, monthly="500.00")
    finance = Finance(ask)
    finance.close()
    finance.hand_over()
    batch = finance.batch()
    (line,) = [one for one in batch["lines"] if (one["worker_id"], one["item"]) == (worker_id, "income_tax")]
    assert (line["amount"], line["payer"], line["budget_item"]) == ("-33.60", "worker", "tax-withheld")
    control = batch["control"]
    for axis in ("by_payer", "by_street", "by_budget_item"):
        assert sum(map(Decimal, control[axis].values())) == Decimal(control["total"])
    paid = {one["worker_id"]: one["amount"] for one in finance.read("runs/chibi/2020-10/1/payments")["payments"]}
    assert paid[worker_id] == "2586.40"
    for form in ("csv", "xlsx", "parquet"):
        assert finance.file("runs/chibi/2020-10/1/hand-over", format=form).content


PENSION = {"pension": {"employer": "0.16", "personal": "0.08"}}


def test_what_is_earned_taken_off_paid_out_and_paid_on_top_add_up(town: Town, ask: Ask) -> None:
    """Rules 19 and 20, P11: 2,620 less 8 % and 3 % of 910.40; 16 % on top; the list pays the net of the payslips."""
    document = read_policy(POLICIES / "chibi-2020.yaml") | {"income_tax": TAX, "contributions": PENSION}
    document["budget_items"]["pension_unit"] = "30108"
    town.give("policies", "2020-10-01", document=document)
    worker_id = town.hire(day="2020-10-01")
    town.give("special-deductions", "2020-10-01", worker_id=worker_id, monthly="500.00")
    finance = Finance(ask)
    finance.close()
    totals = finance.read(f"workers/{worker_id}/payslips/2020-10", "auditor city:chibi")["totals"]
    assert {name: totals[name] for name in ("gross", "deductions", "net", "employer", "total")} == {
        "gross": "2620.00",
        "deductions": "236.91",
        "net": "2383.09",
        "employer": "419.20",
        "total": "2802.29",
    }
    run, paid = finance.read("runs/chibi/2020-10/1")["totals"], finance.read("runs/chibi/2020-10/1/payments")
    assert run["net"] == paid["total"]
    assert Decimal(run["gross"]) == Decimal(run["net"]) + Decimal(run["deductions"])
    assert Decimal(run["total"]) == Decimal(run["net"]) + Decimal(run["employer"])


def test_readiness_says_before_the_close_what_no_policy_books(town: Town, ask: Ask) -> None:
    """F28: the month closes, and the run could not be handed over; the way out is a policy that names the item."""
    document = read_policy(POLICIES / "chibi-2020.yaml") | {"contributions": PENSION}
    town.give("policies", "2020-10-01", document=document)
    finance = Finance(ask)
    readiness = finance.read("runs/chibi/2020-10/1/readiness")
    (found,) = [one for one in readiness["blockers"] if one["kind"] == "budget-item-missing"]
    assert (found["blocks"], found["about"]) == (False, {"item": "pension_unit", "month": "2020-10"})
    document["budget_items"]["pension_unit"] = "30108"
    town.give("policies", "2020-10-01", document=document)
    assert "budget-item-missing" not in {kind for kind, _ in finance.blockers()}


def test_a_payslip_says_of_each_line_in_which_run_it_is(town: Town, ask: Ask) -> None:
    """F07, F30: the month's own run, and the supplementary one."""
    worker_id, finance = town.hire(day="2020-10-12"), Finance(ask)
    payslip = f"workers/{worker_id}/payslips/2020-10"
    assert [one["run_sequence"] for one in finance.read(payslip, "auditor city:chibi")["lines"]] == [None]
    finance.close()
    finance.reopen()
    town.give("regrades", "2020-10-20", worker_id=worker_id, grade=2, reason="更正", exceptional=True)
    finance.close(sequence=2)
    lines = finance.read(payslip, "auditor city:chibi")["lines"]
    assert [(one["number"], one["run_sequence"]) for one in lines] == [(2, 1), (1, 2)]


def test_a_policy_whose_brackets_descend_is_not_enacted(town: Town) -> None:
    """Rule 20, refused at its place with the way out."""
    brackets = [{"above": "0", "rate": "0.10"}, {"above": "0", "rate": "0.03"}]
    document = read_policy(POLICIES / "chibi-2020.yaml") | {"income_tax": TAX | {"brackets": brackets}}
    found = town.refuse("policy-unsound", "policies", "2020-10-01", document=document)
    assert found["pointer"] == "/document/income_tax/brackets/1/above"
