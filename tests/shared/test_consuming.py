"""What a consumer does with its offsets when what it is given is old, on a database in small."""

from collections.abc import Sequence
from datetime import UTC, date, datetime

from shared.consuming import Consumer
from shared.envelope import Basis, Recorded, wire_form
from shared.events import WorkerTrained
from shared.receiving import BEGINNING, Held, Mark, Taking
from shared.records import event_message
from shared.topic import Delivery

NOW = datetime(2020, 10, 1, tzinfo=UTC)
BASIS = Basis(document="赤办发〔2020〕5号", date=date(2020, 9, 18))


def record(position: int, offset: int) -> Delivery:
    """The event at a position of a log that has one stream, as the record at an offset of the one partition."""
    recorded = Recorded(
        position=position,
        stream="worker/li",
        version=position + 1,
        effective_date=NOW.date(),
        recorded_at=NOW,
        actor="clerk",
        basis=BASIS,
        command_id=str(position),
        event=WorkerTrained(course="岗前培训", hours=40),
    )
    message = event_message(wire_form(recorded), "00", position - 1, 1)
    return Delivery(0, offset, message.headers, message.value)


class Given:
    """A subscription that delivers what it was given."""

    partitions, assigned = 1, frozenset({0})

    def __init__(self) -> None:
        self.next: list[Delivery] = []

    def poll(self) -> Sequence[Delivery]:
        given, self.next = self.next, []
        return given

    def close(self) -> None: ...


class Kept:
    """A receiver that keeps one mark and the positions it took."""

    def __init__(self) -> None:
        self.mark = BEGINNING
        self.positions: list[int] = []
        self.writes = 0

    def held(self) -> Held:
        return Held({0: self.mark}, frozenset())

    def check(self, recorded: Recorded) -> None: ...

    def take(self, taking: Taking) -> None:
        self.writes += 1
        self.positions += [one.position for one in taking.events]
        for move in taking.moves:
            assert move.before == self.mark
            self.mark = move.after

    def advance(self) -> int:
        return self.mark.position


class NoLog:
    """A log that nobody should have to ask."""

    def lines(self, after: int, limit: int) -> Sequence[bytes]:
        raise AssertionError

    def head(self) -> int:
        raise AssertionError


def test_who_was_paused_and_has_nothing_new_to_say_writes_nothing() -> None:
    """P7: a consumer that lost its partition while it was stopped does not move its successor's offset back."""
    subscription, receiver = Given(), Kept()
    consumer = Consumer(subscription, receiver, NoLog())
    subscription.next = [record(position, offset=position) for position in range(5)]
    consumer.step()
    before = receiver.mark, receiver.writes
    subscription.next = [record(position, offset=position) for position in range(3)]
    assert consumer.step().duplicates == 3
    assert (receiver.mark, receiver.writes) == before
    assert receiver.positions == [0, 1, 2, 3, 4]


def test_a_topic_that_begins_again_takes_the_offset_back_with_its_first_new_event() -> None:
    subscription, receiver = Given(), Kept()
    consumer = Consumer(subscription, receiver, NoLog())
    subscription.next = [record(position, offset=100 + position) for position in range(5)]
    consumer.step()
    assert receiver.mark == Mark(105, 4, -1)
    subscription.next = [record(4, offset=0), record(5, offset=1)]
    consumer.step()
    assert receiver.mark == Mark(2, 5, -1)
