"""Many writers and readers at once: nothing is missed, doubled or half done."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

import pytest

from ledger.event_store import (
    Answered,
    AnsweredBefore,
    Change,
    Claim,
    ClaimTaken,
    EventStore,
    Metadata,
    VersionConflict,
    open_store,
)
from shared.envelope import Basis, Recorded
from shared.events import WorkerTrained
from shared.settings import Keys, Settings

pytestmark = pytest.mark.campaign

TRAINED = WorkerTrained(course="岗前培训", hours=40)
BASIS = Basis(document="赤办发〔2020〕5号", date=date(2020, 9, 18))
WRITERS = 16


@pytest.fixture
def stores(each_database: str, tmp_path: Path) -> Iterator[Callable[[], EventStore]]:
    """Each call opens the same log once more, as another process would, with a lock of its own."""
    opened: list[EventStore] = []

    def another() -> EventStore:
        keys = Keys(bytes(32), bytes(32), bytes(32))
        opened.append(open_store(Settings(tmp_path, each_database, "development", keys)))
        return opened[-1]

    yield another
    for store in opened:
        store.close()


def command(command_id: str) -> Metadata:
    return Metadata(command_id, "clerk", BASIS, date(2020, 10, 1))


def test_a_reader_beside_16_writers_misses_no_event(stores: Callable[[], EventStore], each_database: str) -> None:
    """F65, P1, P4: 20,000 events on PostgreSQL, 5,000 on SQLite; each once, in order, positions without a hole.

    A fifth of the appends fails under the lock, so that ids of the database are burned.
    """
    each_writer = (20_000 if each_database else 5_000) // WRITERS
    halves = [stores(), stores()]
    acknowledged: list[range] = []

    def write(writer: int) -> None:
        store, written, turn = halves[writer % 2], 0, 0
        while written < each_writer:
            turn += 1
            count = min(1 + (writer + turn) % 9, each_writer - written)
            if turn % 5 == 0:
                with pytest.raises(VersionConflict):
                    store.append([Change(f"worker/{writer}", written + 1, [TRAINED])], command(f"{writer}-no-{turn}"))
            change = Change(f"worker/{writer}", written, [TRAINED] * count)
            appended = store.append([change], command(f"{writer}-{turn}"))
            acknowledged.append(range(appended.first_position, appended.last_position + 1))
            written += count

    read: list[Recorded] = []
    done = threading.Event()

    def tail() -> None:
        reader = stores()
        while True:
            finished = done.is_set()
            batch = reader.read(read[-1].position if read else -1, 97)
            read.extend(batch)
            if finished and not batch:
                return

    tailing = threading.Thread(target=tail)
    tailing.start()
    with ThreadPoolExecutor(WRITERS) as pool:
        list(pool.map(write, range(WRITERS)))
    done.set()
    tailing.join()
    total = each_writer * WRITERS
    assert [event.position for event in read] == list(range(total))
    assert sorted(position for span in acknowledged for position in span) == list(range(total))
    for writer in range(WRITERS):
        versions = [event.version for event in read if event.stream == f"worker/{writer}"]
        assert versions == list(range(1, each_writer + 1))
    times = [event.recorded_at for event in read]
    assert times == sorted(times)


def test_of_64_threads_one_wins_each_version(stores: Callable[[], EventStore]) -> None:
    """P5: 20 rounds on one stream, from two stores; the others hear of a conflict and nothing else."""
    halves, rounds = [stores(), stores()], 20
    start = threading.Barrier(64)

    def compete(thread: int) -> list[int]:
        won = []
        for round_number in range(rounds):
            start.wait()
            change = Change("community/xinhua", round_number, [TRAINED])
            try:
                halves[thread % 2].append([change], command(f"{thread}-{round_number}"))
                won.append(round_number)
            except VersionConflict:
                continue
        return won

    with ThreadPoolExecutor(64) as pool:
        wins = [round_number for won in pool.map(compete, range(64)) for round_number in won]
    assert sorted(wins) == list(range(rounds))
    assert [event.version for event in halves[0].stream("community/xinhua")] == list(range(1, rounds + 1))


def test_a_claim_has_one_holder_among_32_threads(stores: Callable[[], EventStore]) -> None:
    """P3: ten numbers, each wanted by 32 commands on streams of their own."""
    halves = [stores(), stores()]

    def wish(ordinal: int) -> str | None:
        number, thread = divmod(ordinal, 32)
        change = Change(f"worker/{ordinal}", 0, [TRAINED])
        try:
            halves[thread % 2].append([change], command(f"c-{ordinal}"), claims=[Claim("identity", str(number))])
        except ClaimTaken:
            return None
        return f"c-{ordinal}"

    with ThreadPoolExecutor(32) as pool:
        holders = [holder for holder in pool.map(wish, range(320)) if holder is not None]
    assert sorted(holders) == sorted(str(halves[0].claim_holder("identity", str(number))) for number in range(10))
    assert halves[1].head() == 9


def test_of_eight_concurrent_duplicates_one_is_written(stores: Callable[[], EventStore]) -> None:
    """F54, P6: 25 keys, each sent eight times at once to streams that do not conflict."""
    halves = [stores(), stores()]

    def send(ordinal: int) -> bool:
        key = f"k-{ordinal // 8}"
        change = Change(f"worker/{ordinal}", 0, [TRAINED])
        try:
            halves[ordinal % 2].append(
                [change], command(f"c-{ordinal}"), answered=lambda _: Answered(key, "print", str(ordinal).encode())
            )
        except AnsweredBefore:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        written = [ordinal for ordinal, done in enumerate(pool.map(send, range(200))) if done]
    answers = [halves[0].answered(f"k-{key}") for key in range(25)]
    assert [int(found.answer) for found in answers if found is not None] == written
    assert halves[0].head() == 24


KILLED_WRITER = """
import sys
from datetime import date
from pathlib import Path
from ledger.event_store import Answered, Change, Claim, Metadata, open_store
from shared.envelope import Basis
from shared.events import WorkerTrained
from shared.settings import Keys, Settings
keys = Keys(bytes(32), bytes(32), bytes(32))
store = open_store(Settings(Path(sys.argv[1]), sys.argv[2], "development", keys))
basis, events = Basis(document="d", date=date(2020, 9, 18)), [WorkerTrained(course="x", hours=1)] * 3
for ordinal in range(10**6):
    name = f"{sys.argv[3]}-{ordinal}"
    store.append(
        [Change(f"worker/{name}", 0, events), Change("city/chibi", store.version("city/chibi"), events)],
        Metadata(name, "clerk", basis, date(2020, 10, 1)),
        claims=[Claim("identity", name)],
        answered=lambda appended: Answered(name, "print", b"done"),
    )
    print(name, flush=True)
"""


def test_a_writer_that_is_killed_leaves_whole_commands_only(
    stores: Callable[[], EventStore], each_database: str, tmp_path: Path
) -> None:
    """P1, P2, P3: kill -9 at five moments; what was acknowledged is in the log, what is in the log is whole."""
    store = stores()
    acknowledged: list[str] = []
    for attempt in range(5):
        arguments = [sys.executable, "-c", KILLED_WRITER, str(tmp_path), each_database, str(attempt)]
        environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2] / "services")}
        writer = subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True, env=environment)
        assert writer.stdout is not None
        acknowledged.append(writer.stdout.readline().strip())
        time.sleep(0.02 * attempt + 0.013)
        writer.send_signal(signal.SIGKILL)
        # A last line may be torn; whole ones end with a line break.
        acknowledged += [line.strip() for line in writer.stdout if line.endswith("\n")]
        writer.wait()
        writer.stdout.close()
    events = store.read(-1, 10**6)
    assert [event.position for event in events] == list(range(len(events)))
    commands = {event.command_id for event in events}
    assert set(acknowledged) <= commands
    assert len(events) == 6 * len(commands)
    for command_id in commands:
        assert len(store.events_of(command_id)) == 6
        assert store.claim_holder("identity", command_id) == command_id
        assert store.answered(command_id) is not None
