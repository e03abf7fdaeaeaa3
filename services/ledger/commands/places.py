"""Commands on cities, streets, communities, grids, and their seats."""

from collections.abc import Sequence

from ledger.desk import Decision, Desk, Opened
from ledger.domain import city as city_rules
from ledger.domain import community as community_rules
from ledger.domain.city import City, ClosedCommunity, RedrawCommunities, RegisterCity, RegisterStreet, SetCityQuota
from ledger.domain.community import Community, RegisterCommunity, RegisterGrid, SetCommunityQuota
from ledger.domain.worker import Worker, admit, check_moves_last
from ledger.event_store import Change, Claim
from shared.events import (
    Category,
    CommunitiesRedrawn,
    CommunityClosed,
    CommunityQuotaSet,
    CommunityRegistered,
    Event,
    QuotaAllotted,
    WorkerCarried,
    WorkerJoined,
    WorkerLeft,
)
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
    _check_new(community, command.community_id, "/community_id")
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
    quota = community_rules.set_quota(community.state, command)
    place = community.state.registered
    assert place is not None
    city = desk.city(place.city_id)
    allotted = city_rules.allot(
        city.state, command.community_id, command.category, command.seats, command.effective_date
    )
    return Decision(community.stream, [community.with_(quota), city.with_(allotted)])


# --- redraw


def redraw_communities(desk: Desk, command: RedrawCommunities) -> Decision:
    """Close, open and move everybody in one append. Refused `redraw-incomplete`, `quota-full`, `quota-exceeded`."""
    city = desk.city(command.city_id)
    city_rules.check_city(city.state, command.city_id)
    city_rules.check_named_once(command)
    closing = {closed.community_id: desk.community(closed.community_id, "/closed") for closed in command.closed}
    opening = {opened.community_id: desk.community(opened.community_id, "/opened") for opened in command.opened}
    for number, one in enumerate(command.closed):
        pointer = f"/closed/{number}/community_id"
        community_rules.check_exists(
            closing[one.community_id].state, one.community_id, command.effective_date, pointer=pointer
        )
    _check_successors(command, city.state)
    city_events = _city_events(command, city.state)
    events: dict[str, list[Event]] = {f"community/{name}": list(_opened(command, name)) for name in opening}
    for name, opened in opening.items():
        _check_new(opened, name, "/opened")
    policies = desk.policies(command.city_id).state
    changes = [city.with_(*city_events)]
    for worker, carried, target in _movers(desk, command, closing):
        check_moves_last(admit(worker.state, carried, command.effective_date, policies), command.effective_date)
        changes.append(worker.with_(carried))
        _move(worker, carried, target, command, events)
    changes += _community_changes(desk, command, closing, opening, events)
    return Decision(city.stream, changes)


def _check_successors(command: RedrawCommunities, city: City) -> None:
    after = (set(city.communities_on(command.effective_date)) - {closed.community_id for closed in command.closed}) | {
        opened.community_id for opened in command.opened
    }
    for number, closed in enumerate(command.closed):
        for successor in {closed.successor_id, *closed.workers.values()}:
            if successor not in after:
                raise Refused(
                    "redraw-incomplete",
                    f"{successor}, a successor of {closed.community_id}, does not exist after the redraw",
                    pointer=f"/closed/{number}/successor_id",
                    remedy="name a community that is opened here or stays open",
                )


def _city_events(command: RedrawCommunities, city: City) -> list[Event]:
    day = command.effective_date
    events: list[Event] = [
        CommunitiesRedrawn(
            successors={closed.community_id: closed.successor_id for closed in command.closed},
            opened=tuple(opened.community_id for opened in command.opened),
        )
    ]
    for closed in command.closed:
        events += [QuotaAllotted(community_id=closed.community_id, category=kind, seats=0) for kind in Category]
    for number, opened in enumerate(command.opened):
        pointer = f"/opened/{number}"
        events.append(city_rules.list_community(city, opened.street_id, opened.community_id, day, pointer))
        for kind, seats in ((Category.COMMITTEE, opened.committee_seats), (Category.DEDICATED, opened.dedicated_seats)):
            events.append(QuotaAllotted(community_id=opened.community_id, category=kind, seats=seats))
    city_rules.check_redrawn(city, events, day)
    return events


def _opened(command: RedrawCommunities, community_id: str) -> Sequence[Event]:
    opened = next(one for one in command.opened if one.community_id == community_id)
    predecessors = tuple(
        closed.community_id
        for closed in command.closed
        if community_id in (closed.successor_id, *closed.workers.values())
    )
    return (
        CommunityRegistered(
            community_id=community_id,
            city_id=command.city_id,
            street_id=opened.street_id,
            title=opened.title,
            households=opened.households,
            population=opened.population,
            compounds=opened.compounds,
            predecessors=predecessors,
        ),
        CommunityQuotaSet(category=Category.COMMITTEE, seats=opened.committee_seats),
        CommunityQuotaSet(category=Category.DEDICATED, seats=opened.dedicated_seats),
    )


def _movers(
    desk: Desk, command: RedrawCommunities, closing: dict[str, Opened[Community]]
) -> list[tuple[Opened[Worker], WorkerCarried, str]]:
    """Everybody in service in a closing community on the day, with the community that takes them on."""
    movers = []
    for closed in command.closed:
        living = closing[closed.community_id].state.workers_on(command.effective_date)
        _check_named(closed, set(living))
        for worker_id in living:
            target = closed.workers.get(worker_id, closed.successor_id)
            carried = WorkerCarried(from_community_id=closed.community_id, community_id=target)
            movers.append((desk.worker(worker_id), carried, target))
    return movers


def _check_named(closed: ClosedCommunity, living: set[str]) -> None:
    strangers = sorted(set(closed.workers) - living)
    if strangers:
        raise Refused(
            "redraw-incomplete",
            f"{strangers[0]} is not in service in {closed.community_id} on that day",
            pointer="/closed",
            remedy="name only workers of the community that closes",
        )


def _move(
    worker: Opened[Worker],
    carried: WorkerCarried,
    target: str,
    command: RedrawCommunities,
    events: dict[str, list[Event]],
) -> None:
    standing = worker.state.serving(command.effective_date)
    left = WorkerLeft(worker_id=standing.worker_id, seat=standing.seat)
    events.setdefault(f"community/{carried.from_community_id}", []).append(left)
    joined = WorkerJoined(worker_id=standing.worker_id, seat=standing.seat)
    events.setdefault(f"community/{target}", []).append(joined)


def _community_changes(
    desk: Desk,
    command: RedrawCommunities,
    closing: dict[str, Opened[Community]],
    opening: dict[str, Opened[Community]],
    events: dict[str, list[Event]],
) -> list[Change]:
    for closed in command.closed:
        gone = events.setdefault(f"community/{closed.community_id}", [])
        gone.append(CommunityClosed(successor_id=closed.successor_id))
    changes = []
    for stream, written in events.items():
        name = stream.partition("/")[2]
        community = closing.get(name) or opening.get(name) or desk.community(name)
        after = Community(community.state.timeline.with_(written, command.effective_date))
        for kind in Category:
            _check_not_overfull(after, name, kind)
        community_rules.check_close(after, name, pointer="/closed")
        changes.append(community.with_(*written))
    return changes


def _check_not_overfull(after: Community, community_id: str, kind: Category) -> None:
    full = after.overfull(kind)
    if full is not None:
        raise Refused(
            "quota-full",
            f"{full.taken} heads would hold {full.seats} {kind} seats of {community_id} on {full.day}",
            pointer="/closed",
            remedy="send some workers to another successor, or give the community more seats",
        )


def _check_new(community: Opened[Community], community_id: str, pointer: str) -> None:
    if community.state.registered is not None:
        raise Refused(
            "already-registered", f"{community_id} is taken", pointer=pointer, remedy="choose another community id"
        )
