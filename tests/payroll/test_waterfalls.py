"""Why it differs, over HTTP: between two months, two known dates and two runs, part by part (F70)."""

import pytest
from tests.payroll.feeding import BASIS
from tests.payroll.test_api import Office, staffed

from payroll import waterfall_answers
from shared.money import fen

pytestmark = pytest.mark.campaign

OF_CHEN = "/payroll/v1/workers/chen/differences"
OF_PLACE = "/payroll/v1/differences"
RUN = "/payroll/v1/runs/chibi/2020-11/1/differences"


def told(answer):
    """(kind, amount, position) of the parts, which come to the difference in all and per payer."""
    body = answer.json()
    assert answer.status_code == 200, body
    assert sum(fen(part["amount"]) for part in body["parts"]) == fen(body["difference"])
    assert fen(body["after"]["amount"]) - fen(body["before"]["amount"]) == fen(body["difference"])
    payers = {payer for part in body["parts"] for payer in part["by_payer"]}
    for payer in payers | set(body["by_payer"]):
        parts = sum(fen(part["by_payer"].get(payer, "0")) for part in body["parts"])
        sides = [fen(body[side]["by_payer"].get(payer, "0")) for side in ("after", "before")]
        assert parts == fen(body["by_payer"].get(payer, "0")) == sides[0] - sides[1]
    return [(part["kind"], part["amount"], part["position"]) for part in body["parts"]]


def test_between_two_months_each_act_has_its_part_in_the_order_of_its_day():
    """Hired on 12 October at grade 7 (3,275; 20 of 31 days), a certificate in November, two grades up on 1 December.

    2,112.90 → 3,275 by the whole month, → 3,530 by the grades, → 3,830 by the certificate.
    """
    office = Office(staffed().log)
    hired = office.log.hire("wu", "2020-10-12", "head", 7)
    certified = office.log.qualify("wu", "2020-11-20", "senior")
    stepped = office.log.regrade("wu", "2020-12-01", 9)
    answer = office.get("/payroll/v1/workers/wu/differences", month="2020-12", against_month="2020-10")
    assert told(answer) == [
        ("act", "1162.10", hired.position),
        ("act", "300.00", certified.position),
        ("act", "255.00", stepped.position),
    ]
    part = answer.json()["parts"][2]
    assert (
        part["says"]
        == f"worker.regraded.v1 from 2020-12-01 on {BASIS.document}, at position {stepped.position}: +255.00"
    )
    assert part["command_id"] == stepped.command_id


def test_backwards_the_parts_are_the_same_with_the_other_sign():
    office = staffed()
    office.log.regrade("chen", "2020-11-01", 17)
    there = told(office.get(OF_CHEN, month="2020-11", against_month="2020-10"))
    back = told(office.get(OF_CHEN, month="2020-10", against_month="2020-11"))
    assert [(kind, -fen(amount)) for kind, amount, _ in there] == [(kind, fen(amount)) for kind, amount, _ in back]


def test_between_two_known_dates_a_base_is_a_rule_and_a_void_takes_its_act_back():
    """Rule 3; F70."""
    office = staffed()
    before = office.log.head()
    stepped = office.log.regrade("chen", "2020-10-01", 17)
    base = office.log.publish_base("2020-10-01", "60000.00")
    void = office.log.void(stepped)
    parts = told(office.get(OF_CHEN, month="2020-10", against_known_position=before))
    # 4,803 → 4,657 by the grade; base 4,000.00 → 5,120; the void → 5,280
    assert parts == [
        ("act", "-146.00", stepped.position),
        ("rule", "463.00", base.position),
        ("act", "160.00", void.position),
    ]


def test_a_place_has_one_part_for_an_act_and_says_whose_pay_it_moves():
    office = staffed()
    before = office.log.head()
    office.log.publish_base("2020-10-01", "60000.00")
    answer = office.get(OF_PLACE, jurisdiction="chibi", month="2020-11", against_known_position=before)
    assert [(kind, amount) for kind, amount, _ in told(answer)] == [("rule", "737.00")]
    assert answer.json()["parts"][0]["workers"] == 2
    own = office.get(
        OF_PLACE, "finance", "street:second", jurisdiction="chibi", month="2020-11", against_known_position=before
    )
    assert [(kind, amount) for kind, amount, _ in told(own)] == [("rule", "260.00")]


def test_many_acts_of_a_place_are_told_by_type_and_day_without_a_rest(monkeypatch):
    """F70: an answer stays small however many acts there are."""
    office = staffed()
    before = office.log.head()
    for worker, grade in (("chen", 17), ("li", 3)):
        office.log.regrade(worker, "2020-11-01", grade)
    office.log.qualify("chen", "2020-11-01", "senior")
    asked = {"jurisdiction": "chibi", "month": "2020-12", "against_known_position": before}
    assert [amount for _, amount, _ in told(office.get(OF_PLACE, **asked))] == ["-146.00", "218.00", "300.00"]
    monkeypatch.setattr(waterfall_answers, "_NAMED", 2)
    answer = office.get(OF_PLACE, **asked)
    assert [amount for _, amount, _ in told(answer)] == ["72.00", "300.00"]
    grades, _ = answer.json()["parts"]
    assert (grades["events"], grades["workers"]) == (2, 2)
    assert "worker.regraded.v1 and 1 more from 2020-11-01" in grades["says"]


def test_nothing_differs_and_there_are_no_parts():
    office = staffed()
    assert told(office.get(OF_CHEN, month="2020-12", against_month="2020-11")) == []


@pytest.fixture(scope="module")
def run_twice() -> Office:
    """October is closed; then chen is a grade lower from its first day on, wu is hired, and two more months close."""
    office = staffed()
    office.close("2020-10")
    office.log.regrade("chen", "2020-10-01", 17)
    office.log.hire("wu", "2020-11-11")
    office.close("2020-11")
    office.close("2020-12")
    return office


def test_a_run_differs_from_the_one_before_by_acts_months_and_what_is_not_paid_again(run_twice):
    """6,493.32 → 10,643.33: a grade less for two months, wu's 20 days, li's whole month instead of 20 days."""
    parts = told(run_twice.get(RUN, against_month="2020-10"))
    assert sorted((kind, amount) for kind, amount, _ in parts) == [
        ("act", "-292.00"),
        ("act", "1746.67"),
        ("act", "929.68"),
    ]


def test_the_run_after_one_with_arrears_does_not_pay_them_again(run_twice):
    path = RUN.replace("2020-11/1", "2020-12/1")
    parts = told(run_twice.get(path, against_month="2020-11"))
    assert ("arrears", "146.00", None) in parts
    assert ("act", "873.33") in [(kind, amount) for kind, amount, _ in parts]
    own = told(run_twice.get(path, against_month="2020-11", worker_id="chen"))
    assert own == [("arrears", "146.00", None)]


def test_runs_further_apart_are_told_with_the_months_and_payments_between(run_twice):
    path = RUN.replace("2020-11/1", "2020-12/1")
    kinds = {kind for kind, _, _ in told(run_twice.get(path, against_month="2020-10"))}
    assert {"months", "paid"} <= kinds


@pytest.mark.parametrize(
    ("path", "role", "scope", "asked"),
    [
        (OF_CHEN, "worker", "worker:li", {"month": "2020-11"}),
        (OF_CHEN, "finance", "street:second", {"month": "2020-11"}),
        (OF_PLACE, "finance", "city:elsewhere", {"month": "2020-11", "jurisdiction": "chibi"}),
        (RUN, "finance", "city:elsewhere", {"against_month": "2020-10"}),
        (RUN, "finance", "city:chibi", {"against_month": "2020-09"}),
    ],
)
def test_what_is_not_there_or_not_for_you_is_the_same_404(run_twice, path, role, scope, asked):
    """P23."""
    answer = run_twice.get(path, role, scope, **asked)
    assert (answer.status_code, answer.json()["code"]) == (404, "not-found")


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"month": "2020-11", "against_month": "2020-09"}, "months-in-order"),
        ({"month": "2099-01"}, "months-in-order"),
        ({"month": "2020-11", "against_known_position": 2**40}, "unknown-time"),
    ],
)
def test_a_month_or_a_time_that_is_not_there_is_refused(run_twice, asked, code):
    assert run_twice.get(OF_CHEN, **asked).json()["code"] == code
