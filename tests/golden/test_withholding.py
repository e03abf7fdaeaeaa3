"""Runs of a year with cumulative income tax (rule 20), worked by hand on the official example and around it."""

from decimal import Decimal

import msgspec
from tests.payroll.feeding import payroll_over
from tests.payroll.taxing import INCOME_TAX, declare, months_of, on_base, paid_monthly, run, taxed_log, taxes
from tests.payroll.working import policy

from shared.events import WorkerRehired
from shared.policy_document import Base, Contribution, Insurance, TaxBracket

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


def test_a_base_published_in_june_is_taxed_as_the_sum_it_pays():
    """Rules 3, 5 and 20: 4,900 a month is free; 6,000 from January, paid in June: 36,000 − 30,000 at 3 % is 180."""
    log = taxed_log(ladder=on_base(Base(average_annual_wage=Decimal("73500.00"), share=Decimal("0.80"))))
    log.hire("li", "2021-01-01", "dedicated", 10)
    payroll = payroll_over(log)
    assert months_of(log, payroll, 5) == [0] * 5
    log.publish_base("2021-01-01", "90000.00")
    june = run(payroll, "2021-06")
    assert sum(line.amount_fen for line in june if line.item == "basic") == 6 * 600_000 - 5 * 490_000
    assert taxes(june) == [18_000]
    assert {line.service_month for line in june if line.item == "income_tax"} == {"2021-06"}


def test_who_is_hired_again_has_no_deduction_for_the_months_between():
    """Rule 23: 30,000 in January, February and May: 25,000 × 3 %, 50,000, then 75,000 × 10 % − 2,520, less before."""
    log = taxed_log()
    log.hire("li", "2021-01-01", "dedicated", 10)
    log.separate("li", "2021-03-01")
    again = {"city_id": "chibi", "community_id": "south", "channel": "exam", "scheme": "ladder", "post": "dedicated"}
    terms = {"grade": 10, "education": "college", "keeps_years": True, "counted_years": 0}
    log.write("worker/li", "2021-05-01", msgspec.convert(again | terms, WorkerRehired))
    assert months_of(log, count=5) == [75_000, 173_000, 0, 0, 250_000]


def test_a_month_that_is_served_in_part_brings_the_whole_deduction():
    """Rule 18: until 15 March: 60,000 + 14,516.13 − 15,000, × 10 % − 2,520 − 2,480."""
    log = taxed_log()
    log.hire("li", "2021-01-01", "dedicated", 10)
    log.separate("li", "2021-03-16")
    assert months_of(log, count=3) == [75_000, 173_000, 95_161]


def test_a_deduction_declared_in_march_holds_from_its_month_on_and_late_for_the_months_before():
    """2,000 from March: 69,000 × 10 % − 2,520 − 2,480; told in April of January: 92,000 × 10 % − 2,520 − 4,380."""
    log = taxed_log(first_month="2021-01")
    log.hire("li", "2021-01-01", "dedicated", 10)
    declare(log, "li", "2021-03-01", "2000.00")
    payroll = payroll_over(log)
    assert months_of(log, payroll, 3) == [75_000, 173_000, 230_000]
    declare(log, "li", "2021-01-01", "2000.00")
    assert taxes(run(payroll, "2021-04")) == [9_200_000 // 10 - 252_000 - 478_000]


def test_a_deduction_counts_for_the_whole_month_of_its_day_and_ends_with_a_declaration_of_nothing():
    """Hired on 18 January, 2,000 until February: 13,548.39 − 5,000 − 2,000; then 38,548.39 with two of three months."""
    log = taxed_log()
    log.hire("li", "2021-01-18", "dedicated", 10)
    declare(log, "li", "2021-01-18", "2000.00")
    declare(log, "li", "2021-03-20", "0")
    found = months_of(log, count=3)
    assert found[0] == 19_645
    taxable = 1_354_839 + 2 * 3_000_000 - 3 * 500_000 - 2 * 200_000
    assert sum(found) == round(taxable * Decimal("0.1")) - 252_000


def test_a_correction_that_lowers_pay_takes_no_tax_back_and_is_made_good_in_the_year():
    """Rule 5: three months at 30,000 withhold 4,980; at 21,600 since January 4,980 is reached in May."""
    log = taxed_log()
    log.hire("li", "2021-01-01", "dedicated", 10)
    payroll = payroll_over(log)
    assert months_of(log, payroll, 3) == [75_000, 173_000, 250_000]
    log.regrade("li", "2021-01-01", 1)
    april = run(payroll, "2021-04")
    assert sum(line.amount_fen for line in april if line.item == "basic") == 4 * 2_160_000 - 3 * 3_000_000
    assert taxes(april) == []
    assert taxes(run(payroll, "2021-05")) == [5 * 1_660_000 // 10 - 252_000 - 498_000]


def test_a_supplementary_run_withholds_for_what_it_pays_and_says_what_the_month_withheld_before():
    """Rule 5: 25,000 × 3 % in January; 3,600 more for it in a second run: 28,600 × 3 % − 750 = 108."""
    log = taxed_log()
    log.hire("li", "2021-01-01", "dedicated", 10)
    payroll = payroll_over(log)
    run(payroll, "2021-01")
    log.regrade("li", "2021-01-01", 13)
    (line,) = [one for one in run(payroll, "2021-01", 2) if one.item == "income_tax"]
    assert (line.due_fen, line.paid_fen, line.amount_fen) == (-85_800, -75_000, -10_800)


def test_a_supplementary_run_of_an_earlier_month_counts_the_months_that_are_paid_since():
    """January again, after February: 63,600 less two deductions, as the pay of both is in the year."""
    log = taxed_log()
    log.hire("li", "2021-01-01", "dedicated", 10)
    payroll = payroll_over(log)
    assert months_of(log, payroll, 2) == [75_000, 173_000]
    log.regrade("li", "2021-01-01", 13)
    assert taxes(run(payroll, "2021-01", 2)) == [(6_360_000 - 1_000_000) // 10 - 252_000 - 248_000]


def test_a_run_withholds_no_more_than_it_pays_and_the_rest_from_the_next():
    """A deduction that was a mistake is voided: 2,000 more tax is due than the 100 that a second run pays."""
    log = taxed_log()
    log.hire("li", "2021-01-01", "dedicated", 10)
    mistake = declare(log, "li", "2021-01-01", "25000.00")
    payroll = payroll_over(log)
    assert months_of(log, payroll, 2) == [0, 0]
    log.void(mistake)
    log.qualify("li", "2021-01-05", "assistant")
    second = run(payroll, "2021-02", 2)
    assert sum(line.amount_fen for line in second if line.item == "allowance") == 10_000
    assert taxes(second) == [10_000]
    assert second[-1].worked_out.endswith("no more than is paid now; taken off → -100.00")
    assert sum(taxes(run(payroll, "2021-03"))) == (9_020_000 - 1_500_000) // 10 - 252_000 - 10_000


def test_the_year_begins_anew_in_january():
    log = taxed_log(first_month="2020-12")
    log.hire("li", "2020-12-01", "dedicated", 10)
    payroll = payroll_over(log)
    assert [taxes(run(payroll, month)) for month in ("2020-12", "2021-01")] == [[75_000], [75_000]]


def test_months_before_the_first_of_payroll_bring_no_deduction():
    """What an older system paid is not in the year here, nor then its deduction."""
    log = taxed_log(first_month="2021-03")
    log.hire("li", "2021-01-01", "dedicated", 10)
    assert taxes(run(payroll_over(log), "2021-03")) == [75_000]


def test_the_rules_of_the_payment_month_decide():
    """From February the rate is 1 %: 50,000 × 1 % is less than the 750 withheld, which March reaches."""
    log = taxed_log()
    log.hire("li", "2021-01-01", "dedicated", 10)
    one_percent = msgspec.structs.replace(INCOME_TAX, brackets=(TaxBracket(above=Decimal(0), rate=Decimal("0.01")),))
    log.enact("2021-02-01", policy("chibi-2020", **paid_monthly("30000.00", income_tax=one_percent)))
    assert months_of(log, count=4) == [75_000, 0, 0, 25_000]


def test_a_scheme_whose_policy_does_not_speak_of_tax_withholds_nothing():
    log = taxed_log(income_tax=None)
    log.hire("li", "2021-01-01", "dedicated", 10)
    assert months_of(log, count=2) == [0, 0]
