"""Why, over HTTP: the tree of a payslip, of a payer's total and of a line, with the papers behind it (F69)."""

from fractions import Fraction
from math import prod

import pytest
from tests.payroll.feeding import BASIS
from tests.payroll.test_api import WHEN, Office, staffed

from payroll.trees import exact
from shared.money import yuan

pytestmark = pytest.mark.campaign

RUN = "/payroll/v1/runs/chibi/2020-10/1"
SLIP = "/payroll/v1/workers/{}/payslips/{}/explanation"


@pytest.fixture(scope="module")
def corrected() -> Office:
    """October is closed; then the head's grade is corrected from its first day, and November closed."""
    office = staffed()
    office.close("2020-10")
    office.log.regrade("chen", "2020-10-01", 17)
    office.close("2020-11")
    return office


def comes_to(node):
    """The tree as an auditor checks it: from its text alone."""
    values = [comes_to(part) for part in node["parts"]]
    value = Fraction(node["value"])
    if node["by"] != "said":
        assert value == (sum(values) if node["by"] == "sum" else prod(values))
    return value


def below(node):
    yield node
    for part in node["parts"]:
        yield from below(part)


def test_a_payslip_is_explained_down_to_the_events_and_their_papers(corrected):
    answer = corrected.get(SLIP.format("chen", "2020-10"), "worker", "worker:chen").json()
    assert answer["amount"] == yuan(int(comes_to(answer["tree"]) * 100)) == "4803.00"
    resting = {fact["position"] for node in below(answer["tree"]) for fact in node["facts"]}
    resting |= {node["clause"]["position"] for node in below(answer["tree"]) if node["clause"]}
    assert [event["position"] for event in answer["events"]] == sorted(resting)
    types = {event["type"] for event in answer["events"]}
    assert types == {"worker.hired.v1", "policy.enacted.v1"}
    assert {event["basis"]["document"] for event in answer["events"]} == {BASIS.document}


def test_the_next_payslip_takes_off_what_the_closed_line_paid(corrected):
    """Rule 5: 4,657 − 4,803 of October, per payer, beside November's 4,657."""
    tree = corrected.get(SLIP.format("chen", "2020-11")).json()["tree"]
    assert comes_to(tree) == Fraction("4511.00")
    paid = [node for node in below(tree) if node["what"] == "paid"]
    assert sum(Fraction(node["value"]) for node in paid) == -4803
    assert {(node["line"]["month"], node["line"]["sequence"]) for node in paid} == {("2020-10", 1)}
    october = {line["number"]: line for line in corrected.get(f"{RUN}/lines").json()["lines"]}
    assert all(Fraction(october[node["line"]["number"]]["amount"]) == -Fraction(node["value"]) for node in paid)


def test_a_payers_part_of_a_payslip_has_a_tree_of_its_own(corrected):
    answer = corrected.get(SLIP.format("chen", "2020-10"), payer="street/first").json()
    assert (answer["amount"], comes_to(answer["tree"])) == ("720.45", Fraction("720.45"))


def test_a_payers_total_is_taken_apart_by_street_community_worker_and_line(corrected):
    path, asked = f"{RUN}/explanation", {"payer": "city/chibi"}
    for axis, name in (("street_id", "first"), ("community_id", "north"), ("worker_id", "chen"), ("", "")):
        answer = corrected.get(path, **asked).json()
        comes_to(answer["tree"])
        if axis:
            (part,) = [part for part in answer["tree"]["parts"] if part["says"] == name]
            asked[axis] = name
            assert corrected.get(path, **asked).json()["amount"] == part["value"]
    assert [part["what"] for part in answer["tree"]["parts"]] == ["line"]
    number = answer["tree"]["parts"][0]["line"]["number"]
    line = corrected.get(f"{RUN}/lines/{number}/explanation").json()
    assert line["amount"] == answer["amount"] == "3362.10"
    assert line["sentence"] == corrected.get(f"{RUN}/lines").json()["lines"][number - 1]["worked_out"]


def test_a_draft_is_explained_as_it_was_known_to_it_whatever_came_since():
    office = staffed()
    office.post("/payroll/v1/runs", {"jurisdiction": "chibi", "month": "2020-10", **WHEN})
    before = office.get(f"{RUN}/lines/1/explanation").json()
    office.log.regrade("chen", "2020-10-01", 1)
    after = office.get(f"{RUN}/lines/1/explanation").json()
    assert after["tree"] == before["tree"]
    assert office.get(f"{RUN}/explanation").json()["amount"] == "6493.32"


def test_an_open_month_is_explained_as_known_and_as_it_was_known_before():
    office = staffed()
    then = office.log.head()
    office.log.regrade("chen", "2020-10-01", 17)
    path = SLIP.format("chen", "2020-10")
    assert [office.get(path).json()["amount"], office.get(path, known_position=then).json()["amount"]] == [
        "4657.00",
        "4803.00",
    ]


@pytest.mark.parametrize(
    ("path", "role", "scope"),
    [
        (SLIP.format("chen", "2020-10"), "worker", "worker:li"),
        (SLIP.format("chen", "2020-10"), "finance", "street:second"),
        (SLIP.format("nobody", "2020-10"), "finance", "city:chibi"),
        (f"{RUN}/explanation", "finance", "city:elsewhere"),
        (f"{RUN}/lines/1/explanation", "finance", "street:second"),
        (f"{RUN}/lines/99/explanation", "finance", "city:chibi"),
        (f"{RUN.replace('2020-10', '2020-12')}/explanation", "finance", "city:chibi"),
    ],
)
def test_what_is_not_there_or_not_for_you_is_the_same_404(corrected, path, role, scope):
    """P23."""
    answer = corrected.get(path, role, scope)
    assert (answer.status_code, answer.json()["code"]) == (404, "not-found")


def test_a_street_sees_its_own_part_of_a_payers_total(corrected):
    answer = corrected.get(f"{RUN}/explanation", "finance", "street:second", payer="city/chibi").json()
    assert (answer["amount"], [part["says"] for part in answer["tree"]["parts"]]) == ("1690.32", ["second"])


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Fraction(7, 10), "0.70"),
        (Fraction(-1, 200), "-0.005"),
        (Fraction(10916, 3), "10916/3"),
        (Fraction(1, 12), "1/12"),
        (Fraction(7231, 10_000), "0.7231"),
        (Fraction(-3), "-3.00"),
        (Fraction(1, 1600), "0.000625"),
    ],
)
def test_a_value_is_written_exactly(value, text):
    assert exact(value) == text
    assert Fraction(text) == value
