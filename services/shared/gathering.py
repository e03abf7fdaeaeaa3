"""What a step has gathered and not yet written; an event that can never be taken is parked with its stream."""

from collections.abc import Iterable
from dataclasses import dataclass, field

import msgspec

from shared.envelope import Recorded, Wire, recorded_of, wire_form, wire_of
from shared.feed import Lines
from shared.receiving import BEGINNING, BEHIND, Mark, Move, Parked, Receiver, Taking, Unfit

BATCH = 500
_REASON_LENGTH = 500


@dataclass
class Step:
    """What one step did."""

    events: int = 0
    duplicates: int = 0
    repaired: int = 0
    parked: int = 0
    foreign: int = 0
    position: int = -1
    traces: list[str] = field(default_factory=list)


class Gathering:
    """What a step has gathered and not yet written, and the marks as they will be."""

    def __init__(self, receiver: Receiver, step: Step) -> None:
        held = receiver.held()
        self.step = step
        self._receiver = receiver
        self._parked_streams = set(held.parked)
        self._before = dict(held.marks)
        self._marks = dict(held.marks)
        self._events: list[Recorded] = []
        self._parked: list[Parked] = []

    def mark(self, partition: int) -> Mark:
        """The partition's mark, with what is gathered."""
        return self._marks.get(partition, BEGINNING)

    def complete(self, partition: int) -> int:
        """The position up to which the partition lacks nothing."""
        mark = self.mark(partition)
        return max(mark.position, mark.complete_to)

    def moved(self, partition: int, *, next_offset: int | None = None, complete_to: int | None = None) -> None:
        """Move the mark on."""
        mark = self.mark(partition)
        if next_offset is not None:
            mark = mark._replace(next_offset=next_offset)
        if complete_to is not None:
            mark = mark._replace(complete_to=max(complete_to, mark.complete_to))
        self._marks[partition] = mark

    def add(self, partition: int, wire: Wire, line: bytes) -> None:
        """Gather the event, or park it; written at once when the batch is full."""
        self.gather(wire, line)
        self._marks[partition] = self.mark(partition)._replace(position=wire.position)
        if len(self._events) + len(self._parked) >= BATCH:
            self.flush()

    def flush(self) -> None:
        """Write what is gathered with the marks in one transaction."""
        moves = [
            Move(partition, self._before.get(partition, BEGINNING), mark)
            for partition, mark in self._marks.items()
            if mark != self._before.get(partition, BEGINNING)
        ]
        if not moves and not self._events and not self._parked:
            return
        try:
            self._receiver.take(Taking(moves, self._events, self._parked))
        except Unfit:
            self._one_by_one()
            self._receiver.take(Taking(moves, (), self._parked))
        self.step.events += len(self._events)
        self.step.parked += len(self._parked)
        self._before = dict(self._marks)
        self._events, self._parked = [], []

    def gather(self, wire: Wire, line: bytes) -> None:
        """Decode and check the event; park it when that fails, or when its stream is parked."""
        if wire.stream in self._parked_streams:
            self._park(wire, line, BEHIND)
            return
        try:
            recorded = recorded_of(wire)
            self._receiver.check(recorded)
        except Exception as error:  # Whatever the event provokes, it would again.
            self._park(wire, line, f"{type(error).__name__}: {error}")
            return
        self._events.append(recorded)
        if recorded.traceparent:
            self.step.traces.append(recorded.traceparent)

    def _park(self, wire: Wire, line: bytes, reason: str) -> None:
        self._parked_streams.add(wire.stream)
        parked = Parked(wire.position, wire.stream, wire.version, wire.type, reason[:_REASON_LENGTH], line)
        self._parked.append(parked)

    def _one_by_one(self) -> None:
        """Write the gathered events each alone, which changes no mark; park those that are refused."""
        taken: list[Recorded] = []
        for recorded in self._events:
            if recorded.stream in self._parked_streams:
                self._park_recorded(recorded, BEHIND)
                continue
            try:
                self._receiver.take(Taking(events=(recorded,)))
                taken.append(recorded)
            except Unfit as error:
                self._park_recorded(recorded, str(error))
        self._events = taken

    def _park_recorded(self, recorded: Recorded, reason: str) -> None:
        wire = wire_form(recorded)
        self._park(wire, msgspec.json.encode(wire), reason)


def take_log(log: Lines, receiver: Receiver, *, upto: int | None = None) -> int:
    """Take the log itself, from where the receiver is to its present end or to a position; the position reached."""
    last = log.head() if upto is None else upto
    position = receiver.advance()
    while position < last and (lines := log.lines(position, min(BATCH, last - position))):
        gathered = Gathering(receiver, Step())
        for line in lines:
            wire = wire_of(line)
            gathered.gather(wire, line)
            position = wire.position
        gathered.flush()
        receiver.advance()
    return position


def released(parked: Iterable[Parked], receiver: Receiver) -> tuple[list[Recorded], Parked | None]:
    """Of one stream's parked events in order: those that can be taken now, and the first that still cannot."""
    ready: list[Recorded] = []
    for one in sorted(parked):
        try:
            recorded = recorded_of(wire_of(one.line))
            receiver.check(recorded)
        except Exception:  # As when it was parked.
            return ready, one
        ready.append(recorded)
    return ready, None
