"""One process of the Kafka bench: joins, says that it is ready, waits for a word, reads to the end, says what it took.

Arguments: bare|payroll SERVERS TOPIC GROUP PARTITIONS LAST [DATABASE].
"""

import json
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence

from kafka import KafkaConsumer, TopicPartition

from payroll.projection import Projection
from shared.consuming import Consumer
from shared.kafka_feed import CONSUMER, KafkaSubscription


class _NoLog:
    """The topic of this bench has no hole, so nobody asks the log."""

    def lines(self, after: int, limit: int) -> Sequence[bytes]:
        raise LookupError("a record is missing in the topic")

    def head(self) -> int:
        raise LookupError("nobody asks for the head")


def bare(servers: str, topic: str, last: int) -> tuple[Callable[[], int], Callable[[], bool]]:
    """The client alone, with the same settings: records are counted, and not looked into."""
    consumer = KafkaConsumer(bootstrap_servers=servers.split(","), **CONSUMER)
    places = [TopicPartition(topic, partition) for partition in sorted(consumer.partitions_for_topic(topic))]
    consumer.assign(places)
    consumer.seek_to_beginning()
    consumer.poll(1000)
    count = 0

    def step() -> int:
        nonlocal count
        found = sum(len(records) for records in consumer.poll(500).values())
        count += found
        return found

    return step, lambda: count > last


def payroll(
    servers: str, topic: str, group: str, partitions: int, last: int, database: str
) -> tuple[Callable[[], int], Callable[[], bool]]:
    """Payroll's own consumer, as `workforce consume payroll` runs it."""
    receiver = Projection(database)

    def starts(_: Iterable[int]) -> Mapping[int, int]:
        return {partition: mark.next_offset for partition, mark in receiver.held().marks.items()}

    subscription = KafkaSubscription(servers.split(","), topic, group, starts)
    while len(subscription.assigned) != partitions:
        subscription.poll()
    consumer = Consumer(subscription, receiver, _NoLog())
    position = -1

    def step() -> int:
        nonlocal position
        taken = consumer.step()
        position = taken.position
        return taken.events

    return step, lambda: position >= last


def main(kind: str, servers: str, topic: str, group: str, partitions: str, last: str, database: str = "") -> None:
    """See the module."""
    if kind == "bare":
        step, done = bare(servers, topic, int(last))
    else:
        step, done = payroll(servers, topic, group, int(partitions), int(last), database)
    print("ready", flush=True)
    sys.stdin.readline()
    began, cpu_began = time.perf_counter(), time.process_time()
    events, seconds = 0, 0.0
    while not done():
        events += (found := step())
        if found:
            seconds = time.perf_counter() - began
    cpu_seconds = time.process_time() - cpu_began
    print(json.dumps({"events": events, "seconds": seconds, "cpu_seconds": cpu_seconds}), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
