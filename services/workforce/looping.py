"""A process that is a loop: it says how it is, ends when it is asked to, and at any surprise at once."""

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from socket import socket

from starlette.applications import Starlette

from shared import logs, traces
from shared.health import Beat, Checks, Health, health_routes
from shared.settings import SettingsError
from shared.topic import TopicFailed
from workforce.serving import GRACE_SECONDS, served_beside, signals

STALLED_SECONDS = 60
"""A step has deadlines of its own, which are shorter; longer than this it hangs."""
MEASURING_SECONDS = 5


@dataclass(frozen=True)
class Loop:
    """What the process does. `work` goes on until the event is set and beats after each step; what it raises ends it.

    `measure` sets the metrics that nothing else would while a step hangs or nothing comes.
    """

    name: str
    work: Callable[[threading.Event, Callable[[], None]], None]
    measure: Callable[[], None]
    ready: Checks
    close: Callable[[], None]


@dataclass
class _Probed:
    """The face of a loop: probes and metrics."""

    health: Health
    app: Starlette = field(init=False)

    def __post_init__(self) -> None:
        self.app = Starlette(routes=health_routes(self.health))


def run(loop: Loop, listener: socket) -> None:
    """Work until SIGINT or SIGTERM, and finish the step. Whatever surprises is told by its kind and ends the process.

    Nothing is repaired in place: what is stored says where to begin again.
    """
    stop, beat = threading.Event(), Beat(STALLED_SECONDS)
    ready = {"not-started": beat.begun, "stalled": beat.moves, **loop.ready}
    health = Health(live={"stalled": beat.moves}, ready=ready)

    def leave(_: int) -> None:
        health.leaving = True
        stop.set()
        _leave_at_last()

    with signals(leave), served_beside(_Probed(health), listener), _measuring(loop):
        logs.tell("serving", process=loop.name, port=listener.getsockname()[1])
        try:
            loop.work(stop, beat)
        except Exception as error:
            why = str(error) if isinstance(error, SettingsError | TopicFailed) else None
            at = " < ".join(logs.places_of(error))
            logs.warn("left", process=loop.name, kind=type(error).__name__, why=why, at=at)
            _leave_now()
        loop.close()
    traces.flush()
    logs.tell("ended", process=loop.name)


def _leave_now() -> None:
    """Without waiting for a thread of a client that may hang."""
    os._exit(1)


def _leave_at_last() -> None:
    last = threading.Timer(GRACE_SECONDS, _leave_now)
    last.daemon = True
    last.start()


@contextmanager
def _measuring(loop: Loop) -> Iterator[None]:
    """Measure every few seconds, on a thread of its own; what cannot be measured is told once by its kind."""
    stop, told = threading.Event(), set[str]()

    def measure() -> None:
        while not stop.is_set():
            try:
                loop.measure()
            except Exception as error:
                kind = type(error).__name__
                if kind not in told:
                    told.add(kind)
                    logs.warn("not-measured", process=loop.name, kind=kind)
            stop.wait(MEASURING_SECONDS)

    threading.Thread(target=measure, name=f"measuring {loop.name}", daemon=True).start()
    try:
        yield
    finally:
        stop.set()


class Stopwatch:
    """How long something took, in milliseconds; and when it began, for a span that is written afterwards."""

    def __init__(self) -> None:
        self.began_ns = time.time_ns()
        self._began = time.perf_counter()

    @property
    def milliseconds(self) -> float:
        """Since the beginning."""
        return round((time.perf_counter() - self._began) * 1000, 1)
