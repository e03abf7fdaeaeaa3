"""The projection: any order, batch size and repetition gives the same; a close that cannot be reproduced stops it."""

from datetime import timedelta
from random import Random

import msgspec
import pytest
from tests.payroll.feeding import START, close_month, opened, payroll_over

from payroll.keeping import ProjectionStopped
from payroll.projection import Projection
from payroll.settlement import settle


def history():
    """A log with three closed months, a void, a transfer, a certificate and a late base."""
    log = opened()
    log.hire("chen", "2020-10-01", "head", 18)
    log.hire("li", "2020-10-12")
    payroll = payroll_over(log)
    close_month(payroll, "2020-10")
    mistaken = log.regrade("li", "2020-10-20", 5)
    log.transfer("chen", "2020-11-11", "south")
    close_month(payroll, "2020-11")
    log.void(mistaken)
    log.qualify("li", "2020-11-30", "assistant")
    log.publish_base("2020-11-01", "60000.00")
    close_month(payroll, "2020-12")
    log.separate("chen", "2020-12-15")
    payroll.reach.head()
    return log, payroll


@pytest.fixture(scope="module")
def told():
    return history()


@pytest.mark.parametrize("size", [1, 7, 500])
def test_any_batch_size_gives_the_same_digest(told, size):
    """P14."""
    log, payroll = told
    projection = Projection()
    for start in range(0, len(log.events), size):
        projection.apply(log.events[start : start + size])
    assert (projection.position, projection.digest()) == (log.head(), payroll.projection.digest())


@pytest.mark.parametrize("seed", range(12))
def test_shuffled_and_repeated_events_give_the_same_digest(told, seed):
    """P7 and P14: order-free, duplicates without effect."""
    log, payroll = told
    random = Random(seed)
    events = [event for event in log.events for _ in range(random.randint(1, 3))]
    random.shuffle(events)
    projection = Projection()
    while events:
        size = random.randint(1, 9)
        projection.apply(events[:size])
        events = events[size:]
    assert (projection.position, projection.digest()) == (log.head(), payroll.projection.digest())


def test_a_digest_tells_two_histories_apart(told):
    log, payroll = told
    projection = Projection()
    projection.apply(log.events[:-1])
    assert projection.digest() != payroll.projection.digest()


def test_the_position_waits_at_a_hole(told):
    log, _ = told
    projection = Projection()
    projection.apply([*log.events[:5], *log.events[6:]])
    assert projection.position == 4
    projection.apply([log.events[5]])
    assert projection.position == log.head()


def test_lines_of_a_close_wait_for_every_event_before_it(told):
    log, payroll = told
    closed = payroll.run("chibi", "2020-10", 1, log.head()).closed_act.position
    projection = Projection()
    projection.apply([*log.events[:6], *log.events[7 : closed + 1]])
    assert projection.closed_lines(closed) == []
    projection.apply([log.events[6]])
    assert projection.closed_lines(closed) == payroll.projection.closed_lines(closed)


def test_a_close_whose_digest_is_not_that_of_its_lines_stops_the_projection(told):
    log, payroll = told
    closed = payroll.run("chibi", "2020-10", 1, log.head()).closed_act.position
    forged = msgspec.structs.replace(log.events[closed].event, digest="f" * 64)
    events = [*log.events[:closed], msgspec.structs.replace(log.events[closed], event=forged)]
    projection = Projection()
    with pytest.raises(ProjectionStopped, match="run of 2020-10"):
        projection.apply(events)
    assert projection.position == -1


def test_what_was_known_at_a_position_stays_the_same_for_ever(told):
    """P13: the answer as known at every position is the same, asked then or at the end."""
    log, payroll = told
    growing = Projection()
    for recorded in log.events:
        growing.apply([recorded])
        if recorded.position < 7:
            continue
        then = settle(growing.known("chibi", recorded.position), "2021-01")
        now = settle(payroll.projection.known("chibi", recorded.position), "2021-01")
        assert list(then.explained()) == list(now.explained())


def test_a_moment_is_resolved_to_the_last_position_recorded_by_then(told):
    _, payroll = told
    projection = payroll.projection
    assert projection.position_at(START - timedelta(seconds=1)) == -1
    assert projection.position_at(START + timedelta(minutes=3, seconds=59)) == 3
    assert projection.position_at(START + timedelta(days=999)) == projection.position


def test_a_file_keeps_what_was_applied(told, tmp_path):
    log, payroll = told
    address = f"sqlite:///{tmp_path / 'payroll.db'}"
    Projection(address).catch_up(log)
    assert Projection(address).digest() == payroll.projection.digest()
