"""Runs of a year with cumulative income tax (rule 20), worked by hand on the official example and around it."""

from decimal import Decimal

from tests.payroll.feeding import payroll_over
from tests.payroll.taxing import declare, months_of, run, taxed_log

from shared.policy_document import Contribution, Insurance

PENSION = {Insurance.PENSION: Contribution(personal=Decimal("0.15"))}
"""15 % of 30,000 is the 4,500 of the official example."""


def official():
    """30,000 a month, 4,500 insurance, 2,000 special additional deductions."""
    log = taxed_log(contributions=PENSION)
    log.hire("li", "2021-01-01", "dedicated", 10)
    declare(log, "li", "2021-01-01", "2000.00")
    return log


def test_the_runs_of_the_official_example_withhold_555_625_and_1850_on_lines():
    """Rule 20: 18,500 × 3 %, then 10 % above 36,000 and 20 % above 144,000: 27,480 in the year."""
    found = months_of(official())
    assert found == [55_500, 62_500, *[185_000] * 5, 225_000, *[370_000] * 4]
    assert sum(found) == 2_748_000


def test_a_line_of_tax_says_what_it_is_made_of():
    payroll = payroll_over(official())
    words = [
        line.worked_out for month in ("2021-01", "2021-02") for line in run(payroll, month) if line.item == "income_tax"
    ]
    assert words == [
        "30000.00 paid in 2021 less 1 month × 5000.00, 4500.00 own insurance, 2000.00 special deductions → "
        "18500.00 taxable; 3 % → 555.00 tax of 2021; taken off → -555.00",
        "60000.00 paid in 2021 less 2 months × 5000.00, 9000.00 own insurance, 4000.00 special deductions → "
        "37000.00 taxable; 10 % less 2520.00 → 1180.00 tax of 2021, less 555.00 withheld before; taken off → -625.00",
    ]


def test_a_line_of_tax_is_the_workers_own_and_of_the_month_of_the_run():
    (line,) = [one for one in run(payroll_over(official()), "2021-01") if one.item == "income_tax"]
    assert (line.payer, line.service_month, line.payable_month) == ("worker", "2021-01", "2021-01")
    assert (line.due_fen, line.paid_fen, line.amount_fen) == (-55_500, 0, -55_500)
