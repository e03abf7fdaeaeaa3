"""Fixtures that many folders share: a real PostgreSQL, a real Kafka, and the spans that ended."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

import kafka_broker as kafka
import postgres
from shared import traces

TESTS = Path(__file__).parent
SHARING = {"chaos", "kafka", "processes"}
"""Folders that start services and a broker of their own: one after the other, beside all the others."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: Sequence[pytest.Item]) -> None:
    """What two processes of pytest share out between them: whole files, and these folders as one."""
    for item in items:
        folder = item.path.relative_to(TESTS).parts[0]
        item.add_marker(pytest.mark.xdist_group("services" if folder in SHARING else item.path.name))


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
