"""A log on PostgreSQL, relay and consumers as processes, and a shelf where each event that is taken leaves a row."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import date
from pathlib import Path
from uuid import uuid4

import psutil
from sqlalchemy import BigInteger, Column, Identity, MetaData, String, Table, create_engine, make_url, select

from kafka_broker import Broker
from ledger.event_store import Appended, Change, EventStore, Metadata, open_store
from shared.envelope import Basis, Recorded
from shared.events import WorkerTrained
from shared.kafka_feed import make_topic
from shared.receiving import Held, Taking
from shared.settings import NO_KEYS, Settings
from shared.taking import Taken, fitting
from shared.topic import PARTITIONS as PARTITIONS

ROOT = Path(__file__).parents[2]
TRAINED = WorkerTrained(course="岗前培训", hours=40)
BASIS = Basis(document="赤办发〔2020〕5号", date=date(2020, 9, 18))


def named(kind: str) -> str:
    """A name of a topic or a group that no other test has."""
    return f"{kind}-{uuid4().hex[:12]}"


def topic_on(broker: Broker, *, replication: int = 1) -> str:
    """A new topic as `workforce topic` makes it."""
    topic = named("events")
    assert make_topic(broker.servers, topic, replication=replication)
    return topic


def log_at(address: str) -> EventStore:
    """The log in a database."""
    return open_store(Settings(Path(), address, "development", NO_KEYS))


def append(store: EventStore, stream: str, version: int, count: int = 1, traceparent: str = "") -> Appended:
    """Append events to a stream that has so many."""
    command = Metadata(f"{stream}-{version}", "clerk", BASIS, date(2020, 10, 1), traceparent)
    return store.append([Change(stream, version, [TRAINED] * count)], command)


class Shelf:
    """A receiver whose rows would show an event that was taken twice: nothing in the table forbids it."""

    def __init__(self, address: str, keeper: str = "") -> None:
        metadata = MetaData()
        self.engine = create_engine(make_url(address).set(drivername="postgresql+psycopg"))
        self.keeper = keeper
        self._taken = Taken("shelf", metadata)
        self.rows = Table(
            "shelf_rows",
            metadata,
            Column("id", BigInteger, Identity(), primary_key=True),
            Column("position", BigInteger),
            Column("stream", String),
            Column("version", BigInteger),
            Column("keeper", String),
        )
        metadata.create_all(self.engine)
        with self.engine.begin() as connection:
            self._taken.begin(connection)

    def held(self) -> Held:
        """As `Receiver.held`."""
        with self.engine.connect() as connection:
            return self._taken.held(connection)

    def check(self, recorded: Recorded) -> None:
        """As `Receiver.check`."""

    def take(self, taking: Taking) -> None:
        """As `Receiver.take`, but that a row is written for whatever comes."""
        with fitting(), self.engine.begin() as connection:
            self._taken.note(connection, taking)
            if taking.events:
                given = [(one.position, one.stream, one.version, self.keeper) for one in taking.events]
                names = ("position", "stream", "version", "keeper")
                connection.execute(self.rows.insert(), [dict(zip(names, row, strict=True)) for row in given])

    def advance(self) -> int:
        """As `Receiver.advance`."""
        with self.engine.begin() as connection:
            return self._taken.advance(connection)

    def position(self) -> int:
        """Everything up to here is taken."""
        with self.engine.connect() as connection:
            return self._taken.position(connection)

    def taken(self) -> list[tuple[int, str, int, str]]:
        """(position, stream, version, keeper) of each row in the order of writing."""
        columns = self.rows.c
        query = select(columns.position, columns.stream, columns.version, columns.keeper).order_by(columns.id)
        with self.engine.connect() as connection:
            return [tuple(row) for row in connection.execute(query)]


class Supervised:
    """A process that is started again whenever it ends, as a cluster would; what it said is kept."""

    def __init__(self, *arguments: str) -> None:
        self._command = [sys.executable, "-m", "tests.kafka.worker", *arguments]
        self._ending = threading.Event()
        self.starts = 0
        self.said: list[str] = []
        self.codes: Counter[int] = Counter()
        self.process = self._start()
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()

    def kill(self) -> None:
        """SIGKILL; it comes back."""
        self.signal(signal.SIGKILL)

    def signal(self, number: int) -> None:
        """Send it a signal."""
        self.process.send_signal(number)

    def memory(self) -> int:
        """Resident bytes now; 0 between two lives."""
        with suppress(psutil.Error):
            return int(psutil.Process(self.process.pid).memory_info().rss)
        return 0

    def end(self) -> None:
        """End it for good."""
        self._ending.set()
        self.process.kill()
        self._thread.join()

    def _start(self) -> "subprocess.Popen[str]":
        self.starts += 1
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join((str(ROOT), str(ROOT / "tests")))}
        return subprocess.Popen(self._command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)

    def _watch(self) -> None:
        while True:
            assert self.process.stdout is not None
            with self.process.stdout as stdout:
                self.said.extend(line.strip() for line in stdout)
            self.codes[self.process.wait()] += 1
            if self._ending.wait(0.2):
                return
            self.process = self._start()
            if self._ending.is_set():
                self.process.kill()


class World:
    """A log, a topic and a shelf, with processes between them."""

    def __init__(self, broker: Broker, log: str, shelf: str, topic: str) -> None:
        self.broker = broker
        self.topic = topic
        self.group = named("group")
        self.store = log_at(log)
        self.shelf = Shelf(shelf)
        self._log, self._shelf_address = log, shelf
        self._processes: list[Supervised] = []

    def relay(self, *options: str) -> Supervised:
        """A relay in a process of its own."""
        return self._supervised("relay", self._log, self.broker.bootstrap, self.topic, *options)

    def consumer(self, keeper: str, *options: str) -> Supervised:
        """A consumer in a process of its own."""
        where = (self.broker.bootstrap, self.topic, self.group)
        return self._supervised("consumer", self._log, self._shelf_address, *where, keeper, *options)

    def awaited(self, seconds: float) -> float:
        """Wait until the shelf has everything of the log; after how many seconds."""
        begun = time.monotonic()
        head = self.store.head()
        wait_until(lambda: self.shelf.position() >= head, seconds, lambda: f"{self.shelf.position()} of {head}; {self}")
        return time.monotonic() - begun

    def assert_each_event_once_in_order(self) -> None:
        """Nothing missing, nothing twice, the versions of each stream in order."""
        taken = self.shelf.taken()
        positions = Counter(position for position, *_ in taken)
        assert sorted(positions) == list(range(self.store.head() + 1))
        assert [position for position, times in positions.items() if times > 1] == []
        versions: dict[str, list[int]] = {}
        for _, stream, version, _ in taken:
            versions.setdefault(stream, []).append(version)
        assert [stream for stream, kept in versions.items() if kept != list(range(1, len(kept) + 1))] == []

    def __str__(self) -> str:
        return "; ".join(f"{one.starts} starts, {one.said[-3:]}" for one in self._processes)

    def close(self) -> None:
        """End every process and let go of the databases."""
        for process in self._processes:
            process.end()
        self.store.close()
        self.shelf.engine.dispose()

    def _supervised(self, *arguments: str) -> Supervised:
        self._processes.append(Supervised(*arguments))
        return self._processes[-1]


@contextmanager
def world(broker: Broker, log: str, shelf: str, *, replication: int = 1) -> Iterator[World]:
    """A world with a topic of its own; its processes end with the context."""
    made = World(broker, log, shelf, topic_on(broker, replication=replication))
    try:
        yield made
    finally:
        made.close()


def wait_until(true: Callable[[], bool], seconds: float, so_far: Callable[[], object] = lambda: "") -> None:
    """Wait until it is so. Fails after so many seconds."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, f"not within {seconds:g} s: {so_far()}"
        time.sleep(0.05)


def figures(**measured: object) -> None:
    """Print what a test measured, to be seen with -s or when it fails."""
    print("\nfigures: " + json.dumps(measured))


def headers_of(headers: Sequence[tuple[str, bytes]]) -> Mapping[str, str]:
    """As text by name."""
    return {name: value.decode() for name, value in headers}
