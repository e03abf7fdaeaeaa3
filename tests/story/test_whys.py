"""Why, asked of the served system after the story: of every line of a closed run, of months, of acts (F22, F69–F71)."""

from typing import Any

import pytest

from shared.money import fen
from shared.principals import Role

pytestmark = pytest.mark.story

RUN = "/payroll/v1/runs/chibi/2021-06/1"


def test_every_line_of_a_payslip_ends_in_events_of_the_log_with_their_papers(told: Any, running: Any) -> None:
    worker_id = told.figures["grade_18"]["worker_id"]
    why = running.client.read(f"/payroll/v1/workers/{worker_id}/payslips/2020-11/explanation", role=Role.FINANCE)
    assert why["amount"] == "4803.00"
    assert sum(fen(line["value"]) for line in why["tree"]["parts"]) == 480_300
    known = {event["position"]: event for event in why["events"]}
    for line in why["tree"]["parts"]:
        resting = positions(line)
        assert resting
        assert resting <= known.keys()
    for event in known.values():
        (recorded,) = running.client.read("/ledger/v1/events", after=event["position"] - 1, limit=1)["events"]
        assert (recorded["position"], recorded["command_id"]) == (event["position"], event["command_id"])
        assert recorded["basis"]["document"] == event["basis"]["document"]


def test_a_payers_total_of_a_closed_run_is_that_of_its_lines(running: Any) -> None:
    run = running.client.read(RUN)["run"]
    for payer, amount in list(run["payers"].items())[:5]:
        why = running.client.read(f"{RUN}/explanation", payer=payer)
        assert why["amount"] == amount
        assert sum(fen(street["value"]) for street in why["tree"]["parts"]) == fen(amount)


def test_a_month_of_the_whole_city_differs_from_another_by_parts_without_a_rest(running: Any) -> None:
    found = running.client.read(
        "/payroll/v1/differences", jurisdiction="chibi", month="2021-01", against_month="2020-12"
    )
    assert sum(fen(part["amount"]) for part in found["parts"]) == fen(found["difference"])
    assert len(found["parts"]) <= 200


def test_a_command_is_found_in_a_run_by_the_id_that_the_ledger_gave(told: Any, running: Any) -> None:
    worker_id = told.figures["newcomer"]["worker_id"]
    hired = running.client.read(f"/ledger/v1/workers/{worker_id}/history")["events"][0]
    found = running.client.read(f"{RUN}/changes", command_id=hired["command_id"])
    assert found["reason"] == "included"
    assert fen(found["amount"]) == sum(map(fen, found["by_payer"].values())) > 0
    enacted = running.client.read("/ledger/v1/policies/chibi/history")["events"][0]
    told_by_ledger = running.client.read(f"{RUN}/changes", command_id=enacted["command_id"])
    assert [event["position"] for event in told_by_ledger["events"]] == [enacted["position"]]


def positions(node: dict[str, Any]) -> set[int]:
    own = {fact["position"] for fact in node["facts"]}
    own |= {node["clause"]["position"]} if node["clause"] else set()
    return own.union(*(positions(part) for part in node["parts"]))
