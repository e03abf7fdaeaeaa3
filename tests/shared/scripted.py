"""A topic written out beforehand: what a consumer is given, poll by poll."""

from collections.abc import Iterable, Sequence

from shared.envelope import Recorded, to_wire, wire_form
from shared.records import event_message, watermark_message
from shared.topic import Delivery, Message, partition_of

PARTITIONS = 12


def topic_of(events: Sequence[Recorded], partitions: int = PARTITIONS) -> list[Delivery]:
    """The records of these events in the order of the log, each with the offset it has in its partition."""
    previous, offsets = [-1] * partitions, [0] * partitions
    found = []
    for recorded in events:
        partition = partition_of(recorded.stream, partitions)
        message = event_message(wire_form(recorded), "", previous[partition], partitions)
        previous[partition] = recorded.position
        found.append(_delivered(message, offsets))
    if events:
        head = events[-1].position
        marks = (watermark_message(number, head, previous[number]) for number in range(partitions))
        found += [_delivered(message, offsets) for message in marks]
    return found


def of_partitions(deliveries: Iterable[Delivery], partitions: Iterable[int]) -> list[Delivery]:
    """Those of these partitions."""
    wanted = set(partitions)
    return [delivery for delivery in deliveries if delivery.partition in wanted]


class Scripted:
    """A subscription that gives these batches, one a poll, and then nothing."""

    def __init__(self, batches: Iterable[Sequence[Delivery]], assigned: Iterable[int] = range(PARTITIONS)) -> None:
        self.partitions = PARTITIONS
        self.assigned = frozenset(assigned)
        self._batches = iter(batches)

    def poll(self) -> Sequence[Delivery]:
        return next(self._batches, ())

    def close(self) -> None:
        pass


class LogLines:
    """The log in its wire form, counted."""

    def __init__(self, events: Sequence[Recorded]) -> None:
        self.events = events
        self.read = 0

    def lines(self, after: int, limit: int) -> Sequence[bytes]:
        found = [to_wire(recorded) for recorded in self.events[after + 1 : after + 1 + limit]]
        self.read += len(found)
        return found

    def head(self) -> int:
        return len(self.events) - 1


def _delivered(message: Message, offsets: list[int]) -> Delivery:
    offset = offsets[message.partition]
    offsets[message.partition] += 1
    return Delivery(message.partition, offset, message.headers, message.value)
