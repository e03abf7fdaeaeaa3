"""The event store keeps its promises on SQLite and on PostgreSQL alike."""

import random
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import msgspec
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
from shared import upcasts
from shared.envelope import Basis, from_wire, to_wire
from shared.events import CommunitiesRedrawn, Education, WorkerEducated, WorkerTrained
from shared.settings import Keys, Settings

START = datetime(2020, 9, 18, 8, tzinfo=UTC)
BASIS = Basis(document="赤办发〔2020〕5号", date=date(2020, 9, 18), clause="三")
TRAINED = WorkerTrained(course="岗前培训", hours=40, initial=True)
EDUCATED = WorkerEducated(education=Education.BACHELOR)
LI, WU = "worker/li", "worker/wu"


class Clock:
    """A clock that stands until it is set."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def reopen(each_database: str, tmp_path: Path, clock: Clock) -> Iterator[Callable[[], EventStore]]:
    settings = Settings(tmp_path, each_database, "development", Keys(bytes(32), bytes(32), bytes(32)))
    opened: list[EventStore] = []

    def reopen() -> EventStore:
        opened.append(open_store(settings, clock=clock, randomness=random.Random(7).randbytes))
        return opened[-1]

    yield reopen
    for store in opened:
        store.close()


@pytest.fixture
def store(reopen: Callable[[], EventStore]) -> EventStore:
    return reopen()


def command(command_id: str) -> Metadata:
    return Metadata(command_id, "clerk", BASIS, date(2020, 10, 1))


def answer(key: str) -> Callable[[Appended], Answered]:
    return lambda appended: Answered(key, "print", f"at {appended.last_position}".encode())


def test_an_event_is_read_back_with_everything_that_was_said(store: EventStore) -> None:
    """F01: two dates on every event."""
    appended = store.append([Change(LI, 0, [TRAINED, EDUCATED]), Change(WU, 0, [EDUCATED])], command("c-1"))
    assert appended == Appended(0, 2, START, {LI: 2, WU: 1})
    second = store.stream(LI)[1]
    assert (second.position, second.version, second.type) == (1, 2, "worker.educated.v1")
    assert (second.effective_date, second.recorded_at) == (date(2020, 10, 1), START)
    assert (second.actor, second.basis, second.command_id, second.event) == ("clerk", BASIS, "c-1", EDUCATED)
    assert from_wire(to_wire(second)) == second


def test_the_log_is_its_own_feed(store: EventStore) -> None:
    """F65: events after a position, in position order, at most so many."""
    assert (store.head(), store.read(-1, 10)) == (-1, [])
    store.append([Change(LI, 0, [TRAINED] * 3), Change(WU, 0, [TRAINED] * 2)], command("c-1"))
    assert store.head() == 4
    assert [event.position for event in store.read(-1, 3)] == [0, 1, 2]
    assert [(event.position, event.stream) for event in store.read(2, 10)] == [(3, WU), (4, WU)]


def test_a_stream_is_read_up_to_a_position(store: EventStore) -> None:
    """F02: what was known then is a prefix of the log."""
    store.append([Change(LI, 0, [TRAINED])], command("c-1"))
    store.append([Change(WU, 0, [TRAINED])], command("c-2"))
    store.append([Change(LI, 1, [EDUCATED])], command("c-3"))
    assert [event.version for event in store.stream(LI, upto=1)] == [1]
    assert [event.version for event in store.stream(LI, upto=2)] == [1, 2]
    assert (store.stream(LI, upto=-1), store.stream("worker/nobody")) == ([], [])
    assert (store.version(LI), store.version("worker/nobody")) == (2, 0)


@pytest.mark.parametrize("expected", [0, 2, 7])
def test_an_append_on_another_version_than_it_was_decided_on_conflicts(store: EventStore, expected: int) -> None:
    """P4, P5: neither behind nor ahead, and the other streams of the command stay empty."""
    store.append([Change(LI, 0, [TRAINED])], command("c-1"))
    with pytest.raises(VersionConflict) as caught:
        store.append([Change(WU, 0, [TRAINED]), Change(LI, expected, [TRAINED])], command("c-2"))
    assert caught.value.streams == (LI,)
    assert (store.version(WU), store.head()) == (0, 0)


def test_a_change_without_events_guards_its_stream(store: EventStore) -> None:
    store.append([Change(LI, 0, [TRAINED])], command("c-1"))
    with pytest.raises(VersionConflict):
        store.append([Change(WU, 0, [TRAINED]), Change(LI, 0, [])], command("c-2"))
    assert store.append([Change(WU, 0, [TRAINED]), Change(LI, 1, [])], command("c-2")).versions == {WU: 1, LI: 1}


def test_a_stream_stands_in_one_change_only(store: EventStore) -> None:
    with pytest.raises(ValueError, match="one change"):
        store.append([Change(LI, 0, [TRAINED]), Change(LI, 1, [TRAINED])], command("c-1"))


def test_a_claim_that_is_held_refuses_the_whole_command(store: EventStore) -> None:
    """P3: the holder is named; nothing of the second command remains."""
    store.append([Change(LI, 0, [TRAINED])], command("c-1"), claims=[Claim("identity", "x"), Claim("certificate", "y")])
    with pytest.raises(ClaimTaken) as caught:
        store.append(
            [Change(WU, 0, [TRAINED])], command("c-2"), claims=[Claim("certificate", "z"), Claim("identity", "x")]
        )
    assert (caught.value.kind, caught.value.key, caught.value.command_id) == ("identity", "x", "c-1")
    assert (store.head(), store.claim_holder("certificate", "z")) == (0, None)
    assert (store.claim_holder("identity", "x"), store.claim_holder("identity", "y")) == ("c-1", None)


def test_a_released_claim_can_be_taken_in_the_same_command(store: EventStore) -> None:
    """F32: voiding a command ends its claims, not its answer."""
    store.append([Change(LI, 0, [TRAINED])], command("c-1"), claims=[Claim("identity", "x")], answered=answer("k-1"))
    store.append([Change(LI, 1, [TRAINED])], command("c-2"), claims=[Claim("identity", "x")], releases=["c-1"])
    assert store.claim_holder("identity", "x") == "c-2"
    store.append([Change(LI, 2, [TRAINED])], command("c-3"), releases=["c-2"])
    assert store.claim_holder("identity", "x") is None
    assert store.answered("k-1") is not None


def test_the_answer_is_kept_with_the_events_and_for_as_long(
    store: EventStore, reopen: Callable[[], EventStore], clock: Clock
) -> None:
    """F54, F55, P6: a retry finds it in a later process, years later."""
    store.append([Change(LI, 0, [TRAINED, TRAINED])], command("c-1"), answered=answer("k-1"))
    clock.now += timedelta(days=400)
    found = reopen().answered("k-1")
    assert found is not None
    assert (found.fingerprint, found.answer) == ("print", b"at 1")
    assert (found.first_position, found.last_position, found.recorded_at) == (0, 1, START)
    assert store.answered("k-2") is None


def test_a_key_answers_once(store: EventStore) -> None:
    """P6: the second command under a key is told to look the answer up, and nothing of it remains."""
    store.append([Change(LI, 0, [TRAINED])], command("c-1"), answered=answer("log_claims"))
    with pytest.raises(AnsweredBefore):
        store.append([Change(WU, 0, [TRAINED])], command("c-2"), answered=answer("log_claims"))
    assert (store.head(), store.version(WU), store.events_of("c-2")) == (0, 0, [])


def test_a_command_id_is_appended_once(store: EventStore) -> None:
    """P3: a command is one append."""
    store.append([Change(LI, 0, [TRAINED])], command("c-1"))
    with pytest.raises(AnsweredBefore):
        store.append([Change(WU, 0, [TRAINED])], command("c-1"))
    assert store.head() == 0


def test_a_command_that_writes_nothing_still_has_its_answer(store: EventStore) -> None:
    """F54: what is already so is answered again in the same words."""
    appended = store.append([Change(LI, 0, [])], command("c-1"), answered=answer("k-1"))
    assert (appended.first_position, appended.last_position) == (0, -1)
    found = store.answered("k-1")
    assert found is not None
    assert found.answer == b"at -1"
    assert store.append([Change(LI, 0, [TRAINED])], command("c-2")).first_position == 0


def test_a_crash_before_the_commit_leaves_nothing(store: EventStore) -> None:
    """P3: neither events nor claims nor answer, and the next append goes on at the same position."""

    def crash(_: Appended) -> Answered:
        raise RuntimeError("power cut")

    with pytest.raises(RuntimeError, match="power cut"):
        store.append([Change(LI, 0, [TRAINED])], command("c-1"), claims=[Claim("identity", "x")], answered=crash)
    assert (store.head(), store.claim_holder("identity", "x"), store.stream(LI)) == (-1, None, [])
    assert store.append([Change(LI, 0, [TRAINED])], command("c-1"), claims=[Claim("identity", "x")]).first_position == 0


def test_all_events_of_a_command_are_found_over_its_streams(store: EventStore) -> None:
    """F32: voiding acts on a whole command."""
    store.append([Change(LI, 0, [TRAINED])], command("c-1"))
    store.append([Change(WU, 0, [TRAINED]), Change(LI, 1, [TRAINED, EDUCATED])], command("c-2"))
    store.append([Change(LI, 3, [TRAINED])], command("c-3"))
    assert [(event.position, event.stream) for event in store.events_of("c-2")] == [(1, WU), (2, LI), (3, LI)]
    assert store.events_of("c-9") == []


def test_recorded_at_never_goes_backwards(store: EventStore, reopen: Callable[[], EventStore], clock: Clock) -> None:
    """P17: a clock that jumps by ten years, in this process and in the next."""
    times = []
    for ordinal, years in enumerate([0, 10, -10, 0, 10, 11]):
        clock.now = START + timedelta(days=366 * years)
        times.append((store, reopen())[ordinal % 2].append([Change(LI, ordinal, [TRAINED])], command(f"c-{ordinal}")))
    recorded = [appended.recorded_at for appended in times]
    assert recorded == sorted(recorded)
    assert recorded == [event.recorded_at for event in store.read(-1, 10)]
    assert (recorded[0], recorded[1], recorded[4]) == (START, START + timedelta(days=3660), recorded[1])


def test_the_position_at_a_time_is_that_of_a_linear_scan(store: EventStore, clock: Clock) -> None:
    """F02, P13: over clocks that stand, run and jump both ways."""
    dice = random.Random(2020)
    assert store.position_at(START) == -1
    for ordinal in range(120):
        clock.now += timedelta(microseconds=dice.choice([0, 0, 1, 5, 10_000_000, -20, -5_000_000]))
        store.append([Change(f"worker/{ordinal}", 0, [TRAINED] * dice.choice([1, 1, 3]))], command(f"c-{ordinal}"))
    events = store.read(-1, 1000)
    asked = {event.recorded_at + timedelta(microseconds=step) for event in events for step in (-1, 0, 1)}
    for known_at in asked | {START - timedelta(days=1), START + timedelta(days=999)}:
        scanned = max((event.position for event in events if event.recorded_at <= known_at), default=-1)
        assert store.position_at(known_at) == scanned
    assert all(store.recorded_at(event.position) == event.recorded_at for event in events)
    with pytest.raises(LookupError):
        store.recorded_at(len(events))
    with pytest.raises(ValueError, match="zone"):
        store.position_at(datetime(2020, 9, 18))


def test_equal_events_are_stored_as_different_bytes(store: EventStore) -> None:
    """Hashes that are shown later say nothing about the content, for each event has a nonce."""
    store.append([Change(LI, 0, [TRAINED] * 50)], command("c-1"))
    states = [msgspec.json.decode(row[4]) for row in store._reader.after(-1, 50)]
    assert len({state["nonce"] for state in states}) == 50
    assert {len(state["nonce"]) for state in states} == {24}


def test_the_digest_covers_every_stored_byte_and_repeats_from_a_seed(
    store: EventStore, reopen: Callable[[], EventStore]
) -> None:
    """P14: the same seed gives the same log, byte for byte."""
    assert store.digest() == sha256().hexdigest()
    store.append([Change(LI, 0, [TRAINED] * 1500)], command("c-1"))
    digest = sha256()
    for _, stream, version, stored_name, state in store._reader.after(-1, 2000):
        for part in (stream.encode(), str(version).encode(), stored_name.encode(), state):
            digest.update(len(part).to_bytes(8, "big") + part)
    assert store.digest() == reopen().digest() == digest.hexdigest()
    store.append([Change(WU, 0, [TRAINED])], command("c-2"))
    assert store.digest() != digest.hexdigest()


@pytest.mark.parametrize(
    ("event", "metadata"),
    [
        (WorkerTrained(course="岗前", hours="40"), command("c-1")),
        (WorkerEducated(education="kindergarten"), command("c-1")),
        (CommunitiesRedrawn(successors={}, opened=["xinhua"]), command("c-1")),
        (TRAINED, msgspec.structs.replace(BASIS, document="")),
    ],
)
def test_what_cannot_be_read_back_is_never_appended(store: EventStore, event: object, metadata: object) -> None:
    """P15: encode and decode before appending, the envelope, too."""
    if isinstance(metadata, Basis):
        metadata = Metadata("c-1", "clerk", metadata, date(2020, 10, 1))
    with pytest.raises(UnreadableEvent):
        store.append([Change(LI, 0, [TRAINED, event])], metadata)
    assert store.head() == -1


def test_an_older_form_is_read_as_todays(store: EventStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """F63: the stored name stays, the event is today's."""
    store.append([Change(LI, 0, [TRAINED])], command("c-1"))
    monkeypatch.setitem(
        upcasts.UPCASTS,
        "worker.trained.v1",
        lambda data: ("worker.educated.v1", b'{"education":"bachelor"}'),
    )
    assert store.stream(LI)[0].event == EDUCATED
