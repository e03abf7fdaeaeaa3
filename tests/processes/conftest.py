"""A founded town served by processes of their own."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from psycopg.sql import SQL, Identifier
from sqlalchemy import make_url
from tests.ledger.given import KEYS, Town
from tests.processes.apart import SERVICES, Apart, apart
from tests.processes.collector import Collector, collecting

import kafka_broker as kafka
import postgres
from shared.kafka_feed import make_topic
from shared.settings import Settings
from workforce.migrating import migrate


@pytest.fixture(scope="module")
def alone(postgres_server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Apart]:
    """The services over a town, and a projector that the test holds in its hand."""
    with _town(postgres_server, tmp_path_factory.mktemp("apart"), None) as found:
        yield found


@pytest.fixture(scope="session")
def collector() -> Iterator[Collector]:
    """Where processes that are joined by a topic send their spans."""
    with collecting() as found:
        yield found


@pytest.fixture(scope="module")
def joined(
    postgres_server: str, kafka_broker: kafka.Broker, collector: Collector, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Apart]:
    """The services over a town and a topic; relay and consumers are started by the test."""
    topic = f"workforce.events.{uuid4().hex}"
    make_topic(kafka_broker.bootstrap.split(","), topic, partitions=3, replication=1)
    reached = {"WORKFORCE_KAFKA": kafka_broker.bootstrap, "WORKFORCE_TOPIC": topic, **collector.environment}
    with _town(postgres_server, tmp_path_factory.mktemp("joined"), reached) as found:
        yield found


@contextmanager
def _town(server: str, folder: Path, kafka: Mapping[str, str] | None) -> Iterator[Apart]:
    """A hundred dedicated seats in Xinhua; payroll opens in October 2020. The services log in with a role of theirs."""
    with ExitStack() as opened:
        role = opened.enter_context(_role(server))
        owned = {name: opened.enter_context(postgres.database(server)) for name in SERVICES}
        databases = {
            name: make_url(address).set(username=role).render_as_string(hide_password=False)
            for name, address in owned.items()
        }
        for name, address in owned.items():
            migrate(name, Settings(Path(), address, "production", KEYS, app_role=role))
        town = Town(folder / "founding", owned["ledger"]).found()
        town.give("city-quotas", "2018-01-01", city_id="chibi", category="dedicated", seats=200)
        town.give("community-quotas", "2018-01-01", community_id="xinhua", category="dedicated", seats=100)
        town.give("payroll-openings", "2020-10-01", jurisdiction="chibi", first_month="2020-10")
        town.close()
        found = opened.enter_context(apart(folder, databases, kafka))
        found.owned = owned
        yield found


@contextmanager
def _role(server: str) -> Iterator[str]:
    """A role that owns nothing."""
    name = f"services_{uuid4().hex}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(SQL("CREATE ROLE {} LOGIN").format(Identifier(name)))
        yield name
        connection.execute(SQL("DROP ROLE {}").format(Identifier(name)))
