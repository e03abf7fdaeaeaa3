"""The rebuild bench: a projection built anew beside the live one on PostgreSQL, beside raw COPY of the same rows.

Keys of the result, whole numbers unless said otherwise:
    bench                       "rebuild"
    events                      the length of the log: working lives of five events each, no closed runs
    batch                       events a transaction
    payroll, notifications      for each of the two:
        rebuild_events_per_second       from the lines of the HTTP feed to the switch: decode, check, take, advance
        rebuild_seconds                 of that (decimal string)
        rebuild_events_per_cpu_second   by the CPU of this process alone, without the database's
        million_seconds                 what a million events would take at this rate
        take_events_per_second          rows made and written with a mark that moves, of events that are decoded
        copy_events_per_second          COPY of the same finished rows into tables with the same indexes
        ratio                           take against copy (decimal string)
        contents_equal                  true when the rebuilt tables hold exactly the rows that were copied
The database runs on the same machine and is started for the bench.
"""

import argparse
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from time import perf_counter, process_time
from typing import Any, NamedTuple

import httpx
import msgspec
from sqlalchemy import Engine, Table, text
from tests import postgres

from bench.lives import lives
from bench.options import positive
from notifications import outbox
from notifications.notices import notices
from notifications.tables import NOTICES
from payroll import projection
from payroll.intake import rows_of
from payroll.tables import FACTS
from shared import database
from shared.envelope import Recorded, from_wire, to_wire
from shared.feed import LARGEST_PAGE, HttpFeed
from shared.gathering import BATCH
from shared.rebuilding import Rebuildable, rebuild
from shared.receiving import BEGINNING, Mark, Move, Taking
from shared.taking import moment_text

Row = tuple[Any, ...]


def add_options(parser: argparse.ArgumentParser) -> None:
    """What this bench can be told."""
    parser.add_argument("--events", type=positive, default=200_000, help="length of the log (200000)")


def agrees(result: dict[str, Any]) -> bool:
    """Whether a rebuild wrote what was copied."""
    return all(result[name]["contents_equal"] for name in ("payroll", "notifications"))


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Measure both services; see the keys above."""
    lines = [to_wire(recorded) for recorded in lives(options.events)]
    with postgres.server() as server:
        return {
            "bench": "rebuild",
            "events": options.events,
            "batch": BATCH,
            "payroll": _measured(server, lines, projection.REBUILDABLE, FACTS, lambda batch: rows_of(batch).facts),
            "notifications": _measured(server, lines, outbox.REBUILDABLE, NOTICES, _notice_rows),
        }


def table(result: dict[str, Any]) -> str:
    """The result for people."""
    lines = [
        f"{result['events']:,} events, {result['batch']} a transaction",
        f"{'events / s':16}{'rebuild':>12}{'take':>12}{'COPY':>12}{'take / COPY':>14}{'a million':>12}  rows",
    ]
    for name in ("payroll", "notifications"):
        one = result[name]
        rates = "".join(f"{one[f'{kind}_events_per_second']:>12,}" for kind in ("rebuild", "take", "copy"))
        equal = "equal" if one["contents_equal"] else "DIFFERENT"
        lines.append(f"{name:16}{rates}{one['ratio']:>14}{one['million_seconds']:>10,} s  {equal}")
    return "\n".join(lines)


def _measured(
    server: str, lines: Sequence[bytes], kind: Rebuildable, main: Table, rows: Callable[[Sequence[Recorded]], list[Row]]
) -> dict[str, Any]:
    with _database(server, kind) as engine:
        with httpx.Client(transport=httpx.MockTransport(_Feed(lines)), base_url="http://ledger") as client:
            rebuilding = _timed(lambda: rebuild(kind, engine, HttpFeed(client)))
        rebuilt = _content(engine, main.name)
    batches = [[from_wire(line) for line in lines[at : at + BATCH]] for at in range(0, len(lines), BATCH)]
    with _database(server, kind) as engine:
        taking = _timed(lambda: _take(kind, engine, batches))
        finished = [(rows(batch), [(one.position, moment_text(one.recorded_at)) for one in batch]) for batch in batches]
        moments = kind.taken.moments.name
        copying = _timed(lambda: _copy(engine, finished, main.name, moments))
        copied = _content(engine, f"copied_{main.name}")
    rate = len(lines) / rebuilding.seconds
    return {
        "rebuild_events_per_second": int(rate),
        "rebuild_seconds": f"{rebuilding.seconds:.1f}",
        "rebuild_events_per_cpu_second": int(len(lines) / rebuilding.cpu_seconds),
        "million_seconds": int(10**6 / rate),
        "take_events_per_second": int(len(lines) / taking.seconds),
        "copy_events_per_second": int(len(lines) / copying.seconds),
        "ratio": f"{copying.seconds / taking.seconds:.2f}",
        "contents_equal": rebuilt == copied,
    }


class _Timed(NamedTuple):
    seconds: float
    cpu_seconds: float


def _timed(work: Callable[[], object]) -> _Timed:
    began, cpu_began = perf_counter(), process_time()
    work()
    return _Timed(perf_counter() - began, process_time() - cpu_began)


class _Feed:
    """Answers as the ledger's feed does."""

    def __init__(self, lines: Sequence[bytes]) -> None:
        self._lines = lines

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/head"):
            return httpx.Response(200, json={"position": len(self._lines) - 1})
        after, limit = int(request.url.params["after"]), int(request.url.params["limit"])
        page = self._lines[after + 1 : after + 1 + min(limit, LARGEST_PAGE)]
        return httpx.Response(200, content=b"".join(line + b"\n" for line in page))


@contextmanager
def _database(server: str, kind: Rebuildable) -> Iterator[Engine]:
    """An empty database with the service's tables."""
    with postgres.database(server) as address:
        engine = database.engine(address, kind.name, statement_seconds=0)
        kind.opened(engine)
        try:
            yield engine
        finally:
            engine.dispose()


def _take(kind: Rebuildable, engine: Engine, batches: Sequence[Sequence[Recorded]]) -> None:
    receiver, before = kind.opened(engine), BEGINNING
    for number, batch in enumerate(batches, 1):
        after = Mark(number * BATCH, batch[-1].position, -1)
        receiver.take(Taking([Move(0, before, after)], batch))
        before = after


def _copy(engine: Engine, batches: Sequence[tuple[list[Row], list[Row]]], *tables: str) -> None:
    with engine.connect() as connection:
        for name in tables:
            connection.execute(text(f"CREATE TABLE copied_{name} (LIKE {name} INCLUDING ALL)"))
        connection.commit()
        cursor = connection.connection.cursor()
        for batch in batches:
            for name, rows in zip(tables, batch, strict=True):
                with cursor.copy(f"COPY copied_{name} FROM STDIN") as copy:
                    for row in rows:
                        copy.write_row(row)
            connection.connection.commit()


def _content(engine: Engine, name: str) -> Row:
    """How many rows, and a sum over their hashes, which does not ask for their order."""
    with engine.connect() as connection:
        query = f"SELECT count(*), sum(hashtextextended(one::text, 0)::numeric) FROM {name} AS one"
        return tuple(connection.execute(text(query)).one())


def _notice_rows(batch: Sequence[Recorded]) -> list[Row]:
    return [msgspec.structs.astuple(notice) for recorded in batch for notice in notices(recorded)]
