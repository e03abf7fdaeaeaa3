"""Pay is not worked out without an event that could not be taken; what does not rest on it is."""

import httpx
import pytest
from tests.payroll.test_api import WHEN, Office, staffed
from tests.shared.scripted import LogLines, Scripted, topic_of
from tests.shared.versions import not_knowing

from shared.consuming import Consumer

pytestmark = pytest.mark.campaign

RUNS = "/payroll/v1/runs"
DUE, PAYSLIP = "/payroll/v1/workers/{}/due/2020-10", "/payroll/v1/workers/{}/payslips/{}"
DRAFT = {"jurisdiction": "chibi", "month": "2020-10", **WHEN}


def taken(office: Office, *unknown: str) -> None:
    """Payroll takes the log as a version that does not know events of these types."""
    with not_knowing(*unknown):
        Consumer(Scripted([topic_of(office.log.events)]), office.payroll.projection, LogLines(office.log.events)).step()


def waiting(answer: httpx.Response, stream: str) -> bool:
    """Whether it is refused for now, with the stream and the way out."""
    said = answer.json()
    assert (answer.status_code, said["code"]) == (503, "stream-parked"), answer.text
    assert int(answer.headers["Retry-After"]) > 0
    return f" {stream} " in said["detail"] and f"`workforce release payroll {stream}`" in said["remedy"]


def test_a_parked_stream_keeps_its_worker_and_the_run_waiting_until_it_is_released() -> None:
    """P16: the other workers' pay is shown."""
    office = staffed()
    taken(office)
    office.log.separate("li", "2020-10-20")
    taken(office, "worker.separated.v1")
    for answer in (office.get(DUE.format("li")), office.post(RUNS, DRAFT)):
        assert waiting(answer, "worker/li")
    assert office.get(DUE.format("chen")).status_code == 200
    office.payroll.projection.release("worker/li")
    assert office.get(DUE.format("li")).status_code == 200
    assert office.post(RUNS, DRAFT, key="again").status_code == 201


def test_a_parked_rule_of_the_city_keeps_everybodys_pay_and_the_ladder_waiting() -> None:
    """P16: no figure is shown that lacks a base which the log has."""
    office = staffed()
    taken(office)
    office.log.publish_base("2021-01-01", "60000")
    taken(office, "policy.base-published.v1")
    due, ladder = "/payroll/v1/workers/chen/due/2021-01", "/payroll/v1/ladder"
    asked = {"jurisdiction": "chibi", "scheme": "ladder", "on": "2021-01-01"}
    for answer in (office.get(due), office.get(ladder, **asked)):
        assert waiting(answer, "policy/chibi")
    office.payroll.projection.release("policy/chibi")
    assert [office.get(due).status_code, office.get(ladder, **asked).status_code] == [200, 200]


def test_a_worker_whose_hire_waits_is_not_said_to_be_unknown() -> None:
    """P16, P23: nobody else's pay waits, and a worker hears of themselves alone."""
    office = staffed()
    taken(office)
    office.log.hire("zhao", "2020-10-15")
    taken(office, "worker.hired.v1")
    theirs = [path.format("zhao", "2020-10") for path in (DUE, PAYSLIP)]
    for path in theirs:
        assert waiting(office.get(path), "worker/zhao")
        assert waiting(office.get(path, "worker", "worker:zhao"), "worker/zhao")
        assert office.get(path, "worker", "worker:li").status_code == 404
        assert office.get(path.replace("zhao", "nobody")).status_code == 404
        assert office.get(path.replace("zhao", "li")).status_code == 200
    before = office.payroll.projection.position - 1
    assert office.get(theirs[0], known_position=before).status_code == 404, "before the hire"
    office.payroll.projection.release("worker/zhao")
    assert [office.get(path).status_code for path in theirs] == [200, 200]


@pytest.mark.parametrize("act", ["run.drafted.v1", "run.approved.v1", "run.closed.v1"])
def test_a_run_whose_act_waits_is_neither_left_out_nor_shown_as_it_was_before(act: str) -> None:
    """P16: of the list of runs, of the run, of its payslips and of those that a later run would pay, none is wrong."""
    office = staffed()
    office.close("2020-10")
    apart = Office(office.log)
    taken(apart, act)
    run = f"{RUNS}/chibi/2020-10/1"
    resting = [RUNS, run, f"{run}/lines", PAYSLIP.format("li", "2020-10"), PAYSLIP.format("li", "2020-11")]
    for path in resting:
        assert waiting(apart.get(path, **({"jurisdiction": "chibi"} if path == RUNS else {})), "run/chibi/2020-10/1"), (
            path
        )
    assert apart.get(DUE.format("li")).status_code == 200
    assert apart.get(RUNS, jurisdiction="chibi", scope="city:jinzhou").status_code == 404
    apart.payroll.projection.release("run/chibi/2020-10/1")
    (shown,) = apart.get(RUNS, jurisdiction="chibi").json()["runs"]
    assert shown["status"] == "closed"
    assert {apart.get(path).status_code for path in resting[1:]} == {200}


def test_a_run_that_waits_keeps_no_closed_run_before_it_waiting() -> None:
    """P16."""
    office = staffed()
    office.close("2020-10")
    apart = Office(office.log)
    taken(apart)
    office.post(RUNS, {**DRAFT, "month": "2020-11"})
    taken(apart, "run.drafted.v1")
    assert waiting(apart.get(RUNS, jurisdiction="chibi"), "run/chibi/2020-11/1")
    assert waiting(apart.get(PAYSLIP.format("li", "2020-11")), "run/chibi/2020-11/1")
    for path in (f"{RUNS}/chibi/2020-10/1", f"{RUNS}/chibi/2020-10/1/lines", PAYSLIP.format("li", "2020-10")):
        assert apart.get(path).status_code == 200, path


class ReadByAnOlderVersion:
    """How a service comes to the head whose consumer does not know drafts."""

    def __init__(self, office: Office) -> None:
        self._office = office

    def near(self, wanted: int) -> int:
        return self.beyond(wanted)

    def head(self) -> int:
        return self.beyond(self._office.log.head())

    def beyond(self, position: int) -> int:
        taken(self._office, "run.drafted.v1")
        return self._office.payroll.projection.position


def test_a_draft_that_was_written_and_waits_is_answered_when_it_has_been_taken() -> None:
    """P16: the same request again gets the answer, and writes nothing more."""
    office = staffed()
    office.payroll.reach = ReadByAnOlderVersion(office)
    assert waiting(office.post(RUNS, DRAFT, key="one"), "run/chibi/2020-10/1")
    head = office.log.head()
    office.payroll.projection.release("run/chibi/2020-10/1")
    assert office.post(RUNS, DRAFT, key="one").json()["position"] == head == office.log.head()
