"""A recorded event: where it stands in the log, when it holds, who did it on which document; and its wire forms."""

from datetime import date, datetime
from typing import Annotated, Any, NamedTuple

import msgspec
from msgspec import Meta, Struct

from shared.events import EVENT_TYPES, Event, PolicyEnacted
from shared.patterns import PLAIN, SEEN
from shared.policy_document import as_written
from shared.upcasts import upcast

Text = Annotated[str, Meta(min_length=1, max_length=200, pattern=PLAIN)]


class Basis(Struct, frozen=True, forbid_unknown_fields=True):
    """依据文号: the paper an act rests on: its number, its date, and the clause where it has one."""

    document: Text
    date: date
    clause: Annotated[str, Meta(max_length=200, pattern=PLAIN)] = ""


class Paper(Basis, frozen=True, forbid_unknown_fields=True):
    """The paper as a command gives it: its number is seen. What was recorded before that was asked stays readable."""

    document: Annotated[str, Meta(min_length=1, max_length=200, pattern=SEEN)]

    @property
    def kept(self) -> Basis:
        """As it is recorded."""
        return Basis(self.document, self.date, self.clause)


class Recorded(Struct, frozen=True, kw_only=True):
    """An event as every reader of the log sees it.

    `position` is dense over the log (0, 1, 2, …), `version` dense over the stream (1, 2, …). `effective_date` says
    from when it holds (a date in the jurisdiction), `recorded_at` when it was written (UTC, never going backwards).
    All events of one command share `command_id`. `traceparent` is the W3C trace context of the command, empty without.
    """

    position: int
    stream: str
    version: int
    effective_date: date
    recorded_at: datetime
    actor: str
    basis: Basis
    command_id: str
    event: Event
    traceparent: str = ""

    @property
    def type(self) -> str:
        """The stored name of the event, with its version."""
        return self.event.name

    @property
    def subject_id(self) -> str:
        """The stream's id without its kind: `worker/w-1` → `w-1`."""
        return self.stream.partition("/")[2]


class Wire(Struct, frozen=True, kw_only=True):
    """A recorded event in JSON: the feed's form, also the body of a CloudEvent."""

    position: int
    stream: str
    version: int
    type: str
    effective_date: date
    recorded_at: datetime
    actor: str
    basis: Basis
    command_id: str
    data: msgspec.Raw
    traceparent: str | msgspec.UnsetType = msgspec.UNSET


def wire_form(recorded: Recorded) -> Wire:
    """The event in its wire form."""
    return Wire(
        position=recorded.position,
        stream=recorded.stream,
        version=recorded.version,
        type=recorded.type,
        effective_date=recorded.effective_date,
        recorded_at=recorded.recorded_at,
        actor=recorded.actor,
        basis=recorded.basis,
        command_id=recorded.command_id,
        data=msgspec.Raw(encode_event(recorded.event)),
        traceparent=recorded.traceparent or msgspec.UNSET,
    )


class Linked(NamedTuple):
    """An event of the log in its wire form, and the running hash of the log at it (hex)."""

    wire: Wire
    chain: str


def to_wire(recorded: Recorded) -> bytes:
    """One line of JSON, keys in the order of `Wire`."""
    return msgspec.json.encode(wire_form(recorded))


def wire_of(line: bytes) -> Wire:
    """Read a line without looking into the event, whose type need not be known here. Raises msgspec.MsgspecError."""
    return msgspec.json.decode(line, type=Wire)


def from_wire(line: bytes) -> Recorded:
    """Read what `to_wire` wrote, of any released version. Raises msgspec.ValidationError on anything else."""
    return recorded_of(wire_of(line))


def recorded_of(wire: Wire) -> Recorded:
    """The event of a wire form. Raises LookupError for an unknown type, msgspec.ValidationError for unfit data."""
    return Recorded(
        position=wire.position,
        stream=wire.stream,
        version=wire.version,
        effective_date=wire.effective_date,
        recorded_at=wire.recorded_at,
        actor=wire.actor,
        basis=wire.basis,
        command_id=wire.command_id,
        event=decode_event(wire.type, bytes(wire.data)),
        traceparent=wire.traceparent or "",
    )


def encode_event(event: Event) -> bytes:
    """The event in JSON; a policy's document without what its format gained since and it does not say."""
    if isinstance(event, PolicyEnacted):
        return msgspec.json.encode({name: as_written(getattr(event, name)) for name in event.__struct_fields__})
    return msgspec.json.encode(event)


def decode_event(stored_name: str, data: bytes) -> Event:
    """The event under its stored name, an older form read as today's. Raises LookupError for an unknown name."""
    name, data = upcast(stored_name, data)
    try:
        event_type = EVENT_TYPES[name]
    except KeyError:
        raise LookupError(f"no event is stored under the name {stored_name!r}") from None
    return msgspec.json.decode(data, type=event_type)


def plain(recorded: Recorded) -> dict[str, Any]:
    """The wire form as a dictionary, for answers over HTTP."""
    return dict(msgspec.json.decode(to_wire(recorded)))
