"""F21: what each payer has for a year beside what the year comes to, before and after an act that nobody has sent."""

import httpx
import pytest
from tests.ledger.given import Town, bearer, problem
from tests.ledger.test_what_if import Office, base, one

YEAR = {"first_month": "2021-01", "last_month": "2021-12"}


@pytest.fixture
def office(town: Town) -> Office:
    """A dedicated worker at 2,620 a month, whom the city pays alone: 31,440 in 2021."""
    opened = Office(town)
    town.hire()
    return opened


def set_budget(office: Office, amount: str, payer: str = "city/chibi", year: int = 2021) -> None:
    office.town.give("budgets", "2021-01-01", jurisdiction="chibi", payer=payer, year=year, amount=amount)


def year(office: Office, of: int = 2021, who: str = "finance city:chibi", **more: object) -> httpx.Response:
    asked = {"jurisdiction": "chibi", "year": of, **more}
    return office.http.get("/payroll/v1/budgets", headers={"Authorization": bearer(who)}, params=asked)


def test_a_year_is_worked_out_to_its_end_beside_what_there_is_for_it(office: Office) -> None:
    set_budget(office, "40000.00")
    assert year(office).json()["payers"] == [
        {
            "payer": "city/chibi",
            "budget": "40000.00",
            "paid": "0.00",
            "to_come": "31440.00",
            "forecast": "31440.00",
            "left": "8560.00",
        }
    ]


def test_a_payer_without_a_budget_is_named_with_what_it_pays_and_one_that_pays_nothing_with_what_it_has(
    office: Office,
) -> None:
    set_budget(office, "1000.00", "street/pufang")
    rows = {row["payer"]: (row["budget"], row["forecast"], row["left"]) for row in year(office).json()["payers"]}
    assert rows == {"city/chibi": (None, "31440.00", None), "street/pufang": ("1000.00", "0.00", "1000.00")}
    assert year(office, 2020).json()["payers"][0]["forecast"] == "7860.00"
    assert year(office, 2019).json()["payers"] == []


def test_the_later_amount_holds_and_the_earlier_one_as_known_before(office: Office) -> None:
    set_budget(office, "40000.00")
    before = office.town.store.head()
    set_budget(office, "50000.00")
    assert year(office).json()["payers"][0]["budget"] == "50000.00"
    assert year(office, known_position=before).json()["payers"][0]["budget"] == "40000.00"
    office.town.refuse(
        "already-there",
        "budgets",
        "2021-01-01",
        jurisdiction="chibi",
        payer="city/chibi",
        year=2021,
        amount="50000.00",
    )


def test_a_hire_shows_what_it_leaves_of_the_year_before_anybody_sends_it(office: Office) -> None:
    """F21: from May on eight months of 2,620 more are 52,400, and 12,400 too much; a base alone stays within."""
    set_budget(office, "40000.00")
    hire = one("/hires", "2021-05-01", **office.town.hiring("jinqiao"))
    assert office.preview(base(), **YEAR)["overspent"] == []
    assert office.preview(hire, **YEAR)["overspent"] == [
        {
            "payer": "city/chibi",
            "year": "2021",
            "budget": "40000.00",
            "baseline": "31440.00",
            "scenario": "52400.00",
            "over": "12400.00",
        }
    ]


def test_a_scenario_that_is_to_stay_within_the_budgets_is_refused_beyond_them(office: Office) -> None:
    set_budget(office, "40000.00")
    hire = one("/hires", "2021-05-01", **office.town.hiring("jinqiao"))
    refused = problem(office.ask(hire, **YEAR, within_budget=True))
    assert (refused["code"], refused["extra"]["overspent"][0]["over"]) == ("budget-exceeded", "12400.00")
    raised = one("/budgets", jurisdiction="chibi", payer="city/chibi", year=2021, amount="52400.00")
    assert office.ask(hire, raised, **YEAR, within_budget=True).status_code == 200


def test_who_looks_whether_a_month_can_close_is_told_of_a_budget_that_does_not_last(office: Office) -> None:
    """F21: a warning that keeps no month open, for what is due is due."""
    headers = {"Authorization": bearer("finance city:chibi")}

    def warnings() -> list[dict[str, object]]:
        found = office.http.get("/payroll/v1/runs/chibi/2021-01/1/readiness", headers=headers).json()
        return [one for one in found["blockers"] if one["kind"] == "budget"]

    set_budget(office, "31440.00")
    assert warnings() == []
    set_budget(office, "31439.99")
    assert warnings() == [
        {
            "kind": "budget",
            "detail": "city/chibi has 31439.99 for 2021, which comes to 31440.00",
            "blocks": False,
            "about": {"payer": "city/chibi", "year": "2021", "left": "-0.01"},
        }
    ]


def test_what_is_left_for_the_year_if_she_is_hired_in_may_is_said_whichever_months_are_asked_for(
    office: Office,
) -> None:
    """F21: of each payer who would pay more, what the year comes to by its end, the budget, and what that leaves."""
    set_budget(office, "60000.00")
    hire = one("/hires", "2021-05-01", **office.town.hiring("jinqiao"))
    city = {"payer": "city/chibi", "year": "2021", "budget": "60000.00", "baseline": "31440.00"}
    for months in (YEAR, {"first_month": "2021-05", "last_month": "2021-05"}, {"last_month": "2021-06"}):
        asked = office.preview(hire, **months)
        assert asked["years"] == [{**city, "scenario": "52400.00", "left": "7600.00"}]
    two_years = office.preview(hire, first_month="2021-12", last_month="2022-01")["years"]
    assert [(row["year"], row["budget"], row["scenario"], row["left"]) for row in two_years] == [
        ("2021", "60000.00", "52400.00", "7600.00"),
        ("2022", None, "62880.00", None),
    ]


def test_a_head_costs_the_city_the_street_and_the_community_and_each_is_told_with_what_it_has_left(
    office: Office,
) -> None:
    set_budget(office, "5000.00", "street/chimaguan")
    head = office.town.hiring("jinqiao", channel="election", post="head")
    years = office.preview(one("/hires", "2021-12-01", **head))["years"]
    assert [(row["payer"], row["baseline"], row["scenario"], row["left"]) for row in years] == [
        ("city/chibi", "31440.00", "33732.50", None),
        ("community/jinqiao", "0.00", "491.25", None),
        ("street/chimaguan", "0.00", "491.25", "4508.75"),
    ]


def test_a_year_is_held_against_its_budget_to_its_end_also_where_fewer_months_are_asked_for(office: Office) -> None:
    set_budget(office, "31439.99")
    spring = {"first_month": "2021-01", "last_month": "2021-03"}
    assert [row["over"] for row in office.preview(base(), **spring)["overspent"]] == ["1464.01"]
    hire = one("/hires", "2021-05-01", **office.town.hiring("jinqiao"))
    assert problem(office.ask(hire, **spring, within_budget=True))["code"] == "budget-exceeded"


@pytest.mark.parametrize(
    ("payer", "code"),
    [
        ("city/jinzhou", "not-found"),
        ("street/nowhere", "unknown-place"),
        ("community/nowhere", "unknown-place"),
        ("worker/w", "invalid-body"),
    ],
)
def test_a_budget_is_set_for_payers_that_the_city_has(office: Office, payer: str, code: str) -> None:
    fields = {"jurisdiction": "chibi", "payer": payer, "year": 2021, "amount": "1.00"}
    assert office.town.refuse(code, "budgets", "2021-01-01", **fields)["pointer"].startswith("/")


def test_budgets_are_the_offices_of_the_city_to_see(office: Office) -> None:
    assert problem(year(office, who="finance city:jinzhou"))["code"] == "not-found"
    assert problem(year(office, who="worker worker:w"))["code"] == "forbidden"
