"""The command that voids another one, across all its streams."""

from datetime import date

from ledger.desk import Decision, Desk, Opened
from ledger.domain.city import City
from ledger.domain.community import Community
from ledger.domain.policy import Policies
from ledger.domain.void import Voidable, VoidCommand, already_voided, without
from ledger.domain.worker import Worker
from shared.envelope import Recorded
from shared.events import CommandVoided
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
    return Decision(streams[0], [stream.with_(voided) for stream in opened], releases=[command.command_id])


def _open(desk: Desk, stream: str, command_id: str) -> Opened[City] | Opened[Community] | Opened[Worker]:
    kind, _, name = stream.partition("/")
    try:
        if kind == "worker":
            return _worker(desk, name, command_id)
        if kind == "community":
            return desk.community(name)
        if kind == "city":
            return desk.city(name)
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


def _worker(desk: Desk, worker_id: str, command_id: str) -> Opened[Worker]:
    """The worker, who is no longer one when it was the hire that was voided."""
    opened = desk.open(Worker, f"worker/{worker_id}")
    if command_id in opened.state.timeline.voided and opened.state.on(date.max) is None:
        raise already_voided(command_id)
    return desk.worker(worker_id)


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
        standing = state.on(date.max)
        return standing.city_id if standing else None
    registered = state.registered
    return registered.city_id if registered else None


def _unknown(command_id: str) -> Refused:
    return Refused(
        "unknown-command",
        f"no command {command_id} in your scope",
        pointer="/command_id",
        remedy="take the command_id from the answer of the command or from a history",
    )
