"""Two databases and a broker for each test of the log, the topic and the shelf."""

from collections.abc import Iterator

import pytest
from tests.kafka.parts import World, world

import kafka_broker as kafka
import postgres


@pytest.fixture
def shelf_address(postgres_server: str) -> Iterator[str]:
    """An empty database beside that of the log."""
    with postgres.database(postgres_server) as address:
        yield address


@pytest.fixture(scope="session")
def frail_broker() -> Iterator[kafka.Broker]:
    """A broker that a test may kill or freeze, if it leaves it running."""
    with kafka.broker(own=True) as running:
        yield running


@pytest.fixture
def quiet_world(kafka_broker: kafka.Broker, postgres_address: str, shelf_address: str) -> Iterator[World]:
    """A world whose broker stays well."""
    with world(kafka_broker, postgres_address, shelf_address) as made:
        yield made


@pytest.fixture
def frail_world(frail_broker: kafka.Broker, postgres_address: str, shelf_address: str) -> Iterator[World]:
    """A world whose broker may be killed or frozen."""
    with world(frail_broker, postgres_address, shelf_address) as made:
        yield made
