"""The log reaches every consumer through the topic: once, whole, in order."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from tests.kafka.parts import World, append, figures, log_at

pytestmark = [pytest.mark.kafka, pytest.mark.postgres, pytest.mark.campaign]

WRITERS, EVENTS = 16, 20_000


def test_16_writers_beside_a_tailing_relay_lose_nothing_on_the_way_to_a_consumer(
    quiet_world: World, postgres_address: str
) -> None:
    """F65, P1: 20,000 events, 1 to 9 a command; none missing at the consumer, none twice, each stream in order."""
    quiet_world.relay()
    quiet_world.consumer("only")
    halves = [quiet_world.store, log_at(postgres_address)]
    each_writer = EVENTS // WRITERS

    def write(writer: int) -> None:
        written, turn = 0, 0
        while written < each_writer:
            turn += 1
            count = min(1 + (writer + turn) % 9, each_writer - written)
            append(halves[writer % 2], f"worker/{writer}", written, count)
            written += count

    begun = time.monotonic()
    with ThreadPoolExecutor(WRITERS) as pool:
        list(pool.map(write, range(WRITERS)))
    written = time.monotonic() - begun
    behind = quiet_world.awaited(60)
    halves[1].close()
    quiet_world.assert_each_event_once_in_order()
    assert quiet_world.store.head() == EVENTS - 1
    figures(events=EVENTS, writing_seconds=round(written, 1), then_at_the_consumer_after=round(behind, 2))
