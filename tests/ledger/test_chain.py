"""Whatever is done to a sealed event or to the chain, by whoever may do everything, is named at its position."""

import os
import random
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Any

import psycopg
import pytest

from ledger.chain import HoleInLog
from ledger.event_store import Change, EventStore, Metadata, open_store
from shared.envelope import Basis
from shared.events import WorkerTrained
from shared.settings import Keys, Settings

BASIS = Basis(document="赤办发〔2020〕5号", date=date(2020, 9, 18))
Event = tuple[int, str, int, str, bytes]
Link = tuple[int, bytes]


@pytest.fixture
def stores(each_database: str, tmp_path: Path) -> Iterator[Callable[[], EventStore]]:
    """Each call opens the same log once more."""
    opened: list[EventStore] = []

    def another() -> EventStore:
        keys = Keys(bytes(32), bytes(32), bytes(32))
        opened.append(open_store(Settings(tmp_path, each_database, "development", keys)))
        return opened[-1]

    yield another
    for store in opened:
        store.close()


def write(store: EventStore, count: int) -> None:
    """So many events, on five streams in turn."""
    for number in range(store.head() + 1, store.head() + 1 + count):
        stream = f"worker/{number % 5}"
        trained = WorkerTrained(course="岗前培训", hours=number)
        metadata = Metadata(f"c-{number}", "clerk", BASIS, date(2020, 10, 1))
        store.append([Change(stream, number // 5, [trained])], metadata)


def test_each_link_is_the_hash_of_all_before_and_of_the_stored_bytes(stores: Callable[[], EventStore]) -> None:
    """P22: written down a second time; whoever holds the rows can check it without this program."""
    store = stores()
    assert store.chain.head() == (-1, "00" * 32)
    write(store, 7)
    assert store.chain.advance(3) == 3
    assert [linked.wire.position for linked in store.linked(-1, 99)] == [0, 1, 2]
    assert (store.chain.advance(), store.chain.advance()) == (4, 0)
    running, expected = bytes(32), []
    for position, stream, version, name, state in store._reader.after(-1, 99):
        digest = sha256(running)
        for part in (b"%d" % position, stream.encode(), b"%d" % version, name.encode(), state):
            digest.update(len(part).to_bytes(8, "big") + part)
        running = digest.digest()
        expected.append(running.hex())
    assert [linked.chain for linked in store.linked(-1, 99)] == expected
    assert store.chain.head() == (6, expected[-1])
    assert [linked.wire.position for linked in store.linked(2, 2)] == [3, 4]
    assert [store.chain.verify(upto) for upto in (-1, 0, 6)] == [None, None, None]
    assert store.chain.verify(7) == 7


def test_two_at_once_chain_each_position_once(stores: Callable[[], EventStore]) -> None:
    """P22: batches of another size, racing; what both write is the same."""
    halves = [stores(), stores()]
    write(halves[0], 150)

    def chain(turn: int) -> int:
        return sum(halves[turn % 2].chain.advance(1 + turn % 7) for _ in range(60))

    with ThreadPoolExecutor(4) as pool:
        chained = sum(pool.map(chain, range(4)))
    while more := halves[0].chain.advance():
        chained += more
    assert chained == 150
    assert halves[1].chain.verify(149) is None


_ADVANCING = """
import sys
from pathlib import Path
from ledger.event_store import open_store
from shared.settings import Keys, Settings
store = open_store(Settings(Path(sys.argv[1]), sys.argv[2], "development", Keys(bytes(32), bytes(32), bytes(32))))
while store.chain.advance(1):
    print("one more", flush=True)
"""


@pytest.mark.campaign
def test_who_is_killed_in_the_middle_leaves_a_whole_chain(
    stores: Callable[[], EventStore], each_database: str, tmp_path: Path
) -> None:
    """P22: kill -9 after 1, 4, 7 and 10 links; the next one goes on where it stands."""
    store = stores()
    trained = [WorkerTrained(course="岗前培训", hours=40)] * 400
    store.append([Change("worker/li", 0, trained)], Metadata("c", "clerk", BASIS, date(2020, 10, 1)))
    reached = [-1]
    for attempt in range(4):
        arguments = [sys.executable, "-c", _ADVANCING, str(tmp_path), each_database]
        environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2] / "services")}
        advancing = subprocess.Popen(arguments, stdout=subprocess.PIPE, env=environment)
        assert advancing.stdout is not None
        for _ in range(1 + 3 * attempt):
            advancing.stdout.readline()
        advancing.send_signal(signal.SIGKILL)
        advancing.wait()
        advancing.stdout.close()
        reached.append(store.chain.head().position)
        assert store.chain.verify(reached[-1]) is None
    assert reached == sorted(reached)
    assert reached[1] >= 0
    while store.chain.advance(97):
        pass
    assert (store.chain.head().position, store.chain.verify(399)) == (399, None)


# --- by whoever may do everything


class Tampered:
    """The two tables, rewritten by the owner of the database with every trigger off."""

    def __init__(self, store: EventStore, database: str, folder: Path) -> None:
        self.store = store
        self._database = database
        self._folder = folder
        self.events: list[Event] = [(*row,) for row in store._reader.after(-1, 10_000)]  # type: ignore[misc]
        self.links: list[Link] = [(row[0], bytes(row[1])) for row in store._reader.links(-1, 10_000)]

    def write(self, events: list[Event], links: list[Link]) -> None:
        """These rows and no others."""
        if not self._database:
            with sqlite3.connect(self._folder / "ledger.db") as connection:
                for name in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
                    connection.execute(f"DROP TRIGGER {name[0]}")
                self._rewrite(connection, "?", events, links)
            connection.close()
            return
        with psycopg.connect(self._database) as owner:
            owner.execute("SET session_replication_role = replica")
            self._rewrite(owner.cursor(), "%s", events, links)

    def _rewrite(self, cursor: Any, mark: str, events: list[Event], links: list[Link]) -> None:
        cursor.execute("DELETE FROM stored_events")
        cursor.execute("DELETE FROM log_chain")
        names = "position, originator_id, originator_version, topic, state"
        cursor.executemany(f"INSERT INTO stored_events ({names}) VALUES ({', '.join([mark] * 5)})", events)
        cursor.executemany(f"INSERT INTO log_chain (position, hash) VALUES ({mark}, {mark})", links)


Rows = tuple[list[Event], list[Link], int]
"""Events and links after a change, and the position at which it must be named."""
Mutation = Callable[[list[Event], list[Link], random.Random], Rows]


def flipped(given: bytes, dice: random.Random) -> bytes:
    at = dice.randrange(len(given))
    return given[:at] + bytes([given[at] ^ dice.randrange(1, 256)]) + given[at + 1 :]


def flip_state(events: list[Event], links: list[Link], dice: random.Random) -> Rows:
    at = dice.randrange(len(events))
    events[at] = (*events[at][:4], flipped(events[at][4], dice))
    return events, links, at


def flip_link(events: list[Event], links: list[Link], dice: random.Random) -> Rows:
    at = dice.randrange(len(links))
    links[at] = (at, flipped(links[at][1], dice))
    return events, links, at


def rename(events: list[Event], links: list[Link], dice: random.Random) -> Rows:
    at = dice.randrange(len(events))
    events[at] = (*events[at][:3], "worker.trained.v2", events[at][4])
    return events, links, at


def move_stream(events: list[Event], links: list[Link], dice: random.Random) -> Rows:
    at = dice.randrange(len(events))
    events[at] = (at, "worker/other", *events[at][2:])
    return events, links, at


def change_version(events: list[Event], links: list[Link], dice: random.Random) -> Rows:
    at = dice.randrange(len(events))
    events[at] = (*events[at][:2], 1000, *events[at][3:])
    return events, links, at


def remove_event(events: list[Event], links: list[Link], dice: random.Random) -> Rows:
    at = dice.randrange(len(events))
    return events[:at] + events[at + 1 :], links, at


def remove_event_and_close_ranks(events: list[Event], links: list[Link], dice: random.Random) -> Rows:
    at = dice.randrange(len(events))
    later = [(position - 1, *rest) for position, *rest in events[at + 1 :]]
    return events[:at] + later, links[:-1], at  # type: ignore[return-value]


def remove_link(events: list[Event], links: list[Link], dice: random.Random) -> Rows:
    at = dice.randrange(len(links))
    return events, links[:at] + links[at + 1 :], at


def cut_off_the_end(events: list[Event], links: list[Link], dice: random.Random) -> Rows:
    at = dice.randrange(len(events))
    return events[:at], links[:at], at


def swap_events(events: list[Event], links: list[Link], dice: random.Random) -> Rows:
    one, other = sorted(dice.sample(range(len(events)), 2))
    events[one], events[other] = (one, *events[other][1:]), (other, *events[one][1:])
    return events, links, one


def swap_links(events: list[Event], links: list[Link], dice: random.Random) -> Rows:
    one, other = sorted(dice.sample(range(len(links)), 2))
    links[one], links[other] = (one, links[other][1]), (other, links[one][1])
    return events, links, one


def push_in(events: list[Event], links: list[Link], dice: random.Random) -> Rows:
    at = dice.randrange(len(events))
    forged = (at, "worker/forged", 1, "worker.trained.v1", events[at][4])
    later = [(position + 1, *rest) for position, *rest in events[at:]]
    return [*events[:at], forged, *later], links, at  # type: ignore[list-item]


def put_before_all(events: list[Event], links: list[Link], dice: random.Random) -> Rows:
    at = -1 - dice.randrange(5)
    return [(at, "worker/forged", 1, "worker.trained.v1", b"{}"), *events], links, at


def put_behind_all(events: list[Event], links: list[Link], dice: random.Random) -> Rows:
    at = len(events) + dice.randrange(5)
    return [*events, (at, "worker/forged", 1, "worker.trained.v1", b"{}")], links, at


def link_what_is_not(events: list[Event], links: list[Link], dice: random.Random) -> Rows:
    at = len(links) + dice.randrange(5)
    return events, [*links, (at, bytes(32))], at


MUTATIONS: list[Mutation] = [
    flip_state,
    flip_link,
    rename,
    move_stream,
    change_version,
    remove_event,
    remove_event_and_close_ranks,
    remove_link,
    cut_off_the_end,
    swap_events,
    swap_links,
    push_in,
    put_before_all,
    put_behind_all,
    link_what_is_not,
]
EACH = 20


@pytest.mark.campaign
def test_every_change_is_named_where_it_begins(
    stores: Callable[[], EventStore], each_database: str, tmp_path: Path
) -> None:
    """F43, P22: 15 kinds of change, 20 of each at random places, as the database's owner with its triggers off."""
    store = stores()
    write(store, 60)
    store.chain.advance()
    tampered = Tampered(store, each_database, tmp_path)
    dice = random.Random(22)
    missed = []
    for mutation in MUTATIONS:
        for _ in range(EACH):
            events, links, at = mutation(list(tampered.events), list(tampered.links), dice)
            tampered.write(events, links)
            found = store.chain.verify(59)
            if found != at:
                missed.append((mutation.__name__, at, found))
    assert missed == []
    tampered.write(tampered.events, tampered.links)
    assert store.chain.verify(59) is None


@pytest.mark.campaign
def test_nothing_is_chained_beyond_a_hole(stores: Callable[[], EventStore], each_database: str, tmp_path: Path) -> None:
    """P22: a position that is gone before it was sealed."""
    store = stores()
    write(store, 10)
    store.chain.advance(5)
    tampered = Tampered(store, each_database, tmp_path)
    tampered.write([event for event in tampered.events if event[0] != 7], tampered.links)
    with pytest.raises(HoleInLog, match="7"):
        store.chain.advance()
    assert store.chain.head().position == 4


def test_the_chain_cannot_be_changed_by_who_only_writes(stores: Callable[[], EventStore]) -> None:
    store = stores()
    write(store, 2)
    store.chain.advance()
    for statement in ("DELETE FROM log_chain", "UPDATE log_chain SET hash = hash"):
        recorder: Any = store._recorder
        with pytest.raises(Exception, match="nothing"), recorder.datastore.transaction(commit=True) as cursor:
            cursor.execute(statement)
    assert store.chain.verify(1) is None
