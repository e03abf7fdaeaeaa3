"""A community 社区: its size, its grids, and a calendar of its seats 员额."""

from collections.abc import Iterator
from datetime import date
from operator import attrgetter
from typing import Final, NamedTuple

from msgspec import Struct

from ledger.domain.command import Command, Count, Id, Words
from ledger.domain.seats import Level, Overfull, course, first_overfull, value_on
from ledger.domain.stays import joined_up
from ledger.domain.timeline import Act, Timeline
from shared.events import (
    Category,
    CommunityClosed,
    CommunityQuotaSet,
    CommunityRegistered,
    Event,
    GridRegistered,
    Stay,
    StaysRestated,
    WorkerJoined,
    WorkerLeft,
)
from shared.refusal import Refused

# --- commands


class RegisterCommunity(Command, frozen=True, kw_only=True):
    """A community of a street. It has no seats until its quota is set."""

    city_id: Id
    street_id: Id
    community_id: Id
    title: Words
    households: Count
    population: Count
    compounds: Count


class RegisterGrid(Command, frozen=True, kw_only=True):
    """A grid 网格 of a community."""

    community_id: Id
    grid_id: Id
    title: Words
    households: Count


# --- state

_NOBODY: Final = "nobody"
TOLD = (WorkerJoined, WorkerLeft, StaysRestated)
"""What says who is here."""


class Movement(NamedTuple):
    """Somebody comes or goes on a day; `act` says so."""

    day: date
    version: int
    arrives: bool
    worker_id: str
    seat: Category | None
    act: Act


_when = attrgetter("day", "version")


class Community(Struct, frozen=True):
    """A community's timeline and what decisions ask of it."""

    timeline: Timeline = Timeline()

    @property
    def registered(self) -> CommunityRegistered | None:
        """Its registration, or None when there is no such community."""
        return next((act.event for act in self.timeline if isinstance(act.event, CommunityRegistered)), None)

    @property
    def founded(self) -> CommunityRegistered | None:
        """The registration the stream began with, even where it was voided: whose community it is, or was."""
        event = self.timeline.first.event if self.timeline.first else None
        return event if isinstance(event, CommunityRegistered) else None

    def exists_on(self, day: date) -> bool:
        """Registered by the day and not closed on it."""
        opened = any(isinstance(act.event, CommunityRegistered) for act in self.timeline.until(day))
        return opened and not any(isinstance(act.event, CommunityClosed) for act in self.timeline.until(day))

    def grids_on(self, day: date) -> dict[str, GridRegistered]:
        """Grid id → grid, on the day."""
        grids = (act.event for act in self.timeline.until(day) if isinstance(act.event, GridRegistered))
        return {grid.grid_id: grid for grid in grids}

    def quota_on(self, category: Category, day: date) -> int:
        """Seats of the category on the day."""
        return value_on(self._limits(category), day)

    def heads_on(self, category: Category, day: date) -> int:
        """Seats taken on the day."""
        return sum(change for since, change in self._takings(category) if since <= day)

    def overfull(self, category: Category, since: date = date.min) -> Overfull | None:
        """The first day from `since` on with more heads than seats."""
        return first_overfull(self._limits(category), self._takings(category), since=since)

    def course(self, category: Category, since: date) -> Iterator[Level]:
        """Heads of seats on `since` and each later day that says something; a closed community has no seats."""
        limits = list(self._limits(category))
        if self.closed is not None:
            gone = self.closed.effective_date
            limits = [*((day, seats) for day, seats in limits if day < gone), (gone, 0)]
        return course(limits, self._takings(category), since=since)

    def takings(self, category: Category) -> list[tuple[date, int]]:
        """(day, change of heads)."""
        return list(self._takings(category))

    def workers_on(self, day: date) -> dict[str, Category | None]:
        """Worker id → the kind of seat they hold here on the day, None for none."""
        here: dict[str, Category | None] = {}
        for move in self.movements():
            if move.day > day:
                break
            if move.arrives:
                here[move.worker_id] = move.seat
            else:
                here.pop(move.worker_id, None)
        return here

    def serving_from(self, day: date) -> list[str]:
        """Who is here on the day, then who joins later."""
        here = dict.fromkeys(self.workers_on(day))
        return list(here | {move.worker_id: None for move in self.movements() if move.arrives and move.day > day})

    def stays_of(self, worker_id: str) -> tuple[Stay, ...]:
        """The worker's stays here, in order."""
        stays: list[Stay] = []
        for move in self.movements(worker_id):
            if move.arrives:
                stays.append(Stay(since=move.day, seat=move.seat))
            elif stays:
                stays.append(Stay(since=(last := stays.pop()).since, until=move.day, seat=last.seat))
        return joined_up(stays)

    def says(self, worker_id: str, stays: tuple[Stay, ...]) -> bool:
        """Whether these are the worker's stays here, and nobody leaves who had not come."""
        return self.stays_of(worker_id) == stays and not any(self.unmatched(worker_id))

    def told_by(self, command_id: str, worker_id: str) -> bool:
        """Whether the command said anything of the worker here."""
        return any(
            act.command_id == command_id and isinstance(act.event, TOLD) and act.event.worker_id == worker_id
            for act in self.timeline
        )

    def unmatched(self, worker_id: str | None = None) -> Iterator[Movement]:
        """Departures of somebody who would not be here under that seat, and arrivals of somebody who already is.

        Of everybody, or of one worker.
        """
        here: dict[str, Category | None] = {}
        for move in self.movements(worker_id):
            if move.arrives:
                if move.worker_id in here:
                    yield move
                here[move.worker_id] = move.seat
            elif here.pop(move.worker_id, _NOBODY) is not move.seat:
                yield move

    @property
    def stranded(self) -> tuple[Act, list[str]] | None:
        """The act that closes the community, and the workers who would serve in it on that day or join it later."""
        closed = self.closed
        if closed is None:
            return None
        left = self.serving_from(closed.effective_date)
        return (closed, left) if left else None

    @property
    def closed(self) -> Act | None:
        """The act that closes the community, if there is one."""
        return next((act for act in self.timeline if isinstance(act.event, CommunityClosed)), None)

    def movements(self, worker_id: str | None = None) -> list[Movement]:
        """Who comes and goes, everybody or one worker, by day; what was told anew of a worker stands for all that was
        said before of them."""
        told = [
            act
            for act in self.timeline
            if isinstance(act.event, TOLD) and (worker_id is None or act.event.worker_id == worker_id)
        ]
        retold: dict[str, int] = {}
        for act in told:
            if isinstance(act.event, StaysRestated):
                retold[act.event.worker_id] = max(act.version, retold.get(act.event.worker_id, 0))
        moves: list[Movement] = []
        for act in told:
            event = act.event
            if isinstance(event, WorkerJoined | WorkerLeft):
                if act.version > retold.get(event.worker_id, 0):
                    arrives = isinstance(event, WorkerJoined)
                    moves.append(Movement(act.effective_date, act.version, arrives, event.worker_id, event.seat, act))
            elif isinstance(event, StaysRestated) and act.version == retold[event.worker_id]:
                moves += _anew(act, event)
        return sorted(moves, key=_when)

    def with_(self, event: Event, effective_date: date) -> "Community":
        """The community as it would be."""
        return Community(self.timeline.with_([event], effective_date))

    def _limits(self, category: Category) -> Iterator[tuple[date, int]]:
        for act in self.timeline:
            if isinstance(act.event, CommunityQuotaSet) and act.event.category is category:
                yield act.effective_date, act.event.seats

    def _takings(self, category: Category) -> Iterator[tuple[date, int]]:
        for move in self.movements():
            if move.seat is category:
                yield move.day, 1 if move.arrives else -1


def _anew(act: Act, event: StaysRestated) -> Iterator[Movement]:
    for stay in event.stays:
        yield Movement(stay.since, act.version, True, event.worker_id, stay.seat, act)
        if stay.until is not None:
            yield Movement(stay.until, act.version, False, event.worker_id, stay.seat, act)


# --- decisions


def check_exists(community: Community, community_id: str, day: date, *, pointer: str = "/community_id") -> None:
    """Refused `unknown-place` unless the community exists on the day."""
    if not community.exists_on(day):
        known = community.registered is not None
        closed = next((act.event for act in community.timeline if isinstance(act.event, CommunityClosed)), None)
        way_out = f"name its successor {closed.successor_id}" if known and closed else "register the community first"
        raise Refused(
            "unknown-place", f"there is no community {community_id} on {day}", pointer=pointer, remedy=way_out
        )


def check_closing(community: Community, community_id: str, day: date, *, pointer: str) -> None:
    """A community closes once. Refused as `check_exists` says, `later-act-in-the-way` where it closes later already."""
    check_exists(community, community_id, day, pointer=pointer)
    closed = community.closed
    if closed is not None:
        raise Refused(
            "later-act-in-the-way",
            f"{community_id} closes on {closed.effective_date} already",
            pointer=pointer,
            remedy="void that redraw first, or leave the community out",
            extra={"acts": [closed.command_id]},
        )


def check_new(community: Community, community_id: str, pointer: str) -> None:
    """Refused `already-registered` for an id that is taken."""
    if community.registered is not None:
        raise Refused(
            "already-registered", f"{community_id} is taken", pointer=pointer, remedy="choose another community id"
        )


def check_grid(community: Community, grid_id: str | None, day: date) -> None:
    """Refused `unknown-place` when a named grid is not one of the community's on the day."""
    if grid_id is not None and grid_id not in community.grids_on(day):
        raise Refused(
            "unknown-place",
            f"the community has no grid {grid_id} on {day}",
            pointer="/grid_id",
            remedy="name a grid of the community, or register the grid first",
        )


def register_grid(community: Community, command: RegisterGrid) -> GridRegistered:
    """Refused `unknown-place`, `already-registered`."""
    check_exists(community, command.community_id, command.effective_date)
    if any(
        isinstance(act.event, GridRegistered) and act.event.grid_id == command.grid_id for act in community.timeline
    ):
        raise Refused(
            "already-registered",
            f"{command.community_id} already has a grid {command.grid_id}",
            pointer="/grid_id",
            remedy="give another id, or go on with the grid that is there",
        )
    return GridRegistered(grid_id=command.grid_id, title=command.title, households=command.households)
