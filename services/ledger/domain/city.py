"""A city: its streets, its list of communities, and the establishment 员额 they share."""

from collections.abc import Iterator
from datetime import date

from msgspec import Struct

from ledger.domain.command import Command, Id, Words
from ledger.domain.seats import Level, Overfull, course, first_overfull, value_on
from ledger.domain.timeline import Timeline
from shared.events import (
    Category,
    CityQuotaSet,
    CityRegistered,
    CommunitiesRedrawn,
    CommunityListed,
    Event,
    QuotaAllotted,
    Seats,
    StreetRegistered,
    UnitKind,
)
from shared.refusal import Refused

# --- commands


class RegisterCity(Command, frozen=True, kw_only=True):
    """A city, with its GB/T 2260 division code. Its id is also the jurisdiction of its policies and runs."""

    city_id: Id
    title: Words
    division_code: str


class RegisterStreet(Command, frozen=True, kw_only=True):
    """A street 街道, or a unit that acts as one."""

    city_id: Id
    street_id: Id
    title: Words
    kind: UnitKind = UnitKind.STREET


class SetCityQuota(Command, frozen=True, kw_only=True):
    """The seats of one category the whole city has from the effective date on."""

    city_id: Id
    category: Category
    seats: Seats


# --- state


class City(Struct, frozen=True):
    """A city's timeline and what decisions ask of it."""

    timeline: Timeline = Timeline()

    @property
    def registered(self) -> CityRegistered | None:
        """Its registration, or None when there is no such city."""
        return next((act.event for act in self.timeline if isinstance(act.event, CityRegistered)), None)

    def streets_on(self, day: date) -> dict[str, StreetRegistered]:
        """Street id → street, on the day."""
        streets = (act.event for act in self.timeline.until(day) if isinstance(act.event, StreetRegistered))
        return {street.street_id: street for street in streets}

    def communities_on(self, day: date) -> list[str]:
        """Ids of the communities that exist on the day, in the order they were listed."""
        listed: dict[str, None] = {}
        for act in self.timeline.until(day):
            if isinstance(act.event, CommunityListed):
                listed[act.event.community_id] = None
            elif isinstance(act.event, CommunitiesRedrawn):
                for gone in act.event.successors:
                    listed.pop(gone, None)
        return list(listed)

    def quota_on(self, category: Category, day: date) -> int:
        """Seats of the whole city on the day."""
        return value_on(self._limits(category), day)

    def allotted_on(self, category: Category, day: date) -> int:
        """Seats given to communities on the day."""
        return sum(change for since, change in self._allotments(category) if since <= day)

    def overallotted(self, category: Category, since: date = date.min) -> Overfull | None:
        """The first day from `since` on with more seats given to communities than the city has."""
        return first_overfull(self._limits(category), self._allotments(category), since=since)

    def communities_ever(self) -> list[str]:
        """Ids of the communities that were ever on its list."""
        return list(
            dict.fromkeys(act.event.community_id for act in self.timeline if isinstance(act.event, CommunityListed))
        )

    def course(self, category: Category, since: date) -> Iterator[Level]:
        """Seats given to communities, of those the city has, on `since` and each later day that says something."""
        return course(self._limits(category), self._allotments(category), since=since)

    def with_(self, events: list[Event], effective_date: date) -> "City":
        """The city as it would be."""
        return City(self.timeline.with_(events, effective_date))

    def _limits(self, category: Category) -> Iterator[tuple[date, int]]:
        for act in self.timeline:
            if isinstance(act.event, CityQuotaSet) and act.event.category is category:
                yield act.effective_date, act.event.seats

    def _allotments(self, category: Category) -> Iterator[tuple[date, int]]:
        seats_of: dict[str, int] = {}
        for act in self.timeline:
            if isinstance(act.event, QuotaAllotted) and act.event.category is category:
                before = seats_of.get(act.event.community_id, 0)
                seats_of[act.event.community_id] = act.event.seats
                yield act.effective_date, act.event.seats - before


# --- decisions


def register_city(city: City, command: RegisterCity) -> CityRegistered:
    """Refused `already-registered`, `invalid-body` for a division code that is not six digits."""
    if city.registered is not None:
        raise _taken("/city_id", command.city_id)
    if len(command.division_code) != 6 or not (command.division_code.isascii() and command.division_code.isdigit()):
        raise Refused(
            "invalid-body", "a division code has six digits", pointer="/division_code", remedy="see GB/T 2260"
        )
    return CityRegistered(city_id=command.city_id, title=command.title, division_code=command.division_code)


def check_street(city: City, street_id: str, day: date, *, pointer: str = "/street_id") -> None:
    """Refused `unknown-place` for a street the city does not have on the day."""
    if street_id not in city.streets_on(day):
        raise Refused(
            "unknown-place",
            f"the city has no street {street_id} on {day}",
            pointer=pointer,
            remedy="register the street first",
        )


def check_city(city: City, city_id: str, *, pointer: str = "/city_id") -> CityRegistered:
    """The registration. Refused `unknown-place` when there is no such city."""
    registered = city.registered
    if registered is None:
        raise Refused("unknown-place", f"there is no city {city_id}", pointer=pointer, remedy="register the city first")
    return registered


def register_street(city: City, command: RegisterStreet) -> StreetRegistered:
    """Refused `unknown-place`, `already-registered`."""
    check_city(city, command.city_id)
    if command.street_id in city.streets_on(date.max):
        raise _taken("/street_id", command.street_id)
    return StreetRegistered(street_id=command.street_id, title=command.title, kind=command.kind)


def list_community(city: City, street_id: str, community_id: str, day: date, pointer: str = "") -> CommunityListed:
    """Refused `unknown-place` for a street the city does not have on the day."""
    check_street(city, street_id, day, pointer=f"{pointer}/street_id")
    return CommunityListed(community_id=community_id, street_id=street_id)


def set_city_quota(city: City, command: SetCityQuota) -> CityQuotaSet:
    """Refused `unknown-place`, `already-there`, and `quota-exceeded` below what communities were given."""
    check_city(city, command.city_id)
    if city.quota_on(command.category, command.effective_date) == command.seats:
        raise Refused(
            "already-there",
            f"the city's {command.category} quota is already {command.seats}",
            pointer="/seats",
            remedy="nothing needs doing",
        )
    event = CityQuotaSet(category=command.category, seats=command.seats)
    check_allotted(city.with_([event], command.effective_date), command.category, command.effective_date)
    return event


def allot(city: City, community_id: str, category: Category, seats: int, day: date) -> QuotaAllotted:
    """Refused `quota-exceeded` when the communities together would have more seats than the city on any day."""
    event = QuotaAllotted(community_id=community_id, category=category, seats=seats)
    check_allotted(city.with_([event], day), category, day)
    return event


def check_allotted(city: City, category: Category, since: date) -> None:
    """Refused `quota-exceeded` when the communities together have more seats than the city from some day on."""
    over = city.overallotted(category, since)
    if over is not None:
        raise Refused(
            "quota-exceeded",
            f"communities would have {over.taken} {category} seats on {over.day}, the city has {over.seats}",
            pointer="/seats",
            remedy="raise the city's quota first, or lower that of another community",
        )


def _taken(pointer: str, taken_id: str) -> Refused:
    return Refused(
        "already-registered", f"{taken_id} is taken", pointer=pointer, remedy="choose another id, or use what is there"
    )
