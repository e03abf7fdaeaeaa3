"""Commands appended at a steady rate by a thread beside the test, each timed."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field

from tests.kafka.parts import append

from ledger.event_store import EventStore

STREAMS, CALLERS = 60, 16


@dataclass
class Paced:
    """When each command began, by a clock that begins with the first, and how many seconds it took."""

    begun: float = field(default_factory=time.monotonic)
    commands: list[tuple[float, float]] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)

    def now(self) -> float:
        """Seconds since the first."""
        return time.monotonic() - self.begun

    def rate(self, since: float, until: float) -> float:
        """Commands a second between two moments."""
        return sum(since <= at < until for at, _ in self.commands) / (until - since)

    def p99(self, since: float, until: float) -> float:
        """The seconds within which 99 of 100 were answered."""
        taken = sorted(seconds for at, seconds in self.commands if since <= at < until)
        return taken[len(taken) * 99 // 100]


@contextmanager
def appending(store: EventStore, rate: float, *, each: int = 1) -> Iterator[Paced]:
    """Append `each` events `rate` times a second, whatever else happens, until the context ends.

    As from many callers: a command that takes long does not hold up the next one, unless it is on the same stream.
    """
    paced, stop = Paced(), threading.Event()
    versions, locks = [0] * STREAMS, [threading.Lock() for _ in range(STREAMS)]

    def command(at: float, stream: int) -> None:
        before = paced.now()
        try:
            with locks[stream]:
                append(store, f"worker/w-{stream}", versions[stream], each)
                versions[stream] += each
            paced.commands.append((at, paced.now() - before))
        except Exception as error:
            paced.failed.append(repr(error))

    def run(pool: ThreadPoolExecutor) -> None:
        for turn in range(10**9):
            if stop.wait(max(0.0, turn / rate - paced.now())) or paced.failed:
                return
            pool.submit(command, turn / rate, turn * 7 % STREAMS)

    with ThreadPoolExecutor(CALLERS) as pool:
        thread = threading.Thread(target=run, args=(pool,))
        thread.start()
        try:
            yield paced
        finally:
            stop.set()
            thread.join()
    assert paced.failed == []
