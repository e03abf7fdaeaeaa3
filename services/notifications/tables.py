"""The tables of notifications, on SQLite and PostgreSQL alike.

Every row but those of `reads` follows from the log: it can be dropped and built again, byte for byte.
"""

from sqlalchemy import (
    BigInteger,
    Column,
    Date,
    Engine,
    Index,
    MetaData,
    String,
    Table,
    Text,
    create_engine,
)
from sqlalchemy.pool import StaticPool

from shared.database import create_on_sqlite
from shared.taking import Taken

METADATA = MetaData()

NOTICES = Table(
    "notices",
    METADATA,
    Column("id", String(64), primary_key=True),
    Column("position", BigInteger, nullable=False),
    Column("recipient", String, nullable=False),
    Column("channel", String, nullable=False),
    Column("urgency", String, nullable=False),
    Column("template", String, nullable=False),
    Column("effective_date", Date, nullable=False),
    Column("recorded_at", String, nullable=False),
    Column("command_id", String, nullable=False),
    Column("subject", Text, nullable=False),
    Column("body", Text, nullable=False),
    Index("notices_by_recipient", "recipient", "position"),
    Index("notices_by_position", "position"),
)

PLACED = Table(
    "notice_placed",
    METADATA,
    Column("position", BigInteger, primary_key=True, autoincrement=False),
    Column("stream", String, nullable=False),
    Column("command_id", String, nullable=False),
    Column("worker_id", String, nullable=False, index=True),
    Column("community_id", String, nullable=False),
    Column("city_id", String),
)

LOCATED = Table(
    "notice_located",
    METADATA,
    Column("position", BigInteger, primary_key=True, autoincrement=False),
    Column("stream", String, nullable=False),
    Column("command_id", String, nullable=False),
    Column("community_id", String, nullable=False, index=True),
    Column("street_id", String, nullable=False, index=True),
    Column("city_id", String, nullable=False, index=True),
)

WITHDRAWN = Table(
    "notice_withdrawn",
    METADATA,
    Column("position", BigInteger, primary_key=True, autoincrement=False),
    Column("stream", String, nullable=False),
    Column("command_id", String, nullable=False),
    Index("notice_withdrawn_by_command", "stream", "command_id"),
)

TAKEN = Taken("notice", METADATA)
"""Which positions are taken, how far without a hole, how far in each partition, and what is parked."""

READS = Table(
    "notice_reads",
    METADATA,
    Column("notice_id", String(64), primary_key=True),
    Column("reader", String, primary_key=True),
    Column("at", String, nullable=False),
)
"""Who has read what, when. Not part of the projection: it survives a rebuild."""

PROJECTED = (NOTICES, PLACED, LOCATED, WITHDRAWN)
"""The tables that the digest covers."""


def engine_in_memory() -> Engine:
    """A database of one thread that is gone when it is disposed of."""
    return create_engine("sqlite://", poolclass=StaticPool)


def lay(engine: Engine) -> None:
    """Create what is missing; leave what is there."""
    create_on_sqlite(METADATA, engine)
    with engine.begin() as connection:
        TAKEN.begin(connection)
