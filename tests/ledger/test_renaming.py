"""Rule 12: a community or a grid gets another name, and its people, seats and history stay with it."""

from typing import Any

import pytest
from tests.ledger.given import Town

pytestmark = pytest.mark.campaign


def title(town: Town, day: str, **known: Any) -> str:
    return str(town.read("communities/xinhua", effective_on=day, **known)["title"])


def test_a_community_has_its_new_name_from_the_day_on_and_keeps_its_people(town: Town) -> None:
    """Rule 12, done."""
    worker_id = town.hire("xinhua")
    known = town.store.head()
    town.give("renames", "2021-01-01", community_id="xinhua", title="新华里社区")
    assert [title(town, day) for day in ("2020-12-31", "2021-01-01")] == ["xinhua", "新华里社区"]
    assert title(town, "2021-01-01", known_position=known) == "xinhua"
    assert town.worker(worker_id, "2021-06-01")["community_id"] == "xinhua"
    assert town.seats("xinhua", day="2021-06-01") == (2, 1)


def test_a_grid_is_renamed_without_its_community(town: Town) -> None:
    town.give("renames", "2021-01-01", community_id="xinhua", grid_id="xinhua-g1", title="东一网格")
    assert title(town, "2021-06-01") == "xinhua"
    told = town.read("communities/xinhua/history")["events"][-1]
    assert (told["type"], told["data"]["title"]) == ("community.renamed.v1", "东一网格")


def test_the_same_name_another_place_and_a_day_before_it_are_refused(town: Town) -> None:
    """Rule 12, refused."""
    town.refuse("already-there", "renames", "2021-01-01", community_id="xinhua", title="xinhua")
    town.refuse("unknown-place", "renames", "2021-01-01", community_id="nowhere", title="新华里")
    town.refuse("unknown-place", "renames", "2010-01-01", community_id="xinhua", title="新华里")
    town.refuse("unknown-place", "renames", "2021-01-01", community_id="xinhua", grid_id="none", title="新华里")


def test_a_mistaken_name_is_voided(town: Town) -> None:
    done = town.give("renames", "2021-01-01", community_id="xinhua", title="新华礼社区")
    town.give("voids", "2021-01-01", command_id=done["command_id"], reason="录入错误")
    assert title(town, "2021-06-01") == "xinhua"


def test_a_name_dated_before_another_holds_until_that_one(town: Town) -> None:
    town.give("renames", "2021-06-01", community_id="xinhua", title="新华里社区")
    town.give("renames", "2021-01-01", community_id="xinhua", title="新华社区")
    days = ("2020-12-31", "2021-01-01", "2021-05-31", "2021-06-01")
    assert [title(town, day) for day in days] == ["xinhua", "新华社区", "新华社区", "新华里社区"]
