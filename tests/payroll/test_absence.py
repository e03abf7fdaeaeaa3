"""Why is my change not in this run (F71): each cause has its name, and what is in it has its amount."""

import httpx
import pytest
from tests.payroll.test_api import WHEN, Office, staffed

from shared.events import AppraisalProposed, Rating, WorkerAppraised, WorkerTrained
from shared.money import fen

pytestmark = pytest.mark.campaign

OCTOBER, NOVEMBER = (f"/payroll/v1/runs/chibi/{month}/1/changes" for month in ("2020-10", "2020-11"))


@pytest.fixture
def office() -> Office:
    return staffed()


def asked(office, path, event, role="auditor", scope="city:chibi"):
    answer = office.get(path, role, scope, position=event.position)
    assert answer.status_code == 200, answer.json()
    body = answer.json()
    assert sum(map(fen, body["by_payer"].values())) == fen(body["amount"])
    assert sum(map(fen, body["by_service_month"].values())) == fen(body["amount"])
    assert [paper["position"] for paper in body["events"]] == [event.position]
    return body


def draft(office, month):
    assert office.post("/payroll/v1/runs", {"jurisdiction": "chibi", "month": month, **WHEN}).status_code == 201


def test_what_was_recorded_after_the_run_is_in_the_next_one(office):
    office.close("2020-10")
    late = office.log.regrade("chen", "2020-10-01", 17)
    found = asked(office, OCTOBER, late)
    assert (found["reason"], found["amount"], found["other_run"]) == ("recorded-after", "0.00", None)
    assert str(late.position) in found["says"]
    office.close("2020-11")
    assert asked(office, OCTOBER, late)["other_run"] == "chibi/2020-11/1"
    there = asked(office, NOVEMBER, late)
    assert (there["reason"], there["amount"]) == ("included", "-292.00")
    assert there["by_service_month"] == {"2020-10": "-146.00", "2020-11": "-146.00"}
    assert there["by_payer"]["city/chibi"] == "-204.40"


def test_what_was_recorded_after_the_run_for_a_later_month_is_felt_from_that(office):
    """F71: not the next run takes it, but that of its own month."""
    office.close("2020-10")
    late = office.log.regrade("chen", "2021-04-10", 17)
    found = asked(office, OCTOBER, late)
    assert (found["reason"], found["other_run"]) == ("effective-later", None)
    assert "2021-04" in found["says"]


def test_what_was_voided_before_the_next_run_is_not_promised_to_it(office):
    """F71: recorded after October was closed, and voided before November was drafted."""
    office.close("2020-10")
    late = office.log.regrade("chen", "2020-10-01", 17)
    voided = office.log.void(late)
    assert asked(office, OCTOBER, late)["reason"] == "recorded-after"
    draft(office, "2020-11")
    found = asked(office, OCTOBER, late)
    assert (found["reason"], found["other_run"]) == ("voided", None)
    assert str(voided.position) in found["says"]


def test_what_a_run_included_is_what_its_lines_pay_for_it(office):
    """Li's hire is all that li is paid; a draft is asked as a closed run is."""
    hired = next(one for one in office.log.events if one.stream == "worker/li")
    draft(office, "2020-10")
    found = asked(office, OCTOBER, hired)
    assert (found["reason"], found["amount"], found["by_payer"]) == ("included", "1690.32", {"city/chibi": "1690.32"})


def test_what_an_earlier_run_paid_in_full_is_settled(office):
    """A grade from 1 to 31 October only, recorded before October closed."""
    raised = office.log.regrade("li", "2020-10-12", 4)
    office.log.regrade("li", "2020-11-01", 1)
    office.close("2020-10")
    office.close("2020-11")
    assert asked(office, OCTOBER, raised)["reason"] == "included"
    found = asked(office, NOVEMBER, raised)
    assert (found["reason"], found["other_run"]) == ("settled-before", "chibi/2020-10/1")


def test_what_is_dated_after_the_month_is_felt_from_its_own(office):
    stepped = office.log.regrade("chen", "2020-12-01", 17)
    draft(office, "2020-10")
    found = asked(office, OCTOBER, stepped)
    assert (found["reason"], found["pays_from"]) == ("effective-later", "2020-12")


def test_a_certificate_is_felt_from_the_month_after_its_registration(office):
    """Rule 14."""
    certified = office.log.qualify("chen", "2020-10-20", "senior")
    draft(office, "2020-10")
    found = asked(office, OCTOBER, certified)
    assert (found["reason"], found["pays_from"]) == ("effective-later", "2020-11")


def test_what_was_voided_by_then_names_the_void_and_the_void_of_what_was_paid_is_included(office):
    wrong = office.log.regrade("chen", "2020-10-01", 17)
    office.close("2020-10")
    void = office.log.void(wrong)
    draft(office, "2020-11")
    assert asked(office, OCTOBER, wrong)["reason"] == "included"
    found = asked(office, NOVEMBER, wrong)
    assert (found["reason"], found["act"]["position"]) == ("voided", void.position)
    taken_back = asked(office, NOVEMBER, void)
    assert (taken_back["reason"], taken_back["by_service_month"]) == (
        "included",
        {"2020-10": "146.00", "2020-11": "146.00"},
    )


def test_what_another_act_replaced_names_that_act(office):
    first = office.log.regrade("chen", "2020-10-01", 17)
    second = office.log.regrade("chen", "2020-10-01", 16)
    draft(office, "2020-10")
    found = asked(office, OCTOBER, first)
    assert (found["reason"], found["act"]["position"]) == ("superseded", second.position)
    assert asked(office, OCTOBER, second)["reason"] == "included"


def test_what_concerns_only_time_before_payroll_began_lies_beyond_the_limit():
    office = Office(staffed().log)
    before = office.log.hire("wu", "2020-09-20", grade=3)
    changed = office.log.regrade("wu", "2020-09-21", 5)
    again = office.log.regrade("wu", "2020-09-25", 3)
    draft(office, "2020-10")
    found = asked(office, OCTOBER, changed)
    assert (found["reason"], found["act"]["position"], found["pays_from"]) == (
        "before-limit",
        again.position,
        "2020-10",
    )
    assert asked(office, OCTOBER, before)["reason"] == "included"


def test_a_proposed_rating_is_pending_until_another_act_makes_it_final(office):
    proposed = office.log.write("worker/chen", "2020-10-10", AppraisalProposed(year=2019, rating=Rating.EXCELLENT))
    draft(office, "2020-10")
    found = asked(office, OCTOBER, proposed)
    assert (found["reason"], found["act"], found["says"]) == ("pending", None, "it is not final yet")
    final = office.log.write("worker/chen", "2020-10-20", WorkerAppraised(year=2019, rating=Rating.EXCELLENT))
    draft(office, "2020-10")
    assert asked(office, OCTOBER, proposed)["act"]["position"] == final.position
    assert asked(office, OCTOBER, final)["reason"] == "no-effect"


def test_what_pay_does_not_depend_on_says_so(office):
    trained = office.log.write("worker/chen", "2020-10-10", WorkerTrained(course="initial", hours=8, initial=True))
    draft(office, "2020-10")
    assert asked(office, OCTOBER, trained)["reason"] == "not-for-pay"


def test_a_base_is_in_the_run_with_what_it_does_to_everybody_the_reader_may_see(office):
    """Rule 3."""
    base = office.log.publish_base("2020-10-01", "60000.00")
    draft(office, "2020-10")
    assert asked(office, OCTOBER, base)["amount"] == "644.74"
    assert asked(office, OCTOBER, base, "finance", "street:second")["amount"] == "167.74"
    assert asked(office, OCTOBER, base, "worker", "worker:li")["amount"] == "167.74"


def test_a_command_is_asked_for_by_its_id_and_one_that_pay_does_not_know_at_the_ledger(office):
    stepped = office.log.regrade("chen", "2020-10-01", 17)
    base = office.log.publish_base("2020-10-01", "60000.00")
    draft(office, "2020-10")
    own = office.get(OCTOBER, command_id=stepped.command_id).json()
    assert (own["reason"], own["events"][0]["position"]) == ("included", stepped.position)

    def ledger(request):
        assert request.url.path == f"/ledger/v1/commands/{base.command_id}"
        assert request.headers["authorization"].startswith("Bearer ")
        return httpx.Response(200, json={"events": [{"position": base.position}]})

    office.payroll.ledger.client._transport.handler = ledger
    told = office.get(OCTOBER, command_id=base.command_id).json()
    assert (told["reason"], told["events"][0]["position"]) == ("included", base.position)


@pytest.mark.parametrize(
    ("role", "scope", "path", "status"),
    [
        ("worker", "worker:li", OCTOBER, 404),
        ("finance", "street:second", OCTOBER, 404),
        ("finance", "city:elsewhere", OCTOBER, 404),
        ("finance", "city:chibi", NOVEMBER, 404),
        ("worker", "worker:chen", OCTOBER, 200),
        ("finance", "community:north", OCTOBER, 200),
    ],
)
def test_somebody_elses_change_is_the_same_404_as_none(office, role, scope, path, status):
    """P23."""
    stepped = office.log.regrade("chen", "2020-10-01", 17)
    draft(office, "2020-10")
    assert office.get(path, role, scope, position=stepped.position).status_code == status


@pytest.mark.parametrize("asked_for", [{}, {"position": 3, "command_id": "c-3"}])
def test_a_change_is_named_in_one_way(office, asked_for):
    draft(office, "2020-10")
    answer = office.get(OCTOBER, **asked_for)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid-parameter")
