"""Commands on cities, streets, communities, grids, and their seats."""

from ledger.desk import Decision, Desk
from ledger.domain import city as city_rules
from ledger.domain import community as community_rules
from ledger.domain.city import RegisterCity, RegisterStreet, SetCityQuota
from ledger.domain.community import RegisterCommunity, RegisterGrid
from ledger.domain.quotas import SetCommunityQuota, set_quota
from ledger.event_store import Claim
from shared.events import CommunityRegistered
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
    if desk.store.claim_holder(claim.kind, claim.key) is not None:
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


def register_grid(desk: Desk, command: RegisterGrid) -> Decision:
    """A grid of the community."""
    community = desk.community(command.community_id)
    return Decision(community.stream, [community.with_(community_rules.register_grid(community.state, command))])


def set_city_quota(desk: Desk, command: SetCityQuota) -> Decision:
    """The establishment of the whole city."""
    city = desk.city(command.city_id)
    return Decision(city.stream, [city.with_(city_rules.set_city_quota(city.state, command))])


def set_community_quota(desk: Desk, command: SetCommunityQuota) -> Decision:
    """On the community's and the city's stream in one append, so that two raises cannot exceed the city together."""
    community = desk.community(command.community_id)
    quota = set_quota(community.state, command)
    place = community.state.registered
    assert place is not None
    city = desk.city(place.city_id)
    allotted = city_rules.allot(
        city.state, command.community_id, command.category, command.seats, command.effective_date
    )
    return Decision(community.stream, [community.with_(quota), city.with_(allotted)])
