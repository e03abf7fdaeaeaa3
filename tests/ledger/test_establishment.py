"""The establishment 员额 holds on every day: for a community, for the city, and for days to come."""

from typing import Any

import pytest
from hypothesis import given as drawn
from hypothesis import strategies as some
from tests.ledger.given import Town, given, refused

from ledger.domain.community import Community
from ledger.domain.quotas import SetCommunityQuota, set_quota
from ledger.domain.seats import first_overfull
from ledger.domain.settling import settle
from ledger.domain.timeline import Timeline
from shared.envelope import Basis
from shared.events import Category, CommunityQuotaSet, CommunityRegistered, Event, Stay, WorkerJoined, WorkerLeft

D = Category.DEDICATED
REGISTERED = CommunityRegistered(
    community_id="xinhua", city_id="chibi", street_id="pufang", title="x", households=1, population=1, compounds=1
)


def a_community(*happened: tuple[str, Any], seats: int = 2) -> Community:
    opened = [("2018-01-01", REGISTERED), ("2018-01-01", CommunityQuotaSet(category=D, seats=seats))]
    return given(Community, *opened, *happened)


def seated(name: str, day: str = "2020-10-01") -> tuple[str, WorkerJoined]:
    return (day, WorkerJoined(worker_id=name, seat=D))


def left(name: str, day: str) -> tuple[str, WorkerLeft]:
    return (day, WorkerLeft(worker_id=name, seat=D))


def day(text: str) -> Any:
    from datetime import date

    return date.fromisoformat(text)


def join(community: Community, seat: Category | None, since: Any) -> list[Event]:
    return settle(community, "xinhua", "zhao", (Stay(since=since, seat=seat),), since)


def test_a_full_community_refuses_one_more() -> None:
    community = a_community(seated("li"), seated("wu"))
    with refused("quota-full", "/community_id"):
        join(community, D, day("2020-10-01"))


def test_a_seat_taken_on_a_later_day_cannot_be_given_away_before_it() -> None:
    community = a_community(seated("li"), seated("wu", "2021-03-01"))
    with refused("quota-full") as caught:
        join(community, D, day("2020-11-01"))
    assert caught.value.extra["day"] == "2021-03-01"


def test_a_seat_that_frees_next_month_is_free_from_then_on_only() -> None:
    community = a_community(seated("li"), seated("wu"), left("wu", "2020-11-01"))
    join(community, D, day("2020-11-01"))
    with refused("quota-full"):
        join(community, D, day("2020-10-31"))


def test_a_quota_that_falls_on_a_later_day_counts_today() -> None:
    community = a_community(seated("li"), ("2021-01-01", CommunityQuotaSet(category=D, seats=1)))
    with refused("quota-full") as caught:
        join(community, D, day("2020-10-01"))
    assert caught.value.extra["day"] == "2021-01-01"


def test_one_who_holds_no_seat_needs_none() -> None:
    join(a_community(seats=0), None, day("2020-10-01"))


@pytest.mark.parametrize("on", ["2020-10-01", "2020-01-01"])
def test_a_quota_does_not_fall_below_the_heads_of_any_later_day(on: str) -> None:
    community = a_community(seated("li"), seated("wu", "2021-03-01"))
    basis = Basis(document="d", date=day("2020-01-01"))
    command = SetCommunityQuota(community_id="xinhua", category=D, seats=1, effective_date=day(on), basis=basis)
    with refused("quota-below-heads", "/seats") as caught:
        set_quota(community, command)
    assert "2021-03-01" in caught.value.detail


def test_the_two_kinds_of_seat_are_counted_apart(town: Town) -> None:
    town.hire(), town.hire()
    town.refuse("quota-full", "hires", **town.hiring())
    town.hire(channel="election", post="member")
    assert (town.seats("xinhua"), town.seats("xinhua", "committee")) == ((2, 2), (3, 1))


@drawn(
    some.lists(some.tuples(some.integers(1, 28), some.integers(0, 4)), max_size=6),
    some.lists(some.tuples(some.integers(1, 28), some.sampled_from([-1, 1])), max_size=12),
    some.integers(1, 28),
)
def test_first_overfull_is_the_first_day_a_slow_count_finds(limits: Any, changes: Any, since: int) -> None:
    """Against a count of every single day."""
    from datetime import date

    as_days = [[(date(2021, 1, number), value) for number, value in steps] for steps in (limits, changes)]
    ordered = [sorted(steps, key=lambda step: step[0]) for steps in as_days]
    expected = None
    for number in range(since, 32):
        today = date(2021, 1, number)
        seats = next((value for step, value in reversed(ordered[0]) if step <= today), 0)
        taken = sum(value for step, value in ordered[1] if step <= today)
        if taken > seats:
            expected = (today, taken, seats)
            break
    assert first_overfull(*ordered, since=date(2021, 1, since)) == expected


# --- quotas over HTTP


def quota(town: Town, seats: int, on: str = "2020-10-01", **fields: Any) -> dict[str, Any]:
    return {"day": on, "community_id": "xinhua", "category": "dedicated", "seats": seats, **fields}


def test_a_quota_is_written_on_the_community_and_on_the_city(town: Town) -> None:
    done = town.give("community-quotas", **quota(town, 4))
    assert set(done["streams"]) == {"community/xinhua", "city/chibi"}
    city = town.read("cities/chibi", effective_on="2020-10-01")["establishment"]["dedicated"]
    assert city == {"seats": 12, "allotted": 8, "free": 4}


def test_a_quota_that_is_already_so_is_refused(town: Town) -> None:
    assert town.refuse("already-there", "community-quotas", **quota(town, 2))["pointer"] == "/seats"
    fields = {"city_id": "chibi", "category": "dedicated", "seats": 12}
    assert town.refuse("already-there", "city-quotas", **fields)["pointer"] == "/seats"


def test_communities_together_have_no_more_seats_than_the_city(town: Town) -> None:
    """12 of the city, 2 + 2 + 2 given: 8 more is the most a community can get."""
    town.refuse("quota-exceeded", "community-quotas", **quota(town, 9))
    town.give("community-quotas", **quota(town, 8))
    town.refuse("quota-exceeded", "community-quotas", **quota(town, 3, community_id="jinqiao"))


def test_seats_given_on_a_later_day_count_before(town: Town) -> None:
    town.give("community-quotas", **quota(town, 8, "2021-01-01"))
    town.refuse("quota-exceeded", "community-quotas", **quota(town, 3, "2020-11-01", community_id="jinqiao"))


def test_the_city_keeps_what_it_gave_on_any_later_day(town: Town) -> None:
    town.give("community-quotas", **quota(town, 8, "2021-01-01"))
    fields = {"city_id": "chibi", "category": "dedicated", "seats": 11}
    found = town.refuse("quota-exceeded", "city-quotas", "2020-10-01", **fields)
    assert "2021-01-01" in found["detail"]


def test_a_quota_falls_when_the_seat_is_given_up(town: Town) -> None:
    worker_id, _ = town.hire(), town.hire()
    town.refuse("quota-below-heads", "community-quotas", **quota(town, 1, "2020-11-01"))
    town.give("separations", "2020-11-01", worker_id=worker_id, reason="resigned")
    town.refuse("quota-below-heads", "community-quotas", **quota(town, 1, "2020-10-31"))
    town.give("community-quotas", **quota(town, 1, "2020-11-01"))


@pytest.mark.parametrize("seats", [-1, 100_001, 1.5, "2", None])
def test_seats_are_a_whole_number(town: Town, seats: Any) -> None:
    assert town.refuse("invalid-body", "community-quotas", **quota(town, seats))["pointer"] == "/seats"


def test_a_community_not_yet_registered_has_no_quota(town: Town) -> None:
    town.refuse("unknown-place", "community-quotas", **quota(town, 1, "2017-12-31"))
    town.refuse("unknown-place", "community-quotas", **quota(town, 1, community_id="nowhere"))


# --- places


def test_a_place_is_registered_once(town: Town) -> None:
    place = {"city_id": "chibi", "street_id": "pufang", "title": "x"}
    size = {"households": 1, "population": 1, "compounds": 1}
    for path, fields, pointer in (
        ("cities", {"city_id": "chibi", "title": "x", "division_code": "421281"}, "/city_id"),
        ("streets", place, "/street_id"),
        ("communities", {**place, **size, "community_id": "xinhua"}, "/community_id"),
        ("grids", {"community_id": "xinhua", "grid_id": "xinhua-g1", "title": "x", "households": 1}, "/grid_id"),
    ):
        assert town.refuse("already-registered", path, **fields)["pointer"] == pointer


def test_a_place_lies_in_a_place_that_is_there(town: Town) -> None:
    place = {"city_id": "chibi", "street_id": "nowhere", "title": "x", "community_id": "new"}
    size = {"households": 1, "population": 1, "compounds": 1}
    assert town.refuse("unknown-place", "communities", **place, **size)["pointer"] == "/street_id"
    town.refuse("unknown-place", "grids", community_id="nowhere", grid_id="g", title="x", households=1)
    street = {"city_id": "nowhere", "street_id": "s", "title": "x"}
    town.refuse("unknown-place", "streets", **street, who="admin city:nowhere")


@pytest.mark.parametrize("code", ["42128", "42128a", "４２１２８１", "421281\n"])
def test_a_division_code_has_six_digits(town: Town, code: str) -> None:
    fields = {"city_id": "new", "title": "x", "division_code": code}
    town.refuse("invalid-body", "cities", **fields, who="admin city:new")


def test_an_empty_timeline_is_no_community() -> None:
    assert Community(Timeline()).registered is None
