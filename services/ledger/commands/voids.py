"""The command that voids another one, across all its streams."""

from datetime import date
from typing import NamedTuple

from ledger.commands.appraisals import check_places
from ledger.commands.candidates import check_reopened
from ledger.commands.moving_in import give_back
from ledger.commands.seating import community_of
from ledger.desk import Decision, Desk, Opened
from ledger.domain.candidate import Candidate
from ledger.domain.carrying import Carried, carry
from ledger.domain.city import City
from ledger.domain.community import Community
from ledger.domain.excellence import Excellence
from ledger.domain.policy import Policies
from ledger.domain.stays import stays_of
from ledger.domain.void import Voidable, VoidCommand, check_without, told
from ledger.domain.worker import Worker
from ledger.event_store import Change
from shared.envelope import Recorded
from shared.events import (
    CandidateWithdrawn,
    CommandVoided,
    CommunityClosed,
    GridRegistered,
    StaysRestated,
    WorkerConverted,
    WorkerHired,
    WorkerRehired,
    WorkerTransferred,
)
from shared.refusal import Refused

AnyOpened = Opened[City] | Opened[Community] | Opened[Worker] | Opened[Candidate] | Opened[Excellence]


def void_command(desk: Desk, command: VoidCommand) -> Decision:
    """Decided against the timelines that would result; its claims are free again."""
    written = desk.written_by(command.command_id)
    streams = list(dict.fromkeys(recorded.stream for recorded in written))
    opened = [_open(desk, stream, command.command_id) for stream in streams]
    if not opened:
        raise _unknown(command.command_id)
    _check_kind(written)
    policies = _policies(desk, opened)
    lives = _lives(desk, opened, command.command_id)
    retold = _retold(desk, opened, lives, command.command_id)
    for stream in opened:
        after = _after(stream, lives, retold, command.command_id)
        check_without(stream.state, after, command.command_id, policies)
        if isinstance(after, Community):
            assert isinstance(stream.state, Community)
            _check_places(desk, stream.stream, stream.state, after, command.command_id)
        elif isinstance(after, Excellence):
            assert isinstance(stream.state, Excellence)
            check_places(desk, stream.stream, stream.state, after, policies)
        elif isinstance(stream.state, Candidate):
            check_reopened(desk, desk.open(Candidate, stream.stream), command.command_id)
    touched: list[AnyOpened] = [life.before for life in lives if life.before.stream not in streams]
    touched += [desk.open(Community, name) for name in retold if name not in streams]
    for stream in touched:
        check_without(stream.state, _after(stream, lives, retold, command.command_id), command.command_id, policies)
    voided = CommandVoided(command_id=command.command_id, reason=command.reason)
    carried = {life.before.stream: life.carried for life in lives}
    changes = [
        stream.with_dated(
            *([(voided, command.effective_date)] if stream.stream in streams else []),
            *((event, command.effective_date) for event in retold.get(stream.stream, ())),
            *carried.get(stream.stream, ()),
        )
        for stream in [*opened, *touched]
    ]
    return _decided(desk, opened, changes, command.command_id)


def _decided(desk: Desk, opened: list[AnyOpened], changes: list[Change], command_id: str) -> Decision:
    """What is written, and whose claims end or begin with it."""
    taken = [give_back(desk, stream, command_id) for stream in opened if isinstance(stream.state, Worker)]
    return Decision(
        opened[0].stream,
        changes,
        claims=[claim for one in taken for claim in one.claims],
        releases=[command_id, *(holder for one in taken for holder in one.releases)],
    )


class _Life(NamedTuple):
    """A worker as they were and as the void leaves them, with the carryings that it writes."""

    before: Opened[Worker]
    after: Worker
    carried: list[Carried]


def _lives(desk: Desk, opened: list[AnyOpened], command_id: str) -> list[_Life]:
    """Of everybody whose stream the command is on, and of those who would be carried otherwise without it."""
    lives = []
    for worker in _concerned(desk, opened, command_id):
        without = Worker(worker.state.timeline.without(command_id))
        after, carried = carry(without, lambda name: told(community_of(desk, name), command_id, ()))
        if carried or any(worker.stream == stream.stream for stream in opened):
            lives.append(_Life(worker, after, carried))
    return lives


def _concerned(desk: Desk, opened: list[AnyOpened], command_id: str) -> list[Opened[Worker]]:
    """Those on whose streams it is; of a redraw, all who ever served in what it closes or where it sends them."""
    found = {stream.stream: stream for stream in opened if isinstance(stream.state, Worker)}
    for stream in opened:
        closed = stream.state.closed if isinstance(stream.state, Community) else None
        if closed is None or closed.command_id != command_id:
            continue
        assert isinstance(closed.event, CommunityClosed)
        for name in (stream.stream.partition("/")[2], closed.event.successor_id):
            for move in community_of(desk, name).movements():
                worker = desk.open(Worker, f"worker/{move.worker_id}")
                found.setdefault(worker.stream, worker)
    return [worker for worker in found.values() if isinstance(worker.state, Worker)]


def _retold(desk: Desk, opened: list[AnyOpened], lives: list[_Life], command_id: str) -> dict[str, list[StaysRestated]]:
    """Community stream → the stays that the void leaves its workers, where taking the command out does not say them.

    Also where the command told that somebody is there no more: what was told before it is not to come back.
    """
    anew: dict[str, list[StaysRestated]] = {}
    for before, after, _ in lives:
        worker_id = before.stream.partition("/")[2]
        was, will = stays_of(before.state), stays_of(after)
        for name in dict.fromkeys([*was, *will, *_told_of(worker_id, opened, command_id)]):
            stays = will.get(name, ())
            if not told(community_of(desk, name), command_id, ()).says(worker_id, stays):
                anew.setdefault(f"community/{name}", []).append(StaysRestated(worker_id=worker_id, stays=stays))
    return anew


def _told_of(worker_id: str, opened: list[AnyOpened], command_id: str) -> list[str]:
    """The communities that the command told anything of the worker."""
    return [
        stream.stream.partition("/")[2]
        for stream in opened
        if isinstance(stream.state, Community) and stream.state.told_by(command_id, worker_id)
    ]


def _after(stream: AnyOpened, lives: list[_Life], retold: dict[str, list[StaysRestated]], command_id: str) -> Voidable:
    """What the void leaves of the stream."""
    state = stream.state
    if isinstance(state, Worker):
        return next(life.after for life in lives if life.before.stream == stream.stream)
    if isinstance(state, Community):
        return told(state, command_id, retold.get(stream.stream, ()))
    return type(state)(state.timeline.without(command_id))


def _open(desk: Desk, stream: str, command_id: str) -> AnyOpened:
    kind, _, name = stream.partition("/")
    try:
        if kind == "worker":
            return desk.worker(name)
        if kind == "community":
            return desk.community(name)
        if kind == "city":
            return desk.city(name)
        if kind == "candidate":
            return desk.candidate(name)
        if kind == "excellence":
            # Whoever may void the act on the worker, whose stream is among the others, may free the place.
            return desk.open(Excellence, stream)
        desk.city(name.partition("/")[0])
    except Refused as refused:
        if refused.code == "not-found":
            raise _unknown(command_id) from None
        raise
    raise Refused(
        "not-voidable",
        f"a command on {kind} is not voided",
        pointer="/command_id",
        remedy="enact or publish what is right instead; a closed run is corrected by the next run",
    )


def _check_places(desk: Desk, stream: str, before: Community, after: Community, command_id: str) -> None:
    """Refused `void-breaks-later-act` when somebody was placed in a community or on a grid that would not exist."""
    name = stream.partition("/")[2]
    unfounded = after.registered is None
    gone = {
        act.event.grid_id
        for act in before.timeline
        if act.command_id == command_id and isinstance(act.event, GridRegistered)
    }
    movements = after.movements() if unfounded else before.movements() if gone else []
    placed = [
        act.command_id
        for worker_id in dict.fromkeys(move.worker_id for move in movements if move.arrives)
        for act in desk.open(Worker, f"worker/{worker_id}").state.timeline
        if isinstance(act.event, WorkerHired | WorkerRehired | WorkerConverted | WorkerTransferred)
        and act.event.community_id == name
        and (unfounded or act.event.grid_id in gone)
    ]
    if placed or (unfounded and movements):
        raise Refused(
            "void-breaks-later-act",
            f"{len(placed)} later act(s) place somebody {'in ' + name if unfounded else 'on the grid'}",
            pointer="/command_id",
            remedy="void the later acts first, latest first",
            extra={"acts": placed},
        )


def _check_kind(written: list[Recorded]) -> None:
    if any(isinstance(recorded.event, CommandVoided) for recorded in written):
        raise Refused(
            "not-voidable",
            "a void is not voided",
            pointer="/command_id",
            remedy="give the voided command again",
        )
    if any(isinstance(recorded.event, CandidateWithdrawn) for recorded in written):
        raise Refused(
            "not-voidable",
            "an application that was withdrawn is not taken up again",
            pointer="/command_id",
            remedy="register the candidate anew",
        )


def _policies(desk: Desk, opened: list[AnyOpened]) -> Policies:
    for stream in opened:
        city_id = _city_of(stream.state)
        if city_id is not None:
            return desk.policies(city_id).state
    return Policies()


def _city_of(state: Voidable) -> str | None:
    if isinstance(state, Worker):
        standing = state.placed_on(date.max)
        return standing.city_id if standing else None
    if isinstance(state, Excellence):
        return None
    place = state.registered if isinstance(state, City) else state.founded
    return place.city_id if place else None


def _unknown(command_id: str) -> Refused:
    return Refused(
        "unknown-command",
        f"no command {command_id} in your scope",
        pointer="/command_id",
        remedy="take the command_id from the answer of the command or from a history",
    )
