"""Probation 试用期 (rule 17 of domain.md §4): confirmed or failed, once, and in time."""

import pytest
from tests.ledger.given import POLICIES, Town, command

from workforce.policy_files import read_policy

pytestmark = pytest.mark.campaign


def on_probation(town: Town, until: str = "2021-03-31") -> str:
    """Somebody taken in on 1 October 2020 on probation."""
    return town.hire(probation_until=until)


def test_a_probation_is_confirmed_from_the_day_after_its_last(town: Town) -> None:
    """Rule 17."""
    worker_id = on_probation(town)
    town.give("probation-confirmations", "2021-04-01", worker_id=worker_id)
    before, after = town.worker(worker_id, "2021-03-31"), town.worker(worker_id, "2021-04-01")
    assert (before["probation_until"], before["confirmed_on"]) == ("2021-03-31", None)
    assert after["confirmed_on"] == "2021-04-01"
    assert town.read(f"workers/{worker_id}/history")["events"][-1]["type"] == "worker.probation-confirmed.v1"


def test_a_probation_is_confirmed_once(town: Town) -> None:
    """Rule 17."""
    worker_id = on_probation(town)
    town.give("probation-confirmations", "2021-03-01", worker_id=worker_id)
    found = town.refuse("already-there", "probation-confirmations", "2021-03-02", worker_id=worker_id)
    assert "2021-03-01" in found["detail"]


def test_a_probation_that_ended_without_a_word_is_not_confirmed_later(town: Town) -> None:
    """Rule 17: refused after the fact; the way out names the last day for which it can be said."""
    worker_id = on_probation(town)
    for path, fields in (("probation-confirmations", {}), ("separations", {"reason": "probation_failed"})):
        found = town.refuse("probation-over", path, "2021-04-02", worker_id=worker_id, **fields)
        assert found["pointer"] == "/effective_date"
        assert "2021-04-01" in found["remedy"]


def test_who_fails_the_probation_leaves_and_frees_the_seat(town: Town) -> None:
    """Rules 17 and 23."""
    worker_id = on_probation(town)
    town.give("separations", "2021-02-01", worker_id=worker_id, reason="probation_failed")
    assert not town.worker(worker_id, "2021-02-01")["in_service"]
    assert town.seats("xinhua", day="2021-02-01") == (2, 0)
    town.refuse("not-in-service", "probation-confirmations", "2021-03-01", worker_id=worker_id)


def test_who_passed_cannot_fail_any_more_but_can_leave(town: Town) -> None:
    """Rule 17."""
    worker_id = on_probation(town)
    town.give("probation-confirmations", "2021-03-01", worker_id=worker_id)
    town.refuse("already-there", "separations", "2021-03-15", worker_id=worker_id, reason="probation_failed")
    town.give("separations", "2021-03-15", worker_id=worker_id, reason="resigned")


def test_who_came_without_a_probation_neither_passes_nor_fails_one(town: Town) -> None:
    """Rule 17."""
    worker_id = town.hire()
    town.refuse("not-on-probation", "probation-confirmations", worker_id=worker_id)
    town.refuse("not-on-probation", "separations", "2020-11-01", worker_id=worker_id, reason="probation_failed")


def town_with_probation(town: Town, **rule: object) -> Town:
    """The town under Chibi's policy with a rule on probation in it."""
    document = read_policy(POLICIES / "chibi-2020.yaml") | {"probation": {"months": 2, **rule}}
    town.give("policies", "2020-10-01", document=document)
    return town


@pytest.mark.parametrize(
    ("day", "last"),
    [("2020-11-01", "2020-12-31"), ("2020-12-31", "2021-02-28"), ("2021-01-15", "2021-03-14")],
)
def test_who_is_hired_without_a_word_of_it_is_on_the_probation_of_the_policy(town: Town, day: str, last: str) -> None:
    """Rule 17: two months, which end before the same day, or with the month that has none."""
    worker_id = town_with_probation(town).hire(day=day)
    assert town.worker(worker_id, day)["probation_until"] == last


def test_a_probation_is_as_short_as_is_said_and_no_longer_than_the_policy_has_it(town: Town) -> None:
    """Rule 17."""
    town_with_probation(town)
    worker_id = town.hire(day="2020-11-01", probation_until="2020-11-30")
    assert town.worker(worker_id, "2020-11-01")["probation_until"] == "2020-11-30"
    hiring = town.hiring("jinqiao", probation_until="2021-01-01")
    found = town.refuse("probation-too-long", "hires", "2020-11-01", **hiring)
    assert found["pointer"] == "/probation_until"
    assert "2020-12-31" in found["remedy"]


def test_who_comes_by_another_channel_has_no_probation_of_the_policy(town: Town) -> None:
    """Rule 17."""
    worker_id = town_with_probation(town, channels=["election"]).hire(day="2020-11-01")
    assert town.worker(worker_id, "2020-11-01")["probation_until"] is None


def test_who_comes_back_is_on_probation_again(town: Town) -> None:
    """Rules 17 and 23."""
    worker_id = town.hire()
    town.give("separations", "2020-11-01", worker_id=worker_id, reason="resigned")
    town_with_probation(town)
    back = {"worker_id": worker_id, "community_id": "xinhua", "channel": "exam", "post": "dedicated"}
    town.give("rehires", "2021-01-01", **back, keeps_years=False)
    assert town.worker(worker_id, "2021-01-01")["probation_until"] == "2021-02-28"


def test_a_failure_cannot_be_slipped_in_before_the_confirmation(town: Town) -> None:
    """Rule 17: the later confirmation would no longer be possible."""
    worker_id = on_probation(town)
    confirmed = town.give("probation-confirmations", "2021-03-01", worker_id=worker_id)
    fields = {"worker_id": worker_id, "reason": "probation_failed"}
    found = town.refuse("later-act-in-the-way", "separations", "2021-02-01", **fields)
    assert found["extra"]["acts"] == [confirmed["command_id"]]


def test_a_voided_confirmation_can_be_given_again(town: Town) -> None:
    """Rule 17."""
    worker_id = on_probation(town)
    done = town.give("probation-confirmations", "2021-03-01", worker_id=worker_id)
    town.give("voids", command_id=done["command_id"], reason="录入有误")
    assert town.worker(worker_id, "2021-03-01")["confirmed_on"] is None
    town.give("probation-confirmations", "2021-03-31", worker_id=worker_id)


def test_a_probation_does_not_end_before_the_hire(town: Town) -> None:
    """Rule 17."""
    found = town.refuse("probation-over", "hires", **town.hiring(probation_until="2020-09-30"))
    assert found["pointer"] == "/probation_until"


def test_a_hire_without_a_probation_is_stored_as_it_always_was(town: Town) -> None:
    """F63: a field that was added later is left out where it is not given, so that old and new bytes are the same."""
    planned = town.send("hires", command(**town.hiring()), plan=True).json()
    hired = next(event["data"] for event in planned["events"] if event["type"] == "worker.hired.v1")
    assert "probation_until" not in hired
