"""Why an amount is what it is (F69): a tree that comes to the amount exactly and ends in clauses and facts."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from tests.oracle.beside import projected
from tests.oracle.histories import MONTHS, histories
from tests.oracle.logs import CITY
from tests.payroll.feeding import opened
from tests.payroll.test_runs import close_month, payroll_over

from payroll.settlement import settle
from payroll.tracing import By, Node, What, adds_up, walked
from payroll.wording import sentence
from shared.money import fen
from shared.policy_document import Mode, Performance, Rounding, Unit

DECLARED_NOWHERE = {What.DAYS, What.SETTLING, What.PAID}


def trees_of(log, month):
    """(line, its tree) of what a run of the month would pay."""
    payroll = payroll_over(log)
    payroll.projection.catch_up(log)
    settlement = settle(payroll.projection.known("chibi", log.head()), month)
    return list(zip(settlement.lines, settlement.traced(), strict=True))


def leaves(node):
    return [each for each in walked(node) if not each.parts]


def test_the_citys_share_of_a_head_goes_down_to_the_average_wage_and_the_day_of_the_hire():
    """F69: 54,580.00 × 0.80 ÷ 12 → 3,638.67; × 0.90 → 3,275; 20 of 31 days → 2,112.90; 70 % → 1,479.03."""
    log = opened()
    hired = log.hire("chen", "2020-10-12", "head", 7)
    (line, tree), *_ = trees_of(log, "2020-10")
    assert (line.payer, tree.value) == ("city/chibi", 147_903)
    by_part = {each.clause.part: each for each in walked(tree) if each.clause}
    assert by_part["ladder/base/average_annual_wage"].value == 5_458_000
    assert by_part["ladder/base/share"].value == Fraction(8, 10)
    assert by_part["ladder/base/rounding"].value == Fraction(363_867) - Fraction(5_458_000 * 8, 120)
    assert by_part["ladder/coefficients/7"].value == Fraction(9, 10)
    assert by_part["funding/0/shares/city"].value == Fraction(7, 10)
    coefficient = by_part["ladder/coefficients/7"].clause
    assert (coefficient.policy_id, coefficient.value, coefficient.mark) == ("chibi-2020", "0.90", "reconstructed")
    assert coefficient.document == "赤壁市社区工作者职业体系建设方案 2020"
    facts = {fact.kind: fact for fact in tree.parts[0].facts}
    assert {kind: fact.value for kind, fact in facts.items()} == {
        "in_service": "1",
        "scheme": "ladder",
        "post": "head",
        "grade": "7",
        "community": "north",
    }
    assert {(fact.position, fact.effective_date) for fact in facts.values()} == {(hired.position, hired.effective_date)}


def test_a_base_published_later_is_a_fact_and_no_clause_of_the_document():
    """Rule 3."""
    log = opened()
    published = log.publish_base("2021-01-01", "60000.00")
    log.hire("chen", "2020-10-01", "head", 18)
    wages = {
        line.service_month: next(each for each in walked(tree) if each.says == "the average annual wage")
        for line, tree in trees_of(log, "2021-01")
    }
    assert wages["2020-12"].clause.part == "ladder/base/average_annual_wage"
    assert wages["2021-01"].clause is None
    assert [(fact.position, fact.value) for fact in wages["2021-01"].facts] == [(published.position, "60000.00")]


def test_the_fact_that_ends_a_segment_is_a_leaf_of_it():
    log = opened()
    log.hire("chen", "2020-10-01", "member", 3)
    moved = log.transfer("chen", "2020-10-11", "south")
    before, after = (
        next(tree for line, tree in trees_of(log, "2020-10") if line.payer == payer)
        for payer in ("community/north", "community/south")
    )
    for tree, values in ((before, ["north", "south"]), (after, ["south"])):
        found = [fact for fact in tree.parts[0].facts if fact.kind == "community"]
        assert [fact.value for fact in found] == values
        assert found[-1].position == moved.position


def test_what_was_paid_before_is_a_part_that_is_taken_off():
    """Rule 5."""
    log = opened()
    log.hire("li", "2020-10-01")
    close_month(payroll := payroll_over(log), "2020-10")
    log.regrade("li", "2020-10-01", 4)
    payroll.projection.catch_up(log)
    settlement = settle(payroll.projection.known("chibi", log.head()), "2020-11")
    tree = next(iter(settlement.traced()))
    assert [(part.what, part.value) for part in tree.parts] == [(What.SHARE, 294_700), (What.PAID, -262_000)]
    assert tree.value == 32_700


def test_a_tree_that_does_not_come_to_its_value_is_found_out():
    part = Node(what=What.SHARE, value=Fraction(2))
    assert adds_up(Node(what=What.LINE, by=By.SUM, value=Fraction(2), parts=(part,)))
    assert not adds_up(Node(what=What.LINE, by=By.SUM, value=Fraction(3), parts=(part,)))
    assert not adds_up(Node(what=What.LINE, by=By.PRODUCT, value=Fraction(4), parts=(part,)))
    assert not adds_up(Node(what=What.LINE, value=Fraction(2), parts=(part,)))


def agree(settlement):
    """Every line has a tree that comes to it, ends in evidence, and says the line's own sentence."""
    for line, tree, explained in zip(settlement.lines, settlement.traced(), settlement.explained(), strict=True):
        assert tree.value == line.amount_fen
        assert adds_up(tree)
        assert sentence(tree) == explained.worked_out
        assert fen(explained.worked_out.rpartition("→ ")[2]) == line.amount_fen
        for leaf in leaves(tree):
            assert leaf.clause or leaf.facts or leaf.what in DECLARED_NOWHERE or leaf.says == "a twelfth", leaf
        assert all(part.facts for part in tree.parts if part.what is What.SHARE)


@pytest.mark.campaign
@settings(max_examples=60, deadline=None, derandomize=True, database=None)
@given(histories())
def test_every_line_of_any_career_has_a_tree_that_comes_to_it_and_ends_in_evidence(log):
    """F69."""
    projection = projected(log.events)
    agree(settle(projection.known(CITY, log.position), MONTHS[-1]))


@pytest.mark.parametrize(
    "changes",
    [
        {"line_rounding": Rounding(to=Unit.YUAN, mode=Mode.DOWN)},
        {"performance": Performance(share=Decimal("0.3333"), factors={"excellent": Decimal("1.1")})},
    ],
)
def test_the_tree_of_a_broken_month_comes_to_its_line_whatever_the_rounding(changes):
    log = opened(**changes)
    log.hire("chen", "2020-10-12", "head", 6)
    log.transfer("chen", "2020-10-22", "south")
    payroll = payroll_over(log)
    payroll.projection.catch_up(log)
    agree(settle(payroll.projection.known("chibi", log.head()), "2020-12"))
