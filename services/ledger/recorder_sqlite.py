"""The log in one SQLite file: the library's recorder with dense positions, one writer and no way to delete."""

import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from time import monotonic, sleep
from typing import Any

from eventsourcing.persistence import ConnectionPoolClosedError, OperationalError, StoredEvent
from eventsourcing.sqlite import (
    SQLiteApplicationRecorder,
    SQLiteConnection,
    SQLiteCursor,
    SQLiteDatastore,
    SQLiteTransaction,
)

from ledger.recorders import (
    ADVANCE_HEAD,
    HEAD,
    WAIT_SECONDS,
    Entry,
    Locked,
    Question,
    Row,
    Stamp,
    as_given,
    locked_from,
)

_TABLES = (
    "CREATE TABLE IF NOT EXISTS log_head (only_row INTEGER PRIMARY KEY CHECK (only_row = 0), "
    "next_position INTEGER NOT NULL, last_recorded_at INTEGER NOT NULL)",
    "INSERT INTO log_head VALUES (0, 0, 0) ON CONFLICT DO NOTHING",
    "CREATE TABLE IF NOT EXISTS log_commands (command_id TEXT PRIMARY KEY, first_position INTEGER NOT NULL, "
    "last_position INTEGER NOT NULL, recorded_at INTEGER NOT NULL)",
    "CREATE INDEX IF NOT EXISTS log_commands_by_time ON log_commands (recorded_at, last_position)",
    "CREATE TABLE IF NOT EXISTS log_claims (kind TEXT NOT NULL, key TEXT NOT NULL, command_id TEXT NOT NULL, "
    "PRIMARY KEY (kind, key))",
    "CREATE INDEX IF NOT EXISTS log_claims_by_command ON log_claims (command_id)",
    "CREATE TABLE IF NOT EXISTS stored_events (originator_id TEXT NOT NULL, originator_version INTEGER NOT NULL, "
    "topic TEXT NOT NULL, state BLOB NOT NULL, position INTEGER NOT NULL UNIQUE, "
    "PRIMARY KEY (originator_id, originator_version))",
    "CREATE TABLE IF NOT EXISTS log_answers (key TEXT PRIMARY KEY, fingerprint TEXT NOT NULL, answer BLOB NOT NULL, "
    "first_position INTEGER NOT NULL, last_position INTEGER NOT NULL, recorded_at INTEGER NOT NULL)",
    "CREATE TABLE IF NOT EXISTS log_chain (position INTEGER PRIMARY KEY, hash BLOB NOT NULL)",
    "CREATE TRIGGER IF NOT EXISTS log_keeps_chain BEFORE DELETE ON log_chain "
    "BEGIN SELECT RAISE(ABORT, 'nothing is deleted from the chain'); END",
    "CREATE TRIGGER IF NOT EXISTS log_chain_never_changes BEFORE UPDATE ON log_chain "
    "BEGIN SELECT RAISE(ABORT, 'nothing in the chain is changed'); END",
    "CREATE TRIGGER IF NOT EXISTS log_keeps_events BEFORE DELETE ON stored_events "
    "BEGIN SELECT RAISE(ABORT, 'nothing is deleted from the log'); END",
    "CREATE TRIGGER IF NOT EXISTS log_never_changes BEFORE UPDATE ON stored_events "
    "BEGIN SELECT RAISE(ABORT, 'nothing in the log is changed'); END",
)
_INSERT = "INSERT INTO stored_events (originator_id, originator_version, topic, state, position) VALUES (?, ?, ?, ?, ?)"
_INSERT_COMMAND = "INSERT INTO log_commands VALUES (?, ?, ?, ?)"
_INSERT_CLAIM = "INSERT INTO log_claims (kind, key, command_id) VALUES (?, ?, ?)"
_INSERT_ANSWER = "INSERT INTO log_answers VALUES (?, ?, ?, ?, ?, ?)"
_VERSIONS = (
    "SELECT value, COALESCE((SELECT MAX(originator_version) FROM stored_events WHERE originator_id = value), 0) "
    "FROM json_each(?)"
)
_HOLDERS = (
    "SELECT kind, key, command_id FROM log_claims WHERE (kind, key) IN "
    "(SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]') FROM json_each(?))"
)
_KEYS = "SELECT key FROM log_answers WHERE key IN (SELECT value FROM json_each(?))"
_COMMAND_IDS = "SELECT command_id FROM log_commands WHERE command_id IN (SELECT value FROM json_each(?))"


class _Immediate(SQLiteTransaction):
    """A transaction that holds the file's write lock from its beginning."""

    def __enter__(self) -> SQLiteCursor:
        cursor = self.connection.cursor()
        try:
            cursor.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            raise OperationalError(error) from error
        return cursor


class LedgerSQLiteDatastore(SQLiteDatastore):
    """One connection writes, under one lock; readers have a pool of their own and never wait for a writer."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._closing = False
        self._writing = Lock()
        self._writer = sqlite3.connect(path, timeout=WAIT_SECONDS, isolation_level=None, check_same_thread=False)
        self._writer.row_factory = sqlite3.Row
        self._writer.execute("PRAGMA journal_mode = WAL")
        self._writer.execute("PRAGMA synchronous = FULL")
        super().__init__(
            str(path),
            lock_timeout=WAIT_SECONDS,
            pool_size=8,
            max_overflow=0,
            pool_timeout=WAIT_SECONDS,
            originator_id_type="text",
        )

    @contextmanager
    def transaction(self, *, commit: bool) -> Iterator[SQLiteCursor]:
        """As the library's; a writing one waits its turn. Raises OperationalError after WAIT_SECONDS."""
        if self._closing:
            raise ConnectionPoolClosedError
        if not commit:
            with super().transaction(commit=False) as cursor:
                yield cursor
            return
        if not self._writing.acquire(timeout=WAIT_SECONDS):
            raise OperationalError("timed out waiting for the writer")
        try:
            with _Immediate(SQLiteConnection(self._writer, max_age=None), commit=True) as cursor, cursor:
                yield cursor
        finally:
            # A commit that failed (a full disk) must not leave its transaction open for the next writer.
            if self._writer.in_transaction:
                self._writer.rollback()
            self._writing.release()

    def close(self) -> None:
        """Close the readers, then the writer, which folds the write-ahead log into the file.

        A connection that is closed under a thread that uses it ends the process, so those in use are awaited.
        """
        if not hasattr(self, "pool"):
            return
        self._closing = True
        deadline = monotonic() + WAIT_SECONDS
        while self.pool.num_in_use and monotonic() < deadline:
            sleep(0.01)
        super().close()
        with self._writing:
            self._writer.close()


class LedgerSQLiteRecorder(SQLiteApplicationRecorder):
    """The library's recorder, with a dense position for each event and `record` for everything else."""

    datastore: LedgerSQLiteDatastore

    def __init__(self, datastore: LedgerSQLiteDatastore) -> None:
        super().__init__(datastore)

    def construct_create_table_statements(self) -> list[str]:
        """The library's table with a position, and the tables of the log."""
        return list(_TABLES)

    def insert_events(self, stored_events: Sequence[StoredEvent], **_: Any) -> Sequence[int] | None:
        """The library's entry: events as given. Answers their notification ids."""
        return self.record(Question(), as_given(stored_events))

    def record(self, question: Question, stamp: Stamp) -> Sequence[int]:
        """As `LogRecorder.record`; answers the library's notification ids."""
        with self.datastore.transaction(commit=True) as cursor:
            entry = stamp(_ask(cursor, question))
            if entry is None:
                return []
            _write_beside(cursor, entry)
            return [_insert(cursor, row) for row in entry.event_rows]

    def record_many(self, question: Question, stamp: Stamp) -> None:
        """As `LogRecorder.record_many`."""
        with self.datastore.transaction(commit=True) as cursor:
            entry = stamp(_ask(cursor, question))
            if entry is not None:
                _write_beside(cursor, entry)
                cursor.executemany(_INSERT, entry.event_rows)

    def link(self, links: Sequence[Row]) -> None:
        """As `LogRecorder.link`."""
        if links:
            with self.datastore.transaction(commit=True) as cursor:
                cursor.executemany("INSERT INTO log_chain VALUES (?, ?)", links)

    def settle(self) -> None:
        """As `LogRecorder.settle`."""
        with self.datastore.transaction(commit=True):
            pass

    def rows(self, sql: str, parameters: Row) -> list[Row]:
        """As `LogRecorder.rows`."""
        with self.datastore.transaction(commit=False) as cursor:
            cursor.execute(sql, parameters)
            return [tuple(row) for row in cursor.fetchall()]

    def close(self) -> None:
        """As `LogRecorder.close`."""
        self.datastore.close()


def _ask(cursor: SQLiteCursor, question: Question) -> Locked:
    def rows(sql: str, *parameters: str) -> list[Row]:
        cursor.execute(sql, parameters)
        return [tuple(row) for row in cursor.fetchall()]

    asked = (
        (_VERSIONS, question.streams),
        (_HOLDERS, question.claims),
        (_KEYS, question.keys),
        (_COMMAND_IDS, question.command_ids),
    )
    return locked_from(rows(HEAD), *(rows(sql, json.dumps(listed)) if listed else [] for sql, listed in asked))


def _write_beside(cursor: SQLiteCursor, entry: Entry) -> None:
    cursor.executemany("DELETE FROM log_claims WHERE command_id = ?", [(released,) for released in entry.releases])
    cursor.executemany(_INSERT_CLAIM, entry.claims)
    cursor.executemany(_INSERT_COMMAND, entry.commands)
    cursor.executemany(_INSERT_ANSWER, entry.answers)
    cursor.execute(ADVANCE_HEAD, entry.head_row)


def _insert(cursor: SQLiteCursor, row: Row) -> int:
    cursor.execute(_INSERT, row)
    return int(cursor.lastrowid)
