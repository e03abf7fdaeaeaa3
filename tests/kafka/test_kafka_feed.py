"""The topic on a real broker: sent in order to the partition that was chosen, read from where the reader says."""

import secrets
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

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


class Reader:
    """A subscription and the offsets that its reader keeps; at the beginning those given, and 0 elsewhere."""

    def __init__(self, broker: Broker, topic: str, group: str, offsets: Mapping[int, int]) -> None:
        self.offsets = dict(offsets)
        self.subscription = KafkaSubscription(broker.servers, topic, group, lambda _: self.offsets)

    def poll(self) -> Sequence[Delivery]:
        """As `Subscription.poll`; the offsets go on."""
        found = self.subscription.poll()
        self.offsets.update({one.partition: one.offset + 1 for one in found})
        return found

    def read(self, count: int, seconds: float = 15) -> list[Delivery]:
        """The next deliveries, at least so many."""
        found: list[Delivery] = []
        deadline = time.monotonic() + seconds
        while len(found) < count and time.monotonic() < deadline:
            found.extend(self.poll())
        return found


Subscribe = Callable[[Mapping[int, int]], Reader]


@pytest.fixture
def subscribe(kafka_broker: Broker, topic: str) -> Iterator[Subscribe]:
    """A reader in a group of its own."""
    opened: list[Reader] = []

    def subscribed(offsets: Mapping[int, int]) -> Reader:
        opened.append(Reader(kafka_broker, topic, named("group"), offsets))
        return opened[-1]

    yield subscribed
    for one in opened:
        one.subscription.close()


def message(partition: int, value: str) -> Message:
    return Message(partition, b"key", (("name", b"header"),), value.encode())


def numbered(partition: int, count: int, start: int = 0) -> list[Message]:
    return [message(partition, str(number)) for number in range(start, start + count)]


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
    found = subscribe({}).read(6000)
    assert values(found, 3) == values(found, 11) == list(range(3000))
    assert [one.offset for one in found if one.partition == 3] == list(range(3000))
    assert {one.headers for one in found} == {(("name", b"header"),)}


def test_a_reader_begins_at_its_own_offset_in_each_partition(publisher: KafkaPublisher, subscribe: Subscribe) -> None:
    publisher.publish([one for partition in range(PARTITIONS) for one in numbered(partition, 10)])
    starts = {partition: partition % 10 for partition in range(PARTITIONS)}
    reader = subscribe(starts)
    found = reader.read(sum(10 - start for start in starts.values()))
    assert reader.subscription.assigned == frozenset(range(PARTITIONS))
    for partition, start in starts.items():
        assert values(found, partition) == list(range(start, 10))


def test_an_offset_outside_of_the_topic_is_moved_to_the_nearest_one_in_it(
    kafka_broker: Broker, topic: str, publisher: KafkaPublisher, subscribe: Subscribe
) -> None:
    """Retention has passed the reader in one partition; another has lost the tail that was read."""
    publisher.publish(numbered(1, 50) + numbered(2, 20))
    delete_before(kafka_broker, topic, 1, 40)
    reader = subscribe({1: 7, 2: 1000})
    found = reader.read(10)
    publisher.publish(numbered(2, 5, 20))
    found += reader.read(5)
    assert values(found, 1) == list(range(40, 50))
    assert values(found, 2) == list(range(20, 25))


def test_a_reader_that_retention_passes_while_it_reads_goes_on_behind_it(
    kafka_broker: Broker, topic: str, publisher: KafkaPublisher, subscribe: Subscribe
) -> None:
    publisher.publish(numbered(5, 3000))
    reader = subscribe({})
    found = reader.read(1)
    publisher.publish([one for start in range(3000, 60_000, 500) for one in numbered(5, 500, start)])
    delete_before(kafka_broker, topic, 5, 59_990)
    deadline = time.monotonic() + 30
    while values(found, 5)[-1] < 59_999 and time.monotonic() < deadline:
        found += reader.poll()
    read_values = values(found, 5)
    assert read_values == sorted(set(read_values))
    assert read_values[-10:] == list(range(59_990, 60_000))
    assert len(read_values) < 60_000


def test_partitions_are_shared_with_a_newcomer_and_taken_back_from_one_that_leaves(
    kafka_broker: Broker, topic: str, publisher: KafkaPublisher
) -> None:
    group = named("group")
    first = Reader(kafka_broker, topic, group, {})
    assert first.read(1, seconds=2) == []
    second = Reader(kafka_broker, topic, group, {})

    def shares() -> list[frozenset[int]]:
        return [one.subscription.assigned for one in (first, second)]

    def shared() -> bool:
        first.poll()
        second.poll()
        return [len(share) for share in shares()] == [PARTITIONS // 2] * 2

    wait_until(shared, 20)
    assert frozenset.union(*shares()) == frozenset(range(PARTITIONS))
    publisher.publish([one for partition in range(PARTITIONS) for one in numbered(partition, 10)])
    halves = first.read(60), second.read(60)
    for share, found in zip(shares(), halves, strict=True):
        assert {one.partition for one in found} == share
        assert all(values(found, partition) == list(range(10)) for partition in share)
    second.subscription.close()
    first.offsets.update(dict.fromkeys(range(PARTITIONS), 8))
    again = first.read(24)
    assert first.subscription.assigned == frozenset(range(PARTITIONS))
    assert all(values(again, partition) == [8, 9] for partition in range(PARTITIONS))
    first.subscription.close()


def test_the_largest_event_that_a_request_can_bring_goes_through(
    publisher: KafkaPublisher, subscribe: Subscribe
) -> None:
    """The client's and the broker's own limit is 1 MiB, which one event of the largest body would pass."""
    value = secrets.token_bytes(LARGEST_BYTES - 1000)
    publisher.publish([Message(0, b"key", (), value)])
    (found,) = subscribe({}).read(1)
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
