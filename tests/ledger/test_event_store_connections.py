"""Connections to the log: lost, awaited, closed; never papered over."""

import subprocess
import sys
import threading
from datetime import UTC, date, datetime
from pathlib import Path

import psycopg
import pytest

from ledger.event_store import Answered, Appended, Change, Claim, EventStore, Metadata, StoreUnavailable, open_store
from shared.envelope import Basis
from shared.events import WorkerTrained
from shared.settings import Keys, Settings

LI, TRAINED = "worker/li", WorkerTrained(course="岗前培训", hours=40)


def opened(address: str, folder: Path) -> EventStore:
    return open_store(Settings(folder, address, "development", Keys(bytes(32), bytes(32), bytes(32))))


def command(command_id: str) -> Metadata:
    return Metadata(command_id, "clerk", Basis(document="x", date=date(2020, 9, 18)), date(2020, 10, 1))


@pytest.mark.postgres
def test_a_connection_that_was_lost_while_idle_is_replaced(postgres_address: str, tmp_path: Path) -> None:
    """P2: a restarted server is no error of the next command."""
    store = opened(postgres_address, tmp_path)
    store.append([Change(LI, 0, [TRAINED])], command("c-1"))
    cut_all(postgres_address)
    assert store.append([Change(LI, 1, [TRAINED])], command("c-2")).first_position == 1
    store.close()


@pytest.mark.postgres
def test_a_connection_that_is_lost_in_mid_append_is_not_tried_again(postgres_address: str, tmp_path: Path) -> None:
    """P3, P6: the caller hears that the outcome is unknown; here nothing was written, and once called is once tried."""
    store = opened(postgres_address, tmp_path)
    tries = []

    def cut(appended: Appended) -> Answered:
        tries.append(appended)
        cut_all(postgres_address)
        return Answered("k-1", "print", b"")

    with pytest.raises(StoreUnavailable):
        store.append([Change(LI, 0, [TRAINED])], command("c-1"), claims=[Claim("identity", "x")], answered=cut)
    assert (len(tries), store.head(), store.answered("k-1")) == (1, -1, None)
    assert store.append([Change(LI, 0, [TRAINED])], command("c-1"), claims=[Claim("identity", "x")]).first_position == 0
    store.close()


@pytest.mark.postgres
def test_a_server_that_is_not_there_is_said_plainly(tmp_path: Path) -> None:
    """P20: writes answer that the store is unavailable."""
    nowhere = f"postgresql://postgres@/nothing?host={tmp_path}"
    with pytest.raises(StoreUnavailable):
        opened(nowhere, tmp_path)


def cut_all(address: str) -> None:
    with psycopg.connect(address) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


def test_what_is_known_at_a_time_waits_for_the_append_that_is_under_way(each_database: str, tmp_path: Path) -> None:
    """P13: an append is stamped before it is visible; a question between the two must not miss it."""
    store = opened(each_database, tmp_path)
    stamped, asked = threading.Event(), threading.Event()

    def answered(appended: Appended) -> Answered:
        stamped.set()
        asked.wait(0.3)
        return Answered("k", "print", b"")

    writing = threading.Thread(
        target=store.append, args=([Change("worker/li", 0, [TRAINED])], command("c-1")), kwargs={"answered": answered}
    )
    writing.start()
    stamped.wait(10)
    known = store.position_at(datetime.now(UTC))
    asked.set()
    writing.join(10)
    assert known == 0
    store.close()


_CLOSE_WHILE_READING = """
import sys, threading
from pathlib import Path
from ledger.recorder_sqlite import LedgerSQLiteDatastore, LedgerSQLiteRecorder

def read(recorder):
    try:
        while True:
            recorder.select_notifications(start=0, limit=10)
    except Exception:
        pass

for turn in range(6):
    recorder = LedgerSQLiteRecorder(LedgerSQLiteDatastore(Path(sys.argv[1]) / f"{turn}.db"))
    recorder.create_table()
    readers = [threading.Thread(target=read, args=(recorder,)) for _ in range(4)]
    for reader in readers:
        reader.start()
    recorder.close()
    for reader in readers:
        reader.join(10)
"""


def test_closing_the_log_under_its_readers_ends_no_process(tmp_path: Path) -> None:
    """P21: a reader in the middle of a question is awaited; closing its connection under it would be a crash."""
    done = subprocess.run([sys.executable, "-c", _CLOSE_WHILE_READING, str(tmp_path)], timeout=60, check=False)
    assert done.returncode == 0
