"""Figures that are not what the log makes of them are not handed to finance."""

import pytest
from tests.payroll.test_api import LINES, WHEN, staffed

from payroll.tables import TAKEN
from shared.taking import Drift

pytestmark = pytest.mark.campaign

RUN = "/payroll/v1/runs/chibi/2020-10/1"


def test_finance_gets_no_figure_of_a_projection_that_has_drifted_until_it_is_cleared() -> None:
    """F77: drafts, approvals, closes, the run and its lines as JSON and CSV are held back; a payslip is shown."""
    office = staffed()
    office.close("2020-10")
    worker = "/payroll/v1/workers/li/payslips/2020-10"
    projection = office.payroll.projection
    _found(projection, Drift(9, "a" * 64, "b" * 64, "2020-11-01T00:00:00.000000"))
    held_back = [
        office.post("/payroll/v1/runs", {"jurisdiction": "chibi", "month": "2020-11", **WHEN}),
        office.post(f"{RUN}/approval", {"digest": "0" * 64, **WHEN}, "approver"),
        office.post(f"{RUN}/closure", WHEN),
        office.get(RUN),
        office.get(LINES),
        office.get(LINES, format="csv"),
    ]
    assert [answer.status_code for answer in held_back] == [503] * 6
    assert {answer.json()["code"] for answer in held_back} == {"projection-drifted"}
    assert all("workforce rebuild payroll" in answer.json()["remedy"] for answer in held_back)
    assert office.get(worker).status_code == 200
    _found(projection, None)
    assert office.get(LINES).status_code == 200


def _found(projection, drift):
    with projection._writing() as connection:
        TAKEN.set_drift(connection, drift)
