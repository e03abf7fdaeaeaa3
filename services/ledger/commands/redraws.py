"""The command that redraws communities and moves everybody who serves there."""

from collections.abc import Sequence

from ledger.desk import Decision, Desk, Opened
from ledger.domain import city as city_rules
from ledger.domain import community as community_rules
from ledger.domain import redraw as redraw_rules
from ledger.domain.carrying import Successors, carry, in_a_circle
from ledger.domain.city import City
from ledger.domain.community import Community
from ledger.domain.establishment import Size, check_community_seats
from ledger.domain.policy import Policies
from ledger.domain.redraw import ClosedCommunity, RedrawCommunities
from ledger.domain.settling import check_close, settle
from ledger.domain.stays import concerned, stays_of
from ledger.domain.worker import Worker, check_lived
from ledger.event_store import Change
from shared.events import (
    Category,
    CommunitiesRedrawn,
    CommunityClosed,
    CommunityQuotaSet,
    CommunityRegistered,
    Event,
    QuotaAllotted,
)
from shared.refusal import Refused


def redraw_communities(desk: Desk, command: RedrawCommunities) -> Decision:
    """Close, open and move everybody in one append. Refused `redraw-incomplete`, `quota-full`, `quota-exceeded`."""
    city = desk.city(command.city_id)
    city_rules.check_city(city.state, command.city_id)
    redraw_rules.check_named_once(command)
    closing = {closed.community_id: desk.community(closed.community_id, "/closed") for closed in command.closed}
    opening = {opened.community_id: desk.community(opened.community_id, "/opened") for opened in command.opened}
    for number, one in enumerate(command.closed):
        pointer = f"/closed/{number}/community_id"
        community_rules.check_closing(
            closing[one.community_id].state, one.community_id, command.effective_date, pointer=pointer
        )
    _check_successors(command, city.state)
    city_events = _city_events(command, city.state)
    for name, opened in opening.items():
        community_rules.check_new(opened.state, name, "/opened")
    redrawn = Redrawn(desk, command)
    policies = desk.policies(command.city_id).state
    _check_opened_seats(command, policies)
    redrawn.check_circle()
    changes = [city.with_(*city_events)]
    for worker, successors in _movers(desk, command, closing):
        after, carried = carry(worker.state, redrawn.closing, Successors(successors))
        check_lived(worker.state, after, policies)
        redrawn.carry(worker, after)
        changes.append(worker.with_dated(*carried))
    changes += redrawn.changes()
    return Decision(city.stream, changes)


class Redrawn:
    """The communities of a redraw as they come to be: opened first, then with who is carried, closed last."""

    def __init__(self, desk: Desk, command: RedrawCommunities) -> None:
        self._desk = desk
        self._day = command.effective_date
        self._events: dict[str, list[Event]] = {}
        self._states: dict[str, Community] = {}
        self._closed = {one.community_id: CommunityClosed(successor_id=one.successor_id) for one in command.closed}
        for opened in command.opened:
            self._write(opened.community_id, list(_opened(command, opened.community_id)))

    def closing(self, name: str) -> Community:
        """The community as it will be, closed where the redraw closes it."""
        closed = self._closed.get(name)
        return self._state(name).with_(closed, self._day) if closed else self._state(name)

    def check_circle(self) -> None:
        """Refused `redraw-incomplete` where successor after successor closes, and nobody would take anybody on."""
        for name in self._closed:
            passed, place = {name}, self.closing(name)
            while place.closed is not None:
                assert isinstance(place.closed.event, CommunityClosed)
                if place.closed.event.successor_id in passed:
                    raise in_a_circle(name, self._day)
                passed.add(place.closed.event.successor_id)
                place = self.closing(place.closed.event.successor_id)

    def carry(self, before: Opened[Worker], after: Worker) -> None:
        """Tell the communities where the worker now serves. Refused `quota-full`."""
        was, will = stays_of(before.state), stays_of(after)
        worker_id = before.stream.partition("/")[2]
        for name in concerned(was, will):
            told = settle(self._state(name), name, worker_id, will.get(name, ()), self._day, pointer="/closed")
            self._write(name, told)

    def changes(self) -> list[Change]:
        """All that is written on communities. Refused `later-act-in-the-way` where somebody would be left behind."""
        for name, closed in self._closed.items():
            self._write(name, [closed])
        for name in self._events:
            check_close(self._state(name), name, pointer="/closed")
        return [self._opened(name).with_(*events) for name, events in self._events.items() if events]

    def _write(self, name: str, events: list[Event]) -> None:
        timeline = self._state(name).timeline.with_(events, self._day)
        self._states[name] = Community(timeline)
        self._events.setdefault(name, []).extend(events)

    def _state(self, name: str) -> Community:
        return self._states.get(name) or self._opened(name).state

    def _opened(self, name: str) -> Opened[Community]:
        return self._desk.community(name)


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


def _check_opened_seats(command: RedrawCommunities, policies: Policies) -> None:
    """Refused `outside-establishment`; a community that opens has no grids yet to count seats by."""
    for number, opened in enumerate(command.opened):
        size, day = Size(opened.households, opened.population, None), command.effective_date
        name, pointer = opened.community_id, f"/opened/{number}"
        seats = {Category.COMMITTEE: opened.committee_seats, Category.DEDICATED: opened.dedicated_seats}
        for kind, count in seats.items():
            place = f"{pointer}/{kind.value}_seats"
            check_community_seats(policies, size, kind, count, day, where=name, pointer=place)


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
    redraw_rules.check_redrawn(city, events, day)
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
) -> list[tuple[Opened[Worker], dict[str, str]]]:
    """Everybody in service in a closing community on the day or later, and who carries them on, by community."""
    movers: dict[str, dict[str, str]] = {}
    for closed in command.closed:
        serving = closing[closed.community_id].state.serving_from(command.effective_date)
        _check_named(closed, set(serving))
        for worker_id in serving:
            target = closed.workers.get(worker_id, closed.successor_id)
            movers.setdefault(worker_id, {})[closed.community_id] = target
    return [(desk.worker(worker_id), successors) for worker_id, successors in movers.items()]


def _check_named(closed: ClosedCommunity, serving: set[str]) -> None:
    strangers = sorted(set(closed.workers) - serving)
    if strangers:
        raise Refused(
            "redraw-incomplete",
            f"{strangers[0]} is not in service in {closed.community_id} on that day or later",
            pointer="/closed",
            remedy="name only workers of the community that closes",
        )
