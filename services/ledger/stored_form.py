"""An event as stored bytes: JSON with its envelope and a random nonce, checked to be readable before it is written."""

from base64 import b64encode
from datetime import UTC, date, datetime, timedelta

import msgspec
from eventsourcing.persistence import StoredEvent
from msgspec import Struct

from ledger.recorders import Row
from shared.envelope import Basis, Recorded, Wire, decode_event, encode_event
from shared.events import Event
from shared.refusal import Refused

NONCE_BYTES = 16
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NO_TIME = msgspec.json.encode(_EPOCH)
_TIME_AT = len('{"effective_date":"2020-10-01","recorded_at":')


class UnreadableEvent(Exception):
    """The event would not be read back as it is: a bug of the caller. Nothing was appended."""


class Metadata(Struct, frozen=True):
    """What the events of one command share: who did it, on which paper, from when they hold, in which trace."""

    command_id: str
    actor: str
    basis: Basis
    effective_date: date
    traceparent: str = ""


class _State(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The stored bytes. The nonce keeps the content from being guessed when only a hash of it is shown.

    The first two fields have one length, whatever they say, up to the time: `stored` puts it in.
    """

    effective_date: date
    recorded_at: datetime
    actor: str
    basis: Basis
    command_id: str
    nonce: str
    data: msgspec.Raw
    traceparent: str = ""


class Draft(Struct, frozen=True):
    """An event that has everything but its time and position; `state` has 1970 for its time."""

    stream: str
    version: int
    stored_name: str
    state: bytes


_states = msgspec.json.Decoder(_State)


def draft(stream: str, version: int, event: Event, holds_from: date, metadata: Metadata, nonce: bytes) -> Draft:
    """The event in stored form. Raises UnreadableEvent when its bytes do not give an equal event and envelope."""
    state = _State(
        effective_date=holds_from,
        recorded_at=_EPOCH,
        actor=metadata.actor,
        basis=metadata.basis,
        command_id=metadata.command_id,
        nonce=b64encode(nonce).decode(),
        data=msgspec.Raw(encode_event(event)),
        traceparent=metadata.traceparent,
    )
    made = Draft(stream, version, event.name, msgspec.json.encode(state))
    try:
        read = _decoded((0, stream, version, event.name, made.state))
    except (msgspec.MsgspecError, LookupError) as error:
        raise UnreadableEvent(f"{event.name} on {stream} cannot be read back: {error}") from error
    envelope = (read.command_id, read.actor, read.basis, read.effective_date, read.traceparent)
    given = (metadata.command_id, metadata.actor, metadata.basis, holds_from, metadata.traceparent)
    if (read.event, envelope) != (event, given):
        raise UnreadableEvent(f"{event.name} on {stream} is read back as something else")
    return made


def stored(drafted: Draft, recorded_at: datetime) -> StoredEvent:
    """The library's value for the draft, written at that time."""
    before, no_time, after = drafted.state.partition(_NO_TIME)
    if len(before) != _TIME_AT or not no_time:
        raise UnreadableEvent(f"{drafted.stored_name} on {drafted.stream} has no place for its time")
    state = before + msgspec.json.encode(recorded_at) + after
    return StoredEvent(drafted.stream, drafted.version, drafted.stored_name, state)


def recorded(row: Row) -> Recorded:
    """The event of a row (position, stream, version, stored name, state), an older form read as today's.

    Raises Refused `newer-version` for a type that this version does not know.
    """
    try:
        return _decoded(row)
    except LookupError:
        position, stream, _, stored_name, _ = row
        raise newer_version(position, stream, stored_name) from None


def newer_version(position: int, stream: str, stored_name: str) -> Refused:
    """The answer of a version that must not guess what a newer one beside it wrote."""
    return Refused(
        "newer-version",
        f"the event at position {position} of {stream} is {stored_name}, which a newer version wrote and this one does "
        "not know",
        remedy="send the same request again, until an instance of the newer version answers; the operator finishes the "
        "update",
        extra={"position": position},
    )


def _decoded(row: Row) -> Recorded:
    position, stream, version, stored_name, state_bytes = row
    state = _states.decode(state_bytes)
    return Recorded(
        position=position,
        stream=stream,
        version=version,
        effective_date=state.effective_date,
        recorded_at=state.recorded_at,
        actor=state.actor,
        basis=state.basis,
        command_id=state.command_id,
        event=decode_event(stored_name, bytes(state.data)),
        traceparent=state.traceparent,
    )


def wire(row: Row) -> Wire:
    """The wire form of a row, whose type need not be known here: a newer version may have written it."""
    position, stream, version, stored_name, state_bytes = row
    state = _states.decode(state_bytes)
    return Wire(
        position=position,
        stream=stream,
        version=version,
        type=stored_name,
        effective_date=state.effective_date,
        recorded_at=state.recorded_at,
        actor=state.actor,
        basis=state.basis,
        command_id=state.command_id,
        data=state.data,
        traceparent=state.traceparent or msgspec.UNSET,
    )


def microseconds(moment: datetime) -> int:
    """Whole microseconds since 1970 in UTC. Raises ValueError for a time without a zone."""
    if moment.tzinfo is None:
        raise ValueError("a time carries its zone")
    return (moment - _EPOCH) // timedelta(microseconds=1)


def moment_of(count: int) -> datetime:
    """The UTC time of `microseconds`."""
    return _EPOCH + timedelta(microseconds=count)
