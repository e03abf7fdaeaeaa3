"""The whole of production on one machine: databases, broker, and each service as a process of its own."""

import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psycopg
import sqlalchemy
from kafka import KafkaConsumer, TopicPartition
from psycopg.sql import SQL, Identifier
from tests.chaos.processes import Keeper, Process, free_port, keys_text, wait_until, workforce
from tests.chaos.trouble import Server
from tests.ledger.given import KEYS, Town, bearer

import kafka_broker
import postgres
from shared.auth import mint
from shared.calendar_day import utc_now
from shared.envelope import Recorded
from shared.feed import HttpFeed
from shared.principals import Principal, Role, Scope

SERVICES = ("ledger", "payroll", "notifications")
PARTITIONS = 12
HEAL_SECONDS = 120.0


@dataclass
class Cluster:
    """The processes by name, and the two servers that may be struck."""

    broker: Any
    servers: dict[str, Server]
    processes: list[Process]
    topic_name: str
    founded: int = -1
    _named: dict[str, Process] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._named = {process.name: process for process in self.processes}

    @property
    def ledger(self) -> Process:
        """The ledger's API."""
        return self._named["serve ledger"]

    @property
    def payroll(self) -> Process:
        """Payroll's API."""
        return self._named["serve payroll"]

    def feed(self) -> HttpFeed:
        """The ledger's feed, as a service reads it."""
        service = Principal("chaos", Role.SERVICE, Scope("log", "all"))
        headers = {"Authorization": f"Bearer {mint(service, KEYS.tokens, now=utc_now())}"}
        return HttpFeed(httpx.Client(base_url=self.ledger.url, headers=headers, timeout=30))

    def log(self) -> list[Recorded]:
        """Every event of the log."""
        feed, found = self.feed(), list[Recorded]()
        while batch := feed.read(found[-1].position if found else -1, 500):
            found += batch
        return found

    def projections(self) -> dict[str, dict[str, Any]]:
        """Position and digest of each read model, as its API says them."""
        headers = {"Authorization": bearer("auditor city:chibi")}
        return {
            name: httpx.get(
                f"{self._named[f'serve {name}'].url}/{name}/v1/projection", headers=headers, timeout=60
            ).json()
            for name in ("payroll", "notifications")
        }

    def wait_until_caught_up(self) -> float:
        """Wait until every process is ready and every read model at the head of the log; the seconds that took."""

        def caught_up() -> bool:
            try:
                head = self.feed().head()
                return all(found.get("position") == head for found in self.projections().values())
            except (httpx.HTTPError, ValueError):
                return False

        return wait_until(caught_up, "the read models are at the head of the log", HEAL_SECONDS)

    def topic(self) -> dict[int, list[tuple[int, int]]]:
        """(position, previous) of each event's record, by partition in the order of its offsets."""
        found: dict[int, list[tuple[int, int]]] = defaultdict(list)
        for record in _records(self.broker.bootstrap, self.topic_name):
            said = {name: value.decode() for name, value in record.headers}
            if "ledger_position" in said:
                found[record.partition].append((int(said["ledger_position"]), int(said["ledger_prev"])))
        return found


@contextmanager
def cluster(folder: Path, *, payroll_consumers: int = 2) -> Iterator[Cluster]:
    """Start everything over a founded town, and end everything."""
    with ExitStack() as opened:
        database = opened.enter_context(postgres.dedicated(max_connections="200"))
        broker = opened.enter_context(kafka_broker.broker(own=True))
        topic = f"workforce.events.{time.monotonic_ns()}"
        environments = _environments(database, broker.bootstrap, topic)
        for name in SERVICES:
            workforce(["migrate", name], environments[name])
        workforce(["topic", "--partitions", str(PARTITIONS), "--replication", "1"], environments["ledger"])
        founded = _found(folder / "founding", environments["ledger"]["WORKFORCE_DATABASE"])
        wanted = [("serve", name) for name in SERVICES] + [("relay", "")]
        wanted += [("consume", "payroll")] * payroll_consumers + [("consume", "notifications")]
        processes = []
        for number, (verb, name) in enumerate(wanted):
            known_as = f"{verb} {name}".strip() + (f" {number}" if verb == "consume" else "")
            environment = environments[name or "ledger"]
            port = int(environments["payroll"]["WORKFORCE_LEDGER_URL"].rpartition(":")[2]) if name == "ledger" else 0
            processes.append(Process(known_as, [part for part in (verb, name) if part], environment, folder, port))
        keeper = Keeper(processes)
        servers: dict[str, Server] = {"postgres": database, "kafka": _Broker(broker)}
        town = Cluster(broker, servers, processes, topic, founded)
        try:
            for process in processes:
                wait_until(process.ready, f"{process.name} is ready\n{process.log_tail()}")
            yield town
        except BaseException:
            for process in processes:
                print(f"--- {process.name}: {process.deaths} deaths\n{process.log_tail()}")
            raise
        finally:
            keeper.close()


class _Broker:
    """The one node of the broker as a server that can be struck."""

    def __init__(self, broker: Any) -> None:
        self._broker = broker

    def kill(self) -> None:
        self._broker.kill(1)

    def start(self) -> None:
        self._broker.start(1)


def _records(bootstrap: str, topic: str) -> Iterator[Any]:
    """Every record that the topic holds now, in the order of offsets in each partition."""
    consumer = KafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False, auto_offset_reset="earliest")
    try:
        partitions = [TopicPartition(topic, number) for number in range(PARTITIONS)]
        consumer.assign(partitions)
        ends = consumer.end_offsets(partitions)
        deadline = time.monotonic() + HEAL_SECONDS
        while any(consumer.position(partition) < ends[partition] for partition in partitions):
            assert time.monotonic() < deadline, "the topic is not read to its end"
            for found in consumer.poll(timeout_ms=500).values():
                yield from found
    finally:
        consumer.close()


def _environments(database: postgres.Dedicated, bootstrap: str, topic: str) -> dict[str, dict[str, str]]:
    """The variables of each service, each on a database of its own."""
    address = sqlalchemy.make_url(database.address)
    common = {
        "WORKFORCE_ENVIRONMENT": "development",
        "WORKFORCE_KEYS": keys_text(KEYS),
        "WORKFORCE_KAFKA": bootstrap,
        "WORKFORCE_TOPIC": topic,
        "WORKFORCE_LEDGER_URL": f"http://127.0.0.1:{free_port()}",
        "WORKFORCE_LOG": "json",
    }
    found = {}
    with psycopg.connect(database.address, autocommit=True) as connection:
        for name in SERVICES:
            connection.execute(SQL("CREATE DATABASE {}").format(Identifier(name)))
            own = address.set(database=name).render_as_string(hide_password=False)
            found[name] = {**common, "WORKFORCE_DATABASE": own}
    return found


def _found(folder: Path, address: str) -> int:
    """A town with room for many, its payroll open; the last position of its founding."""
    town = Town(folder, address).found()
    town.give("payroll-openings", "2021-01-01", jurisdiction="chibi", first_month="2021-01")
    town.give("city-quotas", "2019-01-01", city_id="chibi", category="dedicated", seats=9_000)
    for community_id in ("xinhua", "jinqiao", "huangjia"):
        quota = {"community_id": community_id, "category": "dedicated", "seats": 3_000}
        town.give("community-quotas", "2019-01-01", **quota)
    head = town.store.head()
    town.close()
    return head
