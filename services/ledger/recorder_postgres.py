"""The log in PostgreSQL: the library's recorder with dense positions, under one row's lock, never retried blindly."""

import os
from collections.abc import Callable, Sequence
from threading import Lock
from typing import Any

import psycopg
from eventsourcing.persistence import OperationalError, StoredEvent
from eventsourcing.postgres import PostgresApplicationRecorder, PostgresDatastore
from psycopg import Connection, Cursor
from psycopg.conninfo import conninfo_to_dict
from psycopg.rows import DictRow, tuple_row
from psycopg.sql import SQL

from ledger.recorders import (
    ADVANCE_HEAD,
    HEAD,
    INSERT_ANSWER,
    INSERT_CLAIM,
    INSERT_COMMAND,
    LOG_TABLES,
    WAIT_SECONDS,
    Entry,
    Locked,
    Question,
    Row,
    Stamp,
    as_given,
    locked_from,
    question_about,
)
from shared.settings import SettingsError

_POOL = 16
_DURABLE = ("fsync", "full_page_writes", "synchronous_commit")
_TABLES = (
    "CREATE TABLE IF NOT EXISTS stored_events (originator_id text NOT NULL, originator_version bigint NOT NULL, "
    "topic text NOT NULL, state bytea NOT NULL, notification_id bigserial UNIQUE, position bigint NOT NULL UNIQUE, "
    "PRIMARY KEY (originator_id, originator_version))",
    "CREATE TABLE IF NOT EXISTS log_answers (key text PRIMARY KEY, fingerprint text NOT NULL, answer bytea NOT NULL, "
    "first_position bigint NOT NULL, last_position bigint NOT NULL, recorded_at bigint NOT NULL)",
    "CREATE OR REPLACE FUNCTION log_keeps_events() RETURNS trigger LANGUAGE plpgsql AS "
    "$$ BEGIN RAISE EXCEPTION 'nothing in the log is changed or deleted'; END $$",
    "CREATE OR REPLACE TRIGGER log_keeps_events BEFORE UPDATE OR DELETE OR TRUNCATE ON stored_events "
    "FOR EACH STATEMENT EXECUTE FUNCTION log_keeps_events()",
)
_ONE_CREATOR = "SELECT pg_advisory_xact_lock(hashtext('workforce ledger tables'))"
_LOCKED_HEAD = f"{HEAD} FOR UPDATE"
"""The append lock. A lock of the table would ask for more than a role that may only insert has."""
_APPENDING = "SELECT pg_advisory_xact_lock(hashtext('workforce ledger append'))"
_SETTLED = "SELECT pg_advisory_xact_lock_shared(hashtext('workforce ledger append'))"
"""Taken along with the lock, so that a reader can wait for it: a share of the row itself would have to be written."""
_INSERT = (
    "INSERT INTO stored_events (originator_id, originator_version, topic, state, position) "
    "SELECT * FROM unnest(%s::text[], %s::bigint[], %s::text[], %b::bytea[], %s::bigint[]) RETURNING notification_id"
)


class LedgerPostgresDatastore(PostgresDatastore):
    """Connections from a postgresql:// address, each tried before use, all of them in the schema public."""

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
            connect_timeout=5,
            idle_in_transaction_session_timeout=WAIT_SECONDS,
            pool_size=1,
            max_overflow=_POOL - 1,
            pre_ping=True,
            originator_id_type="text",
        )
        # What else the address says (sslmode, application_name, …) reaches every connection.
        assert isinstance(self.pool.kwargs, dict)
        self.pool.kwargs.update(given)

    def after_connect_func(self) -> Callable[[Connection[Any]], None]:
        """As the library's; the lock counts on each statement seeing what committed before it."""
        after_connect = super().after_connect_func()

        def settled(connection: Connection[Any]) -> None:
            after_connect(connection)
            connection.isolation_level = psycopg.IsolationLevel.READ_COMMITTED
            connection.execute(f"SET search_path TO public; SET lock_timeout = '{WAIT_SECONDS}s'")

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
        self.sql_create_statements = [SQL(text).format() for text in (_ONE_CREATOR, *_TABLES, *LOG_TABLES)]
        # One thread of this process at a time asks for the lock, so that waiting takes no connection.
        self._writing = Lock()

    def create_table(self) -> None:
        """Make what is missing. Raises SettingsError for a server that may forget what it has committed."""
        super().create_table()
        for name in _DURABLE:
            ((value,),) = self.rows("SELECT current_setting(?)", (name,))
            if value == "off":
                raise SettingsError(f"PostgreSQL runs with {name} = off and may forget what it acknowledged")

    def insert_events(self, stored_events: Sequence[StoredEvent], **_: Any) -> Sequence[int] | None:
        """The library's entry: events as given. Answers their notification ids."""
        return self.record(Question(), as_given(stored_events))

    def record(self, question: Question, stamp: Stamp) -> Sequence[int]:
        """As `LogRecorder.record`; answers the library's notification ids.

        Never tried again by itself: after a lost connection nobody here knows whether it has committed.
        """
        if not self._writing.acquire(timeout=WAIT_SECONDS):
            raise OperationalError("timed out waiting for the writer")
        try:
            with self.datastore.get_connection() as connection, connection.transaction():
                locked = self._ask(connection, question)
                return self._write(connection, stamp(locked))
        finally:
            self._writing.release()

    def settle(self) -> None:
        """As `LogRecorder.settle`: a share of the lock is given only between two appends."""
        with self.datastore.get_connection() as connection:
            connection.execute(_SETTLED)

    def rows(self, sql: str, parameters: Row) -> list[Row]:
        """As `LogRecorder.rows`."""
        with (
            self.datastore.get_connection() as connection,
            connection.cursor(binary=True, row_factory=tuple_row) as cursor,
        ):
            return cursor.execute(_dialect(sql), parameters, prepare=True).fetchall()

    def close(self) -> None:
        """As `LogRecorder.close`."""
        self.datastore.close()

    def _ask(self, connection: Connection[DictRow], question: Question) -> Locked:
        listed = list(question.streams)
        asked = question_about(question, _LOCKED_HEAD, "unnest(?::text[]) AS asked(value)", listed)
        with connection.pipeline():
            cursors = [connection.cursor(row_factory=tuple_row) for _ in asked]
            for each, (sql, parameters) in zip(cursors, asked, strict=True):
                each.execute(_dialect(sql), parameters)
            connection.execute(_APPENDING)
            return locked_from(*(each.fetchall() for each in cursors))

    def _write(self, connection: Connection[DictRow], entry: Entry) -> Sequence[int]:
        with connection.pipeline(), connection.cursor() as cursor:
            _write_beside(cursor, entry)
            if not entry.events:
                return []
            self._notify_channel(cursor)
            events = connection.cursor(row_factory=tuple_row)
            events.execute(_INSERT, _columns(entry))
            return [row[0] for row in events.fetchall()]


def _dialect(sql: str) -> bytes:
    return sql.replace("?", "%s").encode()


def _write_beside(cursor: Cursor[DictRow], entry: Entry) -> None:
    if entry.releases:
        cursor.execute("DELETE FROM log_claims WHERE command_id = ANY(%s)", (list(entry.releases),))
    if entry.claims:
        cursor.executemany(_dialect(INSERT_CLAIM), [(kind, key, entry.command_id) for kind, key in entry.claims])
    if entry.command_id and entry.events:
        cursor.execute(_dialect(INSERT_COMMAND), entry.command_row)
    if entry.answer is not None:
        cursor.execute(_dialect(INSERT_ANSWER), entry.answer_row)
    cursor.execute(_dialect(ADVANCE_HEAD), (entry.next_position, entry.recorded_at))


def _columns(entry: Entry) -> tuple[list[Any], ...]:
    return (
        [event.originator_id for event in entry.events],
        [event.originator_version for event in entry.events],
        [event.topic for event in entry.events],
        [event.state for event in entry.events],
        list(range(entry.first_position, entry.next_position)),
    )
