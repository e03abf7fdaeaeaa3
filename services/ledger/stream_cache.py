"""Decoded streams in memory: a prefix of a stream never changes, so only what came after it is read again."""

from bisect import bisect_right
from collections import OrderedDict
from threading import Lock

from shared.envelope import Recorded

EVENTS_AT_MOST = 20_000


class StreamCache:
    """The streams used last, whole from version 1, as many as have `events_at_most` events together."""

    def __init__(self, events_at_most: int = EVENTS_AT_MOST) -> None:
        self._events_at_most = events_at_most
        self._lock = Lock()
        self._streams: OrderedDict[str, tuple[Recorded, ...]] = OrderedDict()
        self._events = 0

    def prefix(self, stream: str) -> tuple[Recorded, ...]:
        """The first events of the stream, as many as are known; none of a stream that is not."""
        with self._lock:
            known = self._streams.get(stream, ())
            if known:
                self._streams.move_to_end(stream)
            return known

    def keep(self, stream: str, prefix: tuple[Recorded, ...]) -> None:
        """Keep a prefix, unless a longer one is known."""
        with self._lock:
            known = self._streams.get(stream, ())
            if len(prefix) <= len(known) or len(prefix) > self._events_at_most:
                return
            self._streams[stream] = prefix
            self._streams.move_to_end(stream)
            self._events += len(prefix) - len(known)
            while self._events > self._events_at_most:
                _, dropped = self._streams.popitem(last=False)
                self._events -= len(dropped)

    def forget(self, stream: str) -> None:
        """What was known of the stream is read again; for when the log says something else."""
        with self._lock:
            self._events -= len(self._streams.pop(stream, ()))


def up_to(events: tuple[Recorded, ...], position: int) -> tuple[Recorded, ...]:
    """Those of a prefix with a position of at most that."""
    return events[: bisect_right(events, position, key=lambda recorded: recorded.position)]
