"""Who is carried by a redraw is what the own acts say, in whatever order the papers come (rule 12)."""

from typing import Any

import pytest
from tests.ledger.given import Town
from tests.ledger.test_redraw import closed, opened, redraw

REDRAWN = "2020-11-01"
DAYS = ("2020-10-05", "2020-10-20", REDRAWN, "2020-12-31")


@pytest.fixture
def wide(town: Town) -> Town:
    """A town with room for everybody."""
    town.give("city-quotas", "2018-01-02", city_id="chibi", category="dedicated", seats=60)
    for name in ("xinhua", "jinqiao", "huangjia"):
        town.give("community-quotas", "2018-01-02", community_id=name, category="dedicated", seats=8)
    return town


def east(town: Town, **workers: str) -> dict[str, Any]:
    """Xinhua becomes east."""
    return redraw(town, [opened("east", dedicated_seats=8)], [closed("xinhua", "east", **workers)], REDRAWN)


def move(town: Town, worker_id: str, day: str, community_id: str, **fields: Any) -> str:
    sent = town.give("transfers", day, worker_id=worker_id, community_id=community_id, **fields)
    return str(sent["command_id"])


def void(town: Town, command_id: str) -> None:
    town.give("voids", "2020-12-31", command_id=command_id, reason="录入错误")


def places(town: Town, worker_id: str) -> list[str | None]:
    """Where they serve on `DAYS`; the communities say the same."""
    found: list[str | None] = []
    for day in DAYS:
        answer = town.ask(f"workers/{worker_id}", effective_on=day).json().get("worker")
        place = answer["community_id"] if answer and answer["in_service"] else None
        found.append(place)
        for name in ("xinhua", "jinqiao", "huangjia", "east"):
            listed = town.ask(f"communities/{name}", effective_on=day).json().get("workers", [])
            assert (worker_id in listed) is (name == place)
    return found


def test_an_exit_is_accepted_before_a_redraw_that_is_recorded_already(wide: Town) -> None:
    """Rules 12 and 23: the redraw lies ahead; somebody resigns before it, and the carrying falls away."""
    worker_id, other = wide.hire("xinhua"), wide.hire("xinhua")
    east(wide)
    left = wide.give("separations", "2020-10-15", worker_id=worker_id, reason="resigned")
    assert places(wide, worker_id) == ["xinhua", None, None, None]
    assert wide.seats("east", day=REDRAWN) == (8, 1)
    void(wide, left["command_id"])
    assert places(wide, worker_id) == places(wide, other) == ["xinhua", "xinhua", "east", "east"]


def test_a_hire_that_a_redraw_carried_is_voided(wide: Town) -> None:
    hired = wide.give("hires", **wide.hiring("xinhua"))
    east(wide)
    void(wide, hired["command_id"])
    assert places(wide, hired["worker_id"]) == [None, None, None, None]
    assert wide.seats("east", day=REDRAWN) == (8, 0)


def test_an_exit_before_a_redraw_is_voided_and_the_worker_is_carried(wide: Town) -> None:
    worker_id = wide.hire("xinhua")
    left = wide.give("separations", "2020-10-15", worker_id=worker_id, reason="resigned")
    east(wide)
    void(wide, left["command_id"])
    assert places(wide, worker_id) == ["xinhua", "xinhua", "east", "east"]


def test_a_transfer_away_before_a_redraw_is_voided_and_the_worker_is_carried(wide: Town) -> None:
    worker_id = wide.hire("xinhua")
    moved = move(wide, worker_id, "2020-10-15", "jinqiao")
    east(wide)
    void(wide, moved)
    assert places(wide, worker_id) == ["xinhua", "xinhua", "east", "east"]


def test_who_is_in_the_closing_community_by_a_voided_transfer_is_not_carried(wide: Town) -> None:
    worker_id = wide.hire("jinqiao")
    moved = move(wide, worker_id, "2020-10-15", "xinhua")
    redrawn = east(wide)
    void(wide, moved)
    assert places(wide, worker_id) == ["jinqiao"] * 4
    void(wide, redrawn["command_id"])
    assert places(wide, worker_id) == ["jinqiao"] * 4


@pytest.mark.parametrize(("last", "carried"), [("xinhua", "east"), ("huangjia", "huangjia")])
def test_two_late_transfers_end_where_the_last_of_them_leads(wide: Town, last: str, carried: str) -> None:
    worker_id = wide.hire("xinhua")
    east(wide)
    first = move(wide, worker_id, "2020-10-02", "jinqiao")
    second = move(wide, worker_id, "2020-10-10", last)
    assert places(wide, worker_id) == ["jinqiao", last, carried, carried]
    void(wide, second)
    assert places(wide, worker_id) == ["jinqiao"] * 4
    void(wide, first)
    assert places(wide, worker_id) == ["xinhua", "xinhua", "east", "east"]


def test_who_was_named_to_another_successor_still_is_after_papers_that_come_and_go(wide: Town) -> None:
    worker_id = wide.hire("xinhua")
    east(wide, **{worker_id: "huangjia"})
    move(wide, worker_id, "2020-10-02", "jinqiao")
    move(wide, worker_id, "2020-10-10", "xinhua")
    assert places(wide, worker_id)[2:] == ["huangjia", "huangjia"]
    wide.give("separations", "2020-10-30", worker_id=worker_id, reason="resigned")
    wide.give("rehires", "2020-10-31", worker_id=worker_id, community_id="xinhua", channel="exam", post="dedicated",
              keeps_years=True)  # fmt: skip
    assert places(wide, worker_id)[2:] == ["huangjia", "huangjia"]


def test_of_two_redraws_in_a_chain_an_act_before_both_names_the_successor_of_the_second(wide: Town) -> None:
    east(wide)
    new = [opened("far", dedicated_seats=2), opened("near", dedicated_seats=2)]
    redraw(wide, new, [closed("east", "far")], "2020-12-01")
    days = ("2020-10-31", REDRAWN, "2020-12-01")
    carried = {"near": ["xinhua", "east", "near"], "east": ["xinhua", "east", "far"], None: ["xinhua", "east", "far"]}
    for successor, expected in carried.items():
        hired = wide.give("hires", **wide.hiring("xinhua", successor_id=successor))
        assert [wide.worker(hired["worker_id"], day)["community_id"] for day in days] == expected
    found = wide.refuse("unknown-place", "hires", **wide.hiring("xinhua", successor_id="tianan"))
    assert (found["pointer"], "far" in found["remedy"] or "east" in found["remedy"]) == ("/successor_id", True)


def test_redraws_do_not_send_people_round_in_a_circle(wide: Town) -> None:
    redraw(wide, [], [closed("jinqiao", "xinhua")], "2020-12-01")
    gone = [closed("xinhua", "jinqiao")]
    found = wide.refuse("redraw-incomplete", "redraws", REDRAWN, city_id="chibi", opened=[], closed=gone)
    assert found["pointer"] == "/closed"


def test_a_redraw_recorded_before_an_earlier_one_is_followed_in_the_order_of_days(wide: Town) -> None:
    worker_id = wide.hire("xinhua")
    redraw(wide, [], [closed("xinhua", "jinqiao")], "2020-12-01")
    redraw(wide, [opened("east", dedicated_seats=8)], [closed("jinqiao", "east")], REDRAWN)
    assert places(wide, worker_id) == ["xinhua", "xinhua", "xinhua", "east"]


def test_a_move_between_grids_stands_in_the_way_of_a_move_to_another_community_before_it(wide: Town) -> None:
    """Rule 12: it would bring the worker back to a community they had left; the refusal says which act to void."""
    worker_id = wide.hire("xinhua")
    grid = move(wide, worker_id, "2020-10-20", "xinhua", grid_id="xinhua-g1")
    found = wide.refuse("later-act-in-the-way", "transfers", "2020-10-10", worker_id=worker_id, community_id="jinqiao")
    assert found["extra"]["acts"] == [grid]
    void(wide, grid)
    move(wide, worker_id, "2020-10-10", "jinqiao")
    assert places(wide, worker_id) == ["xinhua", "jinqiao", "jinqiao", "jinqiao"]


def test_a_conversion_that_names_no_place_follows_a_transfer_that_comes_in_before_it(wide: Town) -> None:
    """Rule 21: the act is about the pay rules, not about the place."""
    worker_id = wide.hire("xinhua", "2019-01-01", channel="legacy")
    wide.give("conversions", "2020-10-10", worker_id=worker_id, post="dedicated")
    east(wide)
    move(wide, worker_id, "2020-10-03", "jinqiao")
    assert places(wide, worker_id) == ["jinqiao"] * 4
    assert wide.worker(worker_id, "2020-10-10")["scheme"] != "legacy"
    assert wide.seats("jinqiao", day="2020-10-10") == (8, 1)


def test_a_void_of_a_redraw_brings_nobody_back_whose_hire_was_voided(town: Town) -> None:
    """Rules 6 and 12: what the first redraw said of somebody is not said again once the second is out."""
    hired = town.give("hires", "2021-01-15", **town.hiring("jinqiao"))
    redraw(town, [], [closed("jinqiao", "huangjia")], "2020-10-27")
    second = redraw(town, [], [closed("huangjia", "xinhua")], "2020-12-05")
    town.give("voids", "2021-01-18", command_id=hired["command_id"], reason="录入错误")
    town.give("voids", "2020-10-28", command_id=second["command_id"], reason="方案撤回")
    assert town.seats("huangjia", day="2021-02-01") == (2, 0)
    assert town.seats("xinhua", day="2021-02-01") == (2, 0)
