"""A broker away or frozen: commands go on, nothing waits in memory, what waits in the log drains by itself."""

import socket
import time
from contextlib import suppress

import pytest
from kafka.protocol.metadata import MetadataResponse
from tests.kafka.appending import appending
from tests.kafka.parts import World, figures, named, topic_on, wait_until

from kafka_broker import Broker
from shared import kafka_feed
from shared.kafka_feed import KafkaPublisher, KafkaSubscription
from shared.topic import PARTITIONS, Message, TopicFailed

pytestmark = [pytest.mark.kafka, pytest.mark.postgres, pytest.mark.campaign]

RATE = 100
MEGABYTE = 1024 * 1024


def away_for(world: World, seconds: int) -> None:
    """P18: the broker is killed for so long while commands come in, then started again; nobody helps."""
    relay, consumer = world.relay(), world.consumer("only")
    before_seconds = 8
    with appending(world.store, RATE) as paced:
        wait_until(lambda: paced.now() > before_seconds, before_seconds + 5)
        wait_until(lambda: world.shelf.position() > 0, 20)
        memory_before = relay.memory(), consumer.memory()
        down = paced.now()
        world.broker.kill()
        memory: list[tuple[int, int]] = []
        while paced.now() < down + seconds:
            memory.append((relay.memory(), consumer.memory()))
            time.sleep(0.5)
        taken, head = world.shelf.position(), world.store.head()
        world.broker.start()
        up = paced.now()
        wait_until(lambda: world.shelf.position() > head, 45, lambda: f"{world.shelf.position()} of {head}; {world}")
        drained = paced.now() - up
    world.awaited(20)
    world.assert_each_event_once_in_order()
    rates = paced.rate(2, down), paced.rate(down, down + seconds)
    waits = paced.p99(2, down), paced.p99(down, down + seconds)
    grown = [max(column) - before for column, before in zip(zip(*memory, strict=True), memory_before, strict=True)]
    figures(
        away_seconds=seconds,
        commands_a_second_before_and_while=[round(rate, 1) for rate in rates],
        p99_ms_before_and_while=[round(wait * 1000, 1) for wait in waits],
        waiting_in_the_log=head - taken,
        relay_and_consumer_grew_by_mib=[round(bytes_ / MEGABYTE, 1) for bytes_ in grown],
        drained_after_seconds=round(drained, 1),
        relay_starts=relay.starts,
    )
    assert head - taken > RATE * seconds * 0.9
    assert rates[1] > rates[0] * 0.98
    assert max(grown) < 24 * MEGABYTE


def test_with_the_broker_away_for_a_minute_commands_go_on_and_the_rest_drains(frail_world: World) -> None:
    """P18: 60 s at 100 commands a second."""
    away_for(frail_world, 60)


@pytest.mark.prove
@pytest.mark.timeout(900)
def test_with_the_broker_away_for_ten_minutes_commands_go_on_and_the_rest_drains(frail_world: World) -> None:
    """P18: 600 s at 100 commands a second."""
    away_for(frail_world, 600)


def test_a_publisher_gives_up_on_a_frozen_broker_and_the_next_one_goes_on(frail_broker: Broker) -> None:
    """The client's default wedges here for ever: with it, nothing is sent after the thaw."""
    topic = topic_on(frail_broker)
    publisher = KafkaPublisher(frail_broker.servers, topic)
    publisher.publish([Message(0, b"key", (), b"before")])
    frail_broker.freeze()
    begun = time.monotonic()
    try:
        with pytest.raises(TopicFailed):
            publisher.publish([Message(0, b"key", (), b"while")])
        gave_up = time.monotonic() - begun
    finally:
        frail_broker.thaw()
    publisher.publish([Message(0, b"key", (), b"after")])
    after_thaw = time.monotonic() - begun - gave_up
    publisher.close()
    another = KafkaPublisher(frail_broker.servers, topic)
    another.publish([Message(0, b"key", (), b"after")])
    another.close()
    figures(gave_up_after_seconds=round(gave_up, 1), sent_again_after_seconds=round(after_thaw, 2))
    assert gave_up < 21
    assert after_thaw < 5


def test_records_come_back_soon_after_the_broker(frail_broker: Broker) -> None:
    """With the client's default back-off it takes as long again as the broker was away, up to half a minute."""
    topic = topic_on(frail_broker)
    subscription = KafkaSubscription(frail_broker.servers, topic, named("group"), lambda _: {})
    wait_until(lambda: len(subscription.poll()) == 0 and len(subscription.assigned) == PARTITIONS, 10)
    frail_broker.kill()
    down = time.monotonic()
    try:
        while time.monotonic() - down < 12:
            with suppress(TopicFailed):  # A poll gives nothing, or says that the broker is away.
                subscription.poll()
    finally:
        frail_broker.start()
    begun = time.monotonic()
    publisher = KafkaPublisher(frail_broker.servers, topic)
    publisher.publish([Message(0, b"key", (), b"after")])
    wait_until(lambda: len(subscription.poll()) > 0, 30)
    back = time.monotonic() - begun
    subscription.close()
    publisher.close()
    figures(back_after_seconds=round(back, 1))
    assert back < 4


def test_a_client_that_knows_only_nodes_that_are_gone_asks_where_it_began(
    frail_broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Seen with three nodes: two were away when it last asked who is there, they came back, and the third was killed.

    From then on the client asked the third for ever.
    """
    monkeypatch.setattr(kafka_feed, "SILENT_SECONDS", 1)
    topic = topic_on(frail_broker)
    subscription = KafkaSubscription(frail_broker.servers, topic, named("group"), lambda _: {})
    wait_until(lambda: len(subscription.poll()) == 0 and len(subscription.assigned) == PARTITIONS, 10)
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        cluster = subscription._consumer._manager.cluster
        cluster._brokers = {1: MetadataResponse.MetadataResponseBroker(1, *nobody.getsockname(), None)}
        frail_broker.kill()
        frail_broker.start()
        publisher = KafkaPublisher(frail_broker.servers, topic)
        publisher.publish([Message(0, b"key", (), b"after")])
        publisher.close()
        wait_until(lambda: len(subscription.poll()) > 0, 30)
    subscription.close()
