"""Communities are redrawn: everybody goes somewhere, nobody by decision."""

from typing import Any

from tests.ledger.given import Town


def opened(community_id: str, **fields: Any) -> dict[str, Any]:
    size = {"households": 900, "population": 2600, "compounds": 4, "committee_seats": 0, "dedicated_seats": 2}
    return {"community_id": community_id, "street_id": "pufang", "title": community_id, **size, **fields}


def closed(community_id: str, successor_id: str, **workers: str) -> dict[str, Any]:
    return {"community_id": community_id, "successor_id": successor_id, "workers": workers}


def redraw(town: Town, opened: list[Any], closed: list[Any], day: str = "2020-11-01") -> dict[str, Any]:
    return town.give("redraws", day, city_id="chibi", opened=opened, closed=closed)


def refuse_redraw(town: Town, code: str, opened: list[Any], closed: list[Any]) -> dict[str, Any]:
    return town.refuse(code, "redraws", "2020-11-01", city_id="chibi", opened=opened, closed=closed)


def three_from_two(town: Town) -> tuple[list[str], dict[str, Any]]:
    """Four in service in two communities; three communities with successors by name take them on."""
    workers = [town.hire("xinhua"), town.hire("xinhua"), town.hire("jinqiao"), town.hire("jinqiao")]
    new = [opened("east"), opened("west", dedicated_seats=1), opened("north", dedicated_seats=1)]
    gone = [closed("xinhua", "east"), closed("jinqiao", "west", **{workers[3]: "north"})]
    return workers, redraw(town, new, gone)


def test_two_communities_become_three_and_everybody_is_moved(town: Town) -> None:
    workers, _ = three_from_two(town)
    for worker_id, before, after in zip(
        workers, ["xinhua", "xinhua", "jinqiao", "jinqiao"], ["east", "east", "west", "north"], strict=True
    ):
        assert town.worker(worker_id, "2020-10-31")["community_id"] == before
        assert town.worker(worker_id, "2020-11-01")["community_id"] == after
    assert [town.seats(name, day="2020-11-01") for name in ("east", "west", "north")] == [(2, 2), (1, 1), (1, 1)]
    assert town.read("communities/xinhua", effective_on="2020-11-01")["exists"] is False
    assert town.read("communities/xinhua", effective_on="2020-11-01")["workers"] == []
    assert town.read("communities/north", effective_on="2020-11-01")["predecessors"] == ["jinqiao"]


def test_a_split_names_who_goes_where_and_keeps_the_seats_of_the_city(town: Town) -> None:
    """Rule 12: one community becomes two, each with people of it, and says which it comes from."""
    li, wu = town.hire("xinhua"), town.hire("xinhua")
    redraw(town, [opened("east"), opened("west", dedicated_seats=1)], [closed("xinhua", "east", **{wu: "west"})])
    assert [town.worker(who, "2020-11-01")["community_id"] for who in (li, wu)] == ["east", "west"]
    for name in ("east", "west"):
        assert town.read(f"communities/{name}", effective_on="2020-11-01")["predecessors"] == ["xinhua"]


def test_a_merge_brings_two_staffs_together_and_says_both_predecessors(town: Town) -> None:
    """Rule 12: two communities become one, without a decision on anybody."""
    workers = [town.hire("xinhua"), town.hire("jinqiao"), town.hire("jinqiao")]
    redraw(town, [opened("middle", dedicated_seats=4)], [closed("xinhua", "middle"), closed("jinqiao", "middle")])
    assert {town.worker(who, "2020-11-01")["community_id"] for who in workers} == {"middle"}
    assert town.seats("middle", day="2020-11-01") == (4, 3)
    found = town.read("communities/middle", effective_on="2020-11-01")
    assert found["predecessors"] == ["xinhua", "jinqiao"]
    late = town.hire("xinhua", "2020-10-15")
    assert town.worker(late, "2020-11-01")["community_id"] == "middle"


def test_the_list_of_the_city_changes_on_the_day(town: Town) -> None:
    three_from_two(town)
    assert town.read("cities/chibi", effective_on="2020-10-31")["communities"] == ["xinhua", "jinqiao", "huangjia"]
    assert town.read("cities/chibi", effective_on="2020-11-01")["communities"] == ["huangjia", "east", "west", "north"]


def test_a_state_as_known_before_the_redraw_shows_the_old_communities(town: Town) -> None:
    """F02: the same day, before and after it was recorded."""
    before = town.clock.pass_(days=1)
    three_from_two(town)
    town.clock.pass_(days=1)
    city = town.read("cities/chibi", effective_on="2020-12-31", known_at=before)
    assert city["communities"] == ["xinhua", "jinqiao", "huangjia"]
    assert city["establishment"]["dedicated"]["allotted"] == 6


def test_a_redraw_is_one_command_and_voids_as_one(town: Town) -> None:
    workers, done = three_from_two(town)
    assert len(done["streams"]) == 1 + 2 + 3 + 4
    town.give("voids", command_id=done["command_id"], reason="方案撤回")
    assert {town.worker(worker_id)["community_id"] for worker_id in workers} == {"xinhua", "jinqiao"}
    assert town.read("cities/chibi", effective_on="2020-12-31")["communities"] == ["xinhua", "jinqiao", "huangjia"]
    assert town.ask("communities/east", effective_on="2020-12-31").status_code == 404


def test_a_redraw_that_somebody_built_on_is_not_voided(town: Town) -> None:
    """Rule 12: a hire into the new community rests on it; a void of that hire clears the way, as the refusal says."""
    workers, done = three_from_two(town)
    town.give("separations", "2020-12-01", worker_id=workers[0], reason="resigned")
    later = town.give("hires", "2020-12-01", **town.hiring("east"))
    found = town.refuse("void-breaks-later-act", "voids", command_id=done["command_id"], reason="方案撤回")
    assert found["extra"]["acts"] == [later["command_id"]]
    for act in (*found["extra"]["acts"], done["command_id"]):
        town.give("voids", command_id=act, reason="方案撤回")
    assert [town.seats("xinhua", day=day)[1] for day in ("2020-11-30", "2020-12-01")] == [2, 1]


def test_who_moved_on_since_keeps_the_move_when_the_redraw_is_voided(town: Town) -> None:
    """Rule 12: it falls to where everybody's own acts say they are."""
    workers, done = three_from_two(town)
    town.give("transfers", "2020-12-01", worker_id=workers[0], community_id="huangjia")
    town.give("voids", "2020-12-02", command_id=done["command_id"], reason="方案撤回")
    places = [town.worker(workers[0], day)["community_id"] for day in ("2020-11-30", "2020-12-01")]
    assert places == ["xinhua", "huangjia"]
    assert [town.seats("xinhua", day=day)[1] for day in ("2020-11-30", "2020-12-01")] == [2, 1]


def test_a_successor_that_stays_open_takes_people_on(town: Town) -> None:
    worker_id = town.hire("xinhua")
    redraw(town, [], [closed("xinhua", "huangjia")])
    assert town.worker(worker_id)["community_id"] == "huangjia"


def test_nobody_is_moved_into_a_community_without_a_seat_for_them(town: Town) -> None:
    town.hire("xinhua"), town.hire("xinhua"), town.hire("huangjia")
    assert refuse_redraw(town, "quota-full", [], [closed("xinhua", "huangjia")])["pointer"] == "/closed"


def test_seats_after_a_redraw_fit_those_of_the_city(town: Town) -> None:
    refuse_redraw(town, "quota-exceeded", [opened("east", dedicated_seats=9)], [closed("xinhua", "east")])


def test_a_successor_has_to_exist_after_the_redraw(town: Town) -> None:
    for successor in ("nowhere", "xinhua", "jinqiao"):
        gone = [closed("xinhua", successor), closed("jinqiao", "huangjia")]
        found = refuse_redraw(town, "redraw-incomplete", [], gone)
        assert found["pointer"] == "/closed/0/successor_id"


def test_a_stranger_is_not_named_among_the_workers(town: Town) -> None:
    stranger = town.hire("jinqiao")
    refuse_redraw(town, "redraw-incomplete", [], [closed("xinhua", "huangjia", **{stranger: "huangjia"})])


def test_only_a_community_that_exists_is_closed(town: Town) -> None:
    found = refuse_redraw(town, "unknown-place", [], [closed("nowhere", "xinhua")])
    assert found["pointer"] == "/closed/0/community_id"
    redraw(town, [], [closed("xinhua", "huangjia")], "2020-10-15")
    refuse_redraw(town, "unknown-place", [], [closed("xinhua", "jinqiao")])


def test_a_community_that_closes_later_is_not_closed_before_that_too(town: Town) -> None:
    """Rule 12: it closes once; the redraw on record is voided first, and then the earlier one is open."""
    worker_id = town.hire("xinhua")
    later = redraw(town, [], [closed("xinhua", "huangjia")], "2020-12-01")
    found = refuse_redraw(town, "later-act-in-the-way", [], [closed("xinhua", "jinqiao")])
    assert (found["pointer"], found["extra"]["acts"]) == ("/closed/0/community_id", [later["command_id"]])
    town.give("voids", "2020-11-01", command_id=later["command_id"], reason="日期写错")
    redraw(town, [], [closed("xinhua", "jinqiao")])
    assert town.worker(worker_id)["community_id"] == "jinqiao"


def test_a_community_of_another_city_is_neither_closed_nor_a_successor(town: Town) -> None:
    refuse_redraw(town, "not-found", [], [closed("tianan", "xinhua")])
    refuse_redraw(town, "redraw-incomplete", [], [closed("xinhua", "tianan")])


def test_an_id_in_use_is_not_opened(town: Town) -> None:
    refuse_redraw(town, "already-registered", [opened("huangjia")], [closed("xinhua", "huangjia")])


def test_a_community_is_named_once(town: Town) -> None:
    found = refuse_redraw(town, "redraw-incomplete", [opened("east"), opened("east", dedicated_seats=1)], [])
    assert found["pointer"] == "/opened/1/community_id"
    gone = [closed("xinhua", "huangjia"), closed("xinhua", "jinqiao")]
    assert refuse_redraw(town, "redraw-incomplete", [], gone)["pointer"] == "/closed/1/community_id"


def test_a_redraw_of_nothing_is_refused(town: Town) -> None:
    refuse_redraw(town, "redraw-incomplete", [], [])


def test_a_street_that_does_not_exist_is_refused(town: Town) -> None:
    found = refuse_redraw(town, "unknown-place", [opened("east", street_id="nowhere")], [closed("xinhua", "east")])
    assert found["pointer"] == "/opened/0/street_id"


def test_somebody_who_comes_only_after_the_redraw_begins_in_the_successor(town: Town) -> None:
    """Rule 12: a hire that holds from December, into a community that closes in November; the redraw may name it."""
    later, named = town.hire("xinhua", "2020-12-01"), town.hire("xinhua", "2020-12-05")
    redraw(town, [opened("east")], [closed("xinhua", "east", **{named: "huangjia"})])
    assert [town.worker(who, "2020-12-05")["community_id"] for who in (later, named)] == ["east", "huangjia"]
    assert [town.seats("east", day=day)[1] for day in ("2020-11-30", "2020-12-01")] == [0, 1]
    assert town.read("communities/xinhua", effective_on="2020-12-05")["workers"] == []


def test_a_later_move_into_a_closing_community_ends_in_the_successor_until_it_is_voided(town: Town) -> None:
    """Rule 12."""
    mover = town.hire("jinqiao")
    moved = town.give("transfers", "2020-12-03", worker_id=mover, community_id="xinhua")
    redraw(town, [opened("east")], [closed("xinhua", "east")])
    assert [town.worker(mover, day)["community_id"] for day in ("2020-12-02", "2020-12-03")] == ["jinqiao", "east"]
    town.give("voids", "2020-12-09", command_id=moved["command_id"], reason="录入错误")
    assert town.worker(mover, "2020-12-09")["community_id"] == "jinqiao"
    assert [town.seats(name, day="2020-12-09")[1] for name in ("jinqiao", "east")] == [1, 0]


def test_nobody_joins_a_closed_community(town: Town) -> None:
    worker_id = town.hire("jinqiao")
    redraw(town, [], [closed("xinhua", "huangjia")])
    found = town.refuse("unknown-place", "hires", "2020-11-01", **town.hiring("xinhua"))
    assert "huangjia" in found["remedy"]
    town.refuse("unknown-place", "transfers", "2020-11-02", worker_id=worker_id, community_id="xinhua")


def test_a_hire_recorded_later_but_dated_before_is_carried_to_the_successor(town: Town) -> None:
    """Rule 12: it lands in the old community and goes where the redraw sends everybody."""
    redraw(town, [], [closed("xinhua", "huangjia")])
    worker_id = town.hire("xinhua", "2020-10-15")
    places = [town.worker(worker_id, day)["community_id"] for day in ("2020-10-31", "2020-11-01")]
    assert places == ["xinhua", "huangjia"]
    assert town.seats("xinhua", day="2020-10-31") == (2, 1)
    assert town.seats("huangjia", day="2020-11-01") == (2, 1)
    carried = town.read(f"workers/{worker_id}/history")["events"][-1]
    assert (carried["type"], carried["effective_date"]) == ("worker.carried.v1", "2020-11-01")


def test_a_hire_dated_before_a_redraw_may_name_another_successor(town: Town) -> None:
    """Rule 12."""
    redraw(town, [], [closed("xinhua", "huangjia")])
    worker_id = town.hire("xinhua", "2020-10-15", successor_id="jinqiao")
    assert town.worker(worker_id)["community_id"] == "jinqiao"
    assert (town.seats("jinqiao"), town.seats("huangjia")) == ((2, 1), (2, 0))
    found = town.refuse("unknown-place", "hires", "2020-10-15", **town.hiring("xinhua", successor_id="xinhua"))
    assert "huangjia" in found["remedy"]
    town.refuse("unknown-place", "hires", "2020-10-15", **town.hiring("xinhua", successor_id="nowhere"))


def test_a_successor_without_a_free_seat_refuses_a_hire_dated_before_the_redraw(town: Town) -> None:
    """Rules 6 and 12: the establishment holds on every day, also on those after the redraw."""
    for _ in range(2):
        town.hire("huangjia")
    redraw(town, [], [closed("xinhua", "huangjia")])
    found = town.refuse("quota-full", "hires", "2020-10-15", **town.hiring("xinhua"))
    assert found["extra"]["day"] == "2020-11-01"


def test_somebody_transferred_away_before_the_redraw_is_not_carried_by_it(town: Town) -> None:
    """Rule 12: the paper of the transfer came late; the redraw had already carried the worker on."""
    worker_id = town.hire("xinhua")
    redraw(town, [], [closed("xinhua", "huangjia")])
    town.give("transfers", "2020-10-15", worker_id=worker_id, community_id="jinqiao")
    days = ("2020-10-14", "2020-10-31", "2020-11-01")
    assert [town.worker(worker_id, day)["community_id"] for day in days] == ["xinhua", "jinqiao", "jinqiao"]
    assert [town.seats(name) for name in ("jinqiao", "huangjia")] == [(2, 1), (2, 0)]


def test_a_redraw_takes_along_a_separation_that_is_already_written_for_later(town: Town) -> None:
    """F57: the separation was written on the old community; it frees the seat of the new one."""
    worker_id = town.hire()
    town.give("separations", "2021-12-01", worker_id=worker_id, reason="resigned")
    redraw(town, [opened("east")], [closed("xinhua", "east")])
    assert [town.seats("east", day=day)[1] for day in ("2021-11-30", "2021-12-01")] == [1, 0]


def test_a_voided_redraw_carries_nobody_recorded_since(town: Town) -> None:
    """Rule 12: a hire that came later had been carried, too, by its own act."""
    redrawn = redraw(town, [opened("east")], [closed("xinhua", "east"), closed("jinqiao", "huangjia")])
    workers = [town.hire(place, "2020-10-15") for place in ("xinhua", "jinqiao")]
    assert [town.worker(who)["community_id"] for who in workers] == ["east", "huangjia"]
    town.give("voids", "2020-12-01", command_id=redrawn["command_id"], reason="方案撤回")
    assert [town.worker(who)["community_id"] for who in workers] == ["xinhua", "jinqiao"]
    assert [town.seats(name)[1] for name in ("xinhua", "jinqiao", "huangjia")] == [1, 1, 0]
    assert town.hire("xinhua", "2020-12-01")


def test_an_id_whose_registration_was_voided_is_free_again(town: Town) -> None:
    redrawn = redraw(town, [opened("east")], [closed("xinhua", "east")])
    town.give("voids", command_id=redrawn["command_id"], reason="录入错误")
    redraw(town, [opened("east")], [closed("xinhua", "east")])
    assert town.read("communities/east", effective_on="2020-12-31")["exists"] is True
