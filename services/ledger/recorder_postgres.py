"""The log in PostgreSQL: the library's recorder with dense positions, under one row's lock, never retried blindly."""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from time import perf_counter
from typing import Any

import psycopg
from eventsourcing.persistence import OperationalError, StoredEvent
from eventsourcing.postgres import PostgresApplicationRecorder, PostgresDatastore
from psycopg import Connection, Cursor
from psycopg.conninfo import conninfo_to_dict
from psycopg.rows import DictRow, tuple_row

from ledger.recorders import (
    ADVANCE_HEAD,
    HEAD,
    Entry,
    Locked,
    Question,
    Row,
    Stamp,
    as_given,
    locked_from,
)
from shared.database import CONNECT_SECONDS, connect_arguments
from shared.settings import SettingsError
from shared.telemetry import POOL_WAIT_SECONDS

_POOL = 16
_WAITED = POOL_WAIT_SECONDS.labels("log")
_WAITING_AT_MOST = 500
IDLE_IN_TRANSACTION_SECONDS = 10
"""A process that stands still with the append lock in its hands loses it then; a commit takes milliseconds."""
_DURABLE = ("fsync", "full_page_writes", "synchronous_commit")
_KEPT = ("stored_events", "log_chain", "log_commands", "log_answers")
_LOCKED_HEAD = f"{HEAD} FOR UPDATE"
"""The append lock. A lock of the table would ask for more than a role that may only insert has."""
_APPENDING = "SELECT pg_advisory_xact_lock(hashtext('workforce ledger append'))"
_SETTLED = "SELECT pg_advisory_xact_lock_shared(hashtext('workforce ledger append'))"
"""Taken along with the lock, so that a reader can wait for it: a share of the row itself would have to be written."""
_VERSIONS = (
    b"SELECT stream, COALESCE((SELECT MAX(originator_version) FROM stored_events WHERE originator_id = stream), 0) "
    b"FROM unnest(%b::text[]) AS asked(stream)"
)
_HOLDERS = (
    b"SELECT kind, key, command_id FROM log_claims WHERE (kind, key) IN (SELECT * FROM unnest(%b::text[], %b::text[]))"
)
_KEYS = b"SELECT key FROM log_answers WHERE key = ANY(%b)"
_COMMAND_IDS = b"SELECT command_id FROM log_commands WHERE command_id = ANY(%b)"
_RELEASE = b"DELETE FROM log_claims WHERE command_id = ANY(%s)"
_INSERT_CLAIMS = b"INSERT INTO log_claims SELECT * FROM unnest(%s::text[], %s::text[], %s::text[])"
_INSERT_COMMANDS = (
    b"INSERT INTO log_commands SELECT * FROM unnest(%s::text[], %s::bigint[], %s::bigint[], %s::bigint[])"
)
_INSERT_ANSWERS = (
    b"INSERT INTO log_answers "
    b"SELECT * FROM unnest(%s::text[], %s::text[], %b::bytea[], %s::bigint[], %s::bigint[], %s::bigint[])"
)
_LINK = b"INSERT INTO log_chain SELECT * FROM unnest(%s::bigint[], %b::bytea[])"
_INSERT = (
    "INSERT INTO stored_events (originator_id, originator_version, topic, state, position) "
    "SELECT * FROM unnest(%s::text[], %s::bigint[], %s::text[], %b::bytea[], %s::bigint[]) RETURNING notification_id"
)

_COPIED: tuple[tuple[str, tuple[str, ...], Callable[[Entry], Iterable[Row]]], ...] = (
    ("log_claims", ("text",) * 3, lambda entry: entry.claims),
    ("log_commands", ("text", "int8", "int8", "int8"), lambda entry: entry.commands),
    ("log_answers", ("text", "text", "bytea", "int8", "int8", "int8"), lambda entry: entry.answers),
    (
        "stored_events (originator_id, originator_version, topic, state, position)",
        ("text", "int8", "text", "bytea", "int8"),
        lambda entry: entry.event_rows if entry.events else (),
    ),
)
"""Table → the types of its columns, and its rows in an entry."""


class LedgerPostgresDatastore(PostgresDatastore):
    """Connections from a postgresql:// address, all of them in the schema public."""

    def __init__(self, address: str) -> None:
        try:
            given = {name: str(value) for name, value in conninfo_to_dict(address).items()}
        except psycopg.ProgrammingError as error:
            raise SettingsError("WORKFORCE_DATABASE is not a postgresql:// address") from error
        super().__init__(
            dbname=given.pop("dbname", ""),
            host=given.pop("host", ""),
            port=given.pop("port", ""),
            user=given.pop("user", ""),
            password=given.pop("password", ""),
            connect_timeout=float(given.get("connect_timeout", CONNECT_SECONDS)),
            idle_in_transaction_session_timeout=IDLE_IN_TRANSACTION_SECONDS,
            pool_size=1,
            max_overflow=_POOL - 1,
            max_waiting=_WAITING_AT_MOST,
            originator_id_type="text",
        )
        self.pool.reconnect_timeout = CONNECT_SECONDS
        # What else the address says (sslmode, application_name, …) reaches every connection.
        assert isinstance(self.pool.kwargs, dict)
        self.pool.kwargs.update(connect_arguments(given, idle_in_transaction_seconds=IDLE_IN_TRANSACTION_SECONDS))

    @contextmanager
    def waited_for(self) -> Iterator[Connection[DictRow]]:
        """A connection of the pool; one that was lost while idle is found out by whoever asks on it."""
        began = perf_counter()
        with self.get_connection() as connection:
            _WAITED.observe(perf_counter() - began)
            yield connection

    @contextmanager
    def answering(self) -> Iterator[Connection[DictRow]]:
        """A connection that was tried: what follows on it is sent once and never again."""
        for _ in range(_POOL):
            with self.waited_for() as connection:
                if _answers(connection):
                    yield connection
                    return
        raise OperationalError("no connection answers")

    def after_connect_func(self) -> Callable[[Connection[Any]], None]:
        """As the library's; the lock counts on each statement seeing what committed before it."""
        after_connect = super().after_connect_func()

        def settled(connection: Connection[Any]) -> None:
            after_connect(connection)
            connection.isolation_level = psycopg.IsolationLevel.READ_COMMITTED
            connection.execute("SET search_path TO public")

        return settled


class LedgerPostgresRecorder(PostgresApplicationRecorder):
    """The library's recorder, with a dense position for each event and `record` for everything else."""

    datastore: LedgerPostgresDatastore

    def __init__(self, datastore: LedgerPostgresDatastore) -> None:
        if datastore.enable_db_functions or os.environ.get("POSTGRES_ENABLE_DB_FUNCTIONS"):
            raise SettingsError(
                "POSTGRES_ENABLE_DB_FUNCTIONS is set: with it events are inserted without the append lock and a "
                "reader misses some. Remove it"
            )
        super().__init__(datastore)

    def create_table(self) -> None:
        """Look at the tables, which migrations make, and at the server. Raises SettingsError for one that lacks them,
        or that may forget what it has committed."""
        ((missing,),) = self.rows("SELECT to_regclass('log_chain') IS NULL", ())
        if missing:
            raise SettingsError("WORKFORCE_DATABASE has no log; run: workforce migrate ledger")
        for name in _DURABLE:
            ((value,),) = self.rows("SELECT current_setting(?)", (name,))
            if value == "off":
                raise SettingsError(f"PostgreSQL runs with {name} = off and may forget what it acknowledged")

    def check_rights(self) -> None:
        """Raises SettingsError when this role could change or delete what is written."""
        for table in _KEPT:
            asked = "SELECT current_user, has_table_privilege(?, 'UPDATE, DELETE, TRUNCATE')"
            ((role, granted),) = self.rows(asked, (table,))
            if granted:
                raise SettingsError(
                    f"the role {role} of WORKFORCE_DATABASE may change or delete rows of {table}. Log in with a role "
                    "that owns nothing; workforce migrate ledger with WORKFORCE_APP_ROLE gives it what it needs"
                )

    def insert_events(self, stored_events: Sequence[StoredEvent], **_: Any) -> Sequence[int] | None:
        """The library's entry: events as given. Answers their notification ids."""
        return self.record(Question(), as_given(stored_events))

    def record(self, question: Question, stamp: Stamp) -> Sequence[int]:
        """As `LogRecorder.record`.

        Never tried again by itself: after a lost connection nobody here knows whether it has committed.
        """
        with self.datastore.answering() as connection, connection.transaction(), connection.pipeline():
            entry = stamp(_ask(connection, question))
            if entry is None:
                return []
            _write_beside(connection, entry)
            return self._insert(connection, entry) if entry.events else []

    def record_many(self, question: Question, stamp: Stamp) -> None:
        """As `LogRecorder.record_many`: by COPY, under the same lock, and never tried again by itself either."""
        with self.datastore.answering() as connection, connection.transaction():
            with connection.pipeline():
                entry = stamp(_ask(connection, question))
            if entry is None:
                return
            if entry.releases:
                connection.execute(_RELEASE, (list(entry.releases),))
            for table, types, rows in _COPIED:
                _copy(connection, table, types, rows(entry))
            connection.execute(_dialect(ADVANCE_HEAD), entry.head_row)
            with connection.cursor() as cursor:
                self._notify_channel(cursor)

    def link(self, links: Sequence[Row]) -> None:
        """As `LogRecorder.link`."""
        if links:
            with self.datastore.answering() as connection:
                connection.execute(_LINK, _columns(links))

    def settle(self) -> None:
        """As `LogRecorder.settle`: a share of the lock is given only between two appends."""
        self.rows(_SETTLED, ())

    def rows(self, sql: str, parameters: Row) -> list[Row]:
        """As `LogRecorder.rows`. On a connection that was lost in the meantime it asks once more on another."""
        for _ in range(_POOL):
            with (
                self.datastore.waited_for() as connection,
                connection.cursor(binary=True, row_factory=tuple_row) as cursor,
            ):
                try:
                    return cursor.execute(_dialect(sql), parameters, prepare=True).fetchall()
                except psycopg.OperationalError:
                    if not connection.closed:
                        raise
        raise OperationalError("no connection answers")

    def close(self) -> None:
        """As `LogRecorder.close`."""
        self.datastore.close()

    def _insert(self, connection: Connection[DictRow], entry: Entry) -> list[int]:
        with connection.cursor() as cursor:
            self._notify_channel(cursor)
        inserted = connection.cursor(row_factory=tuple_row)
        inserted.execute(_INSERT, _columns(entry.event_rows))
        return [row[0] for row in inserted.fetchall()]


def _answers(connection: Connection[DictRow]) -> bool:
    try:
        connection.execute(b"")
    except psycopg.OperationalError:
        return False
    return True


def _dialect(sql: str) -> bytes:
    return sql.replace("?", "%s").encode()


def _ask(connection: Connection[DictRow], question: Question) -> Locked:
    """Take the lock, then ask: each statement sees what was committed before the lock was given."""
    head = connection.cursor(row_factory=tuple_row).execute(_LOCKED_HEAD)
    connection.execute(_APPENDING)
    asked = [
        _asked(connection, sql, columns)
        for sql, columns in (
            (_VERSIONS, [list(question.streams)]),
            (_HOLDERS, _columns(question.claims)),
            (_KEYS, [list(question.keys)]),
            (_COMMAND_IDS, [list(question.command_ids)]),
        )
    ]
    return locked_from(head.fetchall(), *(cursor.fetchall() if cursor is not None else [] for cursor in asked))


def _asked(connection: Connection[DictRow], sql: bytes, columns: list[list[Any]]) -> Cursor[Row] | None:
    """The question on its way; None when there is nothing to ask about."""
    return connection.cursor(row_factory=tuple_row).execute(sql, columns) if columns and columns[0] else None


def _write_beside(connection: Connection[DictRow], entry: Entry) -> None:
    if entry.releases:
        connection.execute(_RELEASE, (list(entry.releases),))
    for sql, rows in (
        (_INSERT_CLAIMS, entry.claims),
        (_INSERT_COMMANDS, entry.commands),
        (_INSERT_ANSWERS, entry.answers),
    ):
        if rows:
            connection.execute(sql, _columns(rows))
    connection.execute(_dialect(ADVANCE_HEAD), entry.head_row)


def _copy(connection: Connection[DictRow], table: str, types: Sequence[str], rows: Iterable[Row]) -> None:
    if rows:
        with connection.cursor() as cursor, cursor.copy(f"COPY {table} FROM STDIN (FORMAT BINARY)".encode()) as copy:
            copy.set_types(types)
            for row in rows:
                copy.write_row(row)


def _columns(rows: Iterable[Row]) -> list[list[Any]]:
    """Rows turned into columns, as unnest takes them."""
    return [list(column) for column in zip(*rows, strict=True)]
