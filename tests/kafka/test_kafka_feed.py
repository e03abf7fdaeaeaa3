"""The topic on a real broker: sent in order to the partition that was chosen, read from where the reader says."""

import secrets
import time
from collections.abc import Callable, Iterable, Iterator, Mapping

import pytest
from kafka import KafkaAdminClient, TopicPartition
from kafka.admin import ConfigResource, ConfigResourceType
from tests.kafka.parts import PARTITIONS, named, topic_on, wait_until

from kafka_broker import Broker
from shared.kafka_feed import LARGEST_BYTES, KafkaPublisher, KafkaSubscription, make_topic
from shared.topic import Delivery, Message, TopicFailed

pytestmark = [pytest.mark.kafka, pytest.mark.campaign]


@pytest.fixture
def topic(kafka_broker: Broker) -> str:
    return topic_on(kafka_broker)


@pytest.fixture
def publisher(kafka_broker: Broker, topic: str) -> Iterator[KafkaPublisher]:
    opened = KafkaPublisher(kafka_broker.servers, topic)
    yield opened
    opened.close()


Subscribe = Callable[[Mapping[int, int]], KafkaSubscription]


@pytest.fixture
def subscribe(kafka_broker: Broker, topic: str) -> Iterator[Subscribe]:
    """A subscription in a group of its own that begins at these offsets, and at 0 where none is given."""
    opened: list[KafkaSubscription] = []

    def subscribed(offsets: Mapping[int, int]) -> KafkaSubscription:
        opened.append(KafkaSubscription(kafka_broker.servers, topic, named("group"), lambda _: offsets))
        return opened[-1]

    yield subscribed
    for one in opened:
        one.close()


def message(partition: int, value: str) -> Message:
    return Message(partition, b"key", (("name", b"header"),), value.encode())


def numbered(partition: int, count: int, start: int = 0) -> list[Message]:
    return [message(partition, str(number)) for number in range(start, start + count)]


def read(subscription: KafkaSubscription, count: int, seconds: float = 15) -> list[Delivery]:
    """The next deliveries, at least so many."""
    found: list[Delivery] = []
    deadline = time.monotonic() + seconds
    while len(found) < count and time.monotonic() < deadline:
        found.extend(subscription.poll())
    return found


def delete_before(broker: Broker, topic: str, partition: int, offset: int) -> None:
    """As retention does: what lies before the offset is gone."""
    admin = KafkaAdminClient(bootstrap_servers=list(broker.servers))
    admin.delete_records({TopicPartition(topic, partition): offset})
    admin.close()


def values(deliveries: Iterable[Delivery], partition: int) -> list[int]:
    return [int(one.value) for one in deliveries if one.partition == partition]


def test_what_is_published_arrives_in_order_in_its_partition_with_its_headers(
    publisher: KafkaPublisher, subscribe: Subscribe
) -> None:
    assert publisher.partitions == PARTITIONS
    for start in range(0, 3000, 500):
        publisher.publish(numbered(3, 500, start) + numbered(11, 500, start))
    found = read(subscribe({}), 6000)
    assert values(found, 3) == values(found, 11) == list(range(3000))
    assert [one.offset for one in found if one.partition == 3] == list(range(3000))
    assert {one.headers for one in found} == {(("name", b"header"),)}


def test_a_reader_begins_at_its_own_offset_in_each_partition(publisher: KafkaPublisher, subscribe: Subscribe) -> None:
    publisher.publish([one for partition in range(PARTITIONS) for one in numbered(partition, 10)])
    starts = {partition: partition % 10 for partition in range(PARTITIONS)}
    subscription = subscribe(starts)
    found = read(subscription, sum(10 - start for start in starts.values()))
    assert subscription.assigned == frozenset(range(PARTITIONS))
    for partition, start in starts.items():
        assert values(found, partition) == list(range(start, 10))


def test_an_offset_outside_of_the_topic_is_moved_to_the_nearest_one_in_it(
    kafka_broker: Broker, topic: str, publisher: KafkaPublisher, subscribe: Subscribe
) -> None:
    """Retention has passed the reader in one partition; another has lost the tail that was read."""
    publisher.publish(numbered(1, 50) + numbered(2, 20))
    delete_before(kafka_broker, topic, 1, 40)
    subscription = subscribe({1: 7, 2: 1000})
    found = read(subscription, 10)
    publisher.publish(numbered(2, 5, 20))
    found += read(subscription, 5)
    assert values(found, 1) == list(range(40, 50))
    assert values(found, 2) == list(range(20, 25))


def test_a_reader_that_retention_passes_while_it_reads_goes_on_behind_it(
    kafka_broker: Broker, topic: str, publisher: KafkaPublisher, subscribe: Subscribe
) -> None:
    publisher.publish(numbered(5, 3000))
    offsets = {5: 0}
    subscription = subscribe(offsets)
    found = read(subscription, 1)
    publisher.publish([one for start in range(3000, 60_000, 500) for one in numbered(5, 500, start)])
    delete_before(kafka_broker, topic, 5, 59_990)
    offsets[5] = found[-1].offset + 1
    deadline = time.monotonic() + 30
    while values(found, 5)[-1] < 59_999 and time.monotonic() < deadline:
        found += subscription.poll()
        offsets[5] = found[-1].offset + 1
    read_values = values(found, 5)
    assert read_values == sorted(set(read_values))
    assert read_values[-10:] == list(range(59_990, 60_000))
    assert len(read_values) < 60_000


def test_partitions_are_shared_with_a_newcomer_and_taken_back_from_one_that_leaves(
    kafka_broker: Broker, topic: str, publisher: KafkaPublisher
) -> None:
    group, offsets = named("group"), dict.fromkeys(range(PARTITIONS), 0)
    starts: Callable[[Iterable[int]], Mapping[int, int]] = lambda _: dict(offsets)  # noqa: E731
    first = KafkaSubscription(kafka_broker.servers, topic, group, starts)
    assert read(first, 1, seconds=2) == []
    second = KafkaSubscription(kafka_broker.servers, topic, group, starts)

    def shared() -> bool:
        first.poll()
        second.poll()
        return len(first.assigned) == len(second.assigned) == PARTITIONS // 2

    wait_until(shared, 20)
    assert first.assigned | second.assigned == frozenset(range(PARTITIONS))
    publisher.publish([one for partition in range(PARTITIONS) for one in numbered(partition, 10)])
    halves = read(first, 60), read(second, 60)
    for subscription, found in zip((first, second), halves, strict=True):
        assert {one.partition for one in found} == subscription.assigned
        assert all(values(found, partition) == list(range(10)) for partition in subscription.assigned)
    second.close()
    offsets.update(dict.fromkeys(range(PARTITIONS), 8))
    again = read(first, 24)
    assert first.assigned == frozenset(range(PARTITIONS))
    assert all(values(again, partition) == [8, 9] for partition in range(PARTITIONS))
    first.close()


def test_the_largest_event_that_a_request_can_bring_goes_through(
    publisher: KafkaPublisher, subscribe: Subscribe
) -> None:
    """The client's and the broker's own limit is 1 MiB, which one event of the largest body would pass."""
    value = secrets.token_bytes(LARGEST_BYTES - 1000)
    publisher.publish([Message(0, b"key", (), value)])
    (found,) = read(subscribe({}), 1)
    assert found.value == value


def test_a_topic_that_is_not_there_is_named_with_the_way_out(kafka_broker: Broker) -> None:
    for opened in (
        lambda: KafkaSubscription(kafka_broker.servers, "nowhere", named("group"), lambda _: {}),
        lambda: KafkaPublisher(kafka_broker.servers, "nowhere"),
    ):
        with pytest.raises(TopicFailed, match="there is no topic nowhere; make it: workforce topic"):
            opened()


def test_a_topic_is_made_once_and_as_it_has_to_be(kafka_broker: Broker, topic: str) -> None:
    assert not make_topic(kafka_broker.servers, topic, replication=1)
    admin = KafkaAdminClient(bootstrap_servers=list(kafka_broker.servers))
    described = admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, topic)], config_filter="all")
    admin.close()
    expected = {
        "cleanup.policy": "delete",
        "retention.ms": str(14 * 24 * 3600 * 1000),
        "message.timestamp.type": "LogAppendTime",
        "min.insync.replicas": "1",
        "max.message.bytes": str(LARGEST_BYTES),
    }
    found = described["topic"][topic]
    assert {name: found[name]["value"] for name in expected} == expected
