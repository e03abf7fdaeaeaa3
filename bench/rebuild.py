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
from datetime import UTC, date, datetime, timedelta
from time import perf_counter, process_time
from typing import Any, NamedTuple

import httpx
import msgspec
from sqlalchemy import Engine, Table, text
from tests import postgres

from bench.options import positive
from notifications import outbox
from notifications.notices import notices
from notifications.tables import NOTICES
from payroll import projection
from payroll.intake import rows_of
from payroll.tables import FACTS
from shared import database, events
from shared.envelope import Basis, Recorded, from_wire, to_wire
from shared.events import Certificate, Channel, Education, Post, Rating
from shared.feed import LARGEST_PAGE, HttpFeed
from shared.gathering import BATCH
from shared.rebuilding import Rebuildable, rebuild
from shared.receiving import BEGINNING, Mark, Move, Taking
from shared.taking import moment_text

Row = tuple[Any, ...]
COMMUNITIES = 40
_EVENTS_OF_A_LIFE = 5
_BASIS = Basis("bench", date(2020, 1, 1))
_BEGINNING = datetime(2020, 1, 1, tzinfo=UTC)


def add_options(parser: argparse.ArgumentParser) -> None:
    """What this bench can be told."""
    parser.add_argument("--events", type=positive, default=200_000, help="length of the log (200000)")


def agrees(result: dict[str, Any]) -> bool:
    """Whether a rebuild wrote what was copied."""
    return all(result[name]["contents_equal"] for name in ("payroll", "notifications"))


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Measure both services; see the keys above."""
    lines = [to_wire(recorded) for recorded in _lives(options.events)]
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


def _lives(count: int) -> Iterator[Recorded]:
    """A log of so many events: communities, then one life after the other."""
    for position in range(count):
        number = position - COMMUNITIES
        worker, act = divmod(number, _EVENTS_OF_A_LIFE)
        stream = f"worker/w-{worker:07d}" if number >= 0 else f"community/c-{position:02d}"
        yield Recorded(
            position=position,
            stream=stream,
            version=act + 1 if number >= 0 else 1,
            effective_date=date(2020, 10, 1) + timedelta(days=act * 100),
            recorded_at=_BEGINNING + timedelta(seconds=position),
            actor="clerk@chibi",
            basis=_BASIS,
            command_id=f"0190{position:028x}",
            event=_act(act, worker) if number >= 0 else _community(position),
        )


def _community(number: int) -> events.Event:
    return events.CommunityRegistered(
        community_id=f"c-{number:02d}",
        city_id="chibi",
        street_id=f"s-{number % 5}",
        title=f"社区 {number}",
        households=1,
        population=1,
        compounds=1,
    )


def _act(act: int, worker: int) -> events.Event:
    home, next_home = f"c-{worker % COMMUNITIES:02d}", f"c-{(worker + 1) % COMMUNITIES:02d}"
    if act == 0:
        return events.WorkerHired(
            worker_id=f"w-{worker:07d}",
            city_id="chibi",
            community_id=home,
            channel=Channel.EXAM,
            scheme="ladder",
            post=Post.DEDICATED,
            grade=1 + worker % 9,
            education=Education.COLLEGE,
            counted_years=0,
            personal="",
        )
    others = (
        events.WorkerQualified(certificate=Certificate.SENIOR, personal=""),
        events.WorkerAppraised(year=2020, rating=Rating.EXCELLENT),
        events.WorkerTransferred(from_community_id=home, community_id=next_home),
        events.WorkerRegraded(from_grade=1, grade=2, reason="step"),
    )
    return others[act - 1]
