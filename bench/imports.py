"""The import bench: a sheet of people through the API into both databases, and the bulk append beside raw COPY.

Keys of the result, whole numbers unless said otherwise:
    bench                       "imports"
    people, communities         rows of the sheet, and the places that they are hired into in turn
    sheet_bytes                 of the CSV
    postgres, sqlite            for each of the two, over HTTP, the ledger a process of its own:
        rows_per_second         from the first byte sent to the summary
        events_per_second       two events a row
        seconds                 of that (decimal string)
        first_verdicts_ms       until the first chunk's verdicts came
        server_cpu_us           CPU of the ledger's process for one row, without the database's
        grown_mib               what its memory grew by at most, in MiB
        again_rows_per_second   the same file once more: every row is there already
        sound                   true when the log is dense, every row is there once with its claims, every worker can be
                                opened, no community is overfull, and the second time wrote nothing
    bulk                        the events of the first log, appended once more to an empty PostgreSQL:
        append_events_per_second    drafted, checked and appended by the bulk path, with claims, in the same chunks
        copy_events_per_second      COPY of the same finished rows into tables with the same indexes
        ratio                       append against copy (decimal string)
        contents_equal              true when both wrote the same streams, versions, names and positions
The databases run on the same machine and are started for the bench.
"""

import argparse
import csv
import gc
import http.client
import io
import json
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing
from itertools import islice
from pathlib import Path
from threading import Event, Thread
from time import perf_counter
from typing import Any
from urllib.parse import urlsplit

import psycopg
from tests import postgres

from bench.commands import Server, served
from bench.options import positive
from bench.town import KEYS, Town, identity_number, token_of
from ledger.event_store import Change, Claim, EventStore, Metadata, open_store
from ledger.importing import CHUNK_ROWS
from shared.envelope import Recorded
from shared.events import WorkerJoined
from shared.settings import Settings

EVENTS_A_ROW = 2
_HEADING = (
    *("community_id", "channel", "post", "education", "name", "identity_number", "phone", "bank_account"),
    *("effective_date", "document", "document_date"),
)
SEATS = 100
DAY, PAPER, PAPER_DATE = "2020-10-01", "赤办发〔2020〕5号", "2020-09-18"
_TABLES = ("log_claims", "log_commands", "stored_events")


def add_options(parser: argparse.ArgumentParser) -> None:
    """What this bench can be told."""
    parser.add_argument("--people", type=positive, default=100_000, help="rows of the sheet (100000)")


def agrees(result: dict[str, Any]) -> bool:
    """Whether every row is in each log as it should be, and the bulk path wrote what was copied."""
    return bool(result["postgres"]["sound"] and result["sqlite"]["sound"] and result["bulk"]["contents_equal"])


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Import into PostgreSQL, append its log again in bulk, copy it, then import into SQLite."""
    communities = -(-options.people // SEATS)
    content = sheet(options.people, communities)
    with ExitStack() as opened:
        server = opened.enter_context(postgres.server())
        address = opened.enter_context(postgres.database(server))
        in_postgres = _imported(address, content, options.people, communities)
        with closing(_store(address)) as store:
            in_postgres["sound"] &= _sound(store, options.people)
            events = [event for event in _events(store) if event.stream.startswith(("worker/", "community/c"))]
        other, third = (opened.enter_context(postgres.database(server)) for _ in range(2))
        bulk = _bulk(other, third, events)
        folder = opened.enter_context(tempfile.TemporaryDirectory())
        in_sqlite = _imported(folder, content, options.people, communities)
        with closing(_store(folder)) as store:
            in_sqlite["sound"] &= _sound(store, options.people)
    return {
        "bench": "imports",
        "people": options.people,
        "communities": communities,
        "sheet_bytes": len(content),
        "postgres": in_postgres,
        "sqlite": in_sqlite,
        "bulk": bulk,
    }


def table(result: dict[str, Any]) -> str:
    """The result for people."""
    lines = [f"{result['people']:,} people into {result['communities']:,} communities, {result['sheet_bytes']:,} bytes"]
    for name in ("postgres", "sqlite"):
        one = result[name]
        lines.append(
            f"{name:10}{one['rows_per_second']:>8,} rows/s {one['events_per_second']:>8,} events/s, "
            f"{one['seconds']} s, CPU {one['server_cpu_us']} us a row, memory +{one['grown_mib']} MiB; again "
            f"{one['again_rows_per_second']:,} rows/s; {'sound' if one['sound'] else 'NOT sound'}"
        )
    bulk = result["bulk"]
    equal = "equal" if bulk["contents_equal"] else "DIFFERENT"
    lines.append(
        f"bulk path {bulk['append_events_per_second']:>8,} events/s, COPY {bulk['copy_events_per_second']:,}, "
        f"ratio {bulk['ratio']}; {equal}"
    )
    return "\n".join(lines)


def sheet(people: int, communities: int) -> bytes:
    """A CSV of people nobody is, in turn for the communities."""
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow(_HEADING)
    for number in range(people):
        who = ["李秀英", identity_number(number), f"139{number:08d}", f"6222{number:015d}"]
        place = [f"c{number % communities}", "exam", "dedicated", "college"]
        writer.writerow([*place, *who, DAY, PAPER, PAPER_DATE])
    return file.getvalue().encode()


def _imported(database: str, content: bytes, people: int, communities: int) -> dict[str, Any]:
    with served(database, 64) as server:
        Town(server.url).found_to_fill(communities, SEATS)
        _send(server, _small(content), "first")
        before, memory = server.cpu_seconds, _Memory(server)
        with memory:
            began = perf_counter()
            summary, first = _send(server, content, "whole")
            seconds = perf_counter() - began
        cpu = server.cpu_seconds - before
        began = perf_counter()
        again, _ = _send(server, content, "again")
        repeated = perf_counter() - began
    return {
        "rows_per_second": int(people / seconds),
        "events_per_second": int(EVENTS_A_ROW * people / seconds),
        "seconds": f"{seconds:.1f}",
        "first_verdicts_ms": int(1000 * first),
        "server_cpu_us": int(10**6 * cpu / people),
        "grown_mib": memory.grown_mib,
        "again_rows_per_second": int(people / repeated),
        "sound": summary["accepted"] == people and again["already_there"] == people,
    }


def _small(content: bytes) -> bytes:
    """The heading alone: what it takes to import anything at all is not measured as what the rows take."""
    return content[: content.index(b"\n") + 1]


def _send(server: Server, content: bytes, key: str) -> tuple[dict[str, Any], float]:
    """The summary, and after how many seconds the first verdicts came."""
    address = urlsplit(server.url)
    connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=600)
    headers = {"Authorization": f"Bearer {token_of('importer')}", "Content-Type": "text/csv", "Idempotency-Key": key}
    began, first, last = perf_counter(), 0.0, b""
    connection.request("POST", "/ledger/v1/imports?kind=people&on_error=continue", content, headers)
    answer = connection.getresponse()
    for line in answer:
        first = first or perf_counter() - began
        last = line
    connection.close()
    if answer.status != 200:
        raise RuntimeError(last.decode())
    return dict(json.loads(last)), first


class _Memory:
    """How much the memory of a server's process grew at most while this was open."""

    def __init__(self, server: Server) -> None:
        self._process = server.process
        self._done = Event()
        self._thread = Thread(target=self._watch, daemon=True)

    def __enter__(self) -> None:
        self._most = self._before = self._process.memory_info().rss
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    @property
    def grown_mib(self) -> int:
        """In MiB."""
        return int((self._most - self._before) / 2**20)

    def _watch(self) -> None:
        while not self._done.wait(0.05):
            self._most = max(self._most, self._process.memory_info().rss)


def _store(database: str) -> EventStore:
    address = database if "://" in database else ""
    return open_store(Settings(Path() if address else Path(database), address, "development", KEYS))


def _events(store: EventStore) -> Iterator[Recorded]:
    after = -1
    while events := store.read(after, 5000):
        yield from events
        after = events[-1].position


def _sound(store: EventStore, people: int) -> bool:
    """Dense positions and versions, one hire and one seat a row, as many commands as rows, no community too full."""
    versions: Counter[str] = Counter()
    hired: set[str] = set()
    joined: Counter[str] = Counter()
    commands: set[str] = set()
    for position, event in enumerate(_events(store)):
        versions[event.stream] += 1
        if (event.position, event.version) != (position, versions[event.stream]):
            return False
        if event.stream.startswith("worker/"):
            hired.add(event.stream)
            commands.add(event.command_id)
        elif event.type == WorkerJoined.name:
            joined[event.stream] += 1
    return len(hired) == len(commands) == joined.total() == people and max(joined.values()) <= SEATS


def _bulk(address: str, other: str, events: Sequence[Recorded]) -> dict[str, Any]:
    # What the bench itself holds in memory is not looked through again and again while it measures.
    gc.collect()
    gc.freeze()
    with closing(_store(address)) as store:
        began = perf_counter()
        for chunk in _chunks(_commands(events)):
            store.append_all([_wish(store, command) for command in chunk])
        appending = perf_counter() - began
    with psycopg.connect(address) as connection:
        rows = {name: connection.execute(f"SELECT * FROM {name}").fetchall() for name in _TABLES}
    with closing(_store(other)):
        pass
    copying = _copied(other, rows)
    return {
        "append_events_per_second": int(len(events) / appending),
        "copy_events_per_second": int(len(events) / copying),
        "ratio": f"{copying / appending:.2f}",
        "contents_equal": _content(address) == _content(other),
    }


def _commands(events: Sequence[Recorded]) -> Iterator[list[Recorded]]:
    """The events of each command, as they stand one after the other."""
    command: list[Recorded] = []
    for event in events:
        if command and command[-1].command_id != event.command_id:
            yield command
            command = []
        command.append(event)
    if command:
        yield command


def _chunks(commands: Iterator[list[Recorded]]) -> Iterator[list[list[Recorded]]]:
    while chunk := list(islice(commands, CHUNK_ROWS)):
        yield chunk


def _wish(store: EventStore, command: list[Recorded]) -> Any:
    first = command[0]
    metadata = Metadata(first.command_id, first.actor, first.basis, first.effective_date)
    changes = [Change(event.stream, event.version - 1, [event.event]) for event in command]
    claims = [Claim(kind, first.command_id) for kind in ("identity", "row")]
    return store.wish(changes, metadata, claims=claims)


def _copied(address: str, rows: dict[str, list[Any]]) -> float:
    """Seconds to COPY the finished rows, in chunks of as many events, each a transaction of its own."""
    began = perf_counter()
    with psycopg.connect(address) as connection:
        commands = len(rows["log_commands"])
        for part in range(-(-commands // CHUNK_ROWS)):
            for name, found in rows.items():
                size = -(-CHUNK_ROWS * len(found) // commands)
                with connection.cursor().copy(f"COPY {name} FROM STDIN") as copy:
                    for row in found[part * size : (part + 1) * size]:
                        copy.write_row(row)
            connection.commit()
    return perf_counter() - began


def _content(address: str) -> list[Any]:
    """Streams, versions, names and positions, in a sum that does not ask for their order."""
    with psycopg.connect(address) as connection:
        query = (
            "SELECT count(*), sum(hashtextextended(originator_id || originator_version || topic || position, 0)"
            "::numeric) FROM stored_events"
        )
        return connection.execute(query).fetchall()
