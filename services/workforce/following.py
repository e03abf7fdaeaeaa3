"""Followers keep the projections near the head of the log, each on a thread of its own that never gives up."""

import logging
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

SHORTEST_WAIT, LONGEST_WAIT = 0.5, 30.0
"""Seconds between two looks at the log; the longer ones after failures, each twice the last."""

_LOG = logging.getLogger("workforce.following")


@contextmanager
def following(projections: Mapping[str, Callable[[], object]]) -> Iterator[None]:
    """Call each projection's catch-up again and again for as long as the context lasts."""
    stop = threading.Event()
    threads = [
        threading.Thread(target=follow, args=(name, catch_up, stop), name=f"follower of {name}", daemon=True)
        for name, catch_up in projections.items()
    ]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join(10)


def follow(name: str, catch_up: Callable[[], object], stop: threading.Event) -> None:
    """Until `stop`. A failure is logged once per kind, by its kind alone: its text may quote a person's data."""
    wait = SHORTEST_WAIT
    told: set[str] = set()
    while not stop.wait(wait):
        try:
            catch_up()
            wait = SHORTEST_WAIT
        except Exception as error:
            wait = min(2 * wait, LONGEST_WAIT)
            kind = type(error).__name__
            if kind not in told:
                told.add(kind)
                _LOG.error("the projection of %s stays behind the log (%s); it is tried again", name, kind)
