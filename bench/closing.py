"""The closing bench: a month of a whole city on PostgreSQL, from the log to stored lines, beside COPY of those lines.

Keys of the result, whole numbers unless said otherwise:
    bench                   "closing"
    workers, events         the city, and the length of its log
    months                  how many months were closed one after the other; the last of them is measured
    lines                   the lines of that month
    take_seconds            from the log to payroll's facts, at the beginning (decimal string, as all seconds)
    draft_seconds           the month worked out and its draft written down
    approve_seconds         the approval, bound to the same lines
    close_seconds           the close, with its lines worked out again, checked against the digest, explained and stored
    closing_seconds         the three together
    seconds                 with the taking: from the log to stored lines
    cpu_seconds             what this process alone spent on the three, without the database
    hand_over_seconds       the vouchers of the run worked out and written down
    exports_seconds         its batch as JSON, CSV, XLSX and Parquet, one after the other
    handing_cpu_seconds     what this process alone spent on hand-over and exports
    whole_seconds           closing, hand-over and exports together
    export_bytes            form → bytes
    exports_equal           true when each form has as many lines as the run, and vouchers, control and lines one total
    copy_seconds            COPY of the very same rows into a table with the same indexes
    ratio                   closing against copy (decimal string)
    contents_equal          true when the lines stored are those that were drafted, to the fen, and those copied
    peak_memory_bytes       the most that this process held
Three payers, performance by rating, a certificate allowance. The database runs on the same machine and is started for
the bench; the ledger only writes down the acts.
"""

import argparse
import csv
import io
import json
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from time import perf_counter, process_time
from typing import Any

import httpx
from openpyxl import load_workbook
from pyarrow.parquet import read_table
from sqlalchemy import Engine, text
from tests import postgres
from tests.payroll.feeding import SEAL_KEY, LedgerInSmall, Log, caller

from bench.lives import COMMUNITIES, EVENTS_OF_A_LIFE, lives
from bench.options import positive
from bench.population import document
from payroll.batch import BatchLine, HandedOver
from payroll.columnar import parquet_of
from payroll.engine import month_name, month_number
from payroll.exports import csv_of
from payroll.hand_overs import hand_over
from payroll.projection import Projection
from payroll.runs import Payroll
from payroll.tables import LINES
from payroll.workbooks import batch_workbook
from shared import database
from shared.auth import seal
from shared.events import PayrollOpened
from shared.taking import add

FIRST_MONTH = "2020-10"
WAGE = "54580"


def add_options(parser: argparse.ArgumentParser) -> None:
    """What this bench can be told."""
    parser.add_argument("--workers", type=positive, default=10_000, help="people in the city (10000)")
    parser.add_argument("--months", type=positive, default=2, help="months closed, of which the last is measured (2)")


def agrees(result: dict[str, Any]) -> bool:
    """Whether what is stored is what was drafted and copied."""
    return bool(result["contents_equal"]) and bool(result["exports_equal"])


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Measure; see the keys above."""
    log = city(options.workers)
    with postgres.server() as server, _payroll(server, log) as (payroll, engine):
        events = len(log.events)
        began = perf_counter()
        payroll.projection.catch_up(log)
        taken = perf_counter() - began
        first = month_number(FIRST_MONTH)
        for number in range(first, first + options.months):
            closing = _Closing(payroll, month_name(number))
        drafted = closing.drafted
        handed = _HandedOver(payroll, month_name(first + options.months - 1))
        copied, equal = _copied(engine, closing.closed_position)
        closing_seconds = sum(closing.seconds.values())
        return {
            "bench": "closing",
            "workers": options.workers,
            "events": events,
            "months": options.months,
            "lines": drafted.lines,
            "take_seconds": f"{taken:.2f}",
            **{f"{name}_seconds": f"{seconds:.2f}" for name, seconds in closing.seconds.items()},
            "closing_seconds": f"{sum(closing.seconds.values()):.2f}",
            "seconds": f"{taken + sum(closing.seconds.values()):.2f}",
            "hand_over_seconds": f"{handed.hand_over_seconds:.2f}",
            "exports_seconds": f"{handed.exports_seconds:.2f}",
            "handing_cpu_seconds": f"{handed.cpu_seconds:.2f}",
            "whole_seconds": f"{closing_seconds + handed.hand_over_seconds + handed.exports_seconds:.2f}",
            "export_bytes": {form: len(content) for form, content in handed.files.items()},
            "exports_equal": handed.equal(drafted.lines, drafted.total_fen),
            "cpu_seconds": f"{closing.cpu_seconds:.2f}",
            "copy_seconds": f"{copied:.2f}",
            "ratio": f"{sum(closing.seconds.values()) / copied:.1f}",
            "contents_equal": equal and closing.stored() == (drafted.lines, drafted.total_fen),
            "peak_memory_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        }


def table(result: dict[str, Any]) -> str:
    """The result for people."""
    acts = ", ".join(f"{name} {result[f'{name}_seconds']} s" for name in ("draft", "approve", "close"))
    equal = "equal" if result["contents_equal"] else "DIFFERENT"
    return "\n".join(
        [
            f"{result['workers']:,} workers, {result['events']:,} events, month {result['months']}: "
            f"{result['lines']:,} lines",
            f"log to facts {result['take_seconds']} s; {acts}",
            f"closing {result['closing_seconds']} s ({result['cpu_seconds']} s of it this process), "
            f"from the log {result['seconds']} s",
            f"hand-over {result['hand_over_seconds']} s, JSON, CSV, XLSX and Parquet {result['exports_seconds']} s "
            f"({result['handing_cpu_seconds']} s of it this process); "
            f"closed, handed over and exported {result['whole_seconds']} s",
            f"COPY of the same lines {result['copy_seconds']} s; closing / COPY {result['ratio']}; lines {equal}",
            f"memory: process {result['peak_memory_bytes'] / 2**20:.0f} MiB",
        ]
    )


def city(workers: int) -> Log:
    """Communities, so many working lives, a policy with three payers, a base, and payroll opened."""
    log = Log()
    log.events = list(lives(COMMUNITIES + workers * EVENTS_OF_A_LIFE))
    log.enact("2020-09-18", document())
    log.publish_base("2020-09-18", WAGE)
    log.write("policy/chibi", f"{FIRST_MONTH}-01", PayrollOpened(first_month=FIRST_MONTH))
    return log


@contextmanager
def _payroll(server: str, log: Log) -> Iterator[tuple[Payroll, Engine]]:
    """Payroll over an empty database; the clock stands years later."""
    with postgres.database(server) as address:
        engine = database.engine(address, "payroll", statement_seconds=0)
        client = httpx.Client(transport=httpx.MockTransport(LedgerInSmall(log)), base_url="http://ledger")
        clock = partial(datetime, 2030, 1, 1, tzinfo=UTC)
        projection = Projection(engine)
        try:
            yield Payroll(projection, log, client, clock, seal=partial(seal, SEAL_KEY)), engine
        finally:
            projection.close()


class _Closing:
    """A month drafted, approved by somebody else and closed, each timed."""

    def __init__(self, payroll: Payroll, month: str) -> None:
        self.seconds: dict[str, float] = {}
        self._payroll = payroll
        began = process_time()
        with self._timed("draft"):
            payroll.draft("chibi", month, caller(f"draft {month}"))
        state = payroll.run("chibi", month, 1, payroll.projection.position)
        assert state.drafted is not None
        self.drafted = state.drafted
        with self._timed("approve"):
            payroll.approve("chibi", month, 1, state.drafted.digest, caller(f"approve {month}", "approver"))
        with self._timed("close"):
            payroll.close("chibi", month, 1, caller(f"close {month}"))
            payroll.projection.catch_up(payroll.feed)
        self.cpu_seconds = process_time() - began
        act = payroll.run("chibi", month, 1, payroll.projection.position).closed_act
        assert act is not None
        self.closed_position = act.position

    def stored(self) -> tuple[int, int]:
        """How many lines are kept, and their sum."""
        lines = self._payroll.projection.closed_lines(self.closed_position)
        return len(lines), sum(line.amount_fen for line in lines)

    @contextmanager
    def _timed(self, name: str) -> Iterator[None]:
        began = perf_counter()
        yield
        self.seconds[name] = perf_counter() - began


class _HandedOver:
    """The run handed over, and its batch in every form, each timed."""

    def __init__(self, payroll: Payroll, month: str) -> None:
        began, cpu_began = perf_counter(), process_time()
        hand_over(payroll, "chibi", month, 1, caller(f"hand over {month}"))
        self.hand_over_seconds = perf_counter() - began
        state = payroll.run("chibi", month, 1, payroll.projection.position)
        began = perf_counter()
        batch = HandedOver(payroll.projection, state)
        self.head = batch.head
        self.files = {
            "json": b"".join(batch.json()),
            "csv": b"".join(csv_of(batch.lines(), BatchLine)),
            "xlsx": batch_workbook(batch.head, batch.lines()),
            "parquet": parquet_of(batch.head, batch.lines()),
        }
        self.exports_seconds = perf_counter() - began
        self.cpu_seconds = process_time() - cpu_began

    def equal(self, lines: int, total_fen: int) -> bool:
        """Whether each form says the same, as another library reads it."""
        table = read_table(io.BytesIO(self.files["parquet"]), columns=["amount"])
        rows = list(csv.DictReader(io.StringIO(self.files["csv"].decode("utf-8-sig"))))
        amounts = [line["amount"] for line in json.loads(self.files["json"])["lines"]]
        book = load_workbook(io.BytesIO(self.files["xlsx"]), read_only=True)
        *_, (total,) = book["control"].iter_rows(min_col=3, values_only=True)
        sums = {sum(map(Decimal, amounts)), sum(Decimal(row["amount"]) for row in rows)}
        sums |= {sum(table["amount"].to_pylist()), Decimal(str(total)), Decimal(self.head.control.total)}
        return sums == {Decimal(total_fen) / 100} and len(amounts) == len(rows) == table.num_rows == lines


def _copied(engine: Engine, closed_position: int) -> tuple[float, bool]:
    """Seconds of a COPY of the lines of a close, and whether the copy is the same."""
    names = ", ".join(column.name for column in LINES.columns)
    stored = f"SELECT {names} FROM {LINES.name} WHERE closed_position = {closed_position}"
    twin = LINES.to_metadata(type(LINES.metadata)(), name=f"copied_{LINES.name}")
    with engine.begin() as connection:
        rows = [tuple(row) for row in connection.execute(text(stored))]
        connection.execute(text(f"CREATE TABLE {twin.name} (LIKE {LINES.name} INCLUDING ALL)"))
    began = perf_counter()
    with engine.begin() as connection:
        add(connection, twin, rows)
    seconds = perf_counter() - began
    with engine.connect() as connection:
        missing = f"SELECT count(*) FROM ({stored} EXCEPT SELECT {names} FROM {twin.name}) AS missing"
        return seconds, connection.execute(text(missing)).scalar_one() == 0
