"""Fixtures that many folders share: a real PostgreSQL, a real Kafka, and the spans that ended."""

from collections.abc import Iterator

import pytest
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

import kafka_broker as kafka
import postgres
from shared import traces


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The address of a server that lives as long as the tests."""
    with postgres.server() as address:
        yield address


@pytest.fixture
def postgres_address(postgres_server: str) -> Iterator[str]:
    """The address of a database for one test, with every table and no rows."""
    with postgres.database(postgres_server) as address:
        yield address


@pytest.fixture(scope="session")
def kafka_broker() -> Iterator[kafka.Broker]:
    """A Kafka of one node that lives as long as the tests; each test names topics and groups of its own."""
    with kafka.broker() as running:
        yield running


@pytest.fixture
def empty_address(postgres_server: str) -> Iterator[str]:
    """The address of a database without tables."""
    with postgres.database(postgres_server, empty=True) as address:
        yield address


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def each_database(request: pytest.FixtureRequest) -> str:
    """`Settings.database` of a new installation: once empty for SQLite, once an address of PostgreSQL."""
    return "" if request.param == "sqlite" else str(request.getfixturevalue("postgres_address"))


@pytest.fixture
def exported() -> Iterator[InMemorySpanExporter]:
    """Every span that ended during the test."""
    exporter = InMemorySpanExporter()
    traces.record_to(SimpleSpanProcessor(exporter), "test")
    yield exporter
    traces.stop()
