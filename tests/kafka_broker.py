"""A real Apache Kafka for tests: the one that is named, or nodes that are started in a temporary folder."""

import fcntl
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from hashlib import sha256
from pathlib import Path

import pytest

NAMED = "KAFKA_BOOTSTRAP_SERVERS"
POM = Path(__file__).parent / "kafka" / "pom.xml"
RESOLVE_SECONDS, START_SECONDS, STOP_SECONDS = 240, 90, 30
MEMORY = "256m"
_JAVA = ["java", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"]
_STARTED = "Kafka Server started"
_LOGGING = """
<Configuration status="WARN">
  <Appenders><Console name="out"><PatternLayout pattern="%d{HH:mm:ss.SSS} %p %m (%c{1})%n"/></Console></Appenders>
  <Loggers>
    <Logger name="kafka.server.KafkaRaftServer" level="INFO"/>
    <Root level="WARN"><AppenderRef ref="out"/></Root>
  </Loggers>
</Configuration>
"""


class Node:
    """One process of a cluster, broker and controller in one, with its data in a folder of its own."""

    def __init__(self, number: int, folder: Path, jars: Path, started: Callable[[int], None]) -> None:
        self.number = number
        self._started = started
        self.port, self.quorum_port = _free_ports(2)
        self.process: subprocess.Popen[bytes] | None = None
        self._folder = folder
        self._classes = str(jars / "*")
        self._log = folder / "out.log"
        self._read_from = 0
        folder.mkdir()

    def format(self, cluster_id: str, voters: str, copies: int) -> "subprocess.Popen[bytes]":
        """Write its settings and begin to make its data folder."""
        settings = {
            "process.roles": "broker,controller",
            "node.id": self.number,
            "controller.quorum.voters": voters,
            "listeners": f"PLAINTEXT://127.0.0.1:{self.port},CONTROLLER://127.0.0.1:{self.quorum_port}",
            "controller.listener.names": "CONTROLLER",
            "log.dirs": self._folder / "data",
            "auto.create.topics.enable": "false",
            "offsets.topic.num.partitions": 3,
            "offsets.topic.replication.factor": copies,
            "transaction.state.log.num.partitions": 3,
            "transaction.state.log.replication.factor": copies,
            "transaction.state.log.min.isr": max(copies - 1, 1),
            "share.coordinator.state.topic.replication.factor": copies,
            "share.coordinator.state.topic.min.isr": max(copies - 1, 1),
            "group.initial.rebalance.delay.ms": 0,
            "log.cleaner.dedupe.buffer.size": 2097152,
            # A node that was killed comes back once the controller has given its former self up.
            "broker.heartbeat.interval.ms": 500,
            "broker.session.timeout.ms": 3000,
            "log.retention.check.interval.ms": 1000,
        }
        text = "\n".join(f"{name}={value}" for name, value in settings.items())
        (self._folder / "server.properties").write_text(text, encoding="utf-8")
        (self._folder / "log4j2.xml").write_text(_LOGGING, encoding="utf-8")
        command = [*_JAVA, "-cp", self._classes, "kafka.tools.StorageTool", "format", "-t", cluster_id]
        return subprocess.Popen([*command, "-c", "server.properties"], cwd=self._folder, stdout=subprocess.DEVNULL)

    def start(self) -> None:
        """Start it, without waiting."""
        self._read_from = self._log.stat().st_size if self._log.exists() else 0
        command = [*_JAVA, f"-Xmx{MEMORY}", "-cp", self._classes, "-Dlog4j2.configurationFile=log4j2.xml"]
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(
                [*command, "kafka.Kafka", "server.properties"],
                cwd=self._folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        self._started(self.process.pid)

    def wait(self) -> None:
        """Wait until it says that it has started."""
        deadline = time.monotonic() + START_SECONDS
        while _STARTED not in (said := self._log.read_bytes()[self._read_from :].decode(errors="replace")):
            if self.process is None or self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"node {self.number} of Kafka did not start; its last words:\n{said[-2000:]}")
            time.sleep(0.05)

    def send(self, number: int) -> None:
        """Send it a signal."""
        assert self.process is not None, f"node {self.number} is not running"
        os.kill(self.process.pid, number)

    def end(self, number: int = signal.SIGKILL) -> None:
        """End it by SIGKILL or SIGTERM; nothing when it has ended."""
        if self.process is not None:
            self.process.send_signal(number)
            try:
                self.process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
            self.process = None


class Broker:
    """A cluster of nodes 1, 2, …, or a named one, whose processes are not ours."""

    def __init__(self, bootstrap: str, nodes: dict[int, Node]) -> None:
        self.bootstrap = bootstrap
        self._nodes = nodes

    @property
    def servers(self) -> tuple[str, ...]:
        """The addresses, one by one."""
        return tuple(self.bootstrap.split(","))

    def kill(self, node: int = 1) -> None:
        """SIGKILL: its memory is gone, what it has written to its files is not."""
        self._nodes[node].end()

    def stop(self, node: int = 1) -> None:
        """SIGTERM: it gives its leaderships away and leaves."""
        self._nodes[node].end(signal.SIGTERM)

    def freeze(self, node: int = 1) -> None:
        """SIGSTOP: connections stay open, and nothing answers."""
        self._nodes[node].send(signal.SIGSTOP)

    def thaw(self, node: int = 1) -> None:
        """SIGCONT."""
        self._nodes[node].send(signal.SIGCONT)

    def start(self, node: int = 1, *, wait: bool = True) -> None:
        """Start it again on the same data."""
        self._nodes[node].start()
        if wait:
            self._nodes[node].wait()


@contextmanager
def broker(nodes: int = 1, *, own: bool = False) -> Iterator[Broker]:
    """A running Kafka: the named one, or, `own` or without a name, nodes of ours, which end with the context.

    Without Java, Maven or the artifacts the test that asks fails in CI and is left out on a laptop, with the reason.
    """
    named = os.environ.get(NAMED)
    if named and not own:
        yield Broker(named, {})
        return
    jars = _resolved()
    if isinstance(jars, str):
        _cannot(jars)
    assert isinstance(jars, Path)
    with tempfile.TemporaryDirectory(prefix="workforce-kafka-") as folder, ExitStack() as ending:
        outlived = ending.enter_context(_reaper())
        started = {number: Node(number, Path(folder) / str(number), jars, outlived) for number in range(1, nodes + 1)}
        voters = ",".join(f"{number}@127.0.0.1:{node.quorum_port}" for number, node in started.items())
        cluster_id = urlsafe_b64encode(b"\0" + secrets.token_bytes(15)).rstrip(b"=").decode()
        formatting = [node.format(cluster_id, voters, nodes) for node in started.values()]
        assert [process.wait(START_SECONDS) for process in formatting] == [0] * nodes
        for node in started.values():
            ending.callback(node.end)
            node.start()
        for node in started.values():
            node.wait()
        yield Broker(",".join(f"127.0.0.1:{node.port}" for node in started.values()), started)


@contextmanager
def _reaper() -> Iterator[Callable[[int], None]]:
    """Takes process ids; should we be killed, and end nothing ourselves, it ends them."""
    command = ["sh", "-c", 'while read -r pid; do pids="$pids $pid"; done; kill -9 $pids']
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True, text=True
    ) as reaper:

        def note(pid: int) -> None:
            assert reaper.stdin is not None
            reaper.stdin.write(f"{pid}\n")
            reaper.stdin.flush()

        try:
            yield note
        finally:
            reaper.kill()


def _cannot(reason: str) -> None:
    """The one place where a test may be left out: a laptop without Java is not a broken laptop."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"Kafka cannot be started: {reason}")
    pytest.skip(f"Kafka cannot be started: {reason}; or name a running one in {NAMED}")


@cache
def _resolved() -> Path | str:
    """The folder of the jars, resolved once for each content of the pom; or why there is none."""
    missing = [name for name in ("java", "mvn") if shutil.which(name) is None]
    if missing:
        return f"{' and '.join(missing)} cannot be found"
    said = subprocess.run(["java", "-version"], capture_output=True, text=True, check=False).stderr
    version = re.search(r'version "(\d+)', said)
    if version is None or int(version.group(1)) < 17:
        return f"Java 17 or later is needed, and this is {said.strip().partition(chr(10))[0]}"
    jars = _cache() / sha256(POM.read_bytes()).hexdigest()[:16]
    jars.parent.mkdir(parents=True, exist_ok=True)
    with (jars.parent / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return jars if jars.is_dir() else _copied(jars)


def _copied(jars: Path) -> Path | str:
    with tempfile.TemporaryDirectory(dir=jars.parent) as folder:
        fresh = Path(folder) / "jars"
        command = ["mvn", "-B", "-q", "-f", str(POM), "dependency:copy-dependencies", f"-DoutputDirectory={fresh}"]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=RESOLVE_SECONDS, check=False)
        except subprocess.TimeoutExpired:
            return f"Maven did not get the artifacts in {RESOLVE_SECONDS} s"
        if done.returncode != 0:
            return f"Maven did not get the artifacts: {(done.stdout + done.stderr).strip()[:500]}"
        fresh.rename(jars)
    return jars


def _cache() -> Path:
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    chosen = home if os.access(home if home.exists() else home.parent, os.W_OK) else Path(tempfile.gettempdir())
    return chosen / "workforce-ledger" / "kafka"


def _free_ports(count: int) -> list[int]:
    with ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [int(one.getsockname()[1]) for one in sockets]
