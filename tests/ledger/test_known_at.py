"""What was answered once is answered so for ever; what is dated ahead waits for its day."""

from datetime import timedelta
from typing import Any

import pytest
from tests.ledger.given import Town, problem

pytestmark = pytest.mark.campaign


def questions(town: Town, worker_id: str, **known: Any) -> dict[str, bytes]:
    """The bytes of every kind of answer on two days."""
    paths = (
        f"workers/{worker_id}",
        f"workers/{worker_id}/history",
        "workers?city_id=chibi",
        "communities/xinhua",
        "communities/xinhua/history",
        "cities/chibi",
        "policies/chibi",
    )
    found = {}
    for path in paths:
        for day in ("2020-10-31", "2021-03-31"):
            params = dict(known) if "history" in path or "policies" in path else {**known, "effective_on": day}
            if "?" in path:
                params["city_id"] = "chibi"
            response = town.ask(path.partition("?")[0], **params)
            assert response.status_code == 200, response.text
            found[f"{path} {day}"] = response.content
    return found


def much_happens(town: Town, worker_id: str) -> None:
    """Acts dated before and after, a policy, a base, a redraw, voids."""
    training = town.give("trainings", "2020-10-02", worker_id=worker_id, course="初任培训", hours=40)
    town.give("voids", command_id=training["command_id"], reason="更正")
    town.hire("xinhua", "2020-10-05")
    town.give("community-quotas", "2020-10-05", community_id="xinhua", category="dedicated", seats=5)
    wage = {"jurisdiction": "chibi", "scheme": "ladder", "average_annual_wage": "57840.00"}
    town.give("bases", "2021-01-01", **wage)
    town.give("regrades", "2020-10-03", worker_id=worker_id, grade=4, reason="更正")
    closed = {"community_id": "xinhua", "successor_id": "east"}
    size = {"households": 1, "population": 1, "compounds": 1, "committee_seats": 3, "dedicated_seats": 5}
    opened = {"community_id": "east", "street_id": "pufang", "title": "东", **size}
    town.give("redraws", "2021-02-01", city_id="chibi", opened=[opened], closed=[closed])
    town.give("separations", "2021-03-01", worker_id=worker_id, reason="resigned")


@pytest.mark.parametrize("by", ["known_at", "known_position"])
def test_an_answer_as_known_then_is_the_same_bytes_for_ever(town: Town, by: str) -> None:
    """P13: two answers for March, before and after, each the same for ever."""
    worker_id = town.hire("xinhua")
    then: Any = town.clock.pass_(days=30) if by == "known_at" else town.store.head()
    before = questions(town, worker_id, **{by: then})
    much_happens(town, worker_id)
    town.clock.pass_(days=300)
    later = questions(
        town, worker_id, **{by: town.clock.now - timedelta(days=1) if by == "known_at" else town.store.head()}
    )
    assert questions(town, worker_id, **{by: then}) == before
    assert all(later[question] != before[question] for question in before)
    restarted = Town(town.data, clock=town.clock)
    assert questions(restarted, worker_id, **{by: then}) == before
    restarted.close()


def test_a_clock_that_goes_back_changes_no_answer(town: Town) -> None:
    """P17: what is written next is recorded no earlier than what is written already."""
    worker_id = town.hire("xinhua")
    then = town.clock.pass_(days=30)
    before = questions(town, worker_id, known_at=then)
    town.hire("jinqiao")
    town.clock.now -= timedelta(days=25)
    town.give("trainings", worker_id=worker_id, course="初任培训", hours=40)
    town.clock.pass_(days=60)
    assert questions(town, worker_id, known_at=then) == before


def test_the_present_moment_is_not_known_yet(town: Town) -> None:
    """Something may still be written within it, and the answer would change."""
    town.hire()
    found = problem(town.ask("cities/chibi", known_at=town.clock.now))
    assert (found["code"], found["pointer"]) == ("unknown-time", "/query/known_at")
    moment = town.clock.pass_(seconds=1)
    assert town.ask("cities/chibi", known_at=moment).status_code == 200


def test_an_answer_carries_the_position_and_the_version_it_was_known_at(town: Town) -> None:
    worker_id = town.hire()
    head = town.store.head()
    town.give("trainings", worker_id=worker_id, course="初任培训", hours=40)
    response = town.ask(f"workers/{worker_id}", effective_on="2020-12-31", known_position=head)
    assert (response.headers["ledger-position"], response.headers["etag"]) == (str(head), '"1"')
    assert town.ask(f"workers/{worker_id}", effective_on="2020-12-31").headers["etag"] == '"2"'


def test_nothing_is_known_before_the_first_event(town: Town) -> None:
    worker_id = town.hire()
    assert town.ask(f"workers/{worker_id}", known_position=-1).status_code == 404
    assert town.ask("cities/chibi", known_at="1990-01-01T00:00:00Z").status_code == 404


def test_an_act_dated_next_month_changes_nothing_before_and_all_after(town: Town) -> None:
    """F04: no job runs; the process is stopped in between."""
    worker_id = town.hire("xinhua")
    days = ["2020-10-01", "2020-10-31", "2020-11-01", "2020-12-31"]
    before = [town.worker(worker_id, day) for day in days]
    town.give("post-changes", "2020-11-01", worker_id=worker_id, post="member", grade=5)
    restarted = Town(town.data, clock=town.clock)
    after = [restarted.worker(worker_id, day) for day in days]
    restarted.close()
    assert after[:2] == before[:2]
    assert [(one["post"], one["grade"], one["seat"]) for one in after[2:]] == [("member", 5, "committee")] * 2
    assert town.seats("xinhua", "committee", "2020-10-31") == (3, 0)
    assert town.seats("xinhua", "committee", "2020-11-01") == (3, 1)


def test_without_a_day_the_answer_is_for_today_in_china(town: Town) -> None:
    """17:00 in London is already tomorrow in Chibi."""
    worker_id = town.hire(day="2020-09-21")
    town.clock.now = town.clock.now.replace(hour=15, minute=59)
    assert town.ask(f"workers/{worker_id}").status_code == 404
    town.clock.now = town.clock.now.replace(hour=16, minute=0)
    assert town.ask(f"workers/{worker_id}").json()["effective_on"] == "2020-09-21"
