"""Policies: what is enacted is sound, dated and whole."""

from collections.abc import Callable
from typing import Any

import pytest
from tests.ledger.given import POLICIES, Town, command, problem, read_policy

from shared.policy_check import wrong_with

pytestmark = pytest.mark.campaign

Document = dict[str, Any]


def ladder() -> Document:
    return read_policy(POLICIES / "chibi-2020.yaml")


def test_the_whole_document_is_in_the_event(town: Town) -> None:
    document = ladder() | {"title": "修订"}
    town.give("policies", "2021-01-01", document=document)
    enacted = town.read("policies/chibi")["enacted"][-1]
    assert (enacted["effective_date"], enacted["data"]["document"]["title"]) == ("2021-01-01", "修订")
    assert enacted["data"]["document"]["bands"] == document["bands"]


def test_the_same_document_is_enacted_once_for_a_day(town: Town) -> None:
    town.refuse("already-there", "policies", "2020-09-18", document=ladder())
    town.give("policies", "2021-01-01", document=ladder())


def test_a_policy_of_a_city_that_is_not_there_is_refused(town: Town) -> None:
    found = town.refuse(
        "unknown-place", "policies", document=ladder() | {"jurisdiction": "nowhere"}, who="admin city:nowhere"
    )
    assert found["pointer"] == "/document/jurisdiction"


def without(*path: str) -> Callable[[Document], None]:
    def change(document: Document) -> None:
        for name in path[:-1]:
            document = document[name]
        del document[path[-1]]

    return change


def setting(value: Any, *path: Any) -> Callable[[Document], None]:
    def change(document: Document) -> None:
        for name in path[:-1]:
            document = document[name]
        document[path[-1]] = value

    return change


UNSOUND: dict[str, tuple[Callable[[Document], None], str]] = {
    "neither ladder nor flat": (without("ladder"), ""),
    "both ladder and flat": (setting({"monthly": {"head": "1300"}}, "flat"), ""),
    "a wage of nothing": (
        setting("0", "ladder", "base", "average_annual_wage"),
        "/ladder/base/average_annual_wage",
    ),
    "a wage that is no number": (
        setting("NaN", "ladder", "base", "average_annual_wage"),
        "/ladder/base/average_annual_wage",
    ),
    "a wage in tenths of a fen": (
        setting("54580.001", "ladder", "base", "average_annual_wage"),
        "/ladder/base/average_annual_wage",
    ),
    "an endless coefficient": (setting("Infinity", "ladder", "coefficients", "1"), "/ladder/coefficients/1"),
    "a coefficient with endless places": (
        setting("1E-999999", "ladder", "coefficients", "1"),
        "/ladder/coefficients/1",
    ),
    "a coefficient above any": (setting("101", "ladder", "coefficients", "1"), "/ladder/coefficients/1"),
    "no coefficient for a grade of a band": (without("ladder", "coefficients", "9"), "/bands/head"),
    "a band upside down": (setting({"lowest": 18, "highest": 7}, "bands", "head"), "/bands/head"),
    "an unknown post": (setting({"lowest": 1, "highest": 2}, "bands", "chief"), "/bands/chief"),
    "an unknown diploma": (
        setting("kindergarten", "admission", "dedicated", "education"),
        "/admission/dedicated/education",
    ),
    "an unknown channel": (setting(["lottery"], "open_to"), "/open_to/0"),
    "an unknown rating of a factor": (
        setting({"share": "0.2", "factors": {"brilliant": "1"}}, "performance"),
        "/performance/factors/brilliant",
    ),
    "an unknown rating of a year": (
        setting(["bad"], "grade_rules", "uncounted_ratings"),
        "/grade_rules/uncounted_ratings/0",
    ),
    "an unknown rating of an early step": (
        setting({"in_a_row": 2, "most": 2, "rating": "good"}, "grade_rules", "early_steps"),
        "/grade_rules/early_steps/rating",
    ),
    "an unknown post that pays": (setting(["chief"], "funding", 0, "posts"), "/funding/0/posts/0"),
    "an unknown diploma that is paid": (
        setting({"monthly": {"kindergarten": "1"}}, "education_allowance"),
        "/education_allowance/monthly/kindergarten",
    ),
    "an unknown seat": (setting({"city_seats": {"station": 3}}, "establishment"), "/establishment/city_seats/station"),
    "an unknown exit": (
        setting({"exits": [{"rating": "bad", "in_a_row": 2}]}, "appraisal"),
        "/appraisal/exits/0/rating",
    ),
    "an unknown channel of a probation": (
        setting({"months": 3, "channels": ["lottery"]}, "probation"),
        "/probation/channels/0",
    ),
    "an allowance below nothing": (
        setting("-1", "certificate_allowance", "monthly", "senior"),
        "/certificate_allowance/monthly/senior",
    ),
    "an allowance without end": (
        setting("1E+400", "certificate_allowance", "monthly", "senior"),
        "/certificate_allowance/monthly/senior",
    ),
    "shares above one": (setting("1.01", "funding", 0, "shares", "city"), "/funding/0/shares/city"),
    "a remainder that does not add up": (setting("0.4", "funding", 0, "remainder", "street"), "/funding/0/remainder"),
    "a performance share above one": (setting({"share": "1.5", "factors": {}}, "performance"), "/performance/share"),
}


@pytest.mark.parametrize("wrong", UNSOUND)
def test_an_unsound_document_is_refused_at_the_place(town: Town, wrong: str) -> None:
    change, pointer = UNSOUND[wrong]
    document = ladder()
    change(document)
    found = town.refuse("policy-unsound", "policies", document=document)
    assert found["pointer"] == f"/document{pointer}"
    assert found["extra"]["faults"]


def test_an_enactment_refuses_what_a_check_finds_all_of_it_with_the_way_out(town: Town) -> None:
    """Rule 1: a clerk who never ran the check is told the same."""
    document = ladder()
    document["ladder"]["base"]["share"] = "80"
    document["bands"] = {}
    document["budget_items"]["performance"] = "30107"
    found = town.refuse("policy-unsound", "policies", document=document)
    told = [
        (one["pointer"].removeprefix("/document"), one["detail"], one["remedy"]) for one in found["extra"]["faults"]
    ]
    assert told == [tuple(fault) for fault in wrong_with(document)]
    assert {pointer for pointer, _, _ in told} == {"/ladder/base/share", "/bands", "/budget_items/performance"}


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        (setting("1", "ladder", "coefficients", "first"), "/document/ladder/coefficients"),
        (setting("1", "ladder", "coefficients", "0"), "/document/ladder/coefficients"),
        (setting(0, "grade_rules", "years_per_step"), "/document/grade_rules/years_per_step"),
        (setting("district", "funding", 0, "shares"), "/document/funding/0/shares"),
        (setting(1.5, "bands", "head", "lowest"), "/document/bands/*/lowest"),
        (setting("一", "ladder", "base", "share"), "/document/ladder/base/share"),
    ],
)
def test_a_document_of_another_shape_is_refused_at_the_place(
    town: Town, change: Callable[[Document], None], pointer: str
) -> None:
    document = ladder()
    change(document)
    found = problem(town.send("policies", command(document=document)))
    assert (found["code"], found["pointer"]) == ("invalid-body", pointer)


# --- base, first month


def publish(town: Town, day: str = "2021-01-01", **fields: Any) -> dict[str, Any]:
    given = {"jurisdiction": "chibi", "scheme": "ladder", "average_annual_wage": "57840.00", **fields}
    return town.give("bases", day, **given)


def test_a_base_is_published_after_the_year_began(town: Town) -> None:
    publish(town)
    enacted = town.read("policies/chibi")["enacted"][-1]
    assert (enacted["type"], enacted["data"]["average_annual_wage_fen"]) == ("policy.base-published.v1", 5784000)


def test_a_base_starts_on_the_day_of_the_year_that_the_document_names(town: Town) -> None:
    """Rule 3: Changzhou's bases start on 1 July; without a day in the document any day will do."""
    document = ladder()
    document["ladder"]["base"]["starts"] = "07-01"
    town.give("policies", "2021-01-01", document=document)
    fields = {"jurisdiction": "chibi", "scheme": "ladder", "average_annual_wage": "57840.00"}
    found = town.refuse("base-off-day", "bases", "2021-07-02", **fields)
    assert found["pointer"] == "/effective_date"
    town.give("bases", "2021-07-01", **fields)


def test_a_first_base_starts_with_its_document_also_on_another_day_of_the_year(town: Town) -> None:
    """Rule 3: whoever follows the remedy of the refusal is served, before the first 1 July too."""
    document = ladder()
    document["ladder"]["base"] = {"share": "0.80", "starts": "07-01"}
    town.give("policies", "2021-01-01", document=document)
    fields = {"jurisdiction": "chibi", "scheme": "ladder", "average_annual_wage": "57840.00"}
    remedy = town.refuse("base-off-day", "bases", "2021-03-01", **fields)["remedy"]
    assert remedy == "give 07-01 of the year from which the wage counts, or 2021-01-01, when chibi-2020 began"
    for day in ("2021-01-01", "2021-07-01"):
        town.give("bases", day, **fields)


def test_the_same_base_is_published_once(town: Town) -> None:
    publish(town)
    fields = {"jurisdiction": "chibi", "scheme": "ladder", "average_annual_wage": "57840"}
    town.refuse("already-there", "bases", "2021-01-01", **fields)


@pytest.mark.parametrize(
    ("scheme", "day"), [("ladder", "2020-09-17"), ("legacy", "2021-01-01"), ("nothing", "2021-01-01")]
)
def test_a_base_needs_a_ladder_in_force(town: Town, scheme: str, day: str) -> None:
    fields = {"jurisdiction": "chibi", "scheme": scheme, "average_annual_wage": "57840.00"}
    assert town.refuse("no-policy", "bases", day, **fields)["pointer"] == "/scheme"


@pytest.mark.parametrize("wage", ["0.00", "-1", "1.001", "NaN", "1e9", "", "57840.00\n", "５7840"])
def test_a_wage_is_yuan_with_at_most_two_places(town: Town, wage: str) -> None:
    fields = {"jurisdiction": "chibi", "scheme": "ladder", "average_annual_wage": wage}
    assert town.refuse("invalid-body", "bases", **fields)["pointer"] == "/average_annual_wage"


def test_payroll_opens_once(town: Town) -> None:
    town.give("payroll-openings", jurisdiction="chibi", first_month="2020-10")
    assert town.read("policies/chibi")["first_month"] == "2020-10"
    for month in ("2020-10", "2020-11"):
        town.refuse("payroll-already-open", "payroll-openings", jurisdiction="chibi", first_month=month)


@pytest.mark.parametrize("month", ["2020-13", "2020-00", "0000-01", "2020-1", "2020-10\n", "二〇二〇-10"])
def test_a_month_is_a_month(town: Town, month: str) -> None:
    town.refuse("invalid-body", "payroll-openings", jurisdiction="chibi", first_month=month)


def test_a_mistaken_base_is_put_right_by_publishing_the_right_one_again(town: Town) -> None:
    """What was said first is no longer the last word of that day, so saying it again changes something."""
    for wage in ("39600.00", "42000.00", "39600.00"):
        town.give("bases", "2021-01-01", jurisdiction="chibi", scheme="ladder", average_annual_wage=wage)
    fields = {"jurisdiction": "chibi", "scheme": "ladder", "average_annual_wage": "39600"}
    town.refuse("already-there", "bases", "2021-01-01", **fields)


def test_a_mistaken_policy_is_put_right_by_enacting_the_right_one_again(town: Town) -> None:
    right = next(one["data"]["document"] for one in reversed(town.read("policies/chibi")["enacted"]))
    for document in (right | {"title": "误录"}, right):
        town.give("policies", "2020-09-18", document=document)
    town.refuse("already-there", "policies", "2020-09-18", document=right)
