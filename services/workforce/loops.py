"""The processes that are loops, composed: the relay of the log, and the consumers of payroll and notifications."""

import secrets
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime

from ledger.event_store import open_store
from ledger.relay import Relay, Relayed
from ledger.relay_place import PostgresRelayPlace
from notifications.outbox import Outbox
from payroll.projection import Projection
from shared import logs, telemetry, traces
from shared.calendar_day import utc_now
from shared.consuming import Consumer
from shared.envelope import wire_of
from shared.feed import HttpFeed, Lines
from shared.gathering import Step
from shared.kafka_feed import KafkaPublisher, KafkaSubscription
from shared.settings import Settings
from workforce.databases import engine_of, migrated, reachable
from workforce.ledger_client import feed_client
from workforce.looping import Loop, Stopwatch
from workforce.migrating import LOG
from workforce.needs import Reader
from workforce.projections import measure as measure_condition
from workforce.stepping import consume_forever, relay_forever, wait_for_broker

READERS: dict[Reader, type[Projection] | type[Outbox]] = {
    Reader.PAYROLL: Projection,
    Reader.NOTIFICATIONS: Outbox,
}


def relay_loop(settings: Settings) -> Loop:
    """The relay: one at a time works, another one waits for its end. Raises SettingsError."""
    with reachable(settings):
        migrated(settings, (LOG,))
        store = open_store(settings, clock=utc_now, randomness=secrets.token_bytes)
    place, broker = Reached(), threading.Event()

    def work(stop: threading.Event, beat: Callable[[], None]) -> None:
        if not wait_for_broker(settings.kafka, stop, beat):
            return
        broker.set()
        kept = PostgresRelayPlace(settings.database, settings.topic)
        if not kept.lock(_Beating(stop, beat)):
            return
        logs.tell("active", process="relay")
        publisher = KafkaPublisher(settings.kafka, settings.topic)
        relay = Relay(store, kept, publisher, seconds=time.monotonic)
        observe = _Relaying(place, beat)
        relay_forever(relay, stop, chain=store.chain.advance, observe=observe)
        publisher.close()
        kept.close()

    def measure() -> None:
        head = store.head()
        telemetry.CHAIN_LAG_EVENTS.set(head - store.chain.head().position)
        if place.position is not None:
            telemetry.RELAY_LAG_EVENTS.set(head - place.position)
            telemetry.OLDEST_UNPUBLISHED_SECONDS.set(age_behind(store, place.position, head))

    ready = {"database-away": lambda: store.head() >= -1, "broker-away": broker.is_set}
    return Loop("relay", work, measure, ready, store.close)


def consumer_loop(reader: Reader, settings: Settings) -> Loop:
    """A consumer: several share the partitions of the topic, each at the offsets of the database they share."""
    engine = engine_of(settings, reader)
    with reachable(settings):
        migrated(settings, (reader,))
        receiver = READERS[reader](engine)
    client = feed_client(settings, reader, utc_now)
    feed = HttpFeed(client)
    broker = threading.Event()

    def starts(partitions: Iterable[int]) -> Mapping[int, int]:
        marks = receiver.held().marks
        return {partition: marks[partition].next_offset for partition in partitions if partition in marks}

    def work(stop: threading.Event, beat: Callable[[], None]) -> None:
        if not wait_for_broker(settings.kafka, stop, beat):
            return
        broker.set()
        subscription = KafkaSubscription(settings.kafka, settings.topic, f"workforce-{reader}", starts)
        consume_forever(Consumer(subscription, receiver, feed), stop, observe=Observed(reader, beat))
        subscription.close()

    def measure() -> None:
        measure_condition(reader, receiver)
        head, position = feed.head(), receiver.position
        telemetry.CONSUMER_LAG_EVENTS.labels(reader).set(max(0, head - position))
        telemetry.CONSUMER_LAG_SECONDS.labels(reader).set(age_behind(feed, position, head))

    def close() -> None:
        client.close()
        receiver.close()

    ready = {
        "database-away": lambda: receiver.position >= -1,
        "broker-away": broker.is_set,
        "projection-stopped": lambda: not getattr(receiver, "stopped", ""),
    }
    return Loop(f"consume {reader}", work, measure, ready, close)


class Reached:
    """A position that one thread reaches and another one reads; None before the first."""

    position: int | None = None


class _Relaying:
    """What is told and counted of each step of the relay."""

    def __init__(self, place: Reached, beat: Callable[[], None]) -> None:
        self._place = place
        self._beat = beat
        self._watch = Stopwatch()

    def __call__(self, relayed: Relayed) -> None:
        self._beat()
        self._place.position = relayed.position
        telemetry.RELAY_POSITION.set(relayed.position)
        if relayed.events:
            ms = self._watch.milliseconds
            logs.tell("published", events=relayed.events, position=relayed.position, ms=ms)
        self._watch = Stopwatch()


class Observed:
    """What is told, counted and traced of each step of a consumer."""

    def __init__(self, reader: Reader, beat: Callable[[], None]) -> None:
        self._reader = reader
        self._beat = beat
        self._watch = Stopwatch()

    def __call__(self, step: Step) -> None:
        self._beat()
        telemetry.DUPLICATES.labels(self._reader).inc(step.duplicates)
        telemetry.HOLES_REPAIRED.labels(self._reader).inc(step.repaired)
        if step.events or step.parked or step.repaired:
            telemetry.BATCH_EVENTS.labels(self._reader).observe(step.events)
            counts = {"events": step.events, "position": step.position, "repaired": step.repaired}
            logs.tell("batch", service=self._reader, **counts, ms=self._watch.milliseconds)
            traces.past(f"take {self._reader}", self._watch.began_ns, step.traces, **counts)
        if step.parked:
            logs.warn("parked", service=self._reader, events=step.parked, position=step.position)
        self._watch = Stopwatch()


class _Beating(threading.Event):
    """A stop that beats whenever it is waited for: who stands by lives."""

    def __init__(self, stop: threading.Event, beat: Callable[[], None]) -> None:
        super().__init__()
        self._stop = stop
        self._beat = beat

    def wait(self, timeout: float | None = None) -> bool:
        """As of the stop."""
        self._beat()
        return self._stop.wait(timeout)


def age_behind(log: Lines, position: int, head: int, now: Callable[[], datetime] = utc_now) -> float:
    """The seconds since the event behind a position was recorded; 0 where there is none."""
    following = log.lines(position, 1) if head > position else ()
    return max(0.0, (now() - wire_of(following[0]).recorded_at).total_seconds()) if following else 0.0
