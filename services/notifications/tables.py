"""The tables of notifications, on SQLite and PostgreSQL alike.

Every row but those of `reads` and of webhooks follows from the log: it can be dropped and built again, byte for byte.
"""

from sqlalchemy import (
    BigInteger,
    Column,
    Date,
    Engine,
    Index,
    Integer,
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

WEBHOOK_ENDPOINTS = Table(
    "webhook_endpoints",
    METADATA,
    Column("name", String, primary_key=True),
    Column("position", BigInteger, nullable=False),
)
"""Every notice up to `position` that an endpoint gets has its delivery. Address and secret are the sender's alone."""

WEBHOOK_SUBSCRIPTIONS = Table(
    "webhook_subscriptions",
    METADATA,
    Column("endpoint", String, primary_key=True),
    Column("recipient", String, primary_key=True),
    Column("since", BigInteger, nullable=False),
)
"""Whose notices an endpoint gets, those after position `since`."""

WEBHOOK_GAPS = Table(
    "webhook_gaps",
    METADATA,
    Column("endpoint", String, primary_key=True),
    Column("position", BigInteger, primary_key=True, autoincrement=False),
)
"""Positions that were parked when the endpoint's mark passed them: looked at once they no longer are."""

WEBHOOK_DELIVERIES = Table(
    "webhook_deliveries",
    METADATA,
    Column("id", String(64), primary_key=True),
    Column("endpoint", String, nullable=False),
    Column("notice_id", String(64), nullable=False),
    Column("position", BigInteger, nullable=False),
    Column("recipient", String, nullable=False),
    Column("state", String, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("revision", BigInteger, nullable=False),
    Column("queued_ms", BigInteger, nullable=False),
    Column("next_attempt_ms", BigInteger, nullable=False),
    Column("outcome", String, nullable=False),
    Index("webhook_deliveries_due", "endpoint", "state", "next_attempt_ms"),
    Index("webhook_deliveries_by_position", "endpoint", "position"),
)
"""One row per notice and endpoint. `revision` counts changes, for compare-and-set; times are Unix milliseconds."""

WEBHOOK_REQUESTS = Table(
    "webhook_requests",
    METADATA,
    Column("subject", String, primary_key=True),
    Column("key", String, primary_key=True),
    Column("fingerprint", String(64), nullable=False),
    Column("answer", Text, nullable=False),
)
"""What was answered to a request under an Idempotency-Key."""

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
