"""Three nodes with two copies at least: a leader that is killed costs seconds, and nothing that was acknowledged."""

import time
from collections.abc import Callable

import pytest
from tests.kafka.appending import appending
from tests.kafka.parts import World, figures, wait_until, world

import kafka_broker as kafka

pytestmark = [pytest.mark.kafka, pytest.mark.postgres, pytest.mark.campaign]


def test_leaders_that_move_and_die_cost_seconds_and_lose_nothing(postgres_address: str, shelf_address: str) -> None:
    """P1, P18: one node leaves, one is killed, so that nothing is acknowledged until they are back; then the third."""
    with (
        kafka.broker(3, own=True) as broker,
        world(broker, postgres_address, shelf_address, replication=3) as made,
    ):
        made.relay()
        made.consumer("only")
        with appending(made.store, 60, each=2) as paced:
            stalls = failing(made, broker)
            commands = paced.rate(1, paced.now())
        made.awaited(30)
        made.assert_each_event_once_in_order()
        figures(events=made.store.head() + 1, commands_a_second=round(commands, 1), stalls=stalls)


def failing(made: World, broker: kafka.Broker) -> dict[str, float]:
    """What each failure cost, in seconds."""
    wait_until(lambda: made.shelf.position() > 100, 30)
    stalls = {"one leaves": stall(made, lambda: broker.stop(1))}
    broker.kill(2)
    time.sleep(1)
    waiting = made.shelf.position()
    time.sleep(3)
    assert made.shelf.position() == waiting, "two of three nodes are gone, and still it was acknowledged"
    broker.start(1, wait=False)
    broker.start(2)
    stalls["two are back"] = stall(made, lambda: None)
    stalls["one is killed"] = stall(made, lambda: broker.kill(3))
    return stalls


def stall(made: World, act: Callable[[], object]) -> float:
    """After how many seconds the shelf has what was appended after the act."""
    act()
    begun, head = time.monotonic(), made.store.head()
    wait_until(lambda: made.shelf.position() > head, 60, lambda: f"{made.shelf.position()} of {head}; {made}")
    return round(time.monotonic() - begun, 1)
