"""Communities redrawn: a dated map of who succeeds whom, in one act."""

from datetime import date

from msgspec import Struct

from ledger.domain.city import City, check_allotted
from ledger.domain.command import Command, Count, Id, Words
from shared.events import Category, Event, Seats
from shared.refusal import Refused

# --- commands


class OpenedCommunity(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A community that a redraw opens, with its grids and seats."""

    community_id: Id
    street_id: Id
    title: Words
    households: Count
    population: Count
    compounds: Count
    committee_seats: Seats
    dedicated_seats: Seats


class ClosedCommunity(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A community that a redraw closes: who goes where, and the successor for all not named."""

    community_id: Id
    successor_id: Id
    workers: dict[str, Id] = {}


class RedrawCommunities(Command, frozen=True, kw_only=True):
    """Close some communities and open others on one day; everybody moves in the same act, nobody by decision."""

    city_id: Id
    opened: tuple[OpenedCommunity, ...]
    closed: tuple[ClosedCommunity, ...]


# --- decisions


def check_named_once(command: RedrawCommunities) -> None:
    """Refused `redraw-incomplete` for a redraw of nothing, or one that says two things of a community."""
    for pointer, named in (("/opened", command.opened), ("/closed", command.closed)):
        ids = [one.community_id for one in named]
        for number, community_id in enumerate(ids):
            if community_id in ids[:number]:
                raise Refused(
                    "redraw-incomplete",
                    f"{community_id} is named twice",
                    pointer=f"{pointer}/{number}/community_id",
                    remedy="say once what becomes of a community",
                )
    if not command.opened and not command.closed:
        raise Refused(
            "redraw-incomplete",
            "no community is opened and none is closed",
            pointer="/closed",
            remedy="name what the redraw opens and closes",
        )


def check_redrawn(city: City, events: list[Event], day: date) -> None:
    """Refused `quota-exceeded` when the seats after a redraw do not fit the city's."""
    after = city.with_(events, day)
    for category in Category:
        check_allotted(after, category, day)
