"""The command that voids another one, across all its streams."""

from datetime import date

from ledger.desk import Decision, Desk, Opened
from ledger.domain.city import City
from ledger.domain.community import Community
from ledger.domain.policy import Policies
from ledger.domain.void import Voidable, VoidCommand, without
from ledger.domain.worker import Worker
from shared.envelope import Recorded
from shared.events import CommandVoided, GridRegistered, WorkerConverted, WorkerHired, WorkerJoined, WorkerTransferred
from shared.refusal import Refused


def void_command(desk: Desk, command: VoidCommand) -> Decision:
    """Decided against the timelines that would result; its claims are free again."""
    written = desk.store.events_of(command.command_id)
    streams = list(dict.fromkeys(recorded.stream for recorded in written))
    opened = [_open(desk, stream, command.command_id) for stream in streams]
    if not opened:
        raise _unknown(command.command_id)
    _check_kind(written)
    policies = _policies(desk, opened)
    voided = CommandVoided(command_id=command.command_id, reason=command.reason)
    for stream in opened:
        without(stream.state, command.command_id, policies)
        if isinstance(stream.state, Community):
            _check_grids(desk, stream.state, command.command_id)
    return Decision(streams[0], [stream.with_(voided) for stream in opened], releases=[command.command_id])


def _open(desk: Desk, stream: str, command_id: str) -> Opened[City] | Opened[Community] | Opened[Worker]:
    kind, _, name = stream.partition("/")
    try:
        if kind == "worker":
            return desk.worker(name)
        if kind == "community":
            return desk.community(name)
        if kind == "city":
            return desk.city(name)
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
    joined = [act.event.worker_id for act in community.timeline if isinstance(act.event, WorkerJoined)] if gone else []
    placed = [
        act.command_id
        for worker_id in dict.fromkeys(joined)
        for act in desk.open(Worker, f"worker/{worker_id}").state.timeline
        if isinstance(act.event, WorkerHired | WorkerConverted | WorkerTransferred) and act.event.grid_id in gone
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


def _policies(desk: Desk, opened: list[Opened[City] | Opened[Community] | Opened[Worker]]) -> Policies:
    for stream in opened:
        city_id = _city_of(stream.state)
        if city_id is not None:
            return desk.policies(city_id).state
    return Policies()


def _city_of(state: Voidable) -> str | None:
    if isinstance(state, Worker):
        standing = state.placed_on(date.max)
        return standing.city_id if standing else None
    place = state.founded if isinstance(state, Community) else state.registered
    return place.city_id if place else None


def _unknown(command_id: str) -> Refused:
    return Refused(
        "unknown-command",
        f"no command {command_id} in your scope",
        pointer="/command_id",
        remedy="take the command_id from the answer of the command or from a history",
    )
