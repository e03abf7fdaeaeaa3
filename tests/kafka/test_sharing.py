"""Consumers that share a topic: one takes over from another, and who was paused meanwhile changes nothing."""

import signal
import time
from collections import Counter

import pytest
from tests.kafka.appending import appending
from tests.kafka.parts import World, append, figures, wait_until

from shared.kafka_feed import SESSION_SECONDS
from shared.topic import PARTITIONS

pytestmark = [pytest.mark.kafka, pytest.mark.postgres, pytest.mark.campaign]

ALL = f"assigned {list(range(PARTITIONS))}"


def test_two_consumers_share_twelve_partitions_and_one_takes_over_from_one_that_is_killed(quiet_world: World) -> None:
    """P1, P7: order kept in each stream; the take-over costs a session's time-out."""
    world = quiet_world
    world.relay()
    first = world.consumer("first")
    with appending(world.store, 100, each=2) as paced:
        wait_until(lambda: world.shelf.position() > 200, 20)
        second = world.consumer("second")
        wait_until(lambda: any(said.count(",") == 5 for said in second.said), 30)
        until = paced.now() + 3
        wait_until(lambda: paced.now() > until, 5)
        shares = Counter(keeper for *_, keeper in world.shelf.taken())
        first.end()
        begun, head = time.monotonic(), world.store.head()
        wait_until(lambda: world.shelf.position() > head, 3 * SESSION_SECONDS)
        taken_over = time.monotonic() - begun
    world.awaited(20)
    world.assert_each_event_once_in_order()
    assert ALL in second.said
    figures(shares=dict(shares), taken_over_after_seconds=round(taken_over, 1))
    assert min(shares["first"], shares["second"]) > 0


def test_a_consumer_that_was_paused_with_a_batch_at_hand_cannot_write_it_any_more(quiet_world: World) -> None:
    """P7: it is stopped before its transaction, loses its partitions, wakes up, is overtaken, and leaves."""
    world = quiet_world
    world.relay()
    zombie = world.consumer("zombie", "pausing")
    for stream in range(20):
        append(world.store, f"worker/w-{stream}", 0, 10)
    wait_until(lambda: "pausing" in zombie.said, 20)
    living = world.consumer("living")
    world.awaited(3 * SESSION_SECONDS)
    assert ALL in living.said
    zombie.signal(signal.SIGCONT)
    wait_until(lambda: any("Overtaken" in said for said in zombie.said), 20, lambda: zombie.said)
    zombie.end()
    append(world.store, "worker/w-0", 10)
    world.awaited(3 * SESSION_SECONDS)
    world.assert_each_event_once_in_order()
    assert {keeper for *_, keeper in world.shelf.taken()[:200]} == {"living"}
