"""P23: who may do what with a run is what the table says, written down a second time."""

import pytest
from tests.payroll.feeding import opened, payroll_over

from payroll import api
from shared.principals import Role

RUN = "/runs/{jurisdiction}/{month}/{sequence}"
OFFICE = {"admin", "supervisor", "approver", "finance", "auditor"}
ACTS = {
    "/runs": {"finance", "admin"},
    f"{RUN}/approval": {"approver"},
    f"{RUN}/closure": {"finance"},
    f"{RUN}/hand-over": {"finance"},
    f"{RUN}/acknowledgements": {"finance"},
    f"{RUN}/reopening": {"finance", "approver"},
    f"{RUN}/reopening-confirmation": {"approver"},
    "/engines": {"supervisor"},
    "/rebuild": {"admin", "auditor"},
}
READ = ("", "/lines", "/readiness", "/hand-over", "/acknowledgements", "/payments")
WITHOUT_APPROVERS = {f"{RUN}/hand-over", f"{RUN}/payments"}


@pytest.fixture(scope="module")
def table():
    return api.app(payroll_over(opened()), token_key=b"k" * 32).state.table


def test_each_act_of_a_run_is_open_to_the_office_it_is_for(table):
    found = {route.path: {str(role) for role in route.roles} for route in table if route.method == "POST"}
    assert {path: found[path] for path in ACTS} == ACTS


def test_whoever_approves_neither_drafts_nor_closes_nor_hands_over(table):
    """F36: approve-only."""
    for path in ("/runs", f"{RUN}/closure", f"{RUN}/hand-over", f"{RUN}/acknowledgements"):
        (route,) = [route for route in table if (route.method, route.path) == ("POST", path)]
        assert Role.APPROVER not in route.roles


def test_what_is_read_of_a_run_is_read_by_the_office_alone(table):
    for path in ("/runs", *(f"{RUN}{what}" for what in READ)):
        (route,) = [route for route in table if (route.method, route.path) == ("GET", path)]
        wanted = OFFICE - {"approver"} if path in WITHOUT_APPROVERS else OFFICE
        assert {str(role) for role in route.roles} == wanted, path
