"""What a service's database knows of the log beside its rows: which events it has taken, and how far without a hole."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from itertools import takewhile
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    delete,
    func,
    select,
    update,
)
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError

from shared.envelope import wire_of
from shared.receiving import BEGINNING, BEHIND, Held, Mark, Move, Overtaken, Parked, Taking, Unfit

_FIRST_PORTION, _PORTION = 64, 4_096
_TYPE_OF = {"BIGINT": "bigint", "INTEGER": "bigint", "VARCHAR": "text", "TEXT": "text", "DATE": "date"}


class Drift(NamedTuple):
    """A projection that is not what the log makes of it: up to which position, and when that was found (UTC)."""

    position: int
    live_digest: str
    rebuilt_digest: str
    found_at: str


class Condition(NamedTuple):
    """What an operator is alarmed by: how many events are parked, and whether the last comparison found drift."""

    parked: int
    drifted: bool


class Taken:
    """The tables of one service, named with its prefix, and what is done with them inside a caller's transaction.

    Every event that was taken or parked has a moment; the watermark is the position up to which none is missing.
    Marks say how far each partition of the topic is taken; a log that is read directly needs none.
    """

    def __init__(self, prefix: str, metadata: MetaData) -> None:
        self.moments = Table(
            f"{prefix}_moments",
            metadata,
            Column("position", BigInteger, primary_key=True, autoincrement=False),
            Column("recorded_at", String(32), nullable=False, index=True),
        )
        self.watermark = Table(
            f"{prefix}_watermark",
            metadata,
            Column("id", Integer, primary_key=True, autoincrement=False),
            Column("position", BigInteger, nullable=False),
        )
        self.marks = Table(
            f"{prefix}_marks",
            metadata,
            Column("partition", Integer, primary_key=True, autoincrement=False),
            Column("next_offset", BigInteger, nullable=False),
            Column("position", BigInteger, nullable=False),
            Column("complete_to", BigInteger, nullable=False),
        )
        self.parked = Table(
            f"{prefix}_parked",
            metadata,
            Column("position", BigInteger, primary_key=True, autoincrement=False),
            Column("stream", String(220), nullable=False, index=True),
            Column("version", BigInteger, nullable=False),
            Column("type", String(200), nullable=False),
            Column("reason", Text, nullable=False),
            Column("line", Text, nullable=False),
        )

        self.drift = Table(
            f"{prefix}_drift",
            metadata,
            Column("position", BigInteger, primary_key=True, autoincrement=False),
            Column("live_digest", String(64), nullable=False),
            Column("rebuilt_digest", String(64), nullable=False),
            Column("found_at", String(32), nullable=False),
        )

    def begin(self, connection: Connection) -> None:
        """Set the watermark before the first event, where there is none yet."""
        put(connection, self.watermark, [(1, -1)])

    def position(self, connection: Connection) -> int:
        """The watermark; -1 at the beginning."""
        return int(connection.execute(select(self.watermark.c.position)).scalar_one())

    def note(self, connection: Connection, taking: Taking) -> None:
        """Move the marks, then note what is taken and what is parked. Raises Overtaken."""
        for move in sorted(taking.moves):
            self._move(connection, move)
        self._check_behind(connection, taking.parked)
        moments = [(one.position, moment_text(one.recorded_at)) for one in taking.events]
        moments += [(one.position, moment_text(wire_of(one.line).recorded_at)) for one in taking.parked]
        put(connection, self.moments, moments)
        put(connection, self.parked, [(*one[:-1], one.line.decode()) for one in taking.parked])

    def held(self, connection: Connection) -> Held:
        """Marks and parked streams."""
        marks = {row.partition: Mark(*row[1:]) for row in connection.execute(select(self.marks))}
        return Held(marks, frozenset(connection.execute(select(self.parked.c.stream).distinct()).scalars()))

    def parked_events(self, connection: Connection, stream: str | None = None) -> list[Parked]:
        """Parked events in the order of the log, of one stream or of all."""
        query = select(self.parked).order_by(self.parked.c.position)
        if stream is not None:
            query = query.where(self.parked.c.stream == stream)
        rows = connection.execute(query)
        return [Parked(**row._asdict() | {"line": row.line.encode()}) for row in rows]

    def to_release(self, connection: Connection, stream: str) -> list[Parked]:
        """A stream's parked events in order, held so that nobody parks another one behind them until the commit."""
        connection.execute(select(self.parked.c.position).where(self.parked.c.stream == stream).with_for_update())
        return self.parked_events(connection, stream)

    def unpark(self, connection: Connection, positions: Sequence[int]) -> None:
        """These are no longer parked."""
        connection.execute(delete(self.parked).where(self.parked.c.position.in_(positions)))

    def advance(self, connection: Connection) -> int:
        """Move the watermark over all that is there without a hole; where it is now."""
        before, after = self.reachable(connection)
        self.move_watermark(connection, before, after)
        return after

    def reachable(self, connection: Connection) -> tuple[int, int]:
        """The watermark, held until the commit, and how far it could be moved.

        One transaction at a time holds it; another one leaves it where it is and lets the first go on.
        """
        locked = select(self.watermark.c.position).with_for_update(skip_locked=True)
        before = connection.execute(locked).scalar()
        if before is None:
            here = self.position(connection)
            return here, here
        return before, self._complete_from(connection, before)

    def move_watermark(self, connection: Connection, before: int, after: int) -> None:
        """Compare and set. Raises Overtaken."""
        moved = update(self.watermark).where(self.watermark.c.position == before).values(position=after)
        if after > before and connection.execute(moved).rowcount != 1:
            raise Overtaken("another process moved the watermark")

    def drifted(self, connection: Connection) -> Drift | None:
        """What the last comparison with the log found wrong; None when it found nothing."""
        row = connection.execute(select(self.drift).order_by(self.drift.c.position.desc())).first()
        return None if row is None else Drift(*row)

    def condition(self, connection: Connection) -> Condition:
        """For the metrics."""
        parked = connection.execute(select(func.count()).select_from(self.parked)).scalar_one()
        return Condition(int(parked), self.drifted(connection) is not None)

    def set_drift(self, connection: Connection, drift: Drift | None) -> None:
        """Write down what the last comparison found."""
        connection.execute(delete(self.drift))
        put(connection, self.drift, [] if drift is None else [drift])

    def _complete_from(self, connection: Connection, after: int) -> int:
        """Where the first hole is. Asked in portions that grow: mostly it is near, and behind it there may be much."""
        portion = _FIRST_PORTION
        while True:
            query = select(self.moments.c.position).where(self.moments.c.position > after)
            found = connection.execute(query.order_by(self.moments.c.position).limit(portion)).scalars().all()
            whole = list(takewhile(lambda pair: pair[0] == pair[1], enumerate(found, after + 1)))
            after += len(whole)
            if len(whole) < portion:
                return after
            portion = min(8 * portion, _PORTION)

    def _check_behind(self, connection: Connection, parked: Sequence[Parked]) -> None:
        """What waits behind a parked event waits only while that one does. Raises Overtaken."""
        first = {one.stream: one for one in sorted(parked, reverse=True)}
        behind = [stream for stream, one in first.items() if one.reason == BEHIND]
        if behind:
            there = select(self.parked.c.stream).where(self.parked.c.stream.in_(behind)).with_for_update(read=True)
            if set(behind) - set(connection.execute(there).scalars()):
                raise Overtaken("a stream was released in the meantime")

    def _move(self, connection: Connection, move: Move) -> None:
        if move.before == BEGINNING:
            put(connection, self.marks, [(move.partition, *BEGINNING)])
        row = self.marks.c
        there = (row.next_offset, row.position, row.complete_to)
        statement = update(self.marks).where(row.partition == move.partition)
        statement = statement.where(*(column == value for column, value in zip(there, move.before, strict=True)))
        if connection.execute(statement.values(move.after._asdict())).rowcount != 1:
            raise Overtaken(f"another process moved the mark of partition {move.partition}")


@contextmanager
def fitting() -> Iterator[None]:
    """Say Unfit where the database refuses a value, now and always."""
    try:
        yield
    except (DataError, IntegrityError) as error:
        raise Unfit(f"{type(error.orig).__name__}: the database refuses the event's content") from error


def moment_text(moment: datetime) -> str:
    """A moment in UTC with microseconds, always 26 characters, so that text order is time order."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")


def put(connection: Connection, table: Table, rows: Sequence[tuple[Any, ...]]) -> None:
    """Insert rows, values in the order of the table's columns; a row whose key is there already is left as it is.

    Sorted by their values, so that two transactions that write the same rows wait for each other in one order.
    """
    if not rows:
        return
    rows = sorted(rows, key=lambda row: row[0])
    names = ", ".join(column.name for column in table.columns)
    if connection.dialect.name == "sqlite":
        marks = ", ".join(["?"] * len(table.columns))
        statement = f"INSERT INTO {table.name} ({names}) VALUES ({marks}) ON CONFLICT DO NOTHING"
        connection.exec_driver_sql(statement, [tuple(map(_as_text, row)) for row in rows])
        return
    # A column as JSON: as an array of the driver's it would cost more than the rest of the event.
    given = ", ".join("json_array_elements_text(%s::json)" for _ in table.columns)
    values = ", ".join(f"{column.name}::{_type_of(column)}" for column in table.columns)
    statement = f"INSERT INTO {table.name} ({names}) SELECT {values} FROM ROWS FROM ({given}) AS given ({names})"
    columns = tuple(msgspec.json.encode(column).decode() for column in zip(*rows, strict=True))
    connection.exec_driver_sql(f"{statement} ON CONFLICT DO NOTHING", columns)


def add(connection: Connection, table: Table, rows: Sequence[tuple[Any, ...]]) -> None:
    """Insert many rows of which none is there yet, values in the order of the table's columns: a COPY on PostgreSQL."""
    if connection.dialect.name == "sqlite":
        put(connection, table, rows)
        return
    driver, refused = _driver(connection)
    statement = f"COPY {table.name} ({', '.join(column.name for column in table.columns)}) FROM STDIN"
    try:
        with driver.cursor() as cursor, cursor.copy(statement) as copy:
            copy.set_types([_type_of(column) for column in table.columns])
            for row in rows:
                copy.write_row(row)
    except refused as error:
        raise DBAPIError.instance(statement, None, error, refused, dialect=connection.dialect) from error


def _driver(connection: Connection) -> tuple[Any, Any]:
    """The driver's own connection, and what it raises."""
    dialect: Any = connection.dialect
    return connection.connection.driver_connection, dialect.loaded_dbapi.Error


def _as_text(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


def _type_of(column: Column[Any]) -> str:
    return _TYPE_OF[str(column.type).partition("(")[0]]
