"""The topic of events as its two users see it: the relay that publishes, and the consumers that subscribe."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Protocol

PARTITIONS, REPLICATION, IN_SYNC = 12, 3, 2
RETENTION_DAYS = 14

Headers = tuple[tuple[str, bytes], ...]
Starts = Callable[[Iterable[int]], Mapping[int, int]]
"""Partitions that were just given → the offset each is to be read from."""


class TopicFailed(Exception):
    """The broker did something unexpected, or nothing in time: leave, and begin again from what is stored."""


@dataclass(frozen=True)
class Message:
    """What is published: to which partition, under which key."""

    partition: int
    key: bytes | None
    headers: Headers
    value: bytes


@dataclass(frozen=True)
class Delivery:
    """What is received, with its offset in its partition."""

    partition: int
    offset: int
    headers: Headers
    value: bytes


class Publisher(Protocol):
    """The sending side. Whatever it raises, nobody knows which of the messages have arrived."""

    @property
    def partitions(self) -> int:
        """How many partitions the topic has; this never changes."""
        ...

    def publish(self, messages: Sequence[Message]) -> None:
        """Send in this order and wait until every one is acknowledged by all replicas. Raises TopicFailed."""
        ...

    def close(self) -> None:
        """Let go of the broker."""
        ...


class Subscription(Protocol):
    """The receiving side: a share of the partitions, each read from the offset that the subscriber keeps.

    An offset outside of what the topic holds is moved to the nearest one that it holds.
    """

    @property
    def partitions(self) -> int:
        """How many partitions the topic has."""
        ...

    @property
    def assigned(self) -> frozenset[int]:
        """The partitions of this subscriber now."""
        ...

    def poll(self) -> Sequence[Delivery]:
        """What has arrived, in order of offset in each partition; empty after a short wait. Raises TopicFailed."""
        ...

    def close(self) -> None:
        """Leave the group and let go of the broker."""
        ...


def partition_of(stream: str, partitions: int) -> int:
    """The partition of a stream: our own hash, so that it never depends on a client or its version."""
    return int.from_bytes(sha256(stream.encode()).digest()[:8], "big") % partitions
