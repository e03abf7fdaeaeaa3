"""What a consumer does with what it is given twice, late, torn or unreadable, on a database in small (P7, P9, P16)."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from itertools import count

import pytest
from msgspec.structs import replace
from tests.shared.scripted import LogLines, Scripted, topic_of

from shared.consuming import Consumer
from shared.envelope import Basis, Recorded, wire_form
from shared.events import WorkerTrained
from shared.gathering import BATCH, Step
from shared.receiving import BEGINNING, BEHIND, Held, Mark, Overtaken, Parked, Taking, Unfit
from shared.records import event_message
from shared.topic import Delivery, TopicFailed, partition_of

NOW = datetime(2020, 10, 1, tzinfo=UTC)
BASIS = Basis(document="赤办发〔2020〕5号", date=date(2020, 9, 18))
LI, XU = "worker/li", "worker/xu"
PARTITIONS = 2


def log_of(*streams: str) -> list[Recorded]:
    """One event after the other on these streams; li's are in one partition, xu's in the other."""
    numbers = {stream: count(1) for stream in streams}
    return [event(position, stream, next(numbers[stream])) for position, stream in enumerate(streams)]


def event(position: int, stream: str, version: int) -> Recorded:
    return Recorded(
        position=position,
        stream=stream,
        version=version,
        effective_date=NOW.date(),
        recorded_at=NOW,
        actor="clerk",
        basis=BASIS,
        command_id=str(position),
        event=WorkerTrained(course="岗前培训", hours=40),
    )


def record(position: int, offset: int) -> Delivery:
    """The event at a position of a log that has one stream, as the record at an offset of the one partition."""
    message = event_message(wire_form(event(position, LI, position + 1)), "00", position - 1, 1)
    return Delivery(0, offset, message.headers, message.value)


class Given:
    """A subscription of the one partition there is, that delivers what it was given."""

    partitions, assigned = 1, frozenset({0})

    def __init__(self) -> None:
        self.next: list[Delivery] = []

    def poll(self) -> Sequence[Delivery]:
        given, self.next = self.next, []
        return given

    def close(self) -> None: ...


class Kept:
    """A receiver that keeps marks, the positions it took and what it parked; some positions it cannot take."""

    def __init__(self, *, broken: Sequence[int] = (), refused: Sequence[int] = ()) -> None:
        self.marks: dict[int, Mark] = {}
        self.positions: list[int] = []
        self.parked: list[Parked] = []
        self.takings: list[Taking] = []
        self._broken, self._refused = broken, refused

    @property
    def mark(self) -> Mark:
        return self.marks[0]

    def held(self) -> Held:
        return Held(dict(self.marks), frozenset(one.stream for one in self.parked))

    def check(self, recorded: Recorded) -> None:
        if recorded.position in self._broken:
            raise ZeroDivisionError("hours")

    def take(self, taking: Taking) -> None:
        if any(move.before != self.marks.get(move.partition, BEGINNING) for move in taking.moves):
            raise Overtaken
        if any(one.position in self._refused for one in taking.events):
            raise Unfit("too long")
        self.takings.append(taking)
        self.positions += [one.position for one in taking.events if one.position not in self.positions]
        self.parked += taking.parked
        self.marks |= {move.partition: move.after for move in taking.moves}

    def advance(self) -> int:
        return max([*self.positions, -1])


def consumed(receiver: Kept, log: Sequence[Recorded], *batches: Sequence[Delivery]) -> Step:
    """Step through these deliveries of both partitions; the last step."""
    consumer = Consumer(Scripted(batches, range(PARTITIONS)), receiver, LogLines(log))
    consumer._subscription.partitions = PARTITIONS  # type: ignore[misc]
    return [consumer.step() for _ in batches][-1]


def delivered(log: Sequence[Recorded]) -> list[Delivery]:
    """The topic of the log, watermarks at its end."""
    return topic_of(log, PARTITIONS)


def positions(parked: Sequence[Parked]) -> list[int]:
    return [one.position for one in parked]


def test_the_two_streams_of_these_tests_are_in_two_partitions() -> None:
    assert partition_of(LI, PARTITIONS) != partition_of(XU, PARTITIONS)


def test_what_came_before_is_skipped_and_its_offset_is_passed() -> None:
    log = log_of(LI, XU, LI)
    receiver = Kept()
    topic = delivered(log)
    assert consumed(receiver, log, topic, topic).duplicates == len(log)
    assert receiver.positions == [0, 2, 1] or receiver.positions == [1, 0, 2]
    assert sum(len(taking.events) for taking in receiver.takings) == len(log)


def test_a_hole_is_filled_from_the_log_before_the_record_behind_it_is_taken() -> None:
    log = log_of(*[LI] * 6)
    receiver = Kept()
    step = consumed(receiver, log, [one for number, one in enumerate(delivered(log)) if number not in (0, 2, 3)])
    assert step.repaired == 3
    assert receiver.positions == list(range(6))


def test_a_watermark_shows_that_the_topic_has_lost_its_tail() -> None:
    log = log_of(LI, LI, XU, LI)
    receiver = Kept()
    without_the_last = [one for number, one in enumerate(delivered(log)) if number not in (2, 3)]
    assert consumed(receiver, log, without_the_last).repaired == 2
    assert sorted(receiver.positions) == [0, 1, 2, 3]


def test_what_comes_by_is_taken_for_a_partition_that_lacks_nothing_before_it() -> None:
    log = log_of(LI, XU, XU, LI, LI)
    receiver = Kept()
    beginning, end = delivered(log)[:2], delivered(log)[4:5]
    assert consumed(receiver, log, beginning, end).repaired == 2, "li's fourth event, and xu's third on the way to it"
    assert sorted(receiver.positions) == [0, 1, 2, 3, 4]


def test_a_partition_that_lacks_something_earlier_takes_nothing_out_of_order() -> None:
    """P9: xu's first event is still to come, so the repair of li's partition leaves xu's second alone."""
    log = log_of(XU, LI, LI, XU, LI)
    receiver = Kept()
    late = delivered(log)
    consumed(receiver, log, [late[1]], [late[4]])
    assert [one for one in receiver.positions if log[one].stream == XU] == []
    consumed(receiver, log, [late[0], late[3]])
    assert [one for one in receiver.positions if log[one].stream == XU] == [0, 3]


def test_an_event_that_breaks_the_code_parks_its_stream_and_no_other() -> None:
    log = log_of(LI, XU, LI, XU, XU)
    receiver = Kept(broken=[1])
    step = consumed(receiver, log, delivered(log))
    assert (step.events, step.parked) == (2, 3)
    assert positions(receiver.parked) == [1, 3, 4]
    assert receiver.parked[0].reason == "ZeroDivisionError: hours"
    assert {one.reason for one in receiver.parked[1:]} == {BEHIND}
    assert receiver.positions == [0, 2]


def test_what_the_database_refuses_is_found_one_by_one() -> None:
    log = log_of(LI, XU, LI, XU, LI)
    receiver = Kept(refused=[2])
    consumed(receiver, log, delivered(log))
    assert positions(receiver.parked) == [2, 4]
    assert sorted(receiver.positions) == [0, 1, 3]
    assert all(mark.position in (3, 4) for mark in receiver.marks.values())


def test_what_another_consumer_moved_is_not_overwritten() -> None:
    """P7: between the look at the marks and the write somebody else took the partition."""
    log = log_of(LI, LI, LI)
    receiver = Kept()

    class Slow(Kept):
        def held(self) -> Held:
            held = receiver.held()
            receiver.marks |= {partition_of(LI, PARTITIONS): Mark(3, 2, -1)}
            return held

        def take(self, taking: Taking) -> None:
            receiver.take(taking)

    with pytest.raises(Overtaken):
        consumed(Slow(), log, delivered(log)[:2])
    assert receiver.takings == []


def test_many_records_are_written_in_portions() -> None:
    log = log_of(*[LI] * (2 * BATCH + 100))
    receiver = Kept()
    consumed(receiver, log, delivered(log))
    assert [len(taking.events) for taking in receiver.takings] == [BATCH, BATCH, 100]
    assert receiver.positions == list(range(len(log)))


def test_a_hole_of_any_size_is_filled_in_portions() -> None:
    log = log_of(*[LI] * (BATCH + 10))
    receiver = Kept()
    consumed(receiver, log, delivered(log)[-PARTITIONS:])
    assert max(len(taking.events) for taking in receiver.takings) == BATCH
    assert receiver.positions == list(range(len(log)))


def test_a_record_in_which_nothing_can_be_read_is_healed_from_the_log() -> None:
    log = log_of(LI, LI, LI)
    receiver = Kept()
    first, second, *rest = delivered(log)
    torn = Delivery(second.partition, second.offset, second.headers, b"\xff not what it was")
    step = consumed(receiver, log, [first, torn, *rest])
    assert (step.foreign, step.repaired) == (1, 1)
    assert receiver.positions == [0, 1, 2]


def test_a_record_that_nobody_of_ours_wrote_is_passed_over() -> None:
    log = log_of(LI)
    receiver = Kept()
    foreign = Delivery(partition_of(LI, PARTITIONS), 1, (("x", b"y"),), b"?")
    assert consumed(receiver, log, [delivered(log)[0], foreign]).foreign == 1
    assert receiver.marks[foreign.partition] == Mark(2, 0, -1)


def test_a_topic_that_names_what_the_log_does_not_have_is_a_surprise() -> None:
    log = log_of(LI, LI, LI)
    with pytest.raises(TopicFailed):
        consumed(Kept(), log[:1], delivered(log)[2:3])
    elsewhere = replace(log[1], stream=XU, version=1)
    with pytest.raises(TopicFailed):
        consumed(Kept(), [log[0], elsewhere, log[2]], delivered(log)[2:3])


def test_who_was_paused_and_has_nothing_new_to_say_writes_nothing() -> None:
    """P7: a consumer that lost its partition while it was stopped does not move its successor's offset back."""
    subscription, receiver = Given(), Kept()
    consumer = Consumer(subscription, receiver, LogLines(()))
    subscription.next = [record(position, offset=position) for position in range(5)]
    consumer.step()
    before = receiver.mark, len(receiver.takings)
    subscription.next = [record(position, offset=position) for position in range(3)]
    assert consumer.step().duplicates == 3
    assert (receiver.mark, len(receiver.takings)) == before
    assert receiver.positions == [0, 1, 2, 3, 4]


def test_a_topic_that_begins_again_takes_the_offset_back_with_its_first_new_event() -> None:
    subscription, receiver = Given(), Kept()
    consumer = Consumer(subscription, receiver, LogLines(()))
    subscription.next = [record(position, offset=100 + position) for position in range(5)]
    consumer.step()
    assert receiver.mark == Mark(105, 4, -1)
    subscription.next = [record(4, offset=0), record(5, offset=1)]
    consumer.step()
    assert receiver.mark == Mark(2, 5, -1)
