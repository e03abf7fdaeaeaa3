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


def test_a_policy_whose_brackets_descend_is_not_enacted(town: Town) -> None:
    """Rule 20, refused at its place with the way out."""
    brackets = [{"above": "0", "rate": "0.10"}, {"above": "0", "rate": "0.03"}]
    document = read_policy(POLICIES / "chibi-2020.yaml") | {"income_tax": TAX | {"brackets": brackets}}
    found = town.refuse("policy-unsound", "policies", "2020-10-01", document=document)
    assert found["pointer"] == "/document/income_tax/brackets/1/above"
