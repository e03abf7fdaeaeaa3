"""A service's own database: how it is reached, how long anything there may take, and what it is to be away."""

from collections.abc import Iterator, Mapping, Sequence
from time import perf_counter
from typing import Any, ClassVar

import sqlalchemy
from sqlalchemy.exc import InterfaceError, InternalError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolExhausted
from sqlalchemy.pool import ConnectionPoolEntry, QueuePool, StaticPool

from shared.telemetry import POOL_WAIT_SECONDS

CONNECT_SECONDS = 5
LOCK_SECONDS = 5
STATEMENT_SECONDS = 60
IDLE_IN_TRANSACTION_SECONDS = 60
POOL_SIZE, POOL_OVERFLOW, POOL_SECONDS = 4, 12, 5
"""Connections that are kept, those beside them at most, and the seconds that one is waited for."""

IN_MEMORY = "sqlite://"

AWAY = (OperationalError, InterfaceError, InternalError, PoolExhausted)
"""What is raised when the database cannot be reached, cannot write, is full, or is held by somebody for too long."""

_RECYCLE_SECONDS = 30 * 60
_ROWS_AT_ONCE = 10_000


class StorageAway(Exception):
    """The same from a store that is not reached by SQLAlchemy."""


class _TimedPool(QueuePool):
    """A pool that says how long its connections were waited for."""

    label: ClassVar[str]

    def _do_get(self) -> ConnectionPoolEntry:
        began = perf_counter()
        try:
            return super()._do_get()
        finally:
            POOL_WAIT_SECONDS.labels(self.label).observe(perf_counter() - began)


def engine(address: str, name: str, *, statement_seconds: int = STATEMENT_SECONDS) -> sqlalchemy.Engine:
    """An engine for a sqlite:/// or postgresql:// address, its pool, waits and statements bounded.

    `name` is that of the pool in the metrics; `statement_seconds` is 0 for a batch that may read everything. SQLite in
    memory has one connection for all threads.
    """
    if address == IN_MEMORY:
        return sqlalchemy.create_engine(address, poolclass=StaticPool, connect_args={"check_same_thread": False})
    url = sqlalchemy.make_url(address)
    if url.get_backend_name() == "sqlite":
        return sqlalchemy.create_engine(url)
    given = {part: str(value) for part, value in url.query.items()}
    return sqlalchemy.create_engine(
        url.set(drivername="postgresql+psycopg", query={}),
        connect_args=connect_arguments(given, statement_seconds=statement_seconds),
        poolclass=type("Pool", (_TimedPool,), {"label": name}),
        pool_size=POOL_SIZE,
        max_overflow=POOL_OVERFLOW,
        pool_timeout=POOL_SECONDS,
        pool_pre_ping=True,
        pool_recycle=_RECYCLE_SECONDS,
    )


def create_on_sqlite(metadata: sqlalchemy.MetaData, made: sqlalchemy.Engine) -> None:
    """Make the tables that are missing in a file; on PostgreSQL that is for migrations alone."""
    if made.dialect.name == "sqlite":
        metadata.create_all(made)


def as_given(connection: sqlalchemy.Connection, query: sqlalchemy.Select[Any]) -> Iterator[Sequence[tuple[Any, ...]]]:
    """The rows of a query in portions, as the driver gives them: of many, dressing them up would take longest."""
    cursor = connection.execute(query).cursor
    assert cursor is not None
    while rows := cursor.fetchmany(_ROWS_AT_ONCE):
        yield rows


def connect_arguments(
    given: Mapping[str, str],
    *,
    statement_seconds: int = STATEMENT_SECONDS,
    idle_in_transaction_seconds: int = IDLE_IN_TRANSACTION_SECONDS,
) -> dict[str, Any]:
    """What PostgreSQL is told on connecting; what an address gives by itself comes last and prevails."""
    session = {
        "lock_timeout": LOCK_SECONDS,
        "statement_timeout": statement_seconds,
        "idle_in_transaction_session_timeout": idle_in_transaction_seconds,
    }
    options = " ".join([*(f"-c {name}={seconds}s" for name, seconds in session.items()), given.get("options", "")])
    reached = {
        "connect_timeout": str(CONNECT_SECONDS),
        "keepalives_idle": "10",
        "keepalives_interval": "5",
        "keepalives_count": "3",
        # In milliseconds: what was sent and is not acknowledged by then was sent to nobody.
        "tcp_user_timeout": "15000",
    }
    return {**reached, **given, "options": options.strip()}
