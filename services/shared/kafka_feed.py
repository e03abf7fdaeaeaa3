"""The topic on Apache Kafka: the ports of `shared.topic` by a client that is trusted with nothing.

Every call has a deadline, and whatever surprises is TopicFailed: the process leaves and begins again from what is
stored (docs/decisions/0015-kafka-chained-records.md).
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from time import monotonic
from typing import Any, TypeVar

from kafka import ConsumerRebalanceListener, KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
from kafka.errors import (
    KafkaError,
    KafkaTimeoutError,
    LogTruncationError,
    OffsetOutOfRangeError,
    TopicAlreadyExistsError,
)

from shared.deadlines import DeadlinePassed, Deadlines
from shared.topic import (
    IN_SYNC,
    PARTITIONS,
    REPLICATION,
    RETENTION_DAYS,
    Delivery,
    Message,
    Starts,
    TopicFailed,
)

LARGEST_BYTES = 4 * 1024 * 1024
"""Of one record: an event whose request was of the largest size fits well."""

POLL_SECONDS = 0.5
POLL_RECORDS = 2000
SESSION_SECONDS = 10
"""How long a consumer that was killed keeps its partitions."""

SILENT_SECONDS = 5.0
"""After how long without a record it is asked whether the broker is there; an idle relay sends one every 10 s."""

_CONNECT_SECONDS = 20.0
_PUBLISH_SECONDS = 20.0
"""Above delivery_timeout_ms, by which the client should have given up itself."""
_OFFSETS_SECONDS = 5.0
_PROBE_SECONDS = 2.0
_POLL_SECONDS_AT_MOST = 30.0
_CLOSE_SECONDS = 5.0

_T = TypeVar("_T")

_ANYWHERE: dict[str, Any] = {
    "reconnect_backoff_max_ms": 1000,  # By default a broker that came back is found up to 30 s later.
    "request_timeout_ms": 5000,
    "bootstrap_timeout_ms": 10000,
}
_CLIENT: dict[str, Any] = {**_ANYWHERE, "allow_auto_create_topics": False, "metrics_enabled": False}
_PRODUCER: dict[str, Any] = {
    **_CLIENT,
    "acks": "all",
    "enable_idempotence": False,  # Its default wedges for ever when a broker freezes with a request in flight.
    "max_in_flight_requests_per_connection": 1,
    "linger_ms": 5,
    "batch_size": 262144,
    "compression_type": "zstd",
    "delivery_timeout_ms": 15000,
    "max_block_ms": 10000,
    "max_request_size": LARGEST_BYTES,
}
CONSUMER: dict[str, Any] = {
    **_CLIENT,
    "auto_offset_reset": "none",
    "enable_auto_commit": False,
    "max_poll_records": POLL_RECORDS,
    "fetch_max_bytes": 8 * 1024 * 1024,
    "session_timeout_ms": SESSION_SECONDS * 1000,
    "heartbeat_interval_ms": SESSION_SECONDS * 1000 // 4,
    "max_poll_interval_ms": 60000,
}
_TOPIC = {
    "cleanup.policy": "delete",
    "retention.ms": str(RETENTION_DAYS * 24 * 60 * 60 * 1000),
    # By the time of the event, what is published again from the years before would expire at once.
    "message.timestamp.type": "LogAppendTime",
    "max.message.bytes": str(LARGEST_BYTES),
}


class KafkaPublisher:
    """`shared.topic.Publisher`. Raises TopicFailed when the broker or the topic is not there."""

    def __init__(self, servers: Sequence[str], topic: str) -> None:
        self._topic = topic
        self._client = _Client("kafka publisher")
        self._producer = self._client.call(
            _CONNECT_SECONDS, lambda: KafkaProducer(bootstrap_servers=list(servers), **_PRODUCER)
        )
        self._partitions = _counted(topic, self._client.call(_CONNECT_SECONDS, self._found))

    @property
    def partitions(self) -> int:
        """As `Publisher.partitions`."""
        return self._partitions

    def publish(self, messages: Sequence[Message]) -> None:
        """As `Publisher.publish`."""
        self._client.call(_PUBLISH_SECONDS, self._publish, messages)

    def close(self) -> None:
        """As `Publisher.close`."""
        self._client.close(self._producer.close, 1)

    def _found(self) -> Iterable[int]:
        try:
            return self._producer.partitions_for(self._topic)  # type: ignore[no-any-return]
        except KafkaTimeoutError:
            return ()

    def _publish(self, messages: Sequence[Message]) -> None:
        sent = [
            self._producer.send(
                self._topic, message.value, key=message.key, headers=list(message.headers), partition=message.partition
            )
            for message in messages
        ]
        for future in sent:
            future.get(_PUBLISH_SECONDS)


class KafkaSubscription:
    """`shared.topic.Subscription` by a group of Kafka that shares the partitions; offsets are those of `starts`.

    Inside the group's listener nothing may be asked of the broker. So it only notes which partitions were given; the
    poll in which that happens drops what it has of them, and then places them where they are to be read from.
    """

    def __init__(self, servers: Sequence[str], topic: str, group: str, starts: Starts) -> None:
        self._topic = topic
        self._starts = starts
        self._client = _Client(f"kafka subscription of {group}")
        self._consumer = self._client.call(
            _CONNECT_SECONDS, lambda: KafkaConsumer(bootstrap_servers=list(servers), group_id=group, **CONSUMER)
        )
        found = self._client.call(_CONNECT_SECONDS, self._consumer.partitions_for_topic, topic)
        self._partitions = _counted(topic, found)
        self._given = _Given(self._consumer)
        self._heard_at = monotonic()
        self._consumer.subscribe([topic], listener=self._given)

    @property
    def partitions(self) -> int:
        """As `Subscription.partitions`."""
        return self._partitions

    @property
    def assigned(self) -> frozenset[int]:
        """As `Subscription.assigned`."""
        return frozenset(place.partition for place in self._consumer.assignment())

    def poll(self) -> Sequence[Delivery]:
        """As `Subscription.poll`."""
        polled = self._client.call(_POLL_SECONDS_AT_MOST, self._poll)
        if polled:
            self._heard_at = monotonic()
        elif monotonic() - self._heard_at > SILENT_SECONDS:
            self._look_for_the_broker()
        given = frozenset(self._given.unplaced)
        if given:
            starts = self._starts([place.partition for place in given])
            self._client.call(3 * _OFFSETS_SECONDS, self._place, given, starts)
        return [
            Delivery(place.partition, record.offset, tuple(record.headers), record.value or b"")
            for place, records in polled.items()
            if place not in given
            for record in records
        ]

    def ends(self) -> Mapping[int, int]:
        """The offset behind the last record of each partition; asking shows that the broker answers."""
        places = [TopicPartition(self._topic, partition) for partition in range(self._partitions)]
        ends = self._client.call(2 * _PROBE_SECONDS, self._consumer.end_offsets, places, _PROBE_SECONDS * 1000)
        return {place.partition: offset for place, offset in ends.items()}

    def close(self) -> None:
        """As `Subscription.close`."""
        self._client.close(self._consumer.close, False, 1000)

    def _look_for_the_broker(self) -> None:
        """The client asks only nodes that it last heard of. When all of these are gone and others are there, it would
        ask the dead for ever: then it is made to ask the addresses that it was given again."""
        self._heard_at = monotonic()
        try:
            self.ends()
        except TopicFailed:
            try:
                self._client.call(2 * _PROBE_SECONDS, self._consumer.bootstrap, _PROBE_SECONDS * 1000, True)
            except TopicFailed:
                return  # The broker is away, and comes back to us.
            self.ends()

    def _poll(self) -> dict[TopicPartition, list[Any]]:
        try:
            return self._consumer.poll(POLL_SECONDS * 1000)  # type: ignore[no-any-return]
        except OffsetOutOfRangeError as error:  # Retention has passed us, or the topic has lost its tail.
            self._given.unplaced |= set(error.args[0])
        except LogTruncationError as error:
            self._given.unplaced |= set(error.divergent_offsets)
        return {}

    def _place(self, given: frozenset[TopicPartition], starts: Mapping[int, int]) -> None:
        begins = self._consumer.beginning_offsets(list(given), _OFFSETS_SECONDS * 1000)
        ends = self._consumer.end_offsets(list(given), _OFFSETS_SECONDS * 1000)
        for place in given:
            self._consumer.seek(place, min(max(starts.get(place.partition, 0), begins[place]), ends[place]))
        self._given.unplaced -= given


class _Given(ConsumerRebalanceListener):  # type: ignore[misc]
    """Which partitions were given and not placed yet. Called on the client's own thread, while a poll waits for it."""

    def __init__(self, consumer: KafkaConsumer) -> None:
        self._consumer = consumer
        self.unplaced: set[TopicPartition] = set()

    def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        """Note them. Without any offset the client would ask the broker for one, which has none of ours."""
        for place in assigned:
            self._consumer.seek(place, 0)
        self.unplaced |= set(assigned)

    def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:
        """They are not ours to place."""
        self.unplaced -= set(revoked)


def make_topic(
    servers: Sequence[str], topic: str, *, partitions: int = PARTITIONS, replication: int = REPLICATION
) -> bool:
    """Make the topic as it has to be; whether it was missing. Raises TopicFailed."""
    configs = {**_TOPIC, "min.insync.replicas": str(min(IN_SYNC, replication))}
    wanted = {topic: {"num_partitions": partitions, "replication_factor": replication, "configs": configs}}

    def make() -> bool:
        admin = KafkaAdminClient(bootstrap_servers=list(servers), **_ANYWHERE)
        try:
            admin.create_topics(wanted, timeout_ms=10000, wait_for_metadata=True)
        except TopicAlreadyExistsError:
            return False
        finally:
            admin.close()
        return True

    client = _Client("kafka topic")
    try:
        return client.call(2 * _CONNECT_SECONDS, make)
    finally:
        client.close(lambda: None)


class _Client:
    """The calls of one client of Kafka, each with a deadline."""

    def __init__(self, name: str) -> None:
        self._deadlines = Deadlines(name)

    def call(self, seconds: float, function: Callable[..., _T], *arguments: object) -> _T:
        """What the function returns. Raises TopicFailed, whatever it raised."""
        try:
            return self._deadlines.call(seconds, function, *arguments)
        except DeadlinePassed as error:
            raise TopicFailed(str(error)) from error
        except Exception as error:  # Of a client in trouble comes more than KafkaError.
            kind = type(error).__name__
            raise TopicFailed(f"{kind}: {error}" if isinstance(error, KafkaError) else kind) from error

    def close(self, function: Callable[..., object], *arguments: object) -> None:
        """The last call, which may fail."""
        with suppress(TopicFailed):
            self.call(_CLOSE_SECONDS, function, *arguments)
        self._deadlines.close()


def _counted(topic: str, partitions: Iterable[int] | None) -> int:
    count = len(set(partitions or ()))
    if count == 0:
        raise TopicFailed(f"there is no topic {topic}; make it: workforce topic")
    return count
