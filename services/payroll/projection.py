"""Payroll's projection: take events into the tables in any order, and say what is known at a position."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from hashlib import sha256
from typing import Any

import msgspec
from sqlalchemy import Connection, Engine, select

from payroll import tables
from payroll.intake import rows_of
from payroll.keeping import Expected, ProjectionStopped, keep_lines
from payroll.reader import Reader
from payroll.settlement import Settlement
from payroll.tables import FACTS, PLACES, RULES, RUNS, TAKEN, VOIDS
from shared import traces
from shared.database import IN_MEMORY, engine
from shared.envelope import Recorded
from shared.events import RunClosed
from shared.feed import Feed
from shared.gathering import released
from shared.rebuilding import Rebuildable
from shared.receiving import Held, Overtaken, Parked, Taking
from shared.taking import Condition, Drift, fitting, put

BATCH = 500


class Projection(Reader):
    """Facts, rules, places, runs and the lines of closed runs, kept under their positions.

    Events may arrive in any order and more than once. `position` is the watermark: every event up to it is taken.
    The `shared.receiving.Receiver` of payroll. Safe to call from several threads, and processes on PostgreSQL.
    """

    def __init__(self, database: str | Engine = IN_MEMORY) -> None:
        super().__init__(engine(database, "payroll") if isinstance(database, str) else database)
        self.stopped = ""
        self._traces: dict[int, str] = {}
        self._expected: dict[tuple[str, str, int], Expected] = {}
        tables.create(self._engine)
        with self._engine.begin() as connection:
            TAKEN.begin(connection)

    # --- taking

    @property
    def position(self) -> int:
        """The position up to which every event is taken; -1 at the beginning."""
        with self._reading() as connection:
            return TAKEN.position(connection)

    def apply(self, batch: Sequence[Recorded]) -> None:
        """Take a batch and advance, in one transaction. Raises ProjectionStopped when a close cannot be reproduced."""
        self._note_traces(batch)
        with self._writing() as connection:
            _take(connection, Taking(events=batch))
            before, after = TAKEN.reachable(connection)
            for row in _closes(connection, RUNS.c.position > before, RUNS.c.position <= after):
                self._keep_lines(connection, row)
            TAKEN.move_watermark(connection, before, after)

    def catch_up(self, feed: Feed) -> int:
        """Apply all that the feed has now; the position reached."""
        with self._lock:
            while batch := feed.read(self.position, BATCH):
                before = self.position
                with suppress(Overtaken):
                    self.apply(batch)
                if self.position == before:
                    raise ProjectionStopped(f"the feed gave nothing that follows position {before}")
            return self.position

    def held(self) -> Held:
        """As `Receiver.held`."""
        with self._reading() as connection:
            return TAKEN.held(connection)

    def check(self, recorded: Recorded) -> None:
        """As `Receiver.check`: the event has rows."""
        rows_of([recorded])

    def take(self, taking: Taking) -> None:
        """As `Receiver.take`."""
        self._note_traces(taking.events)
        with fitting(), self._writing() as connection:
            _take(connection, taking)

    def advance(self) -> int:
        """As `Receiver.advance`. Stays before a close that cannot be reproduced, and says so in `stopped`."""
        with self._writing() as connection:
            before, after = TAKEN.reachable(connection)
            try:
                for row in _closes(connection, RUNS.c.position > before, RUNS.c.position <= after):
                    self._keep_lines(connection, row)
                self.stopped = ""
            except ProjectionStopped as reason:
                after, self.stopped = row.position - 1, str(reason)
            TAKEN.move_watermark(connection, before, after)
            return after

    def parked(self, upto: int | None = None) -> list[Parked]:
        """Events up to a position that could not be taken, and those behind them."""
        with self._reading() as connection:
            return [one for one in TAKEN.parked_events(connection) if upto is None or one.position <= upto]

    def release(self, stream: str) -> tuple[int, Parked | None]:
        """Take a stream's parked events in order; how many, and the first that still cannot be taken."""
        with fitting(), self._writing() as connection:
            ready, stuck = released(TAKEN.to_release(connection, stream), self)
            _take(connection, Taking(events=ready))
            positions = [recorded.position for recorded in ready]
            TAKEN.unpark(connection, positions)
            for row in _closes(
                connection, RUNS.c.position.in_(positions), RUNS.c.position <= TAKEN.position(connection)
            ):
                self._keep_lines(connection, row)
            return len(ready), stuck

    @contextmanager
    def expecting(self, engine: str, sequence: int, settlement: Settlement) -> Iterator[None]:
        """While the close of a run is written down: what it pays, as it was worked out to be checked."""
        run = (settlement.known.jurisdiction, settlement.month, sequence)
        self._expected[run] = Expected(engine, settlement)
        try:
            yield
        finally:
            self._expected.pop(run, None)

    # --- asking

    def digest(self, upto: int | None = None) -> str:
        """SHA-256 over all content from events up to a position (the watermark), in key order.

        The same whatever the order and size of the batches.
        """
        digest = sha256()
        with self._reading() as connection:
            last = TAKEN.position(connection) if upto is None else upto
            for table in tables.CONTENT:
                digest.update(table.name.encode() + b"\n")
                position, *_ = table.primary_key.columns
                rows = select(table).where(position <= last).order_by(*table.primary_key.columns)
                for row in connection.execution_options(yield_per=BATCH).execute(rows):
                    digest.update(msgspec.json.encode(tuple(row)) + b"\n")
        return digest.hexdigest()

    def drift(self) -> Drift | None:
        """What the last comparison with the log found wrong."""
        with self._reading() as connection:
            return TAKEN.drifted(connection)

    def condition(self) -> Condition:
        """What an operator is alarmed by."""
        with self._reading() as connection:
            return TAKEN.condition(connection)

    def close(self) -> None:
        """Give the connections back."""
        self._engine.dispose()

    def _note_traces(self, events: Sequence[Recorded]) -> None:
        """Of closes only: when the watermark passes one, its lines are kept in the trace of the command."""
        closes = (one for one in events if one.traceparent and isinstance(one.event, RunClosed))
        self._traces |= {one.position: one.traceparent for one in closes}

    def _keep_lines(self, connection: Connection, row: Any) -> None:
        parent = self._traces.pop(row.position, "")
        with traces.span("keep payslip lines", parent=parent, month=row.month, position=row.position) as attributes:
            expected = self._expected.get((row.jurisdiction, row.month, row.sequence))
            attributes["lines"] = keep_lines(connection, row, expected)

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        """A transaction; one at a time in this process."""
        with self._lock, self._engine.begin() as connection:
            yield connection


def _take(connection: Connection, taking: Taking) -> None:
    rows = rows_of(taking.events)
    TAKEN.note(connection, taking)
    put(connection, FACTS, rows.facts)
    put(connection, VOIDS, rows.voids)
    put(connection, RULES, rows.rules)
    put(connection, PLACES, rows.places)
    put(connection, RUNS, rows.runs)


def _closes(connection: Connection, *chosen: Any) -> Sequence[Any]:
    """The chosen closes, in their order; the watermark passes them only with their lines."""
    query = select(RUNS).where(RUNS.c.act == "closed", *chosen)
    return connection.execute(query.order_by(RUNS.c.position)).all()


REBUILDABLE = Rebuildable("payroll", tables.METADATA, TAKEN, tables.CONTENT, Projection)
"""How the projection is built anew beside the live one."""
