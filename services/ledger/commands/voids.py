"""The command that voids another one, across all its streams."""

from datetime import date

from ledger.commands.appraisals import check_places
from ledger.commands.candidates import check_reopened
from ledger.desk import Decision, Desk, Opened
from ledger.domain.candidate import Candidate
from ledger.domain.city import City
from ledger.domain.community import Community
from ledger.domain.excellence import Excellence
from ledger.domain.policy import Policies
from ledger.domain.stays import stays_of
from ledger.domain.void import Voidable, VoidCommand, check_told, without
from ledger.domain.worker import Worker
from shared.envelope import Recorded
from shared.events import (
    CandidateWithdrawn,
    CommandVoided,
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
    voided = CommandVoided(command_id=command.command_id, reason=command.reason)
    retold = _retold(desk, opened, command)
    for stream in opened:
        without(stream.state, command.command_id, policies, retold.get(stream.stream, ()))
        if isinstance(stream.state, Community):
            _check_grids(desk, stream.state, command.command_id)
        elif isinstance(stream.state, Excellence):
            after = Excellence(stream.state.timeline.without(command.command_id))
            check_places(desk, stream.stream, stream.state, after, policies)
        elif isinstance(stream.state, Candidate):
            check_reopened(desk, desk.open(Candidate, stream.stream), command.command_id)
    for name in retold.keys() - set(streams):
        check_told(desk.open(Community, name).state, retold[name])
    changes = [stream.with_(voided, *retold.pop(stream.stream, ())) for stream in opened]
    changes += [desk.open(Community, name).with_(*events) for name, events in retold.items()]
    return Decision(streams[0], changes, releases=[command.command_id])


def _retold(desk: Desk, opened: list[AnyOpened], command: VoidCommand) -> dict[str, list[StaysRestated]]:
    """Community stream → the stays that the void leaves its workers, where taking the command out does not say them."""
    told: dict[str, list[StaysRestated]] = {}
    for stream in opened:
        if not isinstance(stream.state, Worker):
            continue
        worker_id = stream.stream.partition("/")[2]
        was = stays_of(stream.state)
        will = stays_of(Worker(stream.state.timeline.without(command.command_id)))
        for name in [f"community/{community_id}" for community_id in dict.fromkeys([*was, *will])]:
            wanted = will.get(name.partition("/")[2], ())
            community = Community(desk.open(Community, name).state.timeline.without(command.command_id))
            if not community.says(worker_id, wanted):
                told.setdefault(name, []).append(StaysRestated(worker_id=worker_id, stays=wanted))
    return told


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


def _check_grids(desk: Desk, community: Community, command_id: str) -> None:
    """Refused `void-breaks-later-act` when somebody was placed on a grid that would not exist."""
    gone = {
        act.event.grid_id
        for act in community.timeline
        if act.command_id == command_id and isinstance(act.event, GridRegistered)
    }
    joined = [move.worker_id for move in community.movements() if move.arrives] if gone else []
    placed = [
        act.command_id
        for worker_id in dict.fromkeys(joined)
        for act in desk.open(Worker, f"worker/{worker_id}").state.timeline
        if isinstance(act.event, WorkerHired | WorkerRehired | WorkerConverted | WorkerTransferred)
        and act.event.grid_id in gone
    ]
    if placed:
        raise Refused(
            "void-breaks-later-act",
            f"{len(placed)} later act(s) place somebody on the grid",
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
