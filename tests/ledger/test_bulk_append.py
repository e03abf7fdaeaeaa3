"""Many commands in one transaction leave the log as the same commands one after the other would, or leave it alone."""

import random
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from pathlib import Path

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
    UnreadableEvent,
    VersionConflict,
    open_store,
)
from shared.envelope import Basis
from shared.events import Category, WorkerJoined, WorkerTrained
from shared.settings import Keys, Settings

BASIS = Basis(document="赤办发〔2020〕5号", date=date(2020, 9, 18))
TRAINED = WorkerTrained(course="岗前培训", hours=40)
JOINED = WorkerJoined(worker_id="li", seat=Category.DEDICATED)
KEYS = Keys(bytes(32), bytes(32), bytes(32))
Open = Callable[[str], EventStore]


@pytest.fixture
def opened(each_database: str, tmp_path: Path) -> Iterator[Open]:
    """A store by its name: `main` on the database of the test, any other on a file; all throw the same dice."""
    stores: list[EventStore] = []

    def open_(name: str) -> EventStore:
        settings = Settings(tmp_path / name, each_database if name == "main" else "", "development", KEYS)
        clock = lambda: datetime(2020, 9, 18, 8, tzinfo=UTC)  # noqa: E731
        stores.append(open_store(settings, clock=clock, randomness=random.Random(7).randbytes))
        return stores[-1]

    yield open_
    for store in stores:
        store.close()


@pytest.fixture
def store(opened: Open) -> EventStore:
    return opened("main")


def metadata(command_id: str) -> Metadata:
    return Metadata(command_id, "clerk", BASIS, date(2020, 10, 1))


def hired(store: EventStore, numbers: range, *, joined: int = 0):
    """A hire for each number: a worker of its own, the community they share, a claim, an answer."""
    return [
        store.wish(
            [Change(f"worker/{n}", 0, [TRAINED]), Change("community/c", joined + at, [JOINED])],
            metadata(f"c-{n}"),
            claims=[Claim("identity", f"number {n}")],
            answered=lambda appended, n=n: Answered(f"key {n}", "print", f"{n} at {appended.last_position}".encode()),
            key=f"key {n}",
        )
        for at, n in enumerate(numbers)
    ]


def in_the_log(store: EventStore) -> list[tuple[int, str, int, str]]:
    return [(each.position, each.stream, each.version, each.command_id) for each in store.read(-1, 100_000)]


def nothing_but(store: EventStore, before: list[tuple[int, str, int, str]], *numbers: int) -> None:
    """The log is as it was, and so are claims and answers of these numbers."""
    assert in_the_log(store) == before
    for number in numbers:
        assert store.claim_holder("identity", f"number {number}") is None
        assert store.answered(f"key {number}") is None


def test_many_at_once_are_to_the_byte_what_one_by_one_would_be(store: EventStore, opened: Open) -> None:
    """P3, P4: positions, versions, claims, answers and spans of 1,000 commands; the digest is over every byte."""
    at_once = store.append_all(hired(store, range(1000)))
    single = opened("single")
    one_by_one = [single.append_all([wish])[0] for wish in hired(single, range(1000))]
    assert at_once == one_by_one
    assert (store.head(), store.digest()) == (1999, single.digest())
    assert store.version("community/c") == 1000
    for number in (0, 500, 999):
        assert store.claim_holder("identity", f"number {number}") == f"c-{number}"
        assert store.answered(f"key {number}") == single.answered(f"key {number}")
        assert store.events_of(f"c-{number}") == single.events_of(f"c-{number}")


def test_an_ordinary_append_goes_on_behind_many(store: EventStore) -> None:
    """P4: no position is left out between the two ways."""
    store.append([Change("worker/first", 0, [TRAINED])], metadata("first"))
    store.append_all(hired(store, range(10)))
    appended = store.append([Change("community/c", 10, [JOINED])], metadata("last"))
    assert (appended.first_position, appended.versions) == (21, {"community/c": 11})
    assert [position for position, *_ in in_the_log(store)] == list(range(22))


def test_a_stream_that_moved_keeps_all_of_them_out(store: EventStore) -> None:
    """P5: also where only the last of many was decided on what is no longer so; it is read anew afterwards."""
    wishes = hired(store, range(300))
    assert store.stream("worker/299") == []
    store.append([Change("worker/299", 0, [TRAINED])], metadata("somebody else"))
    before = in_the_log(store)
    with pytest.raises(VersionConflict) as conflict:
        store.append_all(wishes)
    assert conflict.value.streams == ("worker/299",)
    nothing_but(store, before, 0, 150, 299)


@pytest.mark.parametrize("holder", ["in the log", "among them"])
def test_a_claim_that_is_held_keeps_all_of_them_out(store: EventStore, holder: str) -> None:
    """P3: whether somebody held it before or one of the same batch takes it first."""
    wishes = hired(store, range(50))
    if holder == "in the log":
        store.append([Change("worker/x", 0, [TRAINED])], metadata("x"), claims=[Claim("identity", "number 49")])
    else:
        claims = [Claim("identity", "number 7")]
        wishes.append(store.wish([Change("worker/x", 0, [TRAINED])], metadata("x"), claims=claims))
    before = in_the_log(store)
    with pytest.raises(ClaimTaken):
        store.append_all(wishes)
    nothing_but(store, before, 0, 7)


def test_a_claim_is_given_back_and_taken_again_among_them(store: EventStore) -> None:
    """P3, F32: what an earlier one releases counts for the later ones."""
    first, second = hired(store, range(2))
    again = [Claim("identity", "number 0")]
    released = store.wish([Change("worker/0", 1, [TRAINED])], metadata("void"), releases=["c-0"])
    taken = store.wish([Change("worker/x", 0, [TRAINED])], metadata("x"), claims=again)
    store.append_all([first, second, released, taken])
    assert store.claim_holder("identity", "number 0") == "x"
    assert store.claim_holder("identity", "number 1") == "c-1"


@pytest.mark.parametrize("asked", [True, False])
def test_a_key_or_a_command_of_the_log_keeps_all_of_them_out(store: EventStore, asked: bool) -> None:
    """P6: also where nobody asked for the key under the lock, and the database itself says no."""
    store.append_all(hired(store, range(1)))
    before = in_the_log(store)
    others = hired(store, range(1, 20), joined=1)
    twice = {
        "key": store.wish(
            [Change("worker/x", 0, [TRAINED])],
            metadata("x"),
            answered=lambda _: Answered("key 0", "print", b""),
            key="key 0" if asked else "",
        ),
        "command": store.wish([Change("worker/x", 0, [TRAINED])], metadata("c-0")),
    }
    for wish in twice.values():
        with pytest.raises(AnsweredBefore):
            store.append_all([*others, wish])
        nothing_but(store, before, 1, 19)


def test_what_one_raises_under_the_lock_leaves_nothing_and_frees_the_lock(store: EventStore) -> None:
    """P3: and the next append finds the log as it was."""

    def crash(_: Appended) -> Answered:
        raise RuntimeError("crash")

    broken = store.wish([Change("worker/x", 0, [TRAINED])], metadata("x"), answered=crash)
    with pytest.raises(RuntimeError, match="crash"):
        store.append_all([*hired(store, range(20)), broken])
    nothing_but(store, [], 0, 19)
    assert store.append([Change("worker/x", 0, [TRAINED])], metadata("x")).first_position == 0


def test_none_is_no_transaction_that_writes(store: EventStore) -> None:
    """A batch of which no row was fit."""
    assert store.append_all([]) == []
    assert store.head() == -1


@pytest.mark.campaign
def test_bulk_and_single_writers_side_by_side_lose_nothing(store: EventStore) -> None:
    """P4, P5, F57: four of each on one community; each version is written once, and no position is missing."""

    def write(writer: int) -> int:
        many, written = writer % 2 == 0, 0
        while written < 60:
            numbers = range(writer * 1000 + written, writer * 1000 + written + (20 if many else 1))
            joined = store.version("community/c")
            try:
                store.append_all(hired(store, numbers, joined=joined)) if many else one(numbers, joined)
            except VersionConflict:
                continue
            written += len(numbers)
        return written

    def one(numbers: range, joined: int) -> Appended:
        number = numbers[0]
        changes = [Change(f"worker/{number}", 0, [TRAINED]), Change("community/c", joined, [JOINED])]
        return store.append(changes, metadata(f"c-{number}"), claims=[Claim("identity", f"number {number}")])

    with ThreadPoolExecutor(8) as pool:
        written = sum(pool.map(write, range(8)))
    events = in_the_log(store)
    assert [position for position, *_ in events] == list(range(2 * written))
    assert [version for _, stream, version, _ in events if stream == "community/c"] == list(range(1, written + 1))
    assert len({command_id for *_, command_id in events}) == written


def test_one_event_that_cannot_be_read_back_leaves_nothing_of_any(store: EventStore) -> None:
    """P15: found out while the others are being written already."""
    wishes = hired(store, range(300))
    odd = store.wish([Change("worker/odd", 0, [WorkerTrained(course="岗前", hours="40")])], metadata("c-odd"))  # type: ignore[arg-type]
    with pytest.raises(UnreadableEvent):
        store.append_all([*wishes, odd])
    assert (store.head(), store.version("worker/1"), store.answered("key 1")) == (-1, 0, None)
    assert len(store.append_all(hired(store, range(300)))) == 300
