"""The loops of relay and consumer: step after step, until they are asked to stop or something surprises."""

import socket
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress

from ledger.relay import Relay, Relayed
from shared import logs
from shared.consuming import Consumer
from shared.gathering import Step

IDLE_SECONDS = 0.03
"""How long the relay waits where there is nothing to publish; nobody has to wake it."""
KNOCK_SECONDS = 0.5
"""Between two looks for a broker that is away, and for one connection at most."""


def wait_for_broker(servers: Sequence[str], stop: threading.Event, beat: Callable[[], None]) -> bool:
    """Until one of the servers takes a connection; False when `stop` came before.

    Whoever leaves because the broker is away comes back once and waits here. A cluster that had to start it again and
    again would do so later and later, and the broker would be back for minutes before anybody came.
    """
    told = False
    while not any(map(_takes_connections, servers)):
        if not told:
            logs.warn("broker-away", servers=",".join(servers))
            told = True
        beat()
        if stop.wait(KNOCK_SECONDS):
            return False
    return True


def _takes_connections(server: str) -> bool:
    host, _, port = server.rpartition(":")
    with suppress(OSError):
        socket.create_connection((host.strip("[]"), int(port)), KNOCK_SECONDS).close()
        return True
    return False


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
