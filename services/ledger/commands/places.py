"""Commands on cities, streets, communities, grids, and their seats."""

from datetime import date

from ledger.desk import Decision, Desk, Opened
from ledger.domain import city as city_rules
from ledger.domain import community as community_rules
from ledger.domain import quotas as quota_rules
from ledger.domain.city import RegisterCity, RegisterStreet, SetCityQuota
from ledger.domain.community import Community, RegisterCommunity, RegisterGrid
from ledger.domain.establishment import check_city_seats, check_community_seats, size_of
from ledger.domain.quotas import MoveSeats, SetCommunityQuota
from ledger.domain.renaming import RenameCommunity, rename
from ledger.event_store import Claim
from shared.events import CommunityQuotaSet, CommunityRegistered, QuotaAllotted
from shared.refusal import Refused


def register_city(desk: Desk, command: RegisterCity) -> Decision:
    """A city of which the principal is an admin."""
    city = desk.city(command.city_id)
    return Decision(city.stream, [city.with_(city_rules.register_city(city.state, command))])


def register_street(desk: Desk, command: RegisterStreet) -> Decision:
    """A street of the city."""
    city = desk.city(command.city_id)
    registered = city_rules.register_street(city.state, command)
    claim = Claim("street", command.street_id)
    if desk.held(claim):
        raise street_taken()
    return Decision(city.stream, [city.with_(registered)], claims=[claim])


def street_taken() -> Refused:
    """A street id is one place for everybody: tokens name their scope by it."""
    return Refused(
        "already-registered", "that street id is taken", pointer="/street_id", remedy="choose another street id"
    )


def register_community(desk: Desk, command: RegisterCommunity) -> Decision:
    """A community, on its own stream and on the city's list."""
    city = desk.city(command.city_id)
    community = desk.community(command.community_id)
    city_rules.check_city(city.state, command.city_id)
    community_rules.check_new(community.state, command.community_id, "/community_id")
    listed = city_rules.list_community(city.state, command.street_id, command.community_id, command.effective_date)
    registered = CommunityRegistered(
        community_id=command.community_id,
        city_id=command.city_id,
        street_id=command.street_id,
        title=command.title,
        households=command.households,
        population=command.population,
        compounds=command.compounds,
    )
    return Decision(community.stream, [community.with_(registered), city.with_(listed)])


def rename_community(desk: Desk, command: RenameCommunity) -> Decision:
    """Another name of the community or of a grid."""
    community = desk.community(command.community_id)
    return Decision(community.stream, [community.with_(rename(community.state, command))])


def register_grid(desk: Desk, command: RegisterGrid) -> Decision:
    """A grid of the community."""
    community = desk.community(command.community_id)
    return Decision(community.stream, [community.with_(community_rules.register_grid(community.state, command))])


def set_city_quota(desk: Desk, command: SetCityQuota) -> Decision:
    """The establishment of the whole city."""
    city = desk.city(command.city_id)
    quota = city_rules.set_city_quota(city.state, command)
    check_city_seats(desk.policies(command.city_id).state, command.category, command.seats, command.effective_date)
    return Decision(city.stream, [city.with_(quota)])


def set_community_quota(desk: Desk, command: SetCommunityQuota) -> Decision:
    """On the community's and the city's stream in one append, so that two raises cannot exceed the city together."""
    community = desk.community(command.community_id)
    quota = quota_rules.set_quota(community.state, command)
    place = community.state.registered
    assert place is not None
    city = desk.city(place.city_id)
    allotted = city_rules.allot(
        city.state, command.community_id, command.category, command.seats, command.effective_date
    )
    _check_seats(desk, community, quota, command.effective_date)
    return Decision(community.stream, [community.with_(quota), city.with_(allotted)])


def move_seats(desk: Desk, command: MoveSeats) -> Decision:
    """From one community to another in one append with the city's side of both."""
    giver = desk.community(command.from_community_id, "/from_community_id")
    taker = desk.community(command.community_id)
    lowered, raised = quota_rules.move_seats(giver.state, taker.state, command)
    place = giver.state.registered
    assert place is not None
    city, day = desk.city(place.city_id), command.effective_date
    given = QuotaAllotted(community_id=command.from_community_id, category=command.category, seats=lowered.seats)
    taken = QuotaAllotted(community_id=command.community_id, category=command.category, seats=raised.seats)
    city_rules.check_allotted(city.state.with_([given, taken], day), command.category, day)
    _check_seats(desk, giver, lowered, day)
    _check_seats(desk, taker, raised, day)
    return Decision(giver.stream, [giver.with_(lowered), taker.with_(raised), city.with_(given, taken)])


def _check_seats(desk: Desk, community: Opened[Community], quota: CommunityQuotaSet, day: date) -> None:
    place = community.state.registered
    assert place is not None
    check_community_seats(
        desk.policies(place.city_id).state,
        size_of(community.state, day),
        quota.category,
        quota.seats,
        day,
        where=place.community_id,
    )
