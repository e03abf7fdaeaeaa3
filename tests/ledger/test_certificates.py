"""Rule 14: a certificate counts from its registration to its last day, and the highest that is held counts."""

from typing import Any

import pytest
from tests.ledger.given import Town

pytestmark = pytest.mark.campaign


def registered(town: Town, worker_id: str, certificate: str, number: str, day: str = "2020-11-01", **more: Any) -> Any:
    fields = {"certificate": certificate, "certificate_number": number, **more}
    return town.give("qualifications", day, worker_id=worker_id, **fields)


def held(town: Town, worker_id: str, *days: str) -> list[Any]:
    return [town.worker(worker_id, day)["certificate"] for day in days]


def test_a_certificate_with_a_last_day_ends_by_itself_and_the_next_lower_one_counts(town: Town) -> None:
    """Rule 14: nobody has to come back to it on the day."""
    worker_id = town.hire()
    registered(town, worker_id, "assistant", "SW-1")
    registered(town, worker_id, "senior", "SW-2", valid_until="2023-10-31")
    assert held(town, worker_id, "2020-11-01", "2023-10-31", "2023-11-01") == ["senior", "senior", "assistant"]


def test_a_certificate_is_registered_again_under_its_number_once_it_has_ended(town: Town) -> None:
    worker_id = town.hire()
    registered(town, worker_id, "senior", "SW-2", valid_until="2023-10-31")
    registered(town, worker_id, "senior", "SW-2", "2024-01-01", valid_until="2026-12-31")
    days = ("2023-11-01", "2024-01-01", "2027-01-01")
    assert held(town, worker_id, *days) == [None, "senior", None]
    other = {"certificate": "senior", "certificate_number": "SW-2"}
    town.refuse("certificate-number-used", "qualifications", "2024-01-01", worker_id=town.hire(), **other)


def test_a_revoked_certificate_counts_no_longer_and_only_one_that_is_held_is_revoked(town: Town) -> None:
    """Rule 14, done and refused."""
    worker_id = town.hire()
    registered(town, worker_id, "senior", "SW-2")
    ended = {"worker_id": worker_id, "certificate": "senior", "reason": "revoked"}
    town.refuse("no-certificate", "certificate-ends", "2020-10-15", **ended)
    town.give("certificate-ends", "2021-03-01", **ended)
    assert held(town, worker_id, "2021-02-28", "2021-03-01") == ["senior", None]
    town.refuse("no-certificate", "certificate-ends", "2021-04-01", **ended)


def test_a_registration_is_voided_with_the_end_that_it_brought(town: Town) -> None:
    worker_id = town.hire()
    done = registered(town, worker_id, "senior", "SW-2", valid_until="2023-10-31")
    town.give("voids", "2020-11-01", command_id=done["command_id"], reason="录入错误")
    assert held(town, worker_id, "2020-11-01") == [None]
    registered(town, worker_id, "senior", "SW-2")


def test_a_last_day_before_the_first_is_refused(town: Town) -> None:
    fields = {"certificate": "senior", "certificate_number": "SW-2", "valid_until": "2020-10-31"}
    found = town.refuse("invalid-body", "qualifications", "2020-11-01", worker_id=town.hire(), **fields)
    assert found["pointer"] == "/valid_until"


def test_a_certificate_is_revoked_before_its_last_day_and_registered_again_from_it_on(town: Town) -> None:
    """Rule 14: the last day stands in nobody's way, and takes no later registration with it."""
    worker_id = town.hire()
    first = registered(town, worker_id, "senior", "SW-2", valid_until="2023-10-31")
    ended = {"worker_id": worker_id, "certificate": "senior", "reason": "revoked"}
    town.give("certificate-ends", "2021-03-01", **ended)
    wish = {"worker_id": worker_id, "certificate": "senior", "certificate_number": "SW-3"}
    found = town.refuse("later-act-in-the-way", "qualifications", "2022-01-01", **wish)
    assert (found["remedy"].split(",")[0], found["extra"]["acts"]) == (
        "register it from 2023-11-01 on",
        [first["command_id"]],
    )
    registered(town, worker_id, "senior", "SW-3", "2023-11-01", valid_until="2025-12-31")
    assert held(town, worker_id, "2021-02-28", "2021-03-01", "2023-11-01", "2026-01-01") == ["senior", None] * 2


def test_a_certificate_is_renewed_in_advance_from_the_day_after_its_last_one(town: Town) -> None:
    """Rule 14: without a gap; before that day it is there already."""
    worker_id = town.hire()
    registered(town, worker_id, "senior", "SW-2", valid_until="2023-10-31")
    wish = {"worker_id": worker_id, "certificate": "senior", "certificate_number": "SW-2"}
    found = town.refuse("already-there", "qualifications", "2023-09-01", **wish, valid_until="2026-10-31")
    assert "renewed from the day after" in found["remedy"]
    registered(town, worker_id, "senior", "SW-2", "2023-11-01", valid_until="2026-10-31")
    assert held(town, worker_id, "2023-10-31", "2023-11-01", "2026-10-31", "2026-11-01") == ["senior"] * 3 + [None]


def test_an_honour_is_on_record_and_changes_neither_grade_nor_post(town: Town) -> None:
    worker_id = town.hire()
    before = town.worker(worker_id)
    town.give("honours", "2020-12-01", worker_id=worker_id, title="优秀社区工作者", level="city")
    assert town.worker(worker_id) == before
    told = town.read(f"workers/{worker_id}/history")["events"][-1]
    assert (told["type"], told["data"]) == ("worker.honoured.v1", {"title": "优秀社区工作者", "level": "city"})
    town.refuse("not-in-service", "honours", "2020-09-01", worker_id=worker_id, title="劳动模范", level="province")


def test_who_holds_a_certificate_with_a_last_day_may_leave_before_it(town: Town) -> None:
    """Rules 14 and 23: it ends out of service all the same, so that nobody brings it back who is hired again."""
    worker_id = town.hire()
    town.give(
        "qualifications",
        "2021-03-10",
        worker_id=worker_id,
        certificate="assistant",
        certificate_number="19421281009",
        valid_until="2024-03-09",
    )
    town.give("separations", "2022-01-01", worker_id=worker_id, reason="resigned")
    assert town.worker(worker_id, "2024-03-09")["certificates"] == ["assistant"]
    assert town.worker(worker_id, "2024-03-10")["certificates"] == []
