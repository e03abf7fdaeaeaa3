"""Suspension 停职 and return 复职 (rule 18 of domain.md §4): out of pay, in service, in the seat."""

import pytest
from tests.ledger.given import Town

pytestmark = pytest.mark.campaign


def test_who_is_suspended_keeps_the_seat_until_the_return(town: Town) -> None:
    """Rule 18."""
    worker_id = town.hire()
    town.give("suspensions", "2020-11-01", worker_id=worker_id, reason="配合调查")
    town.give("returns", "2020-12-01", worker_id=worker_id)
    stood = [town.worker(worker_id, day)["suspended_since"] for day in ("2020-10-31", "2020-11-30", "2020-12-01")]
    assert stood == [None, "2020-11-01", None]
    assert town.worker(worker_id, "2020-11-30")["in_service"]
    assert town.seats("xinhua", day="2020-11-30") == (2, 1)


def test_who_is_suspended_is_not_suspended_again(town: Town) -> None:
    """Rule 18."""
    worker_id = town.hire()
    town.give("suspensions", "2020-11-01", worker_id=worker_id, reason="配合调查")
    found = town.refuse("already-there", "suspensions", "2020-11-02", worker_id=worker_id, reason="配合调查")
    assert "2020-11-01" in found["detail"]


def test_only_who_is_suspended_returns_and_only_once(town: Town) -> None:
    """Rule 18."""
    worker_id = town.hire()
    town.refuse("not-suspended", "returns", "2020-11-01", worker_id=worker_id)
    town.give("suspensions", "2020-11-01", worker_id=worker_id, reason="配合调查")
    town.give("returns", "2020-12-01", worker_id=worker_id)
    town.refuse("not-suspended", "returns", "2020-12-02", worker_id=worker_id)


def test_who_is_suspended_can_leave_and_is_not_taken_back_then(town: Town) -> None:
    """Rules 18 and 23."""
    worker_id = town.hire()
    town.give("suspensions", "2020-11-01", worker_id=worker_id, reason="配合调查")
    town.give("separations", "2020-12-01", worker_id=worker_id, reason="dismissed")
    assert town.seats("xinhua", day="2020-12-01") == (2, 0)
    town.refuse("not-in-service", "returns", "2020-12-01", worker_id=worker_id)


def test_a_suspension_that_somebody_returned_from_is_voided_after_the_return(town: Town) -> None:
    """Rule 18: the later act is named."""
    worker_id = town.hire()
    done = town.give("suspensions", "2020-11-01", worker_id=worker_id, reason="配合调查")
    back = town.give("returns", "2020-12-01", worker_id=worker_id)
    found = town.refuse("void-breaks-later-act", "voids", command_id=done["command_id"], reason="录入有误")
    assert found["extra"]["acts"] == [back["command_id"]]
    for command_id in (back["command_id"], done["command_id"]):
        town.give("voids", command_id=command_id, reason="录入有误")
    assert town.worker(worker_id, "2020-11-15")["suspended_since"] is None
