"""What an act on a worker means for the communities: who carries them on, and which seats are taken and freed."""

from datetime import date

from ledger.desk import Desk
from ledger.domain.community import Community
from ledger.domain.policy import Policies
from ledger.domain.settling import settle
from ledger.domain.stays import concerned, stays_of
from ledger.domain.timeline import Act
from ledger.domain.worker import Worker, admit
from ledger.event_store import Change
from shared.events import CommunityClosed, WorkerCarried
from shared.refusal import Refused

Carried = tuple[WorkerCarried, date]


def carry_on(desk: Desk, worker: Worker, policies: Policies, successor_id: str | None) -> tuple[Worker, list[Carried]]:
    """The worker carried over every redraw that an act dated before it meets: to `successor_id`, else to the one named
    by the redraw; and back, where a redraw would carry somebody who is not there any more."""
    carried: list[Carried] = []
    while (next_one := _next_carried(desk, worker, successor_id)) is not None:
        event, day = next_one
        worker = admit(worker, event, day, policies)
        carried.append(next_one)
    return worker, carried


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


def _next_carried(desk: Desk, worker: Worker, successor_id: str | None) -> Carried | None:
    for act in worker.timeline:
        if isinstance(act.event, WorkerCarried):
            back = _back(worker, act, act.event)
            if back is not None:
                return back, act.effective_date
    for community_id, stays in stays_of(worker).items():
        closed = desk.open(Community, f"community/{community_id}").state.closed
        for stay in stays:
            if closed is not None and stay.since < closed.effective_date < (stay.until or date.max):
                return _onward(community_id, closed, successor_id), closed.effective_date
    return None


def _back(worker: Worker, act: Act, carried: WorkerCarried) -> WorkerCarried | None:
    """Undo a carrying of somebody who had left the place it names."""
    day = act.effective_date
    earlier = [one for one in worker.timeline if one.order < act.order]
    before = Worker(worker.timeline.only(earlier)).on(day)
    if before is None or not before.in_service:
        return None
    if before.community_id in (carried.from_community_id, carried.community_id):
        return None
    after = worker.on(day)
    if after is None or not after.in_service or after.community_id != carried.community_id:
        return None
    return WorkerCarried(
        from_community_id=carried.community_id, community_id=before.community_id, grid_id=before.grid_id
    )


def _onward(community_id: str, closed: Act, successor_id: str | None) -> WorkerCarried:
    assert isinstance(closed.event, CommunityClosed)
    target = successor_id or closed.event.successor_id
    if target == community_id:
        raise Refused(
            "unknown-place",
            f"{community_id} closes on {closed.effective_date} and cannot carry on its own workers",
            pointer="/successor_id",
            remedy=f"name {closed.event.successor_id}, or leave it out",
        )
    return WorkerCarried(from_community_id=community_id, community_id=target)
