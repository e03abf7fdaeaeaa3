"""A community 社区: its size, its grids, and a calendar of its seats 员额."""

from collections.abc import Iterator
from datetime import date

from msgspec import Struct

from ledger.domain.command import Command, Count, Id, Words
from ledger.domain.seats import Overfull, first_overfull, value_on
from ledger.domain.timeline import Act, Timeline
from shared.events import (
    Category,
    CommunityClosed,
    CommunityQuotaSet,
    CommunityRegistered,
    Event,
    GridRegistered,
    Seats,
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


class SetCommunityQuota(Command, frozen=True, kw_only=True):
    """The seats of one category a community has from the effective date on."""

    community_id: Id
    category: Category
    seats: Seats


# --- state

_NOBODY = "nobody"


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

    def workers_on(self, day: date) -> dict[str, Category | None]:
        """Worker id → the kind of seat they hold here on the day, None for none."""
        here: dict[str, Category | None] = {}
        for act in self.timeline.until(day):
            if isinstance(act.event, WorkerLeft):
                here.pop(act.event.worker_id, None)
            elif isinstance(act.event, WorkerJoined):
                here[act.event.worker_id] = act.event.seat
        return here

    def unmatched(self) -> Iterator[Act]:
        """Departures of somebody who would not be here under that seat, and arrivals of somebody who already is."""
        here: dict[str, Category | None] = {}
        for act in self.timeline:
            if isinstance(act.event, WorkerJoined):
                if act.event.worker_id in here:
                    yield act
                here[act.event.worker_id] = act.event.seat
            elif isinstance(act.event, WorkerLeft):
                seat = here.pop(act.event.worker_id, _NOBODY)
                if seat is not act.event.seat:
                    yield act

    @property
    def stranded(self) -> tuple[Act, list[str]] | None:
        """The act that closes the community, and the workers who would serve in it on that day or join it later."""
        closed = next((act for act in self.timeline if isinstance(act.event, CommunityClosed)), None)
        if closed is None:
            return None
        left = dict.fromkeys(self.workers_on(closed.effective_date))
        for act in self.timeline:
            if act.effective_date > closed.effective_date and isinstance(act.event, WorkerJoined):
                left[act.event.worker_id] = None
        return (closed, list(left)) if left else None

    def with_(self, event: Event, effective_date: date) -> "Community":
        """The community as it would be."""
        return Community(self.timeline.with_([event], effective_date))

    def _limits(self, category: Category) -> Iterator[tuple[date, int]]:
        for act in self.timeline:
            if isinstance(act.event, CommunityQuotaSet) and act.event.category is category:
                yield act.effective_date, act.event.seats

    def _takings(self, category: Category) -> Iterator[tuple[date, int]]:
        for act in self.timeline:
            if isinstance(act.event, WorkerJoined | WorkerLeft) and act.event.seat is category:
                yield act.effective_date, 1 if isinstance(act.event, WorkerJoined) else -1


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


def set_quota(community: Community, command: SetCommunityQuota) -> CommunityQuotaSet:
    """Refused `unknown-place`, `already-there`, and `quota-below-heads` on any later day."""
    check_exists(community, command.community_id, command.effective_date)
    if community.quota_on(command.category, command.effective_date) == command.seats:
        raise Refused(
            "already-there",
            f"the {command.category} quota of {command.community_id} is already {command.seats}",
            pointer="/seats",
            remedy="nothing needs doing",
        )
    event = CommunityQuotaSet(category=command.category, seats=command.seats)
    full = community.with_(event, command.effective_date).overfull(command.category, command.effective_date)
    if full is not None:
        raise Refused(
            "quota-below-heads",
            f"{full.taken} heads hold {command.category} seats of {command.community_id} on {full.day}; "
            f"{command.seats} would be too few",
            pointer="/seats",
            remedy="end or transfer appointments first, or set the quota to at least the heads",
        )
    return event


def join(community: Community, community_id: str, worker_id: str, seat: Category | None, day: date) -> WorkerJoined:
    """One more from the day on. Refused `unknown-place`, and `quota-full` today or on any later day."""
    check_exists(community, community_id, day)
    joined = WorkerJoined(worker_id=worker_id, seat=seat)
    after = community.with_(joined, day)
    full = after.overfull(seat, day) if seat is not None else None
    if full is not None:
        raise Refused(
            "quota-full",
            f"all {full.seats} {seat} seats of {community_id} are taken on {full.day}",
            pointer="/community_id",
            remedy="end an appointment, choose a later date or another community, or raise the quota of the community",
            extra={"day": full.day.isoformat(), "seats": full.seats, "heads": full.taken - 1},
        )
    check_close(after, community_id)
    return joined


def check_close(community: Community, community_id: str, *, pointer: str = "/community_id") -> None:
    """Refused `later-act-in-the-way` when somebody would be left in a community that closes, or come to it later."""
    stranded = community.stranded
    if stranded is not None:
        closed, left = stranded
        assert isinstance(closed.event, CommunityClosed)
        raise Refused(
            "later-act-in-the-way",
            f"{community_id} closes on {closed.effective_date}; {len(left)} would serve there then or later",
            pointer=pointer,
            remedy=f"act on {closed.event.successor_id} from {closed.effective_date} on",
            extra={"workers": left},
        )
