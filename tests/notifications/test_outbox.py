"""Every notice exactly once, whatever arrives twice, late or in another order (F12, F73, P7, P14)."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, create_engine, event, make_url
from tests.notifications.samples import Log, closed, hired, one, registered, story, transferred

from notifications.notices import Address, notice_id
from notifications.outbox import Outbox, rebuilt
from notifications.tables import engine_in_memory
from shared.envelope import Recorded
from shared.events import CommandVoided

READ_AT = datetime(2020, 12, 1, tzinfo=UTC)
STORY = story()


@pytest.fixture
def outbox() -> Iterator[Outbox]:
    made = Outbox(engine_in_memory())
    yield made
    made.close()


@pytest.fixture
def engine(each_database: str, tmp_path: Path) -> Iterator[Engine]:
    """A database that outlives its connections: a SQLite file, then PostgreSQL."""
    address = make_url(each_database or f"sqlite:///{tmp_path / 'notifications.db'}")
    made = create_engine(address.set(drivername="postgresql+psycopg") if each_database else address)
    yield made
    made.dispose()


def notices_to(outbox: Outbox, *recipients: str, **asked: object) -> list[tuple[int, str]]:
    page = outbox.inbox([Address(one) for one in recipients], reader="li", **asked)  # type: ignore[arg-type]
    return [(notice.position, notice.recipient) for notice in page.notices]


def test_an_id_is_the_event_the_recipient_and_the_channel() -> None:
    same = notice_id("worker/w-1", 1, "worker/w-1", "inbox")
    assert len(same) == 64
    assert same == notice_id("worker/w-1", 1, "worker/w-1", "inbox")
    others = {
        notice_id("worker/w-2", 1, "worker/w-1", "inbox"),
        notice_id("worker/w-1", 2, "worker/w-1", "inbox"),
        notice_id("worker/w-1", 1, "community/a", "inbox"),
        notice_id("worker/w-1", 1, "worker/w-1", "mail"),
    }
    assert len(others | {same}) == 5


def test_a_transfer_gives_three_rows_and_again_none(outbox: Outbox) -> None:
    moved = one(transferred())
    outbox.apply([moved])
    assert outbox.count() == 3
    outbox.apply([moved, moved])
    assert outbox.count() == 3
    assert outbox.position == 0


def test_a_hole_is_waited_for_and_nothing_beyond_it_is_shown(outbox: Outbox) -> None:
    outbox.apply(STORY.events[4:])
    assert outbox.position == -1
    assert notices_to(outbox, "worker/w-2") == []
    outbox.apply(STORY.events[:4])
    assert outbox.position == STORY.head()
    assert notices_to(outbox, "worker/w-2") == [(4, "worker/w-2")]


def test_a_feed_with_a_hole_is_not_read_past_it(outbox: Outbox) -> None:
    torn = Log()
    torn.events = [recorded for recorded in STORY.events if recorded.position != 2]
    torn.head = STORY.head  # type: ignore[method-assign]
    assert outbox.catch_up(torn) == 1


shuffled = st.lists(st.sampled_from(STORY.events), max_size=20).flatmap(
    lambda again: st.permutations([*STORY.events, *again])
)


@settings(deadline=None, max_examples=25)
@given(shuffled, st.sampled_from([1, 3, 7, 500]))
def test_F73_any_order_repeats_and_batch_give_the_same_rows_each_once(arrivals: list[Recorded], size: int) -> None:
    outbox = Outbox(engine_in_memory())
    try:
        for start in range(0, len(arrivals), size):
            outbox.apply(arrivals[start : start + size])
        assert outbox.digest() == in_order()
    finally:
        outbox.close()


def in_order() -> str:
    straight = rebuilt(STORY, until=STORY.head())
    try:
        return straight.digest()
    finally:
        straight.close()


def test_the_digest_of_a_prefix_does_not_depend_on_what_came_after(outbox: Outbox) -> None:
    early = rebuilt(STORY, until=5)
    outbox.catch_up(STORY)
    assert outbox.digest(5) == early.digest()
    assert outbox.digest() != early.digest()
    early.close()


def test_the_digest_sees_every_column_of_a_notice() -> None:
    digests = set()
    for recorded in (one(hired()), one(hired(grade=2)), one(hired(), effective="2020-10-02")):
        outbox = Outbox(engine_in_memory())
        outbox.apply([recorded])
        digests.add(outbox.digest())
        outbox.close()
    assert len(digests) == 3


def test_F12_a_replay_and_a_rebuild_add_no_notice(engine: Engine) -> None:
    live = Outbox(engine)
    live.catch_up(STORY)
    before = live.count()
    assert before > 0
    live.apply(STORY.events)
    again = Outbox(engine)
    again.apply(STORY.events)
    scratch = rebuilt(STORY, until=live.position)
    assert scratch.digest() == live.digest() == again.digest()
    assert live.count() == before
    for outbox in (live, again, scratch):
        outbox.close()


def test_F73_many_readers_on_one_file_commit_each_notice_once(engine: Engine) -> None:
    log = Log()
    for number in range(300):
        log.record(f"worker/w-{number}", hired(f"w-{number}"))
    outboxes = [Outbox(engine) for _ in range(2)]
    failures: list[Exception] = []

    def work(outbox: Outbox, size: int) -> None:
        try:
            for start in range(0, 300, size):
                outbox.apply(log.events[start : start + size])
        except Exception as failure:
            failures.append(failure)

    threads = [threading.Thread(target=work, args=(outboxes[n % 2], size)) for n, size in enumerate((30, 50, 70, 110))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert outboxes[0].position == 299
    assert outboxes[0].count() == 600
    for outbox in outboxes:
        outbox.close()


def test_F73_a_crash_at_any_statement_leaves_nothing_or_everything() -> None:
    engine = engine_in_memory()
    outbox = Outbox(engine)
    left = [0]

    @event.listens_for(engine, "before_cursor_execute")
    def crash_when_none_is_left(*_statement: object) -> None:
        left[0] -= 1
        if left[0] == 0:
            raise ConnectionError("the machine went away")

    crashes = 0
    while outbox.position < STORY.head():
        left[0] = crashes + 1
        try:
            outbox.apply(STORY.events)
        except ConnectionError:
            crashes += 1
            left[0] = 0  # From here on statements run.
            assert (outbox.position, outbox.count(STORY.head())) == (-1, 0)
        left[0] = 0
    assert crashes > 5
    assert outbox.digest() == in_order()
    outbox.close()


def test_pages_together_are_the_inbox_and_never_cut_an_event(engine: Engine) -> None:
    outbox = Outbox(engine)
    outbox.catch_up(STORY)
    offices = [Address(f"community/{one}") for one in ("xinhua", "dongzhou")]
    whole = outbox.inbox(offices, reader="li", limit=500)
    assert whole.next is None
    for limit in range(1, 6):
        after: int | None = -1
        gathered: list[str] = []
        while after is not None:
            page = outbox.inbox(offices, reader="li", after=after, limit=limit)
            gathered += [notice.id for notice in page.notices]
            after = page.next
        assert gathered == [notice.id for notice in whole.notices]


def test_reading_is_per_reader_once_and_outside_the_digest(engine: Engine) -> None:
    outbox = Outbox(engine)
    outbox.catch_up(STORY)
    before = outbox.digest()
    mine = [Address("worker/w-1")]
    first = outbox.inbox(mine, reader="li").notices[0]
    marked = outbox.mark_read(first.id, mine, reader="li", at=READ_AT)
    assert marked is not None
    assert marked.read_at == READ_AT.isoformat()
    again = outbox.mark_read(first.id, mine, reader="li", at=datetime(2021, 1, 1, tzinfo=UTC))
    assert again == marked
    assert outbox.digest() == before
    unread = outbox.inbox(mine, reader="li", unread_only=True).notices
    assert first.id not in {notice.id for notice in unread}
    assert len(outbox.inbox(mine, reader="wu", unread_only=True).notices) == len(unread) + 1


def test_a_notice_to_somebody_else_cannot_be_marked(outbox: Outbox) -> None:
    outbox.catch_up(STORY)
    theirs = outbox.inbox([Address("worker/w-2")], reader="li").notices[0]
    assert outbox.mark_read(theirs.id, [Address("worker/w-1")], reader="li", at=READ_AT) is None
    assert outbox.mark_read("0" * 64, [Address("worker/w-1")], reader="li", at=READ_AT) is None


def test_a_worker_hears_of_a_city_from_the_position_of_the_hire_on(outbox: Outbox) -> None:
    outbox.catch_up(STORY)
    assert outbox.audiences_of("w-1") == (Address("workers/chibi", 3),)
    assert outbox.audiences_of("w-3") == (Address("workers/jinzhou", 6),)
    assert outbox.audiences_of("nobody") == ()


def test_who_moves_to_another_city_hears_of_it_unless_the_move_is_voided(outbox: Outbox) -> None:
    log = Log()
    log.record("community/binhe", registered("binhe", "taihe", "jinzhou"))
    log.record("worker/w-1", hired())
    log.record("worker/w-1", transferred("xinhua", "binhe"), command_id="c-move")
    outbox.catch_up(log)
    assert outbox.audiences_of("w-1") == (Address("workers/chibi", 1), Address("workers/jinzhou", 2))
    log.record("worker/w-1", CommandVoided(command_id="c-move", reason="-"))
    outbox.catch_up(log)
    assert outbox.audiences_of("w-1") == (Address("workers/chibi", 1),)


def test_the_offices_of_a_place_are_those_of_its_communities(outbox: Outbox) -> None:
    outbox.catch_up(STORY)
    assert outbox.offices_in("city", "chibi") == (
        Address("community/dongzhou"),
        Address("community/xinhua"),
        Address("street/chimagang"),
        Address("street/puqi"),
    )
    assert outbox.offices_in("street", "puqi") == (Address("community/xinhua"), Address("street/puqi"))
    assert outbox.offices_in("city", "atlantis") == ()


def test_an_announcement_before_the_hire_is_not_in_the_inbox(outbox: Outbox) -> None:
    log = Log()
    log.record("run/chibi/2020-10/1", closed())
    log.record("worker/w-1", hired())
    log.record("run/chibi/2020-11/1", closed("2020-11"))
    outbox.catch_up(log)
    page = outbox.inbox(outbox.audiences_of("w-1"), reader="li")
    assert [notice.position for notice in page.notices] == [2]
