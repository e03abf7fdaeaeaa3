"""What all folders share: PostgreSQL, Kafka, the spans that ended; and how two processes share the tests out."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

import kafka_broker as kafka
import postgres
from shared import traces

TOGETHER = {"chaos": "services", "kafka": "services", "processes": "services", "story": "story"}
"""Folder → with which others it is run one after the other: those that start services and a broker of their own, and
the tests of one told story."""


class Shares(LoadScopeScheduling):
    """What two processes of pytest share out between them: whole files, and what belongs together as one."""

    def _split_scope(self, nodeid: str) -> str:
        path = nodeid.partition("::")[0]
        return next((TOGETHER[part] for part in Path(path).parts if part in TOGETHER), path)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Shares:
    """For `make test`, which runs in two processes."""
    return Shares(config, log)


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
