"""From the topic into a service's own database: every event once, whatever is repeated, missing or out of order."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from operator import attrgetter
from typing import NamedTuple, Protocol

import msgspec

from shared.envelope import Recorded, Wire, recorded_of, wire_form, wire_of
from shared.feed import Lines
from shared.records import Heard, heard
from shared.topic import Delivery, Subscription, TopicFailed, partition_of

BATCH = 500
_REASON_LENGTH = 500


class Mark(NamedTuple):
    """How far one partition is taken: the offset to read next, the position of its last event that was taken, and
    the position up to which the relay said that nothing of this partition is missing."""

    next_offset: int
    position: int
    complete_to: int


BEGINNING = Mark(0, -1, -1)


class Move(NamedTuple):
    """A partition's mark as it was read, and as it becomes."""

    partition: int
    before: Mark
    after: Mark


class Parked(NamedTuple):
    """An event that could not be taken, or stands behind one of its stream that could not; `line` is its wire form."""

    position: int
    stream: str
    version: int
    type: str
    reason: str
    line: bytes


class Taking(NamedTuple):
    """What is written in one transaction."""

    moves: Sequence[Move] = ()
    events: Sequence[Recorded] = ()
    parked: Sequence[Parked] = ()


class Held(NamedTuple):
    """What the service's database says: the mark of each partition that has one, and the streams that are parked."""

    marks: Mapping[int, Mark]
    parked: frozenset[str]


class Overtaken(Exception):
    """Another process moved a mark since it was read. Nothing was written: leave the partitions to it."""


class Unfit(Exception):
    """The database refuses the content of an event, and always will. Nothing was written."""


class Receiver(Protocol):
    """A service's own database, as the consumer sees it. Whatever else it raises is a reason to leave."""

    def held(self) -> Held:
        """Marks and parked streams now."""
        ...

    def check(self, recorded: Recorded) -> None:
        """Raise anything when this event can never be taken. Asks nobody: the same event, the same answer."""
        ...

    def take(self, taking: Taking) -> None:
        """Write events, parked events and marks in one transaction; an event taken before changes nothing.

        Raises Overtaken unless every mark is as it was, Unfit when the database refuses an event's content.
        """
        ...

    def advance(self) -> int:
        """Move the position up to which the log is complete here over what has been taken; the position."""
        ...


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


class Consumer:
    """Takes what a subscription delivers. Keeps nothing in memory from one step to the next.

    In a partition each record names the event before it. What lies at or below the last one taken is skipped; a record
    whose previous event was not taken shows a hole, which is filled from the log before the record is taken.
    """

    def __init__(self, subscription: Subscription, receiver: Receiver, log: Lines) -> None:
        self._subscription = subscription
        self._receiver = receiver
        self._log = log

    def step(self) -> Step:
        """Poll once, take what came, advance. Raises TopicFailed, Overtaken, or what the database raised."""
        step = Step()
        deliveries = self._subscription.poll()
        if deliveries:
            batch = _Batch(self._receiver, step)
            for partition, run in groupby(sorted(deliveries, key=_PLACE), key=attrgetter("partition")):
                for delivery in run:
                    self._take(partition, delivery, batch)
            batch.flush()
        step.position = self._receiver.advance()
        return step

    def _take(self, partition: int, delivery: Delivery, batch: "_Batch") -> None:
        said = heard(delivery)
        if said is None:
            batch.step.foreign += 1
        else:
            if said.previous > batch.mark(partition).position:
                self._repair(partition, said.previous, batch)
            self._apply(partition, said, batch)
        batch.moved(partition, next_offset=delivery.offset + 1)

    def _apply(self, partition: int, said: Heard, batch: "_Batch") -> None:
        if said.complete_to is not None:
            batch.moved(partition, complete_to=said.complete_to)
        elif said.position is None or said.position <= batch.mark(partition).position:
            batch.step.duplicates += 1
        elif (wire := _readable(said.line)) is not None:
            batch.add(partition, wire, said.line)
        else:
            batch.step.foreign += 1  # The next record names it as its previous one: then it is taken from the log.

    def _repair(self, partition: int, upto: int, batch: "_Batch") -> None:
        """Take from the log what the partition lacks up to a position, and for others of ours what comes by."""
        start = batch.mark(partition).position
        ours = {one for one in self._subscription.assigned if batch.complete(one) >= start} | {partition}
        for line, wire in self._log_between(start, upto):
            its = partition_of(wire.stream, self._subscription.partitions)
            if its in ours and wire.position > batch.mark(its).position:
                batch.add(its, wire, line)
                batch.step.repaired += 1
        if batch.mark(partition).position != upto:
            raise TopicFailed(f"partition {partition} names position {upto}, which the log does not have there")
        for one in ours:
            batch.moved(one, complete_to=upto)

    def _log_between(self, after: int, upto: int) -> Iterator[tuple[bytes, Wire]]:
        while after < upto:
            lines = self._log.lines(after, min(BATCH, upto - after))
            if not lines:
                raise TopicFailed(f"the topic names position {upto}, but the log ends at {after}")
            for line in lines:
                wire = wire_of(line)
                after = wire.position
                yield line, wire


_PLACE = attrgetter("partition", "offset")


def _readable(line: bytes) -> Wire | None:
    try:
        return wire_of(line)
    except msgspec.MsgspecError:
        return None


class _Batch:
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
        self._gather(wire, line)
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

    def _gather(self, wire: Wire, line: bytes) -> None:
        if wire.stream in self._parked_streams:
            self._park(wire, line, "an earlier event of the stream is parked")
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
                self._park_recorded(recorded, "an earlier event of the stream is parked")
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
