"""F21: what the policy refuses while a year comes to more than its payer has for it, and what it never refuses."""

from collections.abc import Iterator
from typing import Any

import pytest
from tests.ledger.given import POLICIES, Town, command
from tests.ledger.importing import person, planned_and_imported, sheet
from tests.ledger.test_overspending import Office
from tests.ledger.test_payroll_asks import asking
from tests.ledger.test_redraw import closed, opened, redraw

from workforce.policy_files import read_policy

pytestmark = pytest.mark.campaign

HEAD = {"channel": "election", "post": "head"}
REFUSES = ["hire", "rehire", "conversion", "second-post"]


class Strict(Office):
    """A town whose policy refuses hires while a year is beyond its budget, and whose year 2021 is: 31,440 of 20,000."""

    def exceed(self, payer: str = "city/chibi", year: int = 2021, amount: str = "20000.00") -> "Strict":
        self.set_budget(amount, payer, year)
        self.draft()
        assert self.judged()[-1][:3] == ("exceeded", payer, year)
        return self

    def refuse_hire(self, day: str = "2021-05-01", **fields: Any) -> dict[str, Any]:
        return self.town.refuse(
            "budget-exceeded", "hires", day, **self.town.hiring(**{"community_id": "jinqiao", **fields})
        )


def enact(town: Town, day: str = "2020-10-01", **parts: Any) -> None:
    document = read_policy(POLICIES / "chibi-2020.yaml") | {"jurisdiction": "chibi", **parts}
    town.give("policies", day, document=document)


@pytest.fixture
def strict(each_town: Town) -> Iterator[Strict]:
    enact(each_town, overspending={"refuses": REFUSES})
    with asking(each_town) as ask:
        yield Strict(each_town, ask)


@pytest.fixture
def office(town: Town) -> Iterator[Strict]:
    """The same without that rule yet, on one database."""
    with asking(town) as ask:
        yield Strict(town, ask)


def test_nobody_is_hired_at_the_cost_of_a_payer_whose_year_is_beyond_its_budget_until_that_is_raised(
    strict: Strict,
) -> None:
    strict.set_budget("20000.00")
    before = strict.town.hire("jinqiao", "2020-12-01")
    strict.draft()
    found = strict.refuse_hire()
    assert (found["status"], found["pointer"]) == (409, "/effective_date")
    assert found["extra"] == {"exceeded": [{"payer": "city/chibi", "year": 2021}]}
    assert "20000" not in found["detail"]
    strict.refuse_hire("2020-12-15")
    strict.set_budget("62879.99")
    strict.refuse_hire()
    strict.set_budget("62880.00")
    assert strict.town.hire("jinqiao", "2021-05-01") != before


def test_a_hire_is_open_again_after_a_draft_that_finds_the_year_within_its_budget(strict: Strict) -> None:
    strict.exceed()
    strict.refuse_hire()
    (worker,) = {line["worker_id"] for line in strict.read("runs/chibi/2020-10/1/lines")["lines"]}
    strict.town.give("separations", "2021-07-01", worker_id=worker, reason="resigned")
    strict.refuse_hire()
    strict.draft()
    strict.town.hire("jinqiao", "2021-05-01")


def test_where_the_policy_names_no_act_there_is_a_warning_only(office: Strict) -> None:
    office.exceed().town.hire("jinqiao", "2021-05-01")


def test_the_rule_holds_from_the_day_of_the_policy_that_names_it(office: Strict) -> None:
    office.exceed()
    enact(office.town, "2021-06-01", overspending={"refuses": ["hire"]})
    office.refuse_hire("2021-06-01")
    office.town.hire("jinqiao", "2021-05-31")


def test_a_year_that_is_over_by_the_day_of_the_hire_refuses_nobody(strict: Strict) -> None:
    """A hire costs the year of its day and those after it."""
    strict.exceed(year=2020, amount="1.00")
    strict.refuse_hire("2020-12-31")
    strict.town.hire("jinqiao", "2021-01-01")


def test_a_hire_is_refused_by_who_would_pay_it_and_by_nobody_else(strict: Strict) -> None:
    """分级承担: the city alone pays the dedicated; of a head, street and community bear a part in their own place."""
    strict.town.hire(**HEAD)
    strict.exceed("street/chimaguan", amount="1.00")
    strict.refuse_hire(**HEAD)
    strict.town.hire("jinqiao", "2021-05-01")
    strict.town.hire("huangjia", "2021-05-01", **HEAD)


def test_a_district_stops_the_hires_of_its_streets(strict: Strict) -> None:
    funding = [{"posts": ["dedicated"], "shares": {"district": "1"}}]
    north = {"streets": ["pufang"], "funding": funding}
    enact(strict.town, "2020-10-02", overspending={"refuses": REFUSES}, districts={"north": north})
    strict.town.hire("huangjia", "2020-10-02")
    strict.exceed("district/north", amount="1.00")
    strict.refuse_hire(community_id="huangjia")
    strict.town.hire("jinqiao", "2021-05-01")


def test_who_would_be_carried_by_a_redraw_is_held_against_the_payers_of_the_successor_too(strict: Strict) -> None:
    """Rule 12: a hire that is recorded after the redraw and dated before it."""
    redraw(
        strict.town, [opened("east", committee_seats=3, dedicated_seats=2)], [closed("xinhua", "east")], "2020-11-01"
    )
    strict.town.hire(**HEAD)
    strict.exceed("community/east", year=2020, amount="1.00")
    member = {"community_id": "xinhua", "channel": "election", "post": "member"}
    strict.refuse_hire("2020-10-05", **member)
    strict.set_budget("99999.00", "community/east", 2020)
    strict.town.hire(day="2020-10-05", **member)


def test_a_seat_that_is_paid_elsewhere_costs_no_payer_anything(strict: Strict) -> None:
    strict.exceed().town.hire("jinqiao", "2021-05-01", **HEAD, paid_outside=True)


def test_who_left_is_not_hired_again_and_nobody_converted_or_given_a_paid_second_post(strict: Strict) -> None:
    enact(
        strict.town,
        "2021-01-01",
        overspending={"refuses": REFUSES},
        two_posts={"pays": "supplement", "supplement": "300.00"},
    )
    town = strict.town
    left, head = town.hire("jinqiao"), town.hire(**HEAD)
    town.give("separations", "2021-01-01", worker_id=left, reason="resigned")
    older = town.hire("huangjia", "2020-10-01", channel="legacy")
    strict.exceed()
    again = {"worker_id": left, "community_id": "jinqiao", "channel": "exam", "post": "dedicated", "keeps_years": True}
    acts = (
        ("rehires", again),
        ("conversions", {"worker_id": older, "post": "dedicated"}),
        ("second-posts", {"worker_id": head, "post": "deputy"}),
    )
    for path, fields in acts:
        town.refuse("budget-exceeded", path, "2021-05-01", **fields)
    strict.set_budget("9999999.00")
    for path, fields in acts:
        town.give(path, "2021-05-01", **fields)


def test_a_second_post_that_is_paid_nothing_is_taken_on_whatever_the_year_comes_to(strict: Strict) -> None:
    head = strict.town.hire(**HEAD)
    strict.exceed().town.give("second-posts", "2021-05-01", worker_id=head, post="deputy")


def test_a_second_post_that_is_paid_where_it_is_higher_is_borne_by_who_pays_that_post(strict: Strict) -> None:
    enact(strict.town, "2021-01-01", overspending={"refuses": REFUSES}, two_posts={"pays": "higher"})
    worker = strict.town.hire("huangjia")
    strict.town.hire("huangjia", **HEAD)
    strict.exceed("street/pufang", amount="1.00")
    strict.town.refuse("budget-exceeded", "second-posts", "2021-05-01", worker_id=worker, post="deputy")


def test_whoever_is_there_is_moved_raised_and_let_go_whatever_the_year_comes_to(strict: Strict) -> None:
    """What follows for people in service is no new cost that anybody could decline: places, grades, exits."""
    worker = strict.town.hire("jinqiao")
    strict.exceed()
    for path, day, fields in (
        ("transfers", "2021-02-01", {"community_id": "huangjia"}),
        ("regrades", "2021-03-01", {"grade": 2, "reason": "满三年"}),
        ("post-changes", "2021-04-01", {"post": "member"}),
        ("separations", "2021-05-01", {"reason": "resigned"}),
    ):
        strict.town.give(path, day, worker_id=worker, **fields)


def test_a_scenario_says_that_the_hire_would_be_refused_and_what_comes_of_it_with_a_higher_budget(
    strict: Strict,
) -> None:
    strict.exceed()
    hire = {"path": "/hires", "body": command("2021-05-01", **strict.town.hiring("jinqiao"))}
    raised = {**{"jurisdiction": "chibi", "payer": "city/chibi", "year": 2021}, "amount": "60000.00"}
    budget = {"path": "/budgets", "body": command("2021-01-01", **raised)}
    refused = strict.town.send("scenarios", {"commands": [hire]}).json()
    assert [(one["outcome"], one["code"]) for one in refused["verdicts"]] == [("refused", "budget-exceeded")]
    assert strict.town.send("scenarios", {"commands": [budget, hire]}).json()["fit"] is True


def test_a_sheet_says_of_each_row_that_the_year_refuses_and_hires_the_others(strict: Strict) -> None:
    strict.exceed(year=2020, amount="1.00")
    rows = [person(strict.town, "jinqiao", effective_date=day) for day in ("2020-12-31", "2021-01-01")]
    answer = planned_and_imported(strict.town, sheet(rows), on_error="continue")
    assert [(row["outcome"], row.get("code", "")) for row in answer.verdicts] == [
        ("refused", "budget-exceeded"),
        ("accepted", ""),
    ]


def test_who_looks_at_a_month_is_told_which_acts_the_year_refuses(strict: Strict) -> None:
    strict.set_budget("1.00", year=2020)
    (found,) = [one for one in strict.read("runs/chibi/2020-10/1/readiness")["blockers"] if one["kind"] == "budget"]
    assert (found["blocks"], found["about"]["refuses"]) == (False, "conversion, hire, rehire, second-post")
    assert found["detail"].endswith("is refused: conversion, hire, rehire, second-post")
