"""From the topic into a service's own database: every event once, whatever is repeated, missing or out of order."""

from collections.abc import Iterator
from itertools import groupby
from operator import attrgetter

import msgspec

from shared.envelope import Wire, wire_of
from shared.feed import Lines
from shared.gathering import BATCH, Gathering, Step
from shared.receiving import Overtaken as Overtaken
from shared.receiving import Receiver
from shared.records import Heard, heard
from shared.topic import Delivery, Subscription, TopicFailed, partition_of


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
            batch = Gathering(self._receiver, step)
            for partition, run in groupby(sorted(deliveries, key=_PLACE), key=attrgetter("partition")):
                for delivery in run:
                    self._take(partition, delivery, batch)
            batch.flush()
        step.position = self._receiver.advance()
        return step

    def _take(self, partition: int, delivery: Delivery, batch: Gathering) -> None:
        before = batch.mark(partition)
        said = heard(delivery)
        if said is None:
            batch.step.foreign += 1
        else:
            if said.previous > before.position:
                self._repair(partition, said.previous, batch)
            self._apply(partition, said, batch)
        # Back only with an event that is new: who was paused and has lost the partition has nothing new to say.
        if delivery.offset >= before.next_offset or batch.mark(partition).position > before.position:
            batch.moved(partition, next_offset=delivery.offset + 1)

    def _apply(self, partition: int, said: Heard, batch: Gathering) -> None:
        if said.complete_to is not None:
            batch.moved(partition, complete_to=said.complete_to)
        elif said.position is None or said.position <= batch.mark(partition).position:
            batch.step.duplicates += 1
        elif (wire := _readable(said.line)) is not None:
            batch.add(partition, wire, said.line)
        else:
            batch.step.foreign += 1  # The next record names it as its previous one: then it is taken from the log.

    def _repair(self, partition: int, upto: int, batch: Gathering) -> None:
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
