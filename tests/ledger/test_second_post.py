"""Two posts in one hand 一肩挑 (rule 22 of domain.md §4): two posts, one seat."""

import pytest
from tests.ledger.given import Town

pytestmark = pytest.mark.campaign


def deputy(town: Town) -> str:
    """Somebody elected deputy on 1 October 2020."""
    return town.hire(post="deputy", channel="election")


def test_a_second_post_is_held_without_a_second_seat_until_it_is_given_up(town: Town) -> None:
    """Rule 22."""
    worker_id = deputy(town)
    town.give("second-posts", "2020-11-01", worker_id=worker_id, post="head")
    town.give("second-post-ends", "2020-12-01", worker_id=worker_id)
    days = ("2020-10-31", "2020-11-01", "2020-11-30", "2020-12-01")
    assert [town.worker(worker_id, day)["second_post"] for day in days] == [None, "head", "head", None]
    assert town.worker(worker_id, "2020-11-30")["post"] == "deputy"
    assert town.seats("xinhua", "committee", "2020-11-30") == (3, 1)
    kinds = [event["type"] for event in town.read(f"workers/{worker_id}/history")["events"]]
    assert kinds[1:] == ["worker.second-post-taken.v1", "worker.second-post-left.v1"]


def test_nobody_holds_a_third_post_or_one_post_twice(town: Town) -> None:
    """Rule 22, refused."""
    worker_id = deputy(town)
    assert town.refuse("two-posts-held", "second-posts", worker_id=worker_id, post="deputy")["pointer"] == "/post"
    town.give("second-posts", "2020-11-01", worker_id=worker_id, post="head")
    found = town.refuse("two-posts-held", "second-posts", "2020-12-01", worker_id=worker_id, post="member")
    assert found["remedy"] == "give up the second post first"


def test_the_first_post_does_not_become_the_second_one(town: Town) -> None:
    """Rules 13 and 22, refused."""
    worker_id = deputy(town)
    town.give("second-posts", "2020-11-01", worker_id=worker_id, post="head")
    town.refuse("two-posts-held", "post-changes", "2020-12-01", worker_id=worker_id, post="head")
    town.give("second-post-ends", "2020-12-01", worker_id=worker_id)
    town.give("post-changes", "2020-12-01", worker_id=worker_id, post="head")


def test_a_conversion_in_the_same_community_keeps_the_second_post_and_is_not_to_it(town: Town) -> None:
    """Rules 21 and 22."""
    worker_id = town.hire(post="dedicated", channel="legacy")
    town.give("second-posts", "2020-11-01", worker_id=worker_id, post="member")
    town.refuse("two-posts-held", "conversions", "2020-12-01", worker_id=worker_id, post="member")
    town.give("conversions", "2020-12-01", worker_id=worker_id, post="dedicated")
    assert town.worker(worker_id)["second_post"] == "member"


def test_who_holds_one_post_gives_up_none(town: Town) -> None:
    """Rule 22, refused."""
    found = town.refuse("no-second-post", "second-post-ends", "2020-11-01", worker_id=deputy(town))
    assert found["pointer"] == "/effective_date"


def test_nobody_out_of_service_takes_on_a_post(town: Town) -> None:
    """Rules 22 and 23, refused."""
    worker_id = deputy(town)
    town.give("separations", "2020-11-01", worker_id=worker_id, reason="resigned")
    town.refuse("not-in-service", "second-posts", "2020-11-01", worker_id=worker_id, post="head")


def test_a_second_post_stays_with_the_community(town: Town) -> None:
    """Rules 12 and 22: it is a post of that community; a move to another grid of it ends nothing."""
    worker_id = deputy(town)
    town.give("second-posts", "2020-11-01", worker_id=worker_id, post="head")
    town.give("transfers", "2020-11-15", worker_id=worker_id, community_id="xinhua", grid_id="xinhua-g1")
    town.give("transfers", "2020-12-01", worker_id=worker_id, community_id="jinqiao")
    assert [town.worker(worker_id, day)["second_post"] for day in ("2020-11-30", "2020-12-01")] == ["head", None]


def test_a_second_post_ends_with_the_service_and_does_not_come_back(town: Town) -> None:
    """Rules 22 and 23."""
    worker_id = deputy(town)
    town.give("second-posts", "2020-11-01", worker_id=worker_id, post="head")
    town.give("separations", "2020-12-01", worker_id=worker_id, reason="term_ended")
    back = {"community_id": "xinhua", "channel": "election", "post": "deputy", "keeps_years": True}
    town.give("rehires", "2021-01-01", worker_id=worker_id, **back)
    assert [town.worker(worker_id, day)["second_post"] for day in ("2020-12-01", "2021-01-01")] == [None, None]


def test_an_end_is_voided_before_the_post_that_it_ends(town: Town) -> None:
    """Rule 22: the later act is named."""
    worker_id = deputy(town)
    taken = town.give("second-posts", "2020-11-01", worker_id=worker_id, post="head")
    left = town.give("second-post-ends", "2020-12-01", worker_id=worker_id)
    found = town.refuse("void-breaks-later-act", "voids", command_id=taken["command_id"], reason="录入有误")
    assert found["extra"]["acts"] == [left["command_id"]]
    for command_id in (left["command_id"], taken["command_id"]):
        town.give("voids", command_id=command_id, reason="录入有误")
    assert town.worker(worker_id, "2020-11-15")["second_post"] is None
