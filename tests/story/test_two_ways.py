"""One story, two ways: in one process on SQLite, and on PostgreSQL with a topic between; the digests are the same."""

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from random import Random
from typing import Any
from uuid import uuid4

import pytest
from tests.story.conftest import Told
from tests.story.transports import MEMBERS, Memory, Repeating, Transport, kafka

import postgres
from ledger.event_store import EventStore, open_store
from ledger.relay import Relay
from ledger.relay_place import PostgresRelayPlace
from notifications.outbox import Outbox
from payroll.projection import Projection
from shared.consuming import Consumer
from shared.database import engine
from shared.receiving import Overtaken
from shared.settings import NO_KEYS, Settings

pytestmark = [pytest.mark.story, pytest.mark.postgres]

SECONDS = 120
KINDS: dict[str, Callable[[Any], Any]] = {"payroll": Projection, "notifications": Outbox}


@pytest.fixture(params=["memory", pytest.param("kafka", marks=pytest.mark.kafka)])
def transport(request: pytest.FixtureRequest) -> Iterator[Transport]:
    """A topic in this process, then one of a real broker."""
    if request.param == "memory":
        yield Memory()
        return
    with kafka(request.getfixturevalue("kafka_broker")) as topic:
        yield topic


@pytest.fixture
def store(told_on_postgres: tuple[Told, str]) -> Iterator[EventStore]:
    """The log on PostgreSQL that the story was told into."""
    found = open_store(Settings(Path(), told_on_postgres[1], "development", NO_KEYS))
    yield found
    found.close()


@pytest.fixture
def addresses(postgres_server: str) -> Iterator[dict[str, str]]:
    """An empty database for each service."""
    with postgres.database(postgres_server) as one, postgres.database(postgres_server) as other:
        yield dict(zip(KINDS, (one, other), strict=True))


def test_two_consumers_behind_a_topic_come_to_the_digests_of_one_process(
    told: Told,
    told_on_postgres: tuple[Told, str],
    store: EventStore,
    transport: Transport,
    addresses: Mapping[str, str],
) -> None:
    """P7, P14: each service's two consumers share twelve partitions, are replaced at random, and hear much twice."""
    alone = told.figures["digests"]
    assert store.digest() == alone["log"]
    assert told_on_postgres[0].figures["digests"] == alone
    publisher = Repeating(transport.publisher, Random(1))
    place = PostgresRelayPlace(told_on_postgres[1], f"topic-{uuid4().hex}")
    relay = Relay(store, place, publisher, seconds=time.monotonic)
    deadline, failures = time.monotonic() + SECONDS, list[BaseException]()
    members = [
        partial(_consume, KINDS[name](engine(address, name)), transport, store, name, member, deadline)
        for name, address in addresses.items()
        for member in range(MEMBERS)
    ]
    _at_once([partial(_publish, relay, store), *members], failures)
    assert failures == []
    assert publisher.repeated > 0
    for name, address in addresses.items():
        found = KINDS[name](engine(address, name))
        assert (found.position, found.held().parked) == (store.head(), frozenset())
        assert found.digest() == alone[name], name
        found.close()
    place.close()


def _publish(relay: Relay, store: EventStore) -> None:
    store.chain.catch_up()
    while relay.step().position < store.head():
        pass
    relay.step()


def _consume(receiver: Any, transport: Transport, store: EventStore, group: str, member: int, deadline: float) -> None:
    """One consumer after the other in the same place, until everything is taken."""
    randomness = Random(f"{group} {member}")

    def starts(partitions: Iterable[int]) -> dict[int, int]:
        return {partition: mark.next_offset for partition, mark in receiver.held().marks.items()}

    while receiver.position < store.head():
        assert time.monotonic() < deadline, f"{group} {member} is at {receiver.position} of {store.head()}"
        subscription = transport.subscription(group, member, starts, randomness)
        consumer = Consumer(subscription, receiver, store)
        with suppress(Overtaken):  # As a process: it leaves, and another one begins.
            for _ in range(randomness.randint(*transport.steps)):
                if consumer.step().position == store.head():
                    break
        subscription.close()
    receiver.close()


def _at_once(work: Iterable[Callable[[], None]], failures: list[BaseException]) -> None:
    def attempt(one: Callable[[], None]) -> None:
        try:
            one()
        except BaseException as failure:
            failures.append(failure)

    threads = [threading.Thread(target=attempt, args=(one,)) for one in work]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
