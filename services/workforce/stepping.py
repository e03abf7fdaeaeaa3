"""The loops of relay and consumer: step after step, until they are asked to stop or something surprises."""

import threading
from collections.abc import Callable

from ledger.relay import Relay, Relayed
from shared.consuming import Consumer
from shared.gathering import Step

IDLE_SECONDS = 0.03
"""How long the relay waits where there is nothing to publish; nobody has to wake it."""


def relay_forever(
    relay: Relay, stop: threading.Event, *, chain: Callable[[], object], observe: Callable[[Relayed], None]
) -> None:
    """Chain what was appended, publish what is chained, and say so. Raises what a step raised: leave, begin again."""
    while not stop.is_set():
        chain()
        relayed = relay.step()
        observe(relayed)
        if not relayed.events:
            stop.wait(IDLE_SECONDS)


def consume_forever(consumer: Consumer, stop: threading.Event, *, observe: Callable[[Step], None]) -> None:
    """Take what is delivered, and say so. Raises what a step raised: leave, begin again."""
    while not stop.is_set():
        observe(consumer.step())
