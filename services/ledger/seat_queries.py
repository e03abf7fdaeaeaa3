"""The establishment 员额 over time, asked of the log: heads against seats on every day on which something changes."""

from datetime import date

from ledger.answers import (
    CityCalendar,
    CitySeatsAnswer,
    CitySeatsOn,
    CommunityCalendar,
    CommunitySeatsOn,
    SeatsAnswer,
)
from ledger.desk import Desk
from ledger.domain import seat_calendar
from ledger.domain.city import City
from ledger.domain.community import Community
from ledger.domain.seat_calendar import CitySeats
from ledger.domain.seats import Level


def community_calendar(desk: Desk, community_id: str, since: date, until: date | None, known: int) -> CommunityCalendar:
    """Refused `not-found`."""
    then = desk.open(Community, desk.community(community_id).stream, upto=known)
    if then.state.registered is None:
        raise desk.unseen("community", community_id, "/community_id")
    rows = seat_calendar.of_community(then.state, since, until or date.max)
    return CommunityCalendar(
        known_position=known,
        version=then.version,
        community_id=community_id,
        since=since,
        until=until,
        days=[
            CommunitySeatsOn(day=day, establishment={kind.value: _seats(level) for kind, level in row.items()})
            for day, row in rows
        ],
    )


def city_calendar(desk: Desk, city_id: str, since: date, until: date | None, known: int) -> CityCalendar:
    """Refused `not-found`."""
    then = desk.open(City, desk.city(city_id).stream, upto=known)
    if then.state.registered is None:
        raise desk.unseen("city", city_id, "/city_id")
    names = then.state.communities_ever()
    communities = (desk.open(Community, f"community/{name}", upto=known).state for name in names)
    rows = seat_calendar.of_city(then.state, communities, since, until or date.max)
    return CityCalendar(
        known_position=known,
        version=then.version,
        city_id=city_id,
        since=since,
        until=until,
        days=[
            CitySeatsOn(day=day, establishment={kind.value: _city_seats(seats) for kind, seats in row.items()})
            for day, row in rows
        ],
    )


def _seats(level: Level) -> SeatsAnswer:
    return SeatsAnswer(seats=level.seats, heads=level.taken, vacant=level.seats - level.taken)


def _city_seats(found: CitySeats) -> CitySeatsAnswer:
    return CitySeatsAnswer(
        seats=found.seats,
        allotted=found.allotted,
        free=found.seats - found.allotted,
        heads=found.heads,
        vacant=found.allotted - found.heads,
    )
