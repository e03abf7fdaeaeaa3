"""How far back a decision reaches, held against the limits of the places where it holds."""

from collections.abc import Iterator
from datetime import date

from ledger.desk import Decision, Desk
from ledger.domain.candidate import Candidate
from ledger.domain.community import Community
from ledger.domain.retro_limit import LIFTED_BY, Place, check_limit, limits_on
from ledger.domain.worker import Worker
from shared.events import (
    CommandVoided,
    Event,
    WorkerCarried,
    WorkerConverted,
    WorkerHired,
    WorkerRehired,
    WorkerTransferred,
)

_MOVING = WorkerHired | WorkerRehired | WorkerConverted | WorkerTransferred | WorkerCarried
_LIMITED = ("worker", "community", "city", "candidate")
"""Kinds of streams; policies come after the year began, and months close in an order of their own."""


def check_dates(desk: Desk, decision: Decision, day: date) -> None:
    """Each event of the decision, and of what it voids, on its own day. Refused `retro-limit`."""
    lifting = desk.principal.scope if desk.principal.role is LIFTED_BY else None
    if lifting is not None and lifting.kind == "city":
        return
    reached = list(_reached(desk, decision, day))
    city_id = next((found for one in reached if (found := _city_of(desk, *one)) is not None), None)
    if city_id is None:
        return
    limits = limits_on(desk.policies(city_id).state, desk.today)
    for stream, event, since in reached if limits else ():
        kind = event.name.rpartition(".")[0]
        for place in _places_of(desk, stream, event, since):
            check_limit(limits, kind, place, since, desk.today, lifting)


def _reached(desk: Desk, decision: Decision, day: date) -> Iterator[tuple[str, Event, date]]:
    for change in decision.changes:
        if change.stream.partition("/")[0] not in _LIMITED:
            continue
        for event, since in change.dated(day):
            if isinstance(event, CommandVoided):
                acts = desk.open(Worker, change.stream).state.timeline
                yield from (
                    (change.stream, act.event, act.effective_date) for act in acts if act.command_id == event.command_id
                )
            else:
                yield change.stream, event, since


def _city_of(desk: Desk, stream: str, event: Event, day: date) -> str | None:
    kind, _, name = stream.partition("/")
    if kind == "city":
        return name
    said = getattr(event, "city_id", None)
    if said is not None:
        return str(said)
    if kind == "worker":
        standing = desk.open(Worker, stream).state.placed_on(day)
        return standing.city_id if standing is not None else None
    if kind == "community":
        place = desk.open(Community, stream).state.founded
        return place.city_id if place is not None else None
    applied = desk.open(Candidate, stream).state.founded
    return applied.city_id if applied is not None else None


def _places_of(desk: Desk, stream: str, event: Event, day: date) -> Iterator[Place]:
    """Where it holds: the community itself, or those that the worker is in before and after; else the city."""
    kind, _, name = stream.partition("/")
    communities = [name] if kind == "community" else []
    if kind == "worker":
        standing = desk.open(Worker, stream).state.placed_on(day)
        communities += [standing.community_id] if standing is not None else []
        communities += [event.community_id] if isinstance(event, _MOVING) else []
    for community_id in dict.fromkeys(communities):
        founded = desk.open(Community, f"community/{community_id}").state.founded
        yield Place(founded.street_id if founded is not None else None, community_id)
    if not communities:
        yield Place()
