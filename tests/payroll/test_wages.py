"""Which average wage a base rests on: one that is published stays known, whichever document is in force."""

from decimal import Decimal

from msgspec.structs import replace
from tests.payroll.working import base, by_month, enacted, hire, policy, work_out

from shared.policy_document import Base


def on_wage(on: str, position: int, wage: str | None = None, starts: str | None = None, share: str = "0.80"):
    """Chibi's ladder with a base by the average wage, which the document names or not."""
    named = None if wage is None else Decimal(wage)
    changed = replace(
        policy("chibi-2020").ladder, base=Base(share=Decimal(share), average_annual_wage=named, starts=starts)
    )
    return enacted("chibi-2020", on, position=position, ladder=changed)


def paid_in(months, rules, bases=()):
    """What somebody of grade 1 is paid in each of the months."""
    paid = by_month(work_out(hire("w", "2020-10-01"), rules, list(bases), months=("2020-10", "2022-12")))
    return [paid.get(("w", month)) for month in months]


def test_a_published_wage_stays_known_when_a_later_document_names_none():
    """Rule 3: 60,000 × 0.8 ÷ 12 × 0.72 = 2,880, and with the later document's share of 0.9 3,240."""
    rules = [on_wage("2020-09-18", 1), on_wage("2022-01-01", 5, share="0.90")]
    published = [base("2021-01-01", "60000.00", 3)]
    assert paid_in(["2021-12", "2022-01", "2022-12"], rules, published) == [288_000, 324_000, 324_000]


def test_a_wage_published_for_a_day_before_a_document_recorded_later_holds_under_it():
    rules = [on_wage("2020-09-18", 1), on_wage("2021-03-01", 2)]
    assert paid_in(["2021-02", "2021-03"], rules, [base("2021-01-01", "60000.00", 9)]) == [288_000, 288_000]


def test_a_wage_stays_known_over_a_document_with_a_fixed_base():
    figure = replace(policy("chibi-2020").ladder, base=Base(monthly_amount=Decimal("3000.00")))
    rules = [on_wage("2020-09-18", 1), enacted("chibi-2020", "2021-07-01", 4, ladder=figure), on_wage("2022-01-01", 5)]
    found = paid_in(["2021-06", "2021-07", "2022-01"], rules, [base("2021-01-01", "60000.00", 3)])
    assert found == [288_000, 216_000, 288_000]


def test_a_wage_in_a_document_counts_from_the_day_on_which_its_bases_start():
    """Rule 3, as in Changzhou: until 1 July the base that is known goes on."""
    rules = [on_wage("2020-09-18", 1, "54580.00"), on_wage("2021-03-01", 5, "60000.00", "07-01")]
    assert paid_in(["2021-02", "2021-03", "2021-06", "2021-07"], rules) == [262_000, 262_000, 262_000, 288_000]


def test_a_first_wage_in_a_document_counts_from_the_document_on():
    """There is no base before it that could go on."""
    assert paid_in(["2021-03", "2021-07"], [on_wage("2020-10-01", 5, "60000.00", "07-01")]) == [288_000, 288_000]


def test_a_mistaken_document_of_the_same_day_leaves_no_wage_behind():
    mistaken, right = on_wage("2021-01-01", 4, "90000.00"), on_wage("2021-01-01", 5)
    assert paid_in(["2021-01"], [on_wage("2020-09-18", 1, "60000.00"), mistaken, right]) == [288_000]
