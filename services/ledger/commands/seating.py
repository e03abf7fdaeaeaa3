"""What an act on a worker means for the communities: who carries them on, and which seats are taken and freed."""

from datetime import date

from ledger.desk import Desk
from ledger.domain.carrying import Carried, Successors, carry
from ledger.domain.community import Community
from ledger.domain.policy import Policies
from ledger.domain.settling import settle
from ledger.domain.stays import concerned, stays_of
from ledger.domain.worker import Worker, check_lived
from ledger.event_store import Change


def carry_on(
    desk: Desk, worker: Worker, policies: Policies, successor_id: str | None, day: date
) -> tuple[Worker, list[Carried]]:
    """The worker with an act of the day, carried over every redraw: to `successor_id` after it, else to the one named
    by the redraw; and back, where a redraw would carry somebody who is not there any more."""
    after, carried = carry(worker, lambda name: community_of(desk, name), Successors(named=successor_id, since=day))
    check_lived(worker, after, policies)
    return after, carried


def community_of(desk: Desk, community_id: str) -> Community:
    """The community, whoever asks."""
    return desk.open(Community, f"community/{community_id}").state


def seat_changes(desk: Desk, before: Worker, after: Worker, worker_id: str, day: date) -> list[Change]:
    """What the communities' streams are told of the difference. Refused `quota-full`, `later-act-in-the-way`."""
    was, will = stays_of(before), stays_of(after)
    changes = []
    for community_id in concerned(was, will):
        community = desk.open(Community, f"community/{community_id}")
        events = settle(community.state, community_id, worker_id, will.get(community_id, ()), day)
        if events:
            changes.append(community.with_(*events))
    return changes
