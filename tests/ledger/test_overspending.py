"""F21: a year that comes to more than its payer has for it is written down once, until it is over; both databases."""

from collections.abc import Iterator
from typing import Any

import pytest
from tests.ledger.given import Town
from tests.ledger.test_payroll_asks import asking
from tests.ledger.test_supplementary_runs import Desk

from shared.events import BudgetExceeded, BudgetKept, Event

pytestmark = pytest.mark.campaign


class Office(Desk):
    """Payroll from October 2020 on, and a dedicated worker at 2,620 a month, whom the city pays: 31,440 in 2021."""

    def __init__(self, town: Town, ask: Any) -> None:
        super().__init__(ask)
        self.town = town

    def set_budget(self, amount: str, payer: str = "city/chibi", year: int = 2021) -> None:
        self.town.give("budgets", "2020-12-01", jurisdiction="chibi", payer=payer, year=year, amount=amount)

    def judged(self) -> list[tuple[str, str, int, int, int]]:
        """What was written of years and budgets: exceeded or kept, payer, year, and both in fen."""
        return [told(one.event) for one in self.town.store.stream("policy/chibi") if is_judged(one.event)]


def is_judged(event: Event) -> bool:
    return isinstance(event, BudgetExceeded | BudgetKept)


def told(event: Any) -> tuple[str, str, int, int, int]:
    word = "exceeded" if isinstance(event, BudgetExceeded) else "kept"
    return word, event.payer, event.year, event.budget_fen, event.forecast_fen


@pytest.fixture
def office(each_town: Town) -> Iterator[Office]:
    with asking(each_town) as ask:
        yield Office(each_town, ask)


def test_a_draft_that_finds_a_year_beyond_its_budget_writes_the_warning_once_however_often_it_is_drafted(
    office: Office,
) -> None:
    office.set_budget("31439.99")
    assert office.judged() == []
    first = office.draft()
    assert office.judged() == [("exceeded", "city/chibi", 2021, 3_143_999, 3_144_000)]
    again, november = office.draft(), office.draft("2020-11")
    assert (again["digest"], again["at_position"]) == (first["digest"], first["at_position"])
    assert november["at_position"] == first["at_position"]
    assert len(office.judged()) == 1


def test_a_year_that_comes_to_exactly_its_budget_and_one_without_a_budget_are_no_warning(office: Office) -> None:
    office.set_budget("31440.00")
    office.draft()
    assert office.judged() == []


def test_a_year_that_comes_to_yet_more_is_another_warning(office: Office) -> None:
    office.set_budget("7859.99", year=2020)
    office.draft()
    office.town.hire("jinqiao", "2020-12-01")
    office.draft()
    assert office.judged() == [
        ("exceeded", "city/chibi", 2020, 785_999, 786_000),
        ("exceeded", "city/chibi", 2020, 785_999, 1_048_000),
    ]


def test_a_higher_budget_that_is_enough_ends_it_at_once_and_one_that_is_not_goes_on_with_it(office: Office) -> None:
    office.set_budget("20000.00")
    office.draft()
    office.set_budget("31000.00")
    office.set_budget("31440.00")
    assert office.judged() == [
        ("exceeded", "city/chibi", 2021, 2_000_000, 3_144_000),
        ("exceeded", "city/chibi", 2021, 3_100_000, 3_144_000),
        ("kept", "city/chibi", 2021, 3_144_000, 3_144_000),
    ]
    office.draft()
    assert len(office.judged()) == 3


def test_a_draft_that_finds_the_year_within_the_budget_again_ends_it(office: Office) -> None:
    office.set_budget("20000.00")
    office.draft()
    leaver = office.town.hire("jinqiao", "2021-01-01")
    office.town.give("separations", "2021-01-01", worker_id=leaver, reason="resigned")
    office.draft()
    assert len(office.judged()) == 1
    (first,) = {line["worker_id"] for line in office.read("runs/chibi/2020-10/1/lines")["lines"]}
    office.town.give("separations", "2021-07-01", worker_id=first, reason="resigned")
    office.draft()
    assert office.judged()[1:] == [("kept", "city/chibi", 2021, 2_000_000, 1_572_000)]


def test_a_budget_that_is_lowered_below_the_year_is_found_by_the_next_draft(office: Office) -> None:
    office.set_budget("31440.00")
    office.draft()
    office.set_budget("31439.00")
    assert office.judged() == []
    office.draft()
    assert office.judged() == [("exceeded", "city/chibi", 2021, 3_143_900, 3_144_000)]


def test_each_payer_and_year_is_held_against_a_budget_of_its_own(office: Office) -> None:
    office.town.hire(channel="election", post="head")
    office.set_budget("1.00", "street/chimaguan", 2020)
    office.set_budget("999999.00", "street/chimaguan", 2021)
    office.set_budget("1.00", "community/huangjia", 2020)
    office.draft()
    assert office.judged() == [("exceeded", "street/chimaguan", 2020, 100, 147_375)]


def test_what_is_due_is_paid_however_far_the_year_is_beyond_its_budget(office: Office) -> None:
    """What a payer has for a year keeps no month open."""
    office.set_budget("1.00", year=2020)
    assert office.close()["total"] == "2620.00"
    assert office.judged() == [("exceeded", "city/chibi", 2020, 100, 786_000)]
    assert office.close("2020-11")["total"] == "2620.00"
