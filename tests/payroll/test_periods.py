"""For which month and in which run (F07), and a correction counted once (F34)."""

import pytest
from tests.payroll.test_api import Office, staffed

from shared.money import fen

pytestmark = pytest.mark.campaign

PERIODS = "/payroll/v1/periods"


@pytest.fixture(scope="module")
def corrected() -> Office:
    """October is paid; in November chen is moved to the south from October on: what the north paid comes back."""
    office = staffed()
    office.close("2020-10")
    office.log.transfer("chen", "2020-10-01", "south")
    office.close("2020-11")
    return office


def periods(office, role="auditor", scope="city:chibi", **asked):
    answer = office.get(PERIODS, role, scope, jurisdiction="chibi", **asked).json()
    for view in ("by_service_month", "by_run_month", "by_payer"):
        assert sum(map(fen, answer[view].values())) == fen(answer["total"])
    assert sum(fen(cell["amount"]) for cell in answer["periods"]) == fen(answer["total"])
    return answer


def test_the_view_by_month_of_service_and_that_by_run_have_one_sum(corrected):
    """F07: October's 6,493.32, November's 7,423.00; the move changes who pays and not how much."""
    found = periods(corrected)
    assert found["by_service_month"] == {"2020-10": "6493.32", "2020-11": "7423.00"}
    assert found["by_run_month"] == {"2020-10": "6493.32", "2020-11": "7423.00"}
    assert [(cell["service_month"], cell["run_month"], cell["amount"]) for cell in found["periods"]] == [
        ("2020-10", "2020-10", "6493.32"),
        ("2020-10", "2020-11", "0.00"),
        ("2020-11", "2020-11", "7423.00"),
    ]


def test_what_is_taken_back_from_a_payer_stands_once_against_what_was_paid(corrected):
    """F34: a report is the sum of net positions; a reversed line is in it once, and once against itself."""
    north = periods(corrected, payer="community/north")
    assert (north["total"], north["by_run_month"]) == ("0.00", {"2020-10": "720.45", "2020-11": "-720.45"})
    south = periods(corrected, payer="community/south")
    assert south["by_service_month"] == {"2020-10": "720.45", "2020-11": "720.45"}
    lines = [line for month in ("2020-10", "2020-11") for line in lines_of(corrected, month)]
    assert sum(fen(line["amount"]) for line in lines) == fen(periods(corrected)["total"])
    assert sum(fen(line["amount"]) for line in lines if line["worker_id"] == "chen") == fen(
        periods(corrected, worker_id="chen")["total"]
    )


def lines_of(office, month):
    return office.get(f"/payroll/v1/runs/chibi/{month}/1/lines").json()["lines"]


def test_a_report_as_it_was_known_before_a_close_is_without_it(corrected):
    before = next(one.position for one in corrected.log.events if one.type == "run.closed.v1")
    assert periods(corrected, known_position=before)["by_run_month"] == {"2020-10": "6493.32"}
    assert periods(corrected, known_position=before - 1)["total"] == "0.00"


def test_a_street_sees_its_own_sums_and_another_city_nothing(corrected):
    """P23."""
    assert periods(corrected, "finance", "street:first")["by_payer"] == {
        "city/chibi": "0.00",
        "community/north": "0.00",
        "street/first": "0.00",
    }
    assert corrected.get(PERIODS, "finance", "city:elsewhere", jurisdiction="chibi").status_code == 404
