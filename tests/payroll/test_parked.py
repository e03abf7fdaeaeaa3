"""Pay is not worked out without an event that could not be taken; what does not rest on it is."""

import pytest
from tests.payroll.test_api import WHEN, staffed
from tests.shared.scripted import LogLines, Scripted, topic_of
from tests.shared.versions import not_knowing

from shared.consuming import Consumer

pytestmark = pytest.mark.campaign

DRAFT = {"jurisdiction": "chibi", "month": "2020-10", **WHEN}


def test_a_parked_stream_keeps_its_worker_and_the_run_waiting_until_it_is_released() -> None:
    """P16: the other workers' pay is shown."""
    office = staffed()
    log, projection = office.log, office.payroll.projection
    office.get("/payroll/v1/projection")
    log.separate("li", "2020-10-20")
    with not_knowing("worker.separated.v1"):
        Consumer(Scripted([topic_of(log.events)]), projection, LogLines(log.events)).step()
    due = "/payroll/v1/workers/{}/due/2020-10"
    waiting = [office.get(due.format("li")), office.post("/payroll/v1/runs", DRAFT)]
    assert [answer.status_code for answer in waiting] == [503, 503]
    assert {answer.json()["code"] for answer in waiting} == {"stream-parked"}
    assert "worker/li" in waiting[1].json()["detail"]
    assert office.get(due.format("chen")).status_code == 200
    projection.release("worker/li")
    assert office.get(due.format("li")).status_code == 200
    assert office.post("/payroll/v1/runs", DRAFT, key="again").status_code == 201


def test_a_parked_rule_of_the_city_keeps_everybodys_pay_and_the_ladder_waiting() -> None:
    """P16: no figure is shown that lacks a base which the log has."""
    office = staffed()
    log, projection = office.log, office.payroll.projection
    office.get("/payroll/v1/projection")
    log.publish_base("2021-01-01", "60000")
    with not_knowing("policy.base-published.v1"):
        Consumer(Scripted([topic_of(log.events)]), projection, LogLines(log.events)).step()
    due, ladder = "/payroll/v1/workers/chen/due/2021-01", "/payroll/v1/ladder"
    asked = {"jurisdiction": "chibi", "scheme": "ladder", "on": "2021-01-01"}
    assert [office.get(due).status_code, office.get(ladder, **asked).status_code] == [503, 503]
    projection.release("policy/chibi")
    assert [office.get(due).status_code, office.get(ladder, **asked).status_code] == [200, 200]
