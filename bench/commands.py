"""The command bench: commands over HTTP into PostgreSQL by many callers, with grouped commits beside ungrouped ones.

Keys of the result, all whole numbers unless said otherwise:
    bench                           "commands"
    callers                         connections that each send one command after the other
    seconds, rounds                 how long each path was measured in all, in how many turns about
    grouped, ungrouped              of each path:
        commands                    that were answered while it was measured
        commands_per_second
        p50_ms, p99_ms              how long an answer took (decimal strings)
        server_cpu_ms               CPU of the server's process for one command (decimal string)
        group_size                  commands in a commit (decimal string)
        by_kind                     commands of each kind
    ratio                           grouped against ungrouped commands a second (decimal string)
    answers_done                    true when every command was answered 201
    events_in_log                   true when each log holds the events of exactly the commands that were answered

Each path is a server process of its own over a copy of the same founded town. The callers are another process; they
hire people into communities of their own and send what a working life brings them: trainings, qualifications,
transfers and hires are as 4:3:2:1. The two take turns, so that whatever else the machine does meets both.
"""

import argparse
import contextlib
import json
import re
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from decimal import Decimal
from time import monotonic, sleep
from typing import Any
from urllib.parse import urlsplit
from urllib.request import urlopen
from uuid import uuid4

import psutil
import psycopg
from psycopg.sql import SQL, Identifier
from rich.console import Console
from rich.table import Table
from sqlalchemy import make_url
from tests import postgres

from bench.options import positive
from bench.town import Caller, Town

WARM_UP_SECONDS = 2
EVENTS = {"trainings": 1, "qualifications": 1, "transfers": 3, "hires": 2}
PATHS = {"grouped": 64, "ungrouped": 1}


def add_options(parser: argparse.ArgumentParser) -> None:
    """What this bench can be told."""
    parser.add_argument("--callers", type=positive, default=64, help="connections that send at once (64)")
    parser.add_argument("--seconds", type=positive, default=16, help="measured seconds of each path (16)")
    parser.add_argument("--rounds", type=positive, default=2, help="turns that each path takes (2)")


def agrees(result: dict[str, Any]) -> bool:
    """Whether every command was done, and is in the log."""
    return bool(result["answers_done"] and result["events_in_log"])


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Found the town once, then let both paths take turns over their copies of it."""
    with contextlib.ExitStack() as opened:
        server = opened.enter_context(postgres.server())
        founded = opened.enter_context(postgres.database(server))
        with served(founded, PATHS["grouped"]) as founding:
            callers = Town(founding.url).found(options.callers)
        paths = [
            Path(name, opened.enter_context(served(opened.enter_context(_copy(server, founded)), size)))
            for name, size in PATHS.items()
        ]
        for path in paths:
            path.turn(callers, 0, WARM_UP_SECONDS)
            path.forget()
        for turn in range(1, options.rounds + 1):
            for path in paths:
                path.turn(callers, turn, options.seconds / options.rounds)
        found = {path.name: path.result() for path in paths}
        return {
            "bench": "commands",
            "callers": options.callers,
            "seconds": options.seconds,
            "rounds": options.rounds,
            **found,
            "ratio": _decimal(found["grouped"]["commands_per_second"] / found["ungrouped"]["commands_per_second"]),
            "answers_done": all(set(path.statuses) == {"201"} for path in paths),
            "events_in_log": all(path.events == path.server.head - path.head for path in paths),
        }


def table(result: dict[str, Any]) -> str:
    """The result for people."""
    shown = Table("path", "commands/s", "p50 ms", "p99 ms", "commands a commit", "server CPU ms")
    for name in PATHS:
        one = result[name]
        shown.add_row(
            name,
            str(one["commands_per_second"]),
            one["p50_ms"],
            one["p99_ms"],
            one["group_size"],
            one["server_cpu_ms"],
        )
    screen = Console(width=100, no_color=True)
    with screen.capture() as captured:
        screen.print(shown)
    sound = "all done and in the log" if agrees(result) else "NOT all done, or not in the log"
    return f"{captured.get()}{result['callers']} callers; grouped : ungrouped = {result['ratio']}; {sound}"


@dataclass(frozen=True)
class Server:
    """A ledger that is served, and its log."""

    url: str
    database: str
    process: psutil.Process

    @property
    def head(self) -> int:
        """The last position of its log."""
        with psycopg.connect(self.database) as connection:
            row = connection.execute("SELECT next_position - 1 FROM log_head").fetchone()
        assert row is not None
        return int(row[0])

    @property
    def committed(self) -> tuple[float, float]:
        """(commands, commits) since it started."""
        with urlopen(f"{self.url}/metrics", timeout=10) as answer:
            text = answer.read().decode()
        commands, commits = (
            re.search(rf"^workforce_commit_group_size_{part} (\S+)", text, re.MULTILINE) for part in ("sum", "count")
        )
        assert commands is not None
        assert commits is not None
        return float(commands.group(1)), float(commits.group(1))

    @property
    def cpu_seconds(self) -> float:
        """CPU that its process has used."""
        used = self.process.cpu_times()
        return float(used.user + used.system)


class Path:
    """One way to commit: its server, and what came of its turns."""

    def __init__(self, name: str, server: Server) -> None:
        self.name = name
        self.server = server
        self.statuses: Counter[str] = Counter()
        self.events = 0
        self.head = server.head
        self.forget()

    def forget(self) -> None:
        """What was measured does not count, as after the warm-up."""
        self._milliseconds: list[float] = []
        self._by_kind: Counter[str] = Counter()
        self._seconds = self._cpu_seconds = 0.0
        self._committed = self.server.committed

    def turn(self, callers: list[Caller], turn: int, seconds: float) -> None:
        """Let the callers send for so long."""
        address = urlsplit(self.server.url)
        plan = {"host": address.hostname, "port": address.port, "seconds": seconds, "turn": turn}
        given = json.dumps({**plan, "callers": [asdict(caller) for caller in callers]})
        before = self.server.cpu_seconds
        command = [sys.executable, "-m", "bench.callers"]
        done = subprocess.run(command, input=given, stdout=subprocess.PIPE, text=True, check=True, timeout=seconds + 60)
        found = json.loads(done.stdout)
        self._cpu_seconds += self.server.cpu_seconds - before
        self._seconds += found["seconds"]
        self._milliseconds += found["milliseconds"]
        self._by_kind.update(found["by_kind"])
        self.statuses.update(found["statuses"])
        self.events += sum(EVENTS[kind] * count for kind, count in found["by_kind"].items())
        for refused in found["refused"]:
            print(refused, file=sys.stderr)

    def result(self) -> dict[str, Any]:
        """The figures of this path."""
        taken = sorted(self._milliseconds)
        after = self.server.committed
        commands, commits = after[0] - self._committed[0], after[1] - self._committed[1]
        return {
            "commands": len(taken),
            "commands_per_second": int(len(taken) / self._seconds),
            "p50_ms": _decimal(taken[len(taken) // 2]),
            "p99_ms": _decimal(taken[len(taken) * 99 // 100]),
            "server_cpu_ms": _decimal(1000 * self._cpu_seconds / len(taken)),
            "group_size": _decimal(commands / commits),
            "by_kind": dict(self._by_kind),
        }


@contextlib.contextmanager
def served(database: str, group_size: int) -> Iterator[Server]:
    """A ledger in a process of its own over an address of PostgreSQL or a folder."""
    command = [sys.executable, "-m", "bench.ledger_server", "0", database, str(group_size)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        port = process.stdout.readline().strip()
        try:
            url = f"http://127.0.0.1:{port}"
            _await_ready(url)
            yield Server(url, database, psutil.Process(process.pid))
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(30)


def _await_ready(url: str) -> None:
    deadline = monotonic() + 30
    while True:
        try:
            urlopen(f"{url}/health/ready", timeout=5).close()
            return
        except OSError:
            if monotonic() > deadline:
                raise
            sleep(0.05)


@contextlib.contextmanager
def _copy(server: str, founded: str) -> Iterator[str]:
    original = make_url(founded)
    copy = original.set(database=f"bench_{uuid4().hex}")
    names = Identifier(copy.database or ""), Identifier(original.database or "")
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(SQL("CREATE DATABASE {} TEMPLATE {}").format(*names))
    try:
        yield copy.render_as_string(hide_password=False)
    finally:
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(SQL("DROP DATABASE {} WITH (FORCE)").format(names[0]))


def _decimal(value: float) -> str:
    return str(Decimal(value).quantize(Decimal("0.01")))
