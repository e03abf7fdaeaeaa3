"""The relay: publishes the log to the topic, in order, and never loses its place."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from shared.envelope import Linked
from shared.records import NOTHING, event_message, watermark_message
from shared.topic import Message, Publisher, partition_of

BATCH = 500
WATERMARK_SECONDS, REPEAT_SECONDS = 1, 10
"""How often at most a new watermark is sent, and after how long the same one again."""


class LinkedLog(Protocol):
    """The log as the relay reads it."""

    def linked(self, after: int, limit: int) -> Sequence[Linked]:
        """Events behind a position in order, as far as they are chained; at most `limit`."""
        ...


class Published(NamedTuple):
    """Everything up to `position` was acknowledged; `previous` is the last event's position in each partition."""

    position: int
    previous: tuple[int, ...]


class RelayPlace(Protocol):
    """Where the relay keeps its place, in the ledger's database."""

    def read(self, partitions: int) -> Published:
        """The place; before the first event when there is none. Refuses another number of partitions."""
        ...

    def advance(self, before: Published, after: Published) -> None:
        """Compare and set. Raises shared.receiving.Overtaken when another relay moved it."""
        ...


@dataclass(frozen=True)
class Relayed:
    """What a step did: how many events were published, and up to which position all are."""

    events: int
    position: int


class Relay:
    """Publishes behind its stored place; after anything unexpected everything behind that place is sent again.

    Each record names the event before it in its partition, so a consumer drops what it has and sees what it lacks:
    two relays at once, or one that sends again, are harmless.
    """

    def __init__(
        self, log: LinkedLog, place: RelayPlace, publisher: Publisher, *, seconds: Callable[[], float]
    ) -> None:
        self._log = log
        self._place = place
        self._publisher = publisher
        self._seconds = seconds
        self._marked_position = NOTHING
        self._marked_at = float("-inf")

    def step(self) -> Relayed:
        """Publish one batch; with nothing to publish, a watermark when one is called for."""
        published = self._place.read(self._publisher.partitions)
        linked = self._log.linked(published.position, BATCH)
        if not linked:
            self._mark(published)
            return Relayed(0, published.position)
        messages, after = _chained(linked, published, self._publisher.partitions)
        self._publisher.publish(messages)
        self._place.advance(published, after)
        return Relayed(len(linked), after.position)

    def _mark(self, published: Published) -> None:
        since = self._seconds() - self._marked_at
        wait = REPEAT_SECONDS if published.position == self._marked_position else WATERMARK_SECONDS
        if published.position == NOTHING or since < wait:
            return
        self._publisher.publish(
            [
                watermark_message(partition, published.position, previous)
                for partition, previous in enumerate(published.previous)
            ]
        )
        self._marked_position, self._marked_at = published.position, self._seconds()


def _chained(linked: Sequence[Linked], published: Published, partitions: int) -> tuple[list[Message], Published]:
    previous = list(published.previous)
    messages = []
    for wire, chain in linked:
        partition = partition_of(wire.stream, partitions)
        messages.append(event_message(wire, chain, previous[partition], partitions))
        previous[partition] = wire.position
    return messages, Published(linked[-1].wire.position, tuple(previous))
