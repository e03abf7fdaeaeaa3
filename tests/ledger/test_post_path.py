"""Rule 13 of domain.md §4: another post, up or down, by the path that the policy opens for it."""

from typing import Any

import pytest
from tests.ledger.given import POLICIES, Town, read_policy

pytestmark = pytest.mark.campaign


@pytest.fixture
def elected(town: Town) -> Town:
    """A town whose heads are elected and whose members are elected or selected."""
    document = read_policy(POLICIES / "chibi-2020.yaml")
    document["post_changes"] = {"head": {"paths": ["election"]}, "member": {"paths": ["election", "selection"]}}
    town.give("policies", "2020-09-19", document=document)
    return town


def changed(town: Town, worker_id: str) -> Any:
    """What the history says of the last change of post."""
    events = town.read(f"workers/{worker_id}/history")["events"]
    return next(one["data"] for one in reversed(events) if one["type"] == "worker.post-changed.v1")


def test_a_post_is_come_by_on_a_path_that_is_open_to_it(elected: Town) -> None:
    """Rule 13: promoted by selection, then by election."""
    worker_id = elected.hire()
    elected.give("post-changes", "2020-11-01", worker_id=worker_id, post="member", path="selection")
    elected.give("post-changes", "2020-12-01", worker_id=worker_id, post="head", path="election")
    assert changed(elected, worker_id) == {"from_post": "member", "post": "head", "grade": 7, "path": "election"}
    assert (elected.worker(worker_id)["post"], elected.worker(worker_id)["grade"]) == ("head", 7)


@pytest.mark.parametrize("path", [{}, {"path": "appointment"}])
def test_a_post_is_not_come_by_on_another_path_or_on_none(elected: Town, path: dict[str, str]) -> None:
    """Rule 13, refused: the remedy names the open paths."""
    found = elected.refuse(
        "path-not-open", "post-changes", "2020-11-01", worker_id=elected.hire(), post="member", **path
    )
    assert found["pointer"] == "/path"
    assert "election or selection" in found["remedy"]


def test_a_second_post_is_come_by_on_a_path_that_is_open_to_it(elected: Town) -> None:
    """Rules 13 and 22: the second post in one hand is a post like the first."""
    worker_id = elected.hire(post="member", channel="election")
    found = elected.refuse("path-not-open", "second-posts", "2020-11-01", worker_id=worker_id, post="head")
    assert "by election" in found["detail"]
    elected.give("second-posts", "2020-11-01", worker_id=worker_id, post="head", path="election")
    assert elected.worker(worker_id)["second_post"] == "head"


def test_who_was_appointed_does_not_come_into_a_post_that_is_entered_by_exam(town: Town) -> None:
    """Rule 11, 逢进必考: not on the next day either, unless a policy opens a path; who passed goes back freely."""
    worker_id = town.hire(post="member", channel="appointment", education="high_school")
    found = town.refuse("path-not-open", "post-changes", "2020-10-02", worker_id=worker_id, post="dedicated")
    assert found["pointer"] == "/post"
    examined = town.hire("jinqiao")
    town.give("post-changes", "2020-10-02", worker_id=examined, post="member")
    town.give("post-changes", "2021-10-02", worker_id=examined, post="dedicated")


def test_a_demotion_goes_by_a_path_too(elected: Town) -> None:
    """Rule 13: downwards into the band of the lower post."""
    worker_id = elected.hire(post="head", channel="election", grade=16)
    elected.refuse("path-not-open", "post-changes", "2020-11-01", worker_id=worker_id, post="member")
    elected.give("post-changes", "2020-11-01", worker_id=worker_id, post="member", path="election")
    assert (elected.worker(worker_id)["post"], elected.worker(worker_id)["grade"]) == ("member", 14)


def test_where_the_policy_says_nothing_no_path_is_asked_for(elected: Town) -> None:
    """Rule 13: and what is not given is not stored, as before."""
    worker_id = elected.hire(post="member", channel="election")
    elected.give("post-changes", "2020-11-01", worker_id=worker_id, post="deputy")
    assert changed(elected, worker_id) == {"from_post": "member", "post": "deputy", "grade": 5}


def test_a_path_is_asked_for_by_the_policy_of_its_day(elected: Town) -> None:
    """Rules 2 and 13: an act dated before the policy that asks is not refused for it."""
    worker_id = elected.hire(day="2020-09-18")
    elected.give("post-changes", "2020-09-18", worker_id=worker_id, post="member")
    assert "path" not in changed(elected, worker_id)


def test_a_policy_names_paths_that_there_are(elected: Town) -> None:
    """Rule 13: a word that is none is refused at its place."""
    document = read_policy(POLICIES / "chibi-2020.yaml") | {"post_changes": {"head": {"paths": ["lottery"]}}}
    found = elected.refuse("policy-unsound", "policies", "2021-01-01", document=document)
    assert found["pointer"] == "/document/post_changes/head/paths/0"
