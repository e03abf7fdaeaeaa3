"""The recorders keep what the library promises of a recorder, and what the log asks on top."""

import sqlite3
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import eventsourcing.cryptography
import psycopg
import pytest
from eventsourcing.persistence import IntegrityError, OperationalError, StoredEvent

from ledger.recorder_postgres import LedgerPostgresDatastore, LedgerPostgresRecorder
from ledger.recorder_sqlite import LedgerSQLiteDatastore, LedgerSQLiteRecorder
from ledger.recorders import Entry, LogReader, LogRecorder, Question
from shared.settings import SettingsError

# The library's cases import its cipher on PyCryptodome, which none of ours uses; its twin on cryptography stands in.
sys.modules.setdefault("eventsourcing.cipher", eventsourcing.cryptography)
from eventsourcing.tests.persistence import (  # noqa: E402
    ApplicationRecorderTestCase,
    NonInterleavingNotificationIDsBaseCase,
)

Recorder = LedgerSQLiteRecorder | LedgerPostgresRecorder


def opened(recorder: Recorder) -> Recorder:
    recorder.create_table()
    return recorder


class OnSQLite:
    """Gives a library case a recorder on a file."""

    recorder: Recorder

    @pytest.fixture(autouse=True)
    def open(self, tmp_path: Path):
        self.recorder = opened(LedgerSQLiteRecorder(LedgerSQLiteDatastore(tmp_path / "ledger.db")))
        yield
        self.recorder.close()

    def create_recorder(self) -> Recorder:
        return self.recorder

    def new_originator_id(self) -> str:
        return f"worker/{uuid4()}"


class OnPostgres(OnSQLite):
    """Gives a library case a recorder on a database of its own."""

    @pytest.fixture(autouse=True)
    def open(self, postgres_address: str):
        self.recorder = opened(LedgerPostgresRecorder(LedgerPostgresDatastore(postgres_address)))
        yield
        self.recorder.close()


class TestTheSQLiteRecorderIsAnApplicationRecorder(OnSQLite, ApplicationRecorderTestCase):
    """F65: the library's own cases on SQLite."""


class TestTheSQLiteRecorderDoesNotInterleave(OnSQLite, NonInterleavingNotificationIDsBaseCase):
    """F65: two large appends at once stay apart on SQLite."""


@pytest.mark.postgres
class TestThePostgresRecorderIsAnApplicationRecorder(OnPostgres, ApplicationRecorderTestCase):
    """F65: the library's own cases on PostgreSQL."""

    def test_insert_subscribe(self) -> None:
        self.optional_test_insert_subscribe()


@pytest.mark.postgres
class TestThePostgresRecorderDoesNotInterleave(OnPostgres, NonInterleavingNotificationIDsBaseCase):
    """F65: two large appends at once stay apart on PostgreSQL."""


@pytest.fixture
def recorder(each_database: str, tmp_path: Path):
    made: Recorder
    if each_database:
        made = LedgerPostgresRecorder(LedgerPostgresDatastore(each_database))
    else:
        made = LedgerSQLiteRecorder(LedgerSQLiteDatastore(tmp_path / "ledger.db"))
    yield opened(made)
    made.close()


def some_events(*versions: int, stream: str = "worker/li") -> list[StoredEvent]:
    return [StoredEvent(stream, version, "topic", b"state") for version in versions]


def positions(recorder: LogRecorder) -> list[int]:
    return [row[0] for row in LogReader(recorder).after(-1, 10_000)]


def test_an_append_that_fails_burns_a_notification_id_but_no_position(recorder: Recorder) -> None:
    """P4: positions are dense even where the library's ids have holes."""
    recorder.insert_events(some_events(1, 2))
    with pytest.raises(IntegrityError):
        recorder.insert_events(some_events(3, 2))
    recorder.insert_events(some_events(3))
    assert positions(recorder) == [0, 1, 2]


def test_what_raises_under_the_lock_leaves_nothing_and_frees_the_lock(recorder: Recorder) -> None:
    """P3: the stamp is the last thing before the writes; when it fails nothing is written."""

    def stamp(_: object) -> Entry:
        raise RuntimeError("crash")

    with pytest.raises(RuntimeError, match="crash"):
        recorder.record(Question(("worker/li",)), stamp)
    recorder.insert_events(some_events(1))
    assert positions(recorder) == [0]


def test_a_failure_after_the_first_write_leaves_nothing(recorder: Recorder) -> None:
    """P3: releases, claims, command, answer and head go back with the events that could not be written."""
    recorder.insert_events(some_events(1))

    def stamp(locked) -> Entry:
        return Entry(
            some_events(2, 1),
            locked.next_position,
            99,
            commands=[("c-2", 1, 2, 99)],
            claims=[("identity", "x", "c-2")],
            answers=[("key", "print", b"answer", 1, 2, 99)],
        )

    with pytest.raises(IntegrityError):
        recorder.record(Question(("worker/li",), (("identity", "x"),)), stamp)
    reader = LogReader(recorder)
    assert (reader.head(), reader.answer("key"), reader.command("c-2")) == (0, None, None)
    assert reader.holder("identity", "x") is None


def test_nothing_can_be_deleted_from_the_log_or_changed_in_it(recorder: Recorder) -> None:
    """P4: deleting the newest rows would give their positions out again."""
    recorder.insert_events(some_events(1))
    for statement in ("DELETE FROM stored_events", "UPDATE stored_events SET topic = 'other'"):
        with pytest.raises(Exception, match="nothing"), recorder.datastore.transaction(commit=True) as cursor:
            cursor.execute(statement)
    assert positions(recorder) == [0]


def test_tables_are_made_once_by_many_at_the_same_time(tmp_path: Path) -> None:
    """Two processes that start together find one set of tables and one head."""

    def fresh() -> Recorder:
        return LedgerSQLiteRecorder(LedgerSQLiteDatastore(tmp_path / "ledger.db"))

    recorders = [fresh() for _ in range(6)]
    failed = in_threads([recorder.create_table for recorder in recorders])
    recorders[0].insert_events(some_events(1))
    recorders[5].insert_events(some_events(2))
    assert (failed, positions(recorders[3])) == ([], [0, 1])
    for recorder in recorders:
        recorder.close()


def test_a_foreign_writer_of_the_sqlite_file_is_waited_for(tmp_path: Path) -> None:
    """P4: two processes at once; the second waits and then sees what the first wrote."""
    recorder = opened(LedgerSQLiteRecorder(LedgerSQLiteDatastore(tmp_path / "ledger.db")))
    foreign = sqlite3.connect(tmp_path / "ledger.db", isolation_level=None, check_same_thread=False)
    foreign.execute("BEGIN IMMEDIATE")
    release = threading.Timer(0.3, foreign.execute, ["COMMIT"])
    release.start()
    recorder.insert_events(some_events(1))
    release.join()
    assert positions(recorder) == [0]
    foreign.close()
    recorder.close()


def test_a_full_disk_leaves_nothing_half_done_and_reads_go_on(tmp_path: Path) -> None:
    """P20: writes fail whole, reads answer, and after space was made writing goes on."""
    recorder = opened(LedgerSQLiteRecorder(LedgerSQLiteDatastore(tmp_path / "ledger.db")))
    recorder.insert_events(some_events(1))
    with recorder.datastore.transaction(commit=True) as cursor:
        cursor.execute("PRAGMA max_page_count = 1")
    with pytest.raises(OperationalError, match="full"):
        recorder.insert_events([StoredEvent("worker/li", version, "topic", bytes(4000)) for version in range(2, 9)])
    assert positions(recorder) == [0]
    with recorder.datastore.transaction(commit=True) as cursor:
        cursor.execute("PRAGMA max_page_count = 1000000")
    recorder.insert_events(some_events(2))
    assert positions(recorder) == [0, 1]
    recorder.close()


def test_a_commit_that_fails_does_not_hold_up_the_next_writer(tmp_path: Path) -> None:
    """P20: SQLite leaves the transaction of a failed commit open."""
    recorder = opened(LedgerSQLiteRecorder(LedgerSQLiteDatastore(tmp_path / "ledger.db")))
    with recorder.datastore.transaction(commit=True) as cursor:
        cursor.execute("CREATE TABLE parent (id PRIMARY KEY)")
        cursor.execute("CREATE TABLE child (id REFERENCES parent DEFERRABLE INITIALLY DEFERRED)")
    recorder.datastore._writer.execute("PRAGMA foreign_keys = ON")
    with pytest.raises(IntegrityError), recorder.datastore.transaction(commit=True) as cursor:
        cursor.execute("INSERT INTO child VALUES (1)")
    recorder.insert_events(some_events(1))
    assert positions(recorder) == [0]
    recorder.close()


def test_the_sqlite_file_is_written_with_full_synchronisation(tmp_path: Path) -> None:
    """P2: what was acknowledged is on the disk."""
    datastore = LedgerSQLiteDatastore(tmp_path / "ledger.db")
    with datastore.transaction(commit=True) as cursor:
        cursor.execute("PRAGMA synchronous")
        assert cursor.fetchone()[0] == 2
        cursor.execute("PRAGMA journal_mode")
        assert cursor.fetchone()[0] == "wal"
    datastore.close()


@pytest.mark.postgres
def test_a_server_that_may_forget_is_refused(postgres_address: str) -> None:
    """P2: start-up looks at what makes a commit durable."""
    with psycopg.connect(postgres_address, autocommit=True) as connection:
        connection.execute(f"ALTER DATABASE {connection.info.dbname} SET synchronous_commit = off")
    recorder = LedgerPostgresRecorder(LedgerPostgresDatastore(postgres_address))
    with pytest.raises(SettingsError, match="synchronous_commit"):
        recorder.create_table()
    recorder.close()


@pytest.mark.postgres
def test_database_functions_of_the_library_are_refused(postgres_address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """F65: with them events are inserted without the lock and a tailing reader misses some."""
    monkeypatch.setenv("POSTGRES_ENABLE_DB_FUNCTIONS", "y")
    datastore = LedgerPostgresDatastore(postgres_address)
    with pytest.raises(SettingsError, match="POSTGRES_ENABLE_DB_FUNCTIONS"):
        LedgerPostgresRecorder(datastore)
    datastore.close()


def test_an_address_that_is_none_is_refused() -> None:
    with pytest.raises(SettingsError, match="WORKFORCE_DATABASE"):
        LedgerPostgresDatastore("not an address")


def in_threads(calls: list[Callable[[], object]]) -> list[BaseException]:
    """Call all at once; answers what they raised."""
    raised: list[BaseException] = []

    def run(call: Callable[[], object]) -> None:
        try:
            call()
        except BaseException as error:
            raised.append(error)

    threads = [threading.Thread(target=run, args=(call,)) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return raised
