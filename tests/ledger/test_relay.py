"""What the relay sends, when it moves its place, and what it sends again (P1, P9)."""

from collections.abc import Sequence
from datetime import UTC, date, datetime

import pytest

from ledger.relay import BATCH, REPEAT_SECONDS, WATERMARK_SECONDS, Published, Relay
from shared.envelope import Basis, Linked, Recorded, wire_form
from shared.events import WorkerTrained
from shared.receiving import Overtaken
from shared.records import heard
from shared.topic import Delivery, Message, TopicFailed, partition_of

NOW = datetime(2020, 10, 1, tzinfo=UTC)
PARTITIONS = 2
LI, XU = "worker/li", "worker/xu"


def linked(position: int, stream: str, traceparent: str = "") -> Linked:
    recorded = Recorded(
        position=position,
        stream=stream,
        version=position + 1,
        effective_date=NOW.date(),
        recorded_at=NOW,
        actor="clerk",
        basis=Basis(document="赤办发〔2020〕5号", date=date(2020, 9, 18)),
        command_id=str(position),
        event=WorkerTrained(course="岗前培训", hours=40),
        traceparent=traceparent,
    )
    return Linked(wire_form(recorded), f"{position:064x}")


class Bench:
    """A relay with its log, place, topic and clock in reach."""

    partitions = PARTITIONS

    def __init__(self, *streams: str) -> None:
        self.log = [linked(position, stream) for position, stream in enumerate(streams)]
        self.place = Published(-1, (-1,) * PARTITIONS)
        self.sent: list[Message] = []
        self.now = 0.0
        self.failing = False
        self.relay = self.another()

    def another(self) -> Relay:
        """One more relay on the same log and topic."""
        return Relay(self, self, self, seconds=lambda: self.now)

    def linked(self, after: int, limit: int) -> Sequence[Linked]:
        return self.log[after + 1 : after + 1 + limit]

    def read(self, partitions: int) -> Published:
        assert partitions == PARTITIONS
        return self.place

    def advance(self, before: Published, after: Published) -> None:
        if before != self.place:
            raise Overtaken
        self.place = after

    def publish(self, messages: Sequence[Message]) -> None:
        self.sent += messages
        if self.failing:
            raise TopicFailed("no acknowledgement")

    def close(self) -> None: ...

    @property
    def said(self) -> list[tuple[int | None, int, int | None]]:
        """(position, previous, watermark) of everything sent."""
        found = [heard(Delivery(one.partition, 0, one.headers, one.value)) for one in self.sent]
        return [(one.position, one.previous, one.complete_to) for one in found if one is not None]


def test_each_record_names_the_event_before_it_in_its_own_partition() -> None:
    """P9."""
    bench = Bench(LI, XU, LI, LI, XU)
    bench.relay.step()
    assert bench.said == [(0, -1, None), (1, -1, None), (2, 0, None), (3, 2, None), (4, 1, None)]
    previous = {partition_of(LI, PARTITIONS): 3, partition_of(XU, PARTITIONS): 4}
    assert bench.place == Published(4, tuple(previous[one] for one in range(PARTITIONS)))


def test_a_record_is_a_cloud_event_keyed_by_its_stream_in_the_stream_s_partition() -> None:
    bench = Bench()
    bench.log = [linked(0, LI, traceparent="00-" + "a" * 32 + "-" + "b" * 16 + "-01")]
    bench.relay.step()
    message = bench.sent[0]
    headers = {name: value.decode() for name, value in message.headers}
    assert (message.key, message.partition) == (LI.encode(), partition_of(LI, PARTITIONS))
    assert headers["ce_type"] == "workforce.worker.trained.v1"
    assert (headers["ce_id"], headers["ce_subject"], headers["ledger_chain"]) == ("0", LI, f"{0:064x}")
    assert headers["traceparent"].startswith("00-aaa")


def test_the_place_moves_only_when_all_is_acknowledged() -> None:
    """P1."""
    bench = Bench(LI, XU)
    bench.failing = True
    with pytest.raises(TopicFailed):
        bench.relay.step()
    assert bench.place.position == -1


def test_what_was_not_acknowledged_is_sent_again_in_the_same_words() -> None:
    bench = Bench(LI, XU, LI)
    bench.failing = True
    with pytest.raises(TopicFailed):
        bench.relay.step()
    bench.failing, first = False, list(bench.sent)
    bench.another().step()
    assert bench.sent == [*first, *first]
    assert bench.place.position == 2


def test_a_relay_that_was_overtaken_moves_nothing() -> None:
    bench = Bench(LI, XU, LI)
    slow = bench.another()
    publish = bench.publish

    def while_another_works(messages: Sequence[Message]) -> None:
        bench.publish = publish  # type: ignore[method-assign]
        bench.relay.step()
        bench.log.append(linked(3, XU))
        publish(messages)

    bench.publish = while_another_works  # type: ignore[method-assign]
    with pytest.raises(Overtaken):
        slow.step()
    assert bench.place.position == 2


def test_a_batch_has_an_end() -> None:
    bench = Bench(*[LI] * (BATCH + 1))
    assert bench.relay.step().events == BATCH
    assert bench.relay.step().events == 1


def test_with_nothing_to_send_every_partition_hears_how_far_it_is_complete() -> None:
    bench = Bench(LI, LI)
    bench.relay.step()
    bench.sent.clear()
    bench.now += WATERMARK_SECONDS
    assert bench.relay.step().events == 0
    assert sorted(bench.said, key=lambda said: said[1]) == [(None, -1, 1), (None, 1, 1)]
    assert sorted(one.partition for one in bench.sent) == list(range(PARTITIONS))


def test_the_same_watermark_comes_again_only_after_a_while() -> None:
    bench = Bench(LI)
    bench.relay.step()
    bench.relay.step()
    bench.sent.clear()
    bench.now += REPEAT_SECONDS - 1
    bench.relay.step()
    assert bench.sent == []
    bench.now += 1
    bench.relay.step()
    assert len(bench.sent) == PARTITIONS


def test_before_the_first_event_there_is_nothing_to_say() -> None:
    bench = Bench()
    bench.relay.step()
    assert bench.sent == []
