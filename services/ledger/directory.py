"""The ledger's own read table: which events concern which city, so that lists need not read the whole log."""

import hashlib
from collections.abc import Sequence
from datetime import date
from threading import Lock

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Date,
    Engine,
    Index,
    Integer,
    MetaData,
    RowMapping,
    String,
    Table,
    func,
    insert,
    select,
)
from sqlalchemy.exc import IntegrityError

from ledger.stored_form import newer_version
from shared.database import AWAY, create_on_sqlite
from shared.envelope import Wire, decode_event, wire_of
from shared.events import CandidateRegistered, CityRegistered, CommunityRegistered, WorkerHired
from shared.feed import Lines

BATCH = 500
METADATA = MetaData()
ENTRIES = Table(
    "ledger_entries",
    METADATA,
    Column("position", BigInteger, primary_key=True, autoincrement=False),
    Column("stream", String, nullable=False),
    Column("version", Integer, nullable=False),
    Column("type", String, nullable=False),
    Column("city_id", String, nullable=False),
    Column("command_id", String, nullable=False),
    Column("actor", String, nullable=False),
    Column("document", String, nullable=False),
    Column("effective_date", Date, nullable=False),
    Index("ledger_entries_city", "city_id", "type", "stream"),
    Index("ledger_entries_stream", "stream", "position"),
    Index("ledger_entries_document", "document"),
)


class Directory:
    """Rows follow the log in its order; the greatest position written is the place to go on from.

    What an event says is looked into only where it founds a stream, so that those of a newer version pass.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._lock = Lock()
        create_on_sqlite(METADATA, engine)

    @property
    def position(self) -> int:
        """The last position in the table, -1 when it is empty."""
        with self.engine.connect() as connection:
            last = connection.scalar(select(func.max(ENTRIES.c.position)))
            return -1 if last is None else int(last)

    def catch_up(self, log: Lines, *, upto: int | None = None) -> int:
        """Read the log to its head, or to a position; the position reached, also where no more can be written now.

        Raises Refused `newer-version`.
        """
        with self._lock:
            position = self.position
            last = log.head() if upto is None else upto
            while position < last and (lines := log.lines(position, min(BATCH, last - position))):
                batch = [wire_of(line) for line in lines]
                try:
                    self._write(batch)
                    position = batch[-1].position
                except IntegrityError:
                    # Another process wrote them first: go on from where it stands.
                    position = self.position
                except AWAY:
                    break
            return position

    def streams(self, city_id: str, founding: str, *, upto: int, after: str = "", limit: int = 100) -> list[str]:
        """Streams of the city founded by that event type, in the order of their ids."""
        query = (
            select(ENTRIES.c.stream)
            .where(ENTRIES.c.city_id == city_id, ENTRIES.c.type == founding)
            .where(ENTRIES.c.position <= upto, ENTRIES.c.stream > after)
            .distinct()
            .order_by(ENTRIES.c.stream)
            .limit(limit)
        )
        with self.engine.connect() as connection:
            return list(connection.scalars(query))

    def city_of(self, stream: str) -> str | None:
        """The city a stream belongs to."""
        query = select(ENTRIES.c.city_id).where(ENTRIES.c.stream == stream).limit(1)
        with self.engine.connect() as connection:
            return connection.scalar(query)

    def by_document(self, city_id: str, document: str, *, after: int, limit: int) -> list[int]:
        """Positions of what rests on the document, in order."""
        query = (
            select(ENTRIES.c.position)
            .where(ENTRIES.c.city_id == city_id, ENTRIES.c.document == document, ENTRIES.c.position > after)
            .order_by(ENTRIES.c.position)
            .limit(limit)
        )
        with self.engine.connect() as connection:
            return list(connection.scalars(query))

    def in_city(self, city_id: str, *, after: int, limit: int) -> list[int]:
        """Positions of the city's events, in order."""
        query = (
            select(ENTRIES.c.position)
            .where(ENTRIES.c.city_id == city_id, ENTRIES.c.position > after)
            .order_by(ENTRIES.c.position)
            .limit(limit)
        )
        with self.engine.connect() as connection:
            return list(connection.scalars(query))

    def digest(self, *, upto: int) -> str:
        """SHA-256 over the rows up to a position, in order."""
        digest = hashlib.sha256()
        query = select(ENTRIES).where(ENTRIES.c.position <= upto).order_by(ENTRIES.c.position)
        with self.engine.connect() as connection:
            for row in connection.execute(query).mappings():
                digest.update(_line(row))
        return digest.hexdigest()

    def _write(self, batch: Sequence[Wire]) -> None:
        with self.engine.begin() as connection:
            city_of = _cities(connection, batch)
            rows = [_row(wire, city_of[wire.stream]) for wire in batch]
            connection.execute(insert(ENTRIES), rows)


def _cities(connection: Connection, batch: Sequence[Wire]) -> dict[str, str]:
    """Stream → city, from what is written and from the events that found streams."""
    streams = {wire.stream for wire in batch}
    query = select(ENTRIES.c.stream, func.min(ENTRIES.c.city_id)).where(ENTRIES.c.stream.in_(streams))
    known = {row[0]: row[1] for row in connection.execute(query.group_by(ENTRIES.c.stream))}
    for wire in batch:
        if wire.stream not in known:
            known[wire.stream] = _founded_in(wire)
    return known


def _founded_in(wire: Wire) -> str:
    try:
        event = decode_event(wire.type, bytes(wire.data))
    except LookupError:
        # Its city would be a guess, which the newer version could not take back.
        raise newer_version(wire.position, wire.stream, wire.type) from None
    if isinstance(event, CityRegistered | CommunityRegistered | WorkerHired | CandidateRegistered):
        return event.city_id
    return wire.stream.split("/")[1]


def _row(wire: Wire, city_id: str) -> dict[str, object]:
    return {
        "position": wire.position,
        "stream": wire.stream,
        "version": wire.version,
        "type": wire.type,
        "city_id": city_id,
        "command_id": wire.command_id,
        "actor": wire.actor,
        "document": wire.basis.document,
        "effective_date": wire.effective_date,
    }


def _line(row: RowMapping) -> bytes:
    effective_date = row["effective_date"]
    assert isinstance(effective_date, date)
    return ("\x1f".join(str(value) for value in row.values()) + "\n").encode()
