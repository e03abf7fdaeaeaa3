"""A projection is built anew while work goes on, and one that has drifted from the log is found out."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, make_url, text
from tests.oracle.logs import STREETS
from tests.oracle.story import story
from tests.shared.scripted import LogLines, Scripted, topic_of

from notifications.outbox import REBUILDABLE as NOTICES
from notifications.tables import engine_in_memory
from payroll.projection import REBUILDABLE as PAY
from shared import database
from shared.consuming import Consumer
from shared.rebuilding import Rebuildable, RebuildUnderWay, compare, rebuild, shadow
from shared.topic import Delivery

pytestmark = [pytest.mark.campaign, pytest.mark.postgres]

NOW = datetime(2021, 1, 1, tzinfo=UTC)
WRITES_PER_SECOND = 50
BEFORE, WHILE = 150, 150


@pytest.fixture
def engine(postgres_address: str) -> Iterator[Engine]:
    made = create_engine(make_url(postgres_address).set(drivername="postgresql+psycopg"))
    yield made
    made.dispose()


@pytest.fixture(params=[PAY, NOTICES], ids=["payroll", "notifications"])
def kind(request: pytest.FixtureRequest) -> Rebuildable:
    found = request.param
    assert isinstance(found, Rebuildable)
    return found


def long_story() -> list[Any]:
    """The story with its two closed months, and then many who are hired."""
    log = story()
    for number in range(BEFORE + WHILE):
        log.hire(f"w-{number:04d}-new", "2021-02-01", at=sorted(STREETS)[number % 3])
    return log.events


EVENTS = long_story()
SEEN = len(EVENTS) - WHILE


class Growing(LogLines):
    """The log while it is written: only the first `known` events are there."""

    known = SEEN

    def lines(self, after: int, limit: int) -> Sequence[bytes]:
        return super().lines(after, min(limit, self.known - after - 1))

    def head(self) -> int:
        return self.known - 1


class Written(Scripted):
    """As many events a second as are written; each is in the log a moment before its record is given."""

    def __init__(self, log: Growing) -> None:
        before = set(topic_of(EVENTS[:SEEN]))
        self.log = log
        super().__init__([delivery] for delivery in topic_of(EVENTS) if delivery not in before)

    def poll(self) -> Sequence[Delivery]:
        time.sleep(1 / WRITES_PER_SECOND)
        self.log.known = min(self.log.known + 1, len(EVENTS))
        return super().poll()


def digest_of(kind: Rebuildable) -> str:
    """Of the log read straight."""
    straight: Any = kind.opened(engine_in_memory())
    straight.apply(EVENTS)
    return str(straight.digest())


def filled(kind: Rebuildable, engine: Engine, events: Sequence[Any] = EVENTS) -> Any:
    """The live projection, having taken these events from the topic."""
    live = kind.opened(engine)
    Consumer(Scripted([topic_of(events)]), live, LogLines(events)).step()
    return live


def test_a_rebuild_under_50_writes_a_second_loses_none_and_is_switched_at_once(
    kind: Rebuildable, engine: Engine
) -> None:
    """F13, P14: readers see the old rows or the new ones, never a mixture, never a position that goes back."""
    live, log = filled(kind, engine, EVENTS[:SEEN]), Growing(EVENTS)
    consumer, stop = Consumer(Written(log), live, log), threading.Event()
    positions: list[int] = []
    failures: list[BaseException] = []

    def attempt(work: Callable[[], object]) -> None:
        try:
            while not stop.is_set():
                work()
        except BaseException as failure:
            failures.append(failure)

    reading = (consumer.step, lambda: positions.append(live.position))
    threads = [threading.Thread(target=attempt, args=(work,)) for work in reading]
    for thread in threads:
        thread.start()
    rebuilds = 0
    while log.known < len(EVENTS) and not failures:
        assert rebuild(kind, engine, log) <= log.head()
        rebuilds += 1
    time.sleep(0.5)
    stop.set()
    for thread in threads:
        thread.join()
    assert failures == []
    assert rebuilds > 2
    assert positions == sorted(positions)
    assert live.position == EVENTS[-1].position
    assert live.digest() == digest_of(kind)
    assert compare(kind, engine, log).equal


def test_a_rebuild_that_was_killed_leaves_the_live_one_and_the_next_succeeds(kind: Rebuildable, engine: Engine) -> None:
    live = filled(kind, engine)
    before = live.digest()

    class Killed(LogLines):
        def lines(self, after: int, limit: int) -> Sequence[bytes]:
            if self.read > 20:
                raise KeyboardInterrupt
            return super().lines(after, min(limit, 25))

    with pytest.raises(KeyboardInterrupt):
        rebuild(kind, engine, Killed(EVENTS))
    assert (live.position, live.digest()) == (EVENTS[-1].position, before)
    with engine.begin() as connection:
        connection.execute(text(f"CREATE SCHEMA rebuilding_{kind.name}"))  # What a kill -9 leaves behind.
    assert rebuild(kind, engine, LogLines(EVENTS)) == EVENTS[-1].position
    assert live.digest() == before


def test_two_rebuilds_at_once_are_refused(kind: Rebuildable, engine: Engine) -> None:
    filled(kind, engine)

    class Twice(LogLines):
        def lines(self, after: int, limit: int) -> Sequence[bytes]:
            with pytest.raises(RebuildUnderWay):
                rebuild(kind, engine, LogLines(EVENTS))
            return super().lines(after, limit)

    assert rebuild(kind, engine, Twice(EVENTS)) == EVENTS[-1].position


def test_the_marks_stay_so_that_consumers_go_on_where_they_were(kind: Rebuildable, engine: Engine) -> None:
    live = filled(kind, engine)
    before = live.held()
    rebuild(kind, engine, LogLines(EVENTS))
    assert live.held() == before
    assert len(before.marks) > 1


def test_a_row_that_was_changed_is_found_and_a_rebuild_puts_it_right(kind: Rebuildable, engine: Engine) -> None:
    """F77: a nightly comparison names the drift; after the rebuild the next one clears it."""
    live = filled(kind, engine)
    log = LogLines(EVENTS)
    assert shadow(kind, engine, log, NOW).equal
    assert live.drift() is None
    table = "payroll_facts SET value = '2'" if kind is PAY else "notices SET subject = 'x'"
    with engine.begin() as connection:
        changed = connection.execute(text(f"UPDATE {table} WHERE position = 20"))
        assert changed.rowcount > 0
    found = shadow(kind, engine, log, NOW)
    assert not found.equal
    drift = live.drift()
    assert (drift.position, drift.live_digest, drift.rebuilt_digest) == (found.position, live.digest(), digest_of(kind))
    rebuild(kind, engine, log)
    assert shadow(kind, engine, log, NOW).equal
    assert live.drift() is None


def test_the_rights_on_a_table_stay_when_it_is_switched(kind: Rebuildable, engine: Engine) -> None:
    filled(kind, engine)
    with engine.begin() as connection:
        connection.execute(text("DROP ROLE IF EXISTS rebuilt_reader"))
        connection.execute(text("CREATE ROLE rebuilt_reader"))
        connection.execute(text(f"GRANT SELECT ON {kind.content[0].name} TO rebuilt_reader"))
    rebuild(kind, engine, LogLines(EVENTS))
    with engine.begin() as connection:
        may = text("SELECT has_table_privilege('rebuilt_reader', :name, 'SELECT')")
        assert connection.scalar(may, {"name": kind.content[0].name})
        connection.execute(text("DROP OWNED BY rebuilt_reader"))
        connection.execute(text("DROP ROLE rebuilt_reader"))


def test_a_rebuild_reaches_its_schema_as_the_live_one_is_reached(postgres_address: str) -> None:
    address = make_url(postgres_address).update_query_dict({"application_name": "upkeep"})
    engine = database.engine(address.render_as_string(hide_password=False), "payroll")
    filled(PAY, engine)
    seen = []

    class Asked(LogLines):
        def lines(self, after: int, limit: int) -> Sequence[bytes]:
            with engine.connect() as connection:
                named = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'upkeep'"
                seen.append(connection.scalar(text(named)))
            return super().lines(after, limit)

    rebuild(PAY, engine, Asked(EVENTS))
    engine.dispose()
    assert min(seen) >= 3, "the right to rebuild, this question, and the connection of the new tables"
