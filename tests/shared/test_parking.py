"""An event that cannot be taken stops its own stream and no other, and is released once it can."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import Engine, create_engine, make_url
from tests.oracle.story import story
from tests.shared.scripted import LogLines, Scripted, topic_of
from tests.shared.versions import not_knowing

from notifications.outbox import REBUILDABLE as NOTICES
from notifications.tables import engine_in_memory
from payroll.projection import REBUILDABLE as PAY
from shared.consuming import Consumer
from shared.envelope import Recorded
from shared.receiving import BEHIND, Overtaken, Parked, Taking
from shared.topic import Delivery

pytestmark = pytest.mark.campaign

EVENTS = story().events
HEAD = EVENTS[-1].position
HURT = "worker/w-03"
THEIRS = [recorded.position for recorded in EVENTS if recorded.stream == HURT]


@pytest.fixture
def engine(each_database: str, tmp_path: Path) -> Iterator[Engine]:
    address = make_url(each_database or f"sqlite:///{tmp_path / 'own.db'}")
    made = create_engine(address.set(drivername="postgresql+psycopg") if each_database else address)
    yield made
    made.dispose()


@pytest.fixture(params=[PAY, NOTICES], ids=["payroll", "notifications"])
def receiver(request: pytest.FixtureRequest, engine: Engine) -> Any:
    return request.param.opened(engine)


@pytest.fixture
def version_behind() -> Iterator[None]:
    """A version of the service that does not know how somebody is separated."""
    with not_knowing("worker.separated.v1"):
        yield


def consumed(receiver: Any, deliveries: list[Delivery]) -> Any:
    return Consumer(Scripted([deliveries]), receiver, LogLines(EVENTS)).step()


def read_straight(receiver: Any, events: list[Recorded]) -> str:
    straight = type(receiver)(engine_in_memory())
    straight.apply(events)
    return str(straight.digest(HEAD))


def test_an_unknown_event_parks_its_stream_and_nothing_else(receiver: Any, version_behind: None) -> None:
    """P16: everybody else's events are taken, and the position goes on."""
    step = consumed(receiver, topic_of(EVENTS))
    separated = next(one for one in EVENTS if one.type == "worker.separated.v1")
    parked = receiver.parked()
    assert [one.position for one in parked] == [one.position for one in EVENTS if one.stream == separated.stream][-1:]
    assert parked[0].reason.startswith("LookupError")
    assert (step.parked, receiver.position) == (1, HEAD)
    assert receiver.digest(HEAD) == read_straight(receiver, [one for one in EVENTS if one is not separated])


def test_what_follows_of_the_stream_waits_behind_it_and_is_released_in_order(receiver: Any) -> None:
    """P16."""
    with not_knowing("worker.hired.v1"):
        consumed(receiver, topic_of(EVENTS))
    theirs = [one for one in receiver.parked() if one.stream == HURT]
    assert [one.position for one in theirs] == THEIRS
    assert [one.reason for one in theirs[1:]] == [BEHIND] * (len(THEIRS) - 1)
    streams = {one.stream for one in receiver.parked()}
    for stream in sorted(streams):
        count, stuck = receiver.release(stream)
        assert count > 0
        assert stuck is None
    assert receiver.parked() == []
    assert receiver.advance() == HEAD
    assert receiver.digest(HEAD) == read_straight(receiver, EVENTS)


def test_a_stream_is_not_released_before_its_first_event_can_be_taken(receiver: Any, version_behind: None) -> None:
    consumed(receiver, topic_of(EVENTS))
    stream = receiver.parked()[0].stream
    count, stuck = receiver.release(stream)
    assert count == 0
    assert stuck is not None
    assert [one.stream for one in receiver.parked()] == [stream]


def test_a_close_that_rests_on_what_is_parked_is_waited_for_and_nothing_else_stops(engine: Engine) -> None:
    """P16: the position stays before the close, which is said; what comes behind it is taken all the same."""
    payroll: Any = PAY.opened(engine)
    with not_knowing("worker.hired.v1"):
        consumed(payroll, topic_of(EVENTS))
    first_close = next(one.position for one in EVENTS if one.type == "run.closed.v1")
    assert payroll.position == first_close - 1
    assert "2020-09" in payroll.stopped
    for stream in sorted({one.stream for one in payroll.parked()}):
        payroll.release(stream)
    assert payroll.advance() == HEAD
    assert payroll.stopped == ""


def test_nothing_is_parked_behind_a_stream_that_was_released_in_the_meantime(receiver: Any) -> None:
    late = EVENTS[-1]
    line = msgspec.json.encode({})
    behind = Parked(late.position, late.stream, late.version, late.type, BEHIND, line)
    with pytest.raises(Overtaken):
        receiver.take(Taking(parked=[behind]))
    assert receiver.parked() == []
