"""What a community's stream must say so that a worker's stays there are as they should be."""

from datetime import date

from ledger.domain.community import Community, check_exists
from ledger.domain.seats import Overfull
from shared.events import Category, CommunityClosed, Event, Stay, StaysRestated, WorkerJoined, WorkerLeft
from shared.refusal import Refused


def settle(
    community: Community,
    community_id: str,
    worker_id: str,
    wanted: tuple[Stay, ...],
    day: date,
    *,
    pointer: str = "/community_id",
) -> list[Event]:
    """What to write, dated `day`, so that the community says these stays of the worker; nothing when it does.

    Refused `unknown-place`, and `quota-full` on any day of a stay that was not there before.
    """
    before = community.stays_of(worker_id)
    new = [stay for stay in wanted if stay not in before]
    for stay in new:
        check_exists(community, community_id, stay.since, pointer=pointer)
    events = _words_for(community, worker_id, before, wanted, day)
    after = Community(community.timeline.with_(events, day))
    for stay in new:
        full = after.overfull(stay.seat, stay.since) if stay.seat is not None else None
        if full is not None:
            raise _full(community_id, stay.seat, full, pointer)
    check_close(after, community_id, pointer=pointer)
    return events


def _words_for(
    community: Community, worker_id: str, before: tuple[Stay, ...], wanted: tuple[Stay, ...], day: date
) -> list[Event]:
    """Left and joined where they say it; else everything told anew."""
    if community.says(worker_id, wanted):
        return []
    events: list[Event] = []
    if before and before[-1].until is None:
        events.append(WorkerLeft(worker_id=worker_id, seat=before[-1].seat))
    if wanted and wanted[-1].until is None:
        events.append(WorkerJoined(worker_id=worker_id, seat=wanted[-1].seat))
    if Community(community.timeline.with_(events, day)).says(worker_id, wanted):
        return events
    return [StaysRestated(worker_id=worker_id, stays=wanted)]


def _full(community_id: str, seat: Category | None, full: Overfull, pointer: str) -> Refused:
    return Refused(
        "quota-full",
        f"all {full.seats} {seat} seats of {community_id} are taken on {full.day}",
        pointer=pointer,
        remedy="end an appointment, choose a later date or another community, or raise the quota of the community",
        extra={"day": full.day.isoformat(), "seats": full.seats, "heads": full.taken - 1},
    )


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
