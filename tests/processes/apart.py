"""The services as processes of their own over their own databases, and a projector that the test holds in its hand."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from tests.ledger.given import KEYS, bearer

from notifications.outbox import Outbox
from payroll.projection import Projection
from shared import database
from shared.calendar_day import utc_now
from shared.feed import HttpFeed
from shared.principals import WHOLE_LOG, Role
from shared.settings import Settings
from workforce.ledger_client import feed_client

START_SECONDS = 90.0
SERVICE = f"{Role.SERVICE} {WHOLE_LOG}"
SERVICES = ("ledger", "payroll", "notifications")


def free_port() -> int:
    """A port of this machine that nobody has now."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def keys_text() -> str:
    """WORKFORCE_KEYS of the tests' keys."""
    return json.dumps({name: b64encode(getattr(KEYS, name)).decode() for name in KEYS.__dataclass_fields__})


def wait_until(true: Callable[[], bool], what: str, seconds: float = START_SECONDS) -> None:
    """Wait for it, but not for ever."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, f"after {seconds:.0f} s still not: {what}"
        time.sleep(0.02)


@dataclass
class Process:
    """One `workforce` process, whose lines are kept in a file."""

    arguments: list[str]
    environment: Mapping[str, str]
    log: Path
    port: int = field(default_factory=free_port)

    def __post_init__(self) -> None:
        command = [sys.executable, "-m", "workforce", *self.arguments, "--port", str(self.port)]
        with self.log.open("ab") as log:
            self.running = subprocess.Popen(
                command, env={**os.environ, **self.environment}, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def probe(self, name: str) -> tuple[int, str]:
        """Status of a probe, and the reason where it fails; 0 when there is no answer."""
        try:
            answer = httpx.get(f"{self.url}/health/{name}", timeout=5)
        except httpx.HTTPError:
            return 0, "no answer"
        return answer.status_code, answer.json().get("reason", "")

    def until_ready(self) -> "Process":
        """This process, ready."""
        wait_until(lambda: self.ended() or self.probe("ready")[0] == 200, f"{self.arguments} is ready\n{self.text}")
        assert not self.ended(), self.text
        return self

    def ended(self) -> bool:
        return self.running.poll() is not None

    def terminate(self) -> None:
        self.running.send_signal(signal.SIGTERM)

    def wait(self, seconds: float = 30) -> int:
        """Its exit code."""
        return self.running.wait(seconds)

    def metric(self, name: str) -> float:
        """What /metrics says of a name with its labels."""
        text = httpx.get(f"{self.url}/metrics", timeout=5).text
        values = (float(line.rpartition(" ")[2]) for line in text.splitlines() if line.startswith(f"{name} "))
        return next(values, -1.0)

    def stop(self) -> int:
        """Ask it to end; its exit code, whatever it takes."""
        self.terminate()
        try:
            return self.wait()
        except subprocess.TimeoutExpired:
            self.running.kill()
            return self.running.wait()

    @property
    def text(self) -> str:
        return self.log.read_text(encoding="utf-8", errors="replace")

    def lines(self, event: str) -> list[dict[str, Any]]:
        """What it told of one kind."""
        found = [json.loads(line) for line in self.text.splitlines() if line.startswith("{")]
        return [line for line in found if line["event"] == event]


def feed_at(ledger_url: str) -> HttpFeed:
    """A ledger's feed, as a service reads it."""
    settings = Settings(Path(), "", "development", KEYS, ledger_url=ledger_url)
    return HttpFeed(feed_client(settings, "test", utc_now))


class Projector:
    """Takes the log into the databases of payroll and notifications, as the consumers do; it can be stopped."""

    def __init__(self, ledger_url: str, databases: Mapping[str, str]) -> None:
        self.feed = feed_at(ledger_url)
        engines = [database.engine(databases[name], name) for name in ("payroll", "notifications")]
        self._readers = (Projection(engines[0]), Outbox(engines[1]))
        self._ending = threading.Event()
        self._moving = threading.Event()
        self._moving.set()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._moving.clear()

    def go_on(self) -> None:
        self._moving.set()

    def close(self) -> None:
        self._ending.set()
        self._moving.set()
        self._thread.join(20)
        for reader in self._readers:
            reader.close()

    def _run(self) -> None:
        while not self._ending.wait(0.01):
            self._moving.wait()
            try:
                for reader in self._readers:
                    reader.catch_up(self.feed)
            except httpx.HTTPError:
                time.sleep(0.1)


@dataclass
class Apart:
    """The three services, each alone; with a topic between them, or the test's own projector."""

    processes: dict[str, Process]
    environments: dict[str, dict[str, str]]
    projector: Projector | None
    client: httpx.Client
    folder: Path
    others: list[Process] = field(default_factory=list)
    owned: dict[str, str] = field(default_factory=dict)

    @property
    def feed(self) -> HttpFeed:
        """The ledger's feed."""
        return feed_at(self.processes["ledger"].url)

    def url(self, path: str) -> str:
        """The whole address of a path, at the service it belongs to."""
        return f"{self.processes[path.split('/')[1]].url}{path}"

    def ask(self, path: str, who: str, **headers: str) -> httpx.Response:
        return self.client.get(self.url(path), headers={"Authorization": bearer(who), **headers})

    def act(self, path: str, who: str, body: Mapping[str, Any], key: str, **headers: str) -> httpx.Response:
        sent = {"Authorization": bearer(who), "Idempotency-Key": key, "If-Match": "*", **headers}
        return self.client.post(self.url(path), headers=sent, json=body)

    def another(self, *arguments: str) -> Process:
        """One more process of a service."""
        log = self.folder / f"{'-'.join(arguments)}-{time.monotonic_ns()}.log"
        service = next((name for name in SERVICES if name in arguments), "ledger")
        self.others.append(Process(list(arguments), self.environments[service], log))
        return self.others[-1]


@contextmanager
def apart(folder: Path, databases: Mapping[str, str], kafka: Mapping[str, str] | None = None) -> Iterator[Apart]:
    """Start the three APIs over these databases, and what takes the log from one to the others.

    That is the projector, or, where `kafka` says how it is reached, nothing yet. All end with the context.
    """
    port = free_port()
    common = {
        "WORKFORCE_KEYS": keys_text(),
        "WORKFORCE_ENVIRONMENT": "production",
        "WORKFORCE_LEDGER_URL": f"http://127.0.0.1:{port}",
        **(kafka or {}),
    }
    environments = {name: {**common, "WORKFORCE_DATABASE": databases[name]} for name in SERVICES}
    processes = {
        name: Process(
            ["serve", name, "--linger", "1"],
            environments[name],
            folder / f"{name}.log",
            port if name == "ledger" else free_port(),
        )
        for name in SERVICES
    }
    projector = None
    try:
        for process in processes.values():
            process.until_ready()
        if kafka is None:
            projector = Projector(common["WORKFORCE_LEDGER_URL"], databases)
        with httpx.Client(timeout=30) as client:
            found = Apart(processes, environments, projector, client, folder)
            try:
                yield found
            finally:
                _end(found.others)
    finally:
        if projector is not None:
            projector.close()
        _end(list(processes.values()))


def _end(processes: list[Process]) -> None:
    """All at once."""
    for process in processes:
        process.terminate()
    for process in processes:
        process.stop()
