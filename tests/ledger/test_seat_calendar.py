"""The establishment 员额 over time (rule 6, F57): a calendar of heads against seats, and seats that move."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from tests.ledger.given import Town, problem

from workforce.policy_files import read_policy

CHIBI = Path("policies/chibi-2020.yaml")
PAPER = {"mark": "published", "document": "赤政发〔2020〕12号"}


def calendar(town: Town, place: str, category: str = "dedicated", **asked: Any) -> dict[str, tuple[int, ...]]:
    """Day → seats, heads of a community, or seats, allotted, heads of a city."""
    days = town.read(f"{place}/establishment", **asked)["days"]
    names = ("seats", "heads") if place.startswith("communities") else ("seats", "allotted", "heads")
    return {row["day"]: tuple(row["establishment"][category][name] for name in names) for row in days}


def quota(seats: int, community_id: str = "xinhua", category: str = "dedicated") -> dict[str, Any]:
    return {"community_id": community_id, "category": category, "seats": seats}


def moved(seats: int, source: str = "xinhua", target: str = "jinqiao", category: str = "dedicated") -> dict[str, Any]:
    return {"from_community_id": source, "community_id": target, "category": category, "seats": seats}


# --- the calendar


def test_every_day_on_which_heads_or_seats_change_has_a_row_also_days_to_come(town: Town) -> None:
    """Rule 6: heads and seats of days past, of today, and of days that have not come."""
    li = town.hire("xinhua", "2020-10-01")
    town.hire("xinhua", "2025-03-01")
    town.give("separations", "2020-11-01", worker_id=li, reason="resigned")
    town.give("community-quotas", "2025-01-01", **quota(3))
    found = calendar(town, "communities/xinhua", **{"from": "2020-09-20"})
    assert found == {
        "2020-09-20": (2, 0),
        "2020-10-01": (2, 1),
        "2020-11-01": (2, 0),
        "2025-01-01": (3, 0),
        "2025-03-01": (3, 1),
    }


def test_a_calendar_begins_on_the_first_day_asked_for_and_ends_with_the_last(town: Town) -> None:
    town.hire("xinhua", "2020-10-01"), town.hire("xinhua", "2020-12-01")
    assert calendar(town, "communities/xinhua", **{"from": "2020-10-15", "until": "2020-11-30"}) == {
        "2020-10-15": (2, 1)
    }
    assert list(calendar(town, "communities/xinhua")) == ["2020-09-20", "2020-10-01", "2020-12-01"]


def test_the_city_totals_its_communities_and_has_an_establishment_of_its_own(town: Town) -> None:
    town.hire("xinhua", "2020-10-01"), town.hire("huangjia", "2020-10-01"), town.hire("jinqiao", "2020-11-01")
    town.give("community-quotas", "2020-12-01", **quota(4))
    town.give("city-quotas", "2021-01-01", city_id="chibi", category="dedicated", seats=14)
    assert calendar(town, "cities/chibi", **{"from": "2020-09-30"}) == {
        "2020-09-30": (12, 6, 0),
        "2020-10-01": (12, 6, 2),
        "2020-11-01": (12, 6, 3),
        "2020-12-01": (12, 8, 3),
        "2021-01-01": (14, 8, 3),
    }
    row = town.read("cities/chibi/establishment", **{"from": "2021-01-01"})["days"][0]["establishment"]["dedicated"]
    assert (row["free"], row["vacant"]) == (6, 5)


def test_a_calendar_is_as_known_at_a_time(town: Town) -> None:
    """F02: what was recorded later is not in it."""
    town.hire("xinhua", "2020-10-01")
    before = town.clock.pass_(days=1)
    town.hire("xinhua", "2020-10-01")
    town.clock.pass_(days=1)
    asked = {"from": "2020-10-01"}
    assert calendar(town, "communities/xinhua", **asked, known_at=before) == {"2020-10-01": (2, 1)}
    assert calendar(town, "cities/chibi", **asked, known_at=before) == {"2020-10-01": (12, 6, 1)}
    assert calendar(town, "cities/chibi", **asked) == {"2020-10-01": (12, 6, 2)}


def test_a_closed_community_has_no_seats_and_its_city_goes_on_with_its_heads(town: Town) -> None:
    town.hire("xinhua", "2020-10-01")
    gone = [{"community_id": "xinhua", "successor_id": "huangjia"}]
    town.give("redraws", "2020-11-01", city_id="chibi", opened=[], closed=gone)
    assert calendar(town, "communities/xinhua", **{"from": "2020-10-31"}) == {
        "2020-10-31": (2, 1),
        "2020-11-01": (0, 0),
    }
    assert calendar(town, "cities/chibi", **{"from": "2020-10-31"}) == {
        "2020-10-31": (12, 6, 1),
        "2020-11-01": (12, 4, 1),
    }


def test_the_calendar_says_what_the_place_says_on_each_of_its_days(town: Town) -> None:
    """Two ways to the same figures."""
    li = town.hire("xinhua", "2020-10-01")
    town.give("transfers", "2020-11-01", worker_id=li, community_id="jinqiao")
    town.give("community-quotas", "2020-12-01", **quota(1))
    for community in ("xinhua", "jinqiao"):
        for day, figures in calendar(town, f"communities/{community}", **{"from": "2018-01-01"}).items():
            assert town.seats(community, day=day) == figures


def test_last_days_before_the_first_are_refused(town: Town) -> None:
    for place in ("communities/xinhua", "cities/chibi"):
        found = problem(town.ask(f"{place}/establishment", **{"from": "2020-10-02", "until": "2020-10-01"}))
        assert (found["code"], found["pointer"]) == ("invalid-parameter", "/query/until")


@pytest.mark.parametrize("place", ["communities/tianan", "cities/jinzhou", "communities/nowhere", "cities/nowhere"])
def test_the_calendar_of_another_city_is_not_there(town: Town, place: str) -> None:
    """P23: another's scope is 404."""
    assert problem(town.ask(f"{place}/establishment"))["code"] == "not-found"
    assert problem(town.ask(f"{place}/establishment", who="worker worker:w"))["code"] == "forbidden"


def test_a_community_sees_its_own_calendar(town: Town) -> None:
    assert calendar(town, "communities/xinhua", who="auditor community:xinhua") == {"2020-09-20": (2, 0)}
    assert town.ask("cities/chibi/establishment", who="auditor community:xinhua").status_code == 404


# --- seats that move


def test_seats_move_in_one_act_and_the_city_gives_no_more_than_before(town: Town) -> None:
    """Rule 6."""
    done = town.give("seat-moves", "2020-11-01", **moved(1))
    assert set(done["streams"]) == {"community/xinhua", "community/jinqiao", "city/chibi"}
    assert [town.seats(name, day="2020-10-31")[0] for name in ("xinhua", "jinqiao")] == [2, 2]
    assert [town.seats(name, day="2020-11-01")[0] for name in ("xinhua", "jinqiao")] == [1, 3]
    assert calendar(town, "cities/chibi", **{"from": "2020-10-31"}) == {"2020-10-31": (12, 6, 0)}


def test_moved_seats_are_taken_back_as_one(town: Town) -> None:
    done = town.give("seat-moves", "2020-11-01", **moved(2))
    town.give("voids", command_id=done["command_id"], reason="方案撤回")
    assert [town.seats(name)[0] for name in ("xinhua", "jinqiao")] == [2, 2]


def test_a_giver_keeps_the_seats_promised_for_any_later_day(town: Town) -> None:
    """Rule 6, F57: two are promised, one of them for a day to come."""
    town.hire("xinhua", "2020-10-01"), town.hire("xinhua", "2025-01-01")
    found = town.refuse("quota-below-heads", "seat-moves", "2020-11-01", **moved(1))
    assert found["pointer"] == "/seats"
    assert "2025-01-01" in found["detail"]


def test_no_more_seats_move_than_there_are(town: Town) -> None:
    assert town.refuse("too-few-seats", "seat-moves", **moved(3))["pointer"] == "/seats"
    for seats in (0, -1, "1", 1.5):
        town.refuse("invalid-body", "seat-moves", **moved(seats))  # type: ignore[arg-type]


def test_seats_do_not_move_past_a_quota_that_is_set_for_a_later_day(town: Town) -> None:
    """The quota of that day would give them back unseen."""
    later = town.give("community-quotas", "2021-01-01", **quota(3))
    found = town.refuse("later-act-in-the-way", "seat-moves", "2020-11-01", **moved(1))
    assert (found["pointer"], found["extra"]["acts"]) == ("/from_community_id", [later["command_id"]])
    found = town.refuse("later-act-in-the-way", "seat-moves", "2020-11-01", **moved(1, "jinqiao", "xinhua"))
    assert found["pointer"] == "/community_id"
    town.give("seat-moves", "2021-01-01", **moved(1))
    assert town.seats("xinhua", day="2021-01-01")[0] == 2


def test_seats_move_between_two_communities_that_are_there(town: Town) -> None:
    assert town.refuse("already-there", "seat-moves", **moved(1, target="xinhua"))["pointer"] == "/community_id"
    assert town.refuse("unknown-place", "seat-moves", **moved(1, target="nowhere"))["pointer"] == "/community_id"
    assert town.refuse("unknown-place", "seat-moves", **moved(1, "nowhere"))["pointer"] == "/from_community_id"
    assert town.refuse("not-found", "seat-moves", **moved(1, target="tianan"))["pointer"] == "/community_id"
    assert town.refuse("not-found", "seat-moves", **moved(1, "tianan"))["pointer"] == "/from_community_id"


# --- what the policy says


def with_rules(town: Town, day: str = "2020-09-18", **establishment: Any) -> None:
    document = read_policy(CHIBI)
    document["establishment"] = establishment
    document["sources"] = [
        *document["sources"],
        {"part": "establishment", "clause": "第四条", **PAPER},
        {"part": "establishment/committee", "clause": "第五条", **PAPER},
    ]
    town.give("policies", day, document=document)


def test_a_committee_has_as_many_seats_as_the_policy_says(town: Town) -> None:
    """Rule 6: five to nine, at the figure and the clause."""
    with_rules(town, committee={"least": 5, "most": 9})
    town.give("city-quotas", city_id="chibi", category="committee", seats=40)
    for seats in (4, 10):
        found = town.refuse("outside-establishment", "community-quotas", **quota(seats, category="committee"))
        assert found["pointer"] == "/seats"
        extra = found["extra"]
        assert (extra["least"], extra["most"], extra["clause"]) == (5, 9, "第五条")
        assert "5 to 9" in found["detail"]
    town.give("community-quotas", **quota(5, category="committee"))
    town.refuse("outside-establishment", "seat-moves", "2020-11-01", **moved(1, category="committee"))


@pytest.mark.parametrize(
    ("rules", "least", "most"),
    [
        ({"households_per_dedicated": {"least": 400, "most": 600}}, 4, 5),
        ({"households_per_dedicated": {"least": 400, "most": 600}, "rounding": "down"}, 3, 5),
        ({"dedicated_per_grid": "3"}, 0, 3),
        ({"dedicated_per_10000_residents": "9"}, 0, 6),
        ({"dedicated_per_10000_residents": "9", "rounding": "down"}, 0, 5),
        ({"dedicated_per_10000_residents": "9.1", "rounding": "half-up"}, 0, 5),
    ],
)
def test_dedicated_seats_follow_households_grids_and_residents(
    town: Town, rules: dict[str, Any], least: int, most: int
) -> None:
    """Rule 6: 2,000 households, one grid, 6,000 residents."""
    with_rules(town, **rules)
    for seats in {max(least - 1, 0), most + 1} - {least, 2}:
        found = town.refuse("outside-establishment", "community-quotas", **quota(seats))
        assert (found["extra"]["least"], found["extra"]["most"]) == (least, most)
        assert found["extra"]["clause"] == "第四条"
    town.give("community-quotas", **quota(most))


def test_another_grid_makes_room_for_another_seat(town: Town) -> None:
    """Rule 6: one per grid."""
    with_rules(town, dedicated_per_grid="2")
    town.refuse("outside-establishment", "community-quotas", **quota(3))
    town.give("grids", community_id="xinhua", grid_id="xinhua-g2", title="第二网格", households=400)
    town.give("community-quotas", **quota(3))


def test_a_grid_that_seats_rest_on_is_not_voided(town: Town) -> None:
    """Rule 6: the quota goes first, as the refusal says."""
    with_rules(town, dedicated_per_grid="2")
    grid = town.give("grids", community_id="xinhua", grid_id="xinhua-g2", title="第二网格", households=400)
    seats = town.give("community-quotas", **quota(3))
    found = town.refuse("void-breaks-later-act", "voids", command_id=grid["command_id"], reason="录入错误")
    assert found["extra"]["acts"] == [seats["command_id"]]
    for act in (seats, grid):
        town.give("voids", command_id=act["command_id"], reason="录入错误")


def test_seats_are_moved_only_to_where_the_policy_has_room_for_them(town: Town) -> None:
    """Rule 6: a move is a quota that is set."""
    with_rules(town, dedicated_per_grid="2")
    town.refuse("outside-establishment", "seat-moves", **moved(1))


def test_the_whole_city_has_no_more_seats_than_the_policy_gives_it(town: Town) -> None:
    """Rule 6: 227 and 308, at the figure and the clause."""
    with_rules(town, city_seats={"dedicated": 308})
    fields = {"city_id": "chibi", "category": "dedicated"}
    found = town.refuse("outside-establishment", "city-quotas", seats=309, **fields)
    assert (found["pointer"], found["extra"]["most"], found["extra"]["clause"]) == ("/seats", 308, "第四条")
    town.give("city-quotas", seats=308, **fields)
    town.give("city-quotas", city_id="chibi", category="committee", seats=400)


def test_a_community_that_a_redraw_opens_has_the_seats_that_the_policy_gives_it(town: Town) -> None:
    """Rules 6 and 12."""
    with_rules(town, committee={"least": 5, "most": 9})
    size = {"households": 900, "population": 2600, "compounds": 4, "dedicated_seats": 2}
    east = {"community_id": "east", "street_id": "pufang", "title": "东社区", "committee_seats": 4, **size}
    fields = {"city_id": "chibi", "closed": [{"community_id": "xinhua", "successor_id": "east"}]}
    found = town.refuse("outside-establishment", "redraws", "2020-11-01", opened=[east], **fields)
    assert found["pointer"] == "/opened/0/committee_seats"
    town.give("redraws", "2020-11-01", opened=[{**east, "committee_seats": 5}], **fields)


def test_a_policy_that_is_not_in_force_yet_keeps_nobody_from_a_quota(town: Town) -> None:
    with_rules(town, "2021-01-01", committee={"least": 5, "most": 9})
    town.give("community-quotas", "2020-12-31", **quota(4, category="committee"))
    town.refuse("outside-establishment", "community-quotas", "2021-01-01", **quota(3, category="committee"))
    assert date(2021, 1, 1).isoformat() not in calendar(town, "communities/xinhua", "committee")
