"""What is kept of a stream is what the log says, also when others write it."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from ledger.event_store import Change, EventStore, Metadata, VersionConflict, open_store
from ledger.stream_cache import StreamCache, up_to
from shared.envelope import Basis, Recorded
from shared.events import WorkerTrained
from shared.settings import Keys, Settings

TRAINED = WorkerTrained(course="岗前培训", hours=40)
BASIS = Basis(document="赤办发〔2020〕5号", date=date(2020, 9, 18))
LI = "worker/li"


def events(count: int, *, stream: str = LI) -> tuple[Recorded, ...]:
    """The first events of a stream, at every third position."""
    return tuple(
        Recorded(
            position=3 * version,
            stream=stream,
            version=version,
            effective_date=date(2020, 10, 1),
            recorded_at=datetime(2020, 10, 1, tzinfo=UTC),
            actor="clerk",
            basis=BASIS,
            command_id="c",
            event=TRAINED,
        )
        for version in range(1, count + 1)
    )


def test_a_longer_prefix_replaces_a_shorter_one_and_never_the_other_way() -> None:
    cache = StreamCache()
    assert cache.prefix(LI) == ()
    for count in (2, 5, 3):
        cache.keep(LI, events(count))
    assert len(cache.prefix(LI)) == 5
    cache.forget(LI)
    assert cache.prefix(LI) == ()


def test_the_stream_used_longest_ago_goes_first() -> None:
    """P19: bounded by events, not by streams."""
    cache = StreamCache(events_at_most=10)
    cache.keep("a", events(4))
    cache.keep("b", events(4))
    cache.prefix("a")
    cache.keep("c", events(4))
    assert [len(cache.prefix(stream)) for stream in "abc"] == [4, 0, 4]
    cache.keep("d", events(11))
    assert [len(cache.prefix(stream)) for stream in "abcd"] == [4, 0, 4, 0]
    cache.forget("a")
    cache.forget("c")
    assert cache._events == 0


@pytest.mark.parametrize(("position", "count"), [(2, 0), (3, 1), (4, 1), (9, 3), (99, 3)])
def test_a_prefix_is_cut_at_a_position(position: int, count: int) -> None:
    assert len(up_to(events(3), position)) == count


@pytest.fixture
def stores(each_database: str, tmp_path: Path) -> Iterator[list[EventStore]]:
    """One log, opened as by two processes."""
    settings = Settings(tmp_path, each_database, "development", Keys(bytes(32), bytes(32), bytes(32)))
    opened = [open_store(settings) for _ in range(2)]
    yield opened
    for store in opened:
        store.close()


def write(store: EventStore, version: int, stream: str = LI) -> None:
    metadata = Metadata(f"{stream}-{version}", "clerk", BASIS, date(2020, 10, 1))
    store.append([Change(stream, version, [TRAINED])], metadata)


def test_what_another_process_wrote_is_read(stores: list[EventStore]) -> None:
    """P13: at every position alike, whoever has it in memory."""
    ours, theirs = stores
    for version in range(6):
        write((ours, theirs)[version % 2], version)
        write(theirs, version, "worker/wu")
        assert [event.version for event in ours.stream(LI)] == list(range(1, version + 2))
    for store in (*stores, stores[0]):
        for upto in range(-1, 12):
            assert [event.position for event in store.stream(LI, upto=upto)] == list(range(0, upto + 1, 2))
    assert ours.stream(LI) == theirs.stream(LI)


def test_a_question_about_the_past_does_not_hide_the_present(stores: list[EventStore]) -> None:
    """P13: a prefix kept from a question as known then is gone on from."""
    ours, theirs = stores
    for version in range(4):
        write(theirs, version)
    assert len(ours.stream(LI, upto=1)) == 2
    assert len(ours.stream(LI)) == 4
    assert len(ours.stream(LI, upto=1)) == 2


def test_a_stream_that_conflicts_is_read_again(stores: list[EventStore]) -> None:
    """After a log was put back from a backup, what is in memory may be ahead of it: the first conflict clears it."""
    ours, _ = stores
    write(ours, 0)
    ours._streams.keep(LI, (*ours.stream(LI), *events(2)[1:]))
    assert len(ours.stream(LI)) == 2
    with pytest.raises(VersionConflict):
        write(ours, 2)
    assert len(ours.stream(LI)) == 1
