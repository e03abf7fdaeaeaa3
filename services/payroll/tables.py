"""The tables of payroll's own database, the same on SQLite and PostgreSQL."""

from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Engine,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    event,
)

from shared.database import create_on_sqlite
from shared.taking import Taken

METADATA = MetaData()

FACTS = Table(
    "payroll_facts",
    METADATA,
    Column("position", BigInteger, primary_key=True, autoincrement=False),
    Column("ordinal", Integer, primary_key=True, autoincrement=False),
    Column("command_id", String(200), nullable=False),
    Column("worker_id", String(200), nullable=False, index=True),
    Column("city_id", String(200), nullable=True, index=True),
    Column("kind", Integer, nullable=False),
    Column("day", Integer, nullable=False),
    Column("value", String(200), nullable=False),
)
"""One row per property an event sets; `city_id` only on the fact that begins a service; `day` since 1970-01-01."""

VOIDS = Table(
    "payroll_voids",
    METADATA,
    Column("position", BigInteger, primary_key=True, autoincrement=False),
    Column("worker_id", String(200), nullable=False, index=True),
    Column("command_id", String(200), nullable=False),
)

RULES = Table(
    "payroll_rules",
    METADATA,
    Column("position", BigInteger, primary_key=True, autoincrement=False),
    Column("jurisdiction", String(200), nullable=False, index=True),
    Column("effective_date", String(10), nullable=False),
    Column("kind", String(20), nullable=False),
    Column("content", Text, nullable=False),
)
"""What was enacted, published, opened or adopted; `content` is the event, `kind` policy, base, opening or engine."""

PLACES = Table(
    "payroll_places",
    METADATA,
    Column("position", BigInteger, primary_key=True, autoincrement=False),
    Column("community_id", String(200), nullable=False, index=True),
    Column("city_id", String(200), nullable=False, index=True),
    Column("street_id", String(200), nullable=False),
)

RUNS = Table(
    "payroll_runs",
    METADATA,
    Column("position", BigInteger, primary_key=True, autoincrement=False),
    Column("jurisdiction", String(200), nullable=False, index=True),
    Column("month", String(7), nullable=False),
    Column("sequence", Integer, nullable=False),
    Column("act", String(20), nullable=False),
    Column("actor", String(200), nullable=False),
    Column("content", Text, nullable=False),
)
"""The acts of runs, as `run_acts.ACTS` names them; `content` is the event as JSON."""

LINES = Table(
    "payroll_lines",
    METADATA,
    Column("closed_position", BigInteger, primary_key=True, autoincrement=False),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("jurisdiction", String(200), nullable=False, index=True),
    Column("month", String(7), nullable=False),
    Column("sequence", Integer, nullable=False),
    Column("worker_id", String(200), nullable=False, index=True),
    Column("service_month", String(7), nullable=False),
    Column("payable_month", String(7), nullable=False),
    Column("item", String(20), nullable=False),
    Column("post", String(20), nullable=False),
    Column("community_id", String(200), nullable=False),
    Column("street_id", String(200), nullable=False),
    Column("payer", String(220), nullable=False),
    Column("due_fen", BigInteger, nullable=False),
    Column("paid_fen", BigInteger, nullable=False),
    Column("amount_fen", BigInteger, nullable=False),
    Column("worked_out", Text, nullable=False),
)
"""The lines of closed runs, written once when the close was applied; `closed_position` is where the log closed them."""

TAKEN = Taken("payroll", METADATA)
"""Which positions are taken, how far without a hole, how far in each partition, and what is parked."""

CONTENT = (FACTS, VOIDS, RULES, PLACES, RUNS, LINES)
"""What the projection's digest covers."""


def create(engine: Engine) -> None:
    """Make the tables where they are not there yet; SQLite writes ahead, so that reads go on beside the writer."""
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _write_ahead)
    create_on_sqlite(METADATA, engine)


def _write_ahead(connection: Any, _: Any) -> None:
    for setting in ("journal_mode=WAL", "synchronous=NORMAL", "busy_timeout=30000"):
        connection.execute(f"PRAGMA {setting}")
