"""Appends that share a transaction are each judged as if they had come one after the other."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path
from typing import Any

import psycopg
import pytest

from ledger.event_store import (
    Answered,
    AnsweredBefore,
    Appended,
    Change,
    Claim,
    ClaimTaken,
    EventStore,
    Metadata,
    StoreBusy,
    StoreUnavailable,
    VersionConflict,
    open_store,
)
from shared.envelope import Basis
from shared.events import WorkerTrained
from shared.settings import Keys, Settings

TRAINED = WorkerTrained(course="岗前培训", hours=40)
BASIS = Basis(document="赤办发〔2020〕5号", date=date(2020, 9, 18))
Wish = Callable[[], Appended]


class Group:
    """A store whose appends can be held back, so that those asked for meanwhile share one transaction."""

    def __init__(self, store: EventStore) -> None:
        self.store = store
        self.transactions = 0
        record = store._recorder.record

        def counted(*arguments: Any) -> Any:
            self.transactions += 1
            return record(*arguments)

        store._recorder.record = counted  # type: ignore[method-assign]

    def append(self, stream: str, version: int, command_id: str, **rest: Any) -> Wish:
        """A wish for one event on the stream, after that version."""
        metadata = Metadata(command_id, "clerk", BASIS, date(2020, 10, 1))
        return lambda: self.store.append([Change(stream, version, [TRAINED])], metadata, **rest)

    def together(self, *wishes: Wish) -> list[Appended | Exception]:
        """What became of wishes that wait, in this order, behind a first append; that takes position 0."""
        begun, go_on = threading.Event(), threading.Event()

        def hold(_: Appended) -> Answered:
            begun.set()
            assert go_on.wait(10)
            return Answered("first", "print", b"")

        def result(wish: Wish) -> Appended | Exception:
            try:
                return wish()
            except Exception as error:
                return error

        with ThreadPoolExecutor(len(wishes) + 1) as pool:
            first = pool.submit(self.append("worker/first", 0, "first", answered=hold))
            assert begun.wait(10)
            asked = []
            for number, wish in enumerate(wishes, 1):
                asked.append(pool.submit(result, wish))
                self._wait_for(number)
            go_on.set()
            first.result(10)
            return [each.result(10) for each in asked]

    def _wait_for(self, count: int) -> None:
        deadline = time.monotonic() + 10
        while len(self.store._committer._queue) < count:
            assert time.monotonic() < deadline
            time.sleep(0.001)


@pytest.fixture
def group(each_database: str, tmp_path: Path) -> Iterator[Group]:
    keys = Keys(bytes(32), bytes(32), bytes(32))
    store = open_store(Settings(tmp_path, each_database, "development", keys))
    yield Group(store)
    store.close()


def kinds(results: list[Appended | Exception]) -> list[type]:
    return [type(result) for result in results]


def test_a_group_is_one_transaction_and_its_positions_are_dense(group: Group) -> None:
    """P4: in the order of arrival."""
    results = group.together(*(group.append(f"worker/{n}", 0, f"c-{n}") for n in range(10)))
    assert [result.first_position for result in results if isinstance(result, Appended)] == list(range(1, 11))
    assert group.transactions == 2
    assert [event.stream for event in group.store.read(0, 99)] == [f"worker/{n}" for n in range(10)]


def test_a_later_append_of_a_group_sees_the_versions_of_an_earlier_one(group: Group) -> None:
    """P4, P5: of two decided on one version the second conflicts; one decided on what the first writes does not."""
    results = group.together(
        group.append("worker/li", 0, "c-1"),
        group.append("worker/li", 0, "c-2"),
        group.append("worker/li", 1, "c-3"),
        group.append("worker/wu", 0, "c-4"),
    )
    assert kinds(results) == [Appended, VersionConflict, Appended, Appended]
    assert [event.command_id for event in group.store.read(0, 99)] == ["c-1", "c-3", "c-4"]
    assert group.transactions == 2


def test_a_claim_is_taken_and_released_within_a_group(group: Group) -> None:
    """P3, F32: what an earlier append of the group holds or gives back counts for the later ones."""
    number = [Claim("identity", "x")]
    results = group.together(
        group.append("worker/1", 0, "c-1", claims=number),
        group.append("worker/2", 0, "c-2", claims=number),
        group.append("worker/3", 0, "c-3", releases=["c-1"]),
        group.append("worker/4", 0, "c-4", claims=number),
        group.append("worker/5", 0, "c-5", claims=number),
    )
    assert kinds(results) == [Appended, ClaimTaken, Appended, Appended, ClaimTaken]
    assert isinstance(results[4], ClaimTaken)
    assert results[4].command_id == "c-4"
    assert group.store.claim_holder("identity", "x") == "c-4"
    assert group.transactions == 2


def test_a_key_and_a_command_id_are_used_once_within_a_group(group: Group) -> None:
    """P6: also when both arrive before either is written."""
    results = group.together(
        group.append("worker/1", 0, "c-1", answered=lambda _: Answered("k", "print", b"one")),
        group.append("worker/2", 0, "c-2", answered=lambda _: Answered("k", "print", b"two")),
        group.append("worker/3", 0, "c-1"),
        group.append("worker/4", 0, "c-4", answered=lambda _: Answered("k", "print", b"four"), key="k"),
    )
    assert kinds(results) == [Appended, AnsweredBefore, AnsweredBefore, AnsweredBefore]
    found = group.store.answered("k")
    assert found is not None
    assert found.answer == b"one"
    assert group.transactions == 2


def test_what_one_raises_under_the_lock_is_its_own(group: Group) -> None:
    """P3: the others of the group are written."""

    def crash(_: Appended) -> Answered:
        raise RuntimeError("crash")

    results = group.together(
        group.append("worker/1", 0, "c-1"),
        group.append("worker/2", 0, "c-2", answered=crash),
        group.append("worker/3", 0, "c-3"),
    )
    assert kinds(results) == [Appended, RuntimeError, Appended]
    assert group.store.version("worker/2") == 0
    assert group.transactions == 2


def test_when_the_database_refuses_one_only_that_one_fails(group: Group) -> None:
    """P3, P6: a key in the log that nobody asked about; each of the group is tried alone."""
    group.append("worker/0", 0, "c-0", answered=lambda _: Answered("k", "print", b""))()
    results = group.together(
        group.append("worker/1", 0, "c-1"),
        group.append("worker/2", 0, "c-2", answered=lambda _: Answered("k", "print", b"")),
        group.append("worker/3", 0, "c-3"),
    )
    assert kinds(results) == [Appended, AnsweredBefore, Appended]
    assert [event.command_id for event in group.store.read(-1, 99)] == ["c-0", "first", "c-1", "c-3"]
    assert group.transactions == 1 + 1 + 1 + 3


def test_a_key_in_the_log_is_found_under_the_lock(group: Group) -> None:
    """P6: without a second try."""
    group.append("worker/0", 0, "c-0", answered=lambda _: Answered("k", "print", b""))()
    results = group.together(
        group.append("worker/1", 0, "c-1"),
        group.append("worker/2", 0, "c-2", answered=lambda _: Answered("k", "print", b""), key="k"),
    )
    assert kinds(results) == [Appended, AnsweredBefore]
    assert group.transactions == 3


def test_a_full_queue_of_appends_is_said_plainly(group: Group) -> None:
    """P19: and nothing of the append was written."""
    group.store._committer._waiting_at_most = 0
    with pytest.raises(StoreBusy):
        group.append("worker/1", 0, "c-1")()
    assert group.store.version("worker/1") == 0


@pytest.mark.postgres
def test_a_lost_connection_leaves_each_of_the_group_in_doubt(postgres_address: str, tmp_path: Path) -> None:
    """P3, P6: all hear that the outcome is unknown; here nothing was written."""
    keys = Keys(bytes(32), bytes(32), bytes(32))
    store = open_store(Settings(tmp_path, postgres_address, "development", keys))
    group = Group(store)

    def cut(_: Appended) -> Answered:
        with psycopg.connect(postgres_address) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        return Answered("k", "print", b"")

    results = group.together(
        group.append("worker/1", 0, "c-1"),
        group.append("worker/2", 0, "c-2", answered=cut),
        group.append("worker/3", 0, "c-3"),
    )
    assert kinds(results) == [StoreUnavailable] * 3
    assert group.transactions == 2
    assert [event.command_id for event in store.read(-1, 99)] == ["first"]
    store.close()
