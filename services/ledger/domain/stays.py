"""Where a worker serves, over all days: what the streams of the communities must say of them."""

from collections.abc import Iterable
from datetime import date

from ledger.domain.standing import Standing, evolve
from ledger.domain.worker import Worker
from shared.events import Category, Stay

Place = tuple[str, Category | None]


def stays_of(worker: Worker) -> dict[str, tuple[Stay, ...]]:
    """Community id → the stays there, in order; a stay of no days is none, and one without a gap is one."""
    found: dict[str, list[Stay]] = {}
    standing: Standing | None = None
    place, since = None, date.min
    for act in worker.timeline:
        standing = evolve(standing, act)
        after = _place(standing)
        if after != place:
            _end(found, place, since, act.effective_date)
            place, since = after, act.effective_date
    _end(found, place, since, None)
    return {community_id: kept for community_id, stays in found.items() if (kept := joined_up(stays))}


def concerned(was: dict[str, tuple[Stay, ...]], will: dict[str, tuple[Stay, ...]]) -> list[str]:
    """The communities whose stays are not the same, the one that the worker was last to be in first."""
    names = [name for name in dict.fromkeys([*was, *will]) if was.get(name, ()) != will.get(name, ())]
    return sorted(names, key=lambda name: name not in was or was[name][-1].until is not None)


def joined_up(stays: Iterable[Stay]) -> tuple[Stay, ...]:
    """Stays in order without those of no days, and without a seam where the seat stays the same."""
    kept: list[Stay] = []
    for stay in stays:
        if stay.until is not None and stay.until <= stay.since:
            continue
        if kept and kept[-1].until == stay.since and kept[-1].seat is stay.seat:
            stay = Stay(since=kept.pop().since, until=stay.until, seat=stay.seat)
        kept.append(stay)
    return tuple(kept)


def _place(standing: Standing | None) -> Place | None:
    return (standing.community_id, standing.seat) if standing is not None and standing.in_service else None


def _end(found: dict[str, list[Stay]], place: Place | None, since: date, until: date | None) -> None:
    if place is not None:
        found.setdefault(place[0], []).append(Stay(since=since, until=until, seat=place[1]))
