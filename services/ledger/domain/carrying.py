"""Where a worker is carried: a life is its own acts, and after each of them the redraws that it meets."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import NamedTuple

import msgspec

from ledger.domain.community import Community
from ledger.domain.standing import Standing, evolve
from ledger.domain.timeline import Act
from ledger.domain.worker import Worker
from shared.events import CommunityClosed, Event, WorkerCarried, WorkerConverted
from shared.refusal import Refused

Carried = tuple[WorkerCarried, date]
Communities = Callable[[str], Community]
"""Community id → its state as it will be."""


class Successors(NamedTuple):
    """Who carries somebody on where it is not the redraw's own successor.

    `by_place`: of each community that closes, as a redraw says it; `named`: one that an act names, met from `since` on.
    """

    by_place: Mapping[str, str] = {}
    named: str | None = None
    since: date = date.min


def carry(
    worker: Worker, communities: Communities, successors: Successors = Successors()
) -> tuple[Worker, list[Carried]]:
    """The worker as carried by every redraw, and what has to be written so that the stream says so.

    A carrying of somebody who is elsewhere on its day is taken back; one of somebody who left falls away by itself.
    Who came elsewhere before a conversion that names no place is carried to there on its day.
    Refused `unknown-place` where the successor that an act names carries nobody on, `redraw-incomplete` in a circle.
    """
    life = _Life(worker, communities, successors)
    told = {act.effective_date for act in worker.timeline if isinstance(act.event, WorkerCarried) or _stays(act.event)}
    written: list[Carried] = []
    for day in sorted(told | life.carried.keys()):
        was, will = worker.on(day), life.on(day)
        if was is None or will is None or not will.in_service or _place(was) == _place(will):
            continue
        event = life.carried.get(day)
        if event is None or (event.community_id, event.grid_id) != _place(will):
            event = WorkerCarried(
                from_community_id=was.community_id, community_id=will.community_id, grid_id=will.grid_id
            )
        worker = worker.with_(event, day)
        written.append((event, day))
    return worker, written


class _Life:
    """The own acts one after the other, followed through the closings; what was said of carryings names successors."""

    def __init__(self, worker: Worker, communities: Communities, successors: Successors) -> None:
        self.carried: dict[date, WorkerCarried] = {}
        self._communities = communities
        self._successors = successors
        self._met = self._used = False
        self._said: dict[tuple[str, date], str] = {}
        self._days: list[tuple[date, Standing | None]] = []
        self._standing: Standing | None = None
        self._last = date.min
        acts = list(worker.timeline)
        for act in sorted(acts, key=lambda act: act.version):
            if isinstance(act.event, WorkerCarried):
                self._said[act.event.from_community_id, act.effective_date] = act.event.community_id
        for act in acts:
            self._follow(act.effective_date, within=isinstance(act.event, WorkerCarried))
            if not isinstance(act.event, WorkerCarried):
                self._stand(_lived(self._standing, act), act.effective_date)
        self._follow(date.max)
        self._check_named()

    def on(self, day: date) -> Standing | None:
        """What the worker is at the end of the day."""
        return next((standing for since, standing in reversed(self._days) if since <= day), None)

    def _stand(self, standing: Standing | None, day: date) -> None:
        self._standing, self._last = standing, day
        self._days.append((day, standing))

    def _follow(self, until: date, *, within: bool = False) -> None:
        """Carried by every closing before the day; `within`: by those of the day, too."""
        passed: set[str] = set()
        while (closed := self._closed()) is not None:
            if closed.effective_date > until or (closed.effective_date == until and not within):
                return
            day = max(closed.effective_date, self._last)
            if day > self._last:
                passed.clear()
            assert self._standing is not None
            left = self._standing.community_id
            if left in passed:
                raise in_a_circle(left, day)
            passed.add(left)
            self._carry(left, closed, day)

    def _closed(self) -> Act | None:
        """The act that closes the community in which the worker serves."""
        if self._standing is None or not self._standing.in_service:
            return None
        return self._communities(self._standing.community_id).closed

    def _carry(self, left: str, closed: Act, day: date) -> None:
        event = WorkerCarried(from_community_id=left, community_id=self._successor(left, closed, day))
        self._stand(evolve(self._standing, Act(day, 0, "", event)), day)
        self.carried[day] = event

    def _successor(self, left: str, closed: Act, day: date) -> str:
        assert isinstance(closed.event, CommunityClosed)
        by_place, named, since = self._successors
        if left in by_place:
            return by_place[left]
        self._met |= day >= since
        if named is not None and day >= since and self._takes_on(named, left, day):
            self._used = True
            return named
        said = self._said.get((left, day))
        return said if said is not None and self._takes_on(said, left, day) else closed.event.successor_id

    def _takes_on(self, successor_id: str, left: str, day: date) -> bool:
        """Whether it exists on the day, in the same city, and is another one."""
        successor, community = self._communities(successor_id), self._communities(left)
        if successor_id == left or successor.founded is None or community.founded is None:
            return False
        return successor.exists_on(day) and successor.founded.city_id == community.founded.city_id

    def _check_named(self) -> None:
        named = self._successors.named
        if named is None or self._used or not self._met:
            return
        day, carried = next((day, event) for day, event in self.carried.items() if day >= self._successors.since)
        raise Refused(
            "unknown-place",
            f"{named} does not exist on {day} to carry on a worker of {carried.from_community_id}, which closes",
            pointer="/successor_id",
            remedy=f"name {carried.community_id}, or leave it out",
        )


def _stays(event: Event) -> bool:
    """A conversion without a move; it keeps the worker where they are, wherever that was when it was written."""
    return isinstance(event, WorkerConverted) and event.from_community_id == event.community_id


def _lived(standing: Standing | None, act: Act) -> Standing | None:
    after = evolve(standing, act)
    if standing is None or after is None or not _stays(act.event) or standing.community_id == after.community_id:
        return after
    return msgspec.structs.replace(after, community_id=standing.community_id, grid_id=standing.grid_id)


def in_a_circle(community_id: str, day: date) -> Refused:
    """The refusal of redraws that close each other's successors."""
    return Refused(
        "redraw-incomplete",
        f"the workers of {community_id} would be carried back to it on {day}",
        pointer="/closed",
        remedy="name a successor that stays open",
    )


def _place(standing: Standing) -> tuple[str, str | None]:
    return standing.community_id, standing.grid_id
