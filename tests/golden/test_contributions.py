"""Employer contributions and personal deductions on Hubei's figures of 2020 (rule 19), each line half up to the fen."""

from decimal import Decimal
from fractions import Fraction

import msgspec
import numpy as np
import pytest
from tests.payroll.feeding import opened, payroll_over
from tests.payroll.working import by_month, by_payer, enacted, fact, hire, policy, work_out

from payroll.engine import FactKind
from payroll.engine.contributions import part_of
from payroll.payments import payment_list
from payroll.settlement import settle
from shared.money import half_up
from shared.policy_check import faults
from shared.policy_document import Base, Contribution, Insurance, PayItem, Performance

FLOOR = Decimal("3739.80")
HUBEI = {
    Insurance.PENSION: ("0.16", "0.08"),
    Insurance.MEDICAL: ("0.08", "0.02"),
    Insurance.UNEMPLOYMENT: ("0.007", "0.003"),
    Insurance.MATERNITY: ("0.007", "0"),
}


def hubei(floor=FLOOR, ceiling=None):
    """The published shares between these bounds."""
    return {
        insurance: Contribution(employer=Decimal(unit), personal=Decimal(own), floor=floor, ceiling=ceiling)
        for insurance, (unit, own) in HUBEI.items()
    }


def october(**changes):
    """Item → (employer's, worker's own) of a newcomer in grade 1, who is paid 2,620."""
    rules = [enacted("chibi-2020", "2020-09-18", contributions=hubei(**changes))]
    found = by_payer(work_out(hire("li", "2020-10-01"), rules, months=("2020-10", "2020-10")))
    items = {(item, payer): amount for (_, _, item, payer), amount in found.items()}
    return [(items.get((f"{name}_unit", "city/chibi"), 0), items.get((f"{name}_own", "worker"), 0)) for name in HUBEI]


def test_on_the_floor_above_the_pay_the_shares_are_those_of_the_published_figures():
    """Rule 19: 3,739.80 → 598.37/299.18, 299.18/74.80, 26.18/11.22, 26.18/0."""
    assert october() == [(59_837, -29_918), (29_918, -7_480), (2_618, -1_122), (2_618, 0)]


def test_between_floor_and_ceiling_the_base_is_what_the_month_is_due():
    """2,620 × 16 % = 419.20, × 8 % = 209.60."""
    assert october(floor=None)[0] == (41_920, -20_960)


def test_above_the_ceiling_the_ceiling_is_the_base():
    """1,000 × 16 % and 8 %."""
    assert october(floor=None, ceiling=Decimal(1000))[0] == (16_000, -8_000)


def test_a_month_of_which_nothing_is_paid_has_no_contributions():
    rules = [enacted("chibi-2020", "2020-09-18", contributions=hubei())]
    assert by_payer(work_out(hire("li", "2020-11-01"), rules, months=("2020-10", "2020-10"))) == {}


def test_the_employers_part_is_paid_by_those_who_pay_the_basic_pay():
    """Rule 4: 4,803 × 16 % = 768.48, 70 % of it 537.94 and twice 115.27."""
    contributions = {Insurance.PENSION: Contribution(employer=Decimal("0.16"))}
    rules = [enacted("chibi-2020", "2020-09-18", contributions=contributions)]
    found = by_payer(work_out(hire("chen", "2020-10-01", "head", 18), rules, months=("2020-10", "2020-10")))
    assert {payer: amount for (_, _, item, payer), amount in found.items() if item == "pension_unit"} == {
        "city/chibi": 53_794,
        "community/north": 11_527,
        "street/first": 11_527,
    }


def test_each_month_of_each_person_has_its_own_base_over_all_its_days():
    """1310.00 + 1364.50 of a change in mid-November, 2,729 in December; 4,803 for the head; 10 % and 1 % of it."""
    rule = {Insurance.PENSION: Contribution(employer=Decimal("0.10"), personal=Decimal("0.01"))}
    rules = [enacted("chibi-2020", "2020-09-18", contributions=rule)]
    rows = hire("chen", "2020-11-01", "head", 18) + hire("li", "2020-11-01")
    rows += fact("li", FactKind.GRADE, "2020-11-16", 2) + hire("wu", "2020-12-01", grade=3)
    found = by_month(work_out(rows, rules, months=("2020-11", "2020-12")), "pension_unit")
    assert found == {
        ("chen", "2020-11"): 48_030,
        ("chen", "2020-12"): 48_030,
        ("li", "2020-11"): 26_745,
        ("li", "2020-12"): 27_290,
        ("wu", "2020-12"): 28_380,
    }
    own = by_month(work_out(rows, rules, months=("2020-11", "2020-12")), "pension_own")
    assert own == {key: -half_up(amount, 10) for key, amount in found.items()}


def test_only_the_items_that_the_document_names_count_for_the_base():
    """A fifth of 2,620 is performance, which does not count: 2,096 × 10 %."""
    rule = {Insurance.PENSION: Contribution(employer=Decimal("0.10"), items=(PayItem.BASIC, PayItem.ALLOWANCE))}
    performance = Performance(share=Decimal("0.20"), factors={})
    rules = [enacted("chibi-2020", "2020-09-18", contributions=rule, performance=performance)]
    found = by_month(work_out(hire("li", "2020-10-01"), rules, months=("2020-10", "2020-10")), "pension_unit")
    assert found == {("li", "2020-10"): 20_960}


@pytest.mark.parametrize("base_fen", [1, 123_457, 10**9, 10**10, 99_999_999_999])
@pytest.mark.parametrize("share", ["0.16", "0.1234567891", "0.9999999999", "0.0000000001"])
def test_a_share_of_any_base_is_exact_also_where_products_are_wider_than_64_bits(base_fen, share):
    """Half up to the fen of the exact share, whoever has a greater base in the same month."""
    rule = Contribution(employer=Decimal(share))
    exact = Fraction(share) * base_fen
    for others in ([], [99_999_999_999], [1]):
        found = part_of(np.array([base_fen, *others]), rule, Fraction(share))
        assert int(found[0]) == half_up(exact.numerator, exact.denominator)
    assert len(part_of(np.zeros(0, dtype=np.int64), rule, Fraction(share))) == 0


def drafted():
    """The lines of October for a newcomer, in words."""
    log = opened(contributions={Insurance.PENSION: hubei()[Insurance.PENSION]})
    log.hire("li", "2020-10-01")
    payroll = payroll_over(log)
    payroll.reach.head()
    return list(settle(payroll.projection.known("chibi", log.head()), "2020-10").explained())


def test_each_contribution_says_its_base_its_share_and_its_rounding():
    words = {line.item: line.worked_out for line in drafted()}
    half_up = "rounded half up to the fen"
    assert words["pension_unit"] == (
        f"base at the floor: 3739.80 a month; 16 % pension → 598.3680, {half_up} → 598.37; city 100 % → 598.37"
    )
    assert words["pension_own"] == (
        f"base at the floor: 3739.80 a month; 8 % pension, taken off → -299.1840, {half_up} → -299.18; "
        "the worker's own → -299.18"
    )


def test_what_the_employer_pays_on_top_is_paid_out_to_nobody():
    """2,620 − 299.18."""
    found = payment_list("chibi/2020-10/1", 0, drafted(), {}, None)
    assert [payment.amount for payment in found.payments] == ["2320.82"]


def test_a_late_base_settles_the_contributions_with_the_pay():
    """Rule 5: 2,880 instead of 2,620 from January on: 260 × 16 % = 41.60 and × 8 % = 20.80 more a month."""
    rules = [enacted("chibi-2020", "2020-09-18", contributions=hubei(floor=None))]
    higher = enacted(
        "chibi-2020",
        "2021-01-01",
        3,
        contributions=hubei(floor=None),
        ladder=msgspec.structs.replace(
            policy("chibi-2020").ladder, base=Base(average_annual_wage=Decimal("60000.00"), share=Decimal("0.80"))
        ),
    )
    before, after = (
        by_payer(work_out(hire("li", "2020-10-01"), found, months=("2021-01", "2021-01")))
        for found in (rules, [*rules, higher])
    )
    assert {
        item: after[key] - before[key] for key in before if (item := key[2]) in ("basic", "pension_unit", "pension_own")
    } == {"basic": 26_000, "pension_unit": 4_160, "pension_own": -2_080}


@pytest.mark.parametrize(
    ("rule", "pointer"),
    [
        (Contribution(employer=Decimal(16)), "/contributions/pension/employer"),
        (Contribution(), "/contributions/pension"),
        (
            Contribution(personal=Decimal("0.08"), floor=Decimal(3000), ceiling=Decimal(2000)),
            "/contributions/pension/floor",
        ),
    ],
)
def test_a_contribution_that_no_regulation_means_is_named_at_its_place(rule, pointer):
    document = policy("chibi-2020", contributions={Insurance.PENSION: rule})
    assert [fault.pointer for fault in faults(document)] == [pointer]
