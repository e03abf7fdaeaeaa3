"""The topic between the log and its consumers: in this process and full of mischief, or a real Apache Kafka."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from random import Random
from threading import Lock
from typing import Protocol
from uuid import uuid4

from kafka_broker import Broker
from shared.kafka_feed import KafkaPublisher, KafkaSubscription, make_topic
from shared.topic import PARTITIONS, Delivery, Message, Publisher, Starts, Subscription

MEMBERS = 2
"""Consumers of one service that share the partitions."""


class Transport(Protocol):
    """A new, empty topic."""

    steps: tuple[int, int]
    """After how many steps, at least and at most, a consumer is ended and another one takes its place."""

    @property
    def publisher(self) -> Publisher:
        """Where the relay publishes to."""
        ...

    def subscription(self, group: str, member: int, starts: Starts, randomness: Random) -> Subscription:
        """The share of one of a group's members."""
        ...


class Repeating:
    """A publisher that says some of its batches twice, as a relay does that did not hear the acknowledgement."""

    def __init__(self, publisher: Publisher, randomness: Random) -> None:
        self.partitions = publisher.partitions
        self.close = publisher.close
        self.repeated = 0
        self._publisher = publisher
        self._randomness = randomness

    def publish(self, messages: Sequence[Message]) -> None:
        self._publisher.publish(messages)
        if self._randomness.random() < 0.4:
            again = messages[self._randomness.randrange(len(messages)) :]
            self._publisher.publish(again)
            self.repeated += len(again)


class Memory:
    """A topic in this process."""

    steps = (3, 40)
    partitions = PARTITIONS

    def __init__(self) -> None:
        self.records: list[list[Delivery]] = [[] for _ in range(PARTITIONS)]
        self.lock = Lock()

    @property
    def publisher(self) -> Publisher:
        return self

    def publish(self, messages: Sequence[Message]) -> None:
        with self.lock:
            for one in messages:
                there = self.records[one.partition]
                there.append(Delivery(one.partition, len(there), one.headers, one.value))

    def close(self) -> None:
        pass

    def subscription(self, group: str, member: int, starts: Starts, randomness: Random) -> Subscription:
        return _Share(self, frozenset(range(member, PARTITIONS, MEMBERS)), starts, randomness)


class _Share:
    """Some partitions, some records of some of them at a time, and now and then what was given before."""

    partitions = PARTITIONS

    def __init__(self, topic: Memory, assigned: frozenset[int], starts: Starts, randomness: Random) -> None:
        self.assigned = assigned
        self._topic = topic
        self._randomness = randomness
        self._at = {partition: starts(assigned).get(partition, 0) for partition in assigned}

    def poll(self) -> Sequence[Delivery]:
        found: list[Delivery] = []
        count = self._randomness.randint(1, len(self.assigned))
        for partition in self._randomness.sample(sorted(self.assigned), count):
            if self._randomness.random() < 0.1:
                self._at[partition] = max(0, self._at[partition] - self._randomness.randint(1, 50))
            begin = self._at[partition]
            with self._topic.lock:
                found += self._topic.records[partition][begin : begin + self._randomness.randint(1, 120)]
            self._at[partition] = max([begin, *(one.offset + 1 for one in found if one.partition == partition)])
        return found

    def close(self) -> None:
        pass


@dataclass(frozen=True)
class Kafka:
    """A topic of a real broker."""

    servers: tuple[str, ...]
    topic: str
    publisher: Publisher
    steps: tuple[int, int] = (3, 8)

    def subscription(self, group: str, member: int, starts: Starts, randomness: Random) -> Subscription:
        return KafkaSubscription(self.servers, self.topic, f"{self.topic}-{group}", starts)


@contextmanager
def kafka(broker: Broker) -> Iterator[Kafka]:
    """A topic of its own on the broker."""
    topic = f"story-{uuid4().hex[:12]}"
    make_topic(broker.servers, topic, replication=1)
    publisher = KafkaPublisher(broker.servers, topic)
    try:
        yield Kafka(broker.servers, topic, publisher)
    finally:
        publisher.close()
