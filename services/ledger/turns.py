"""Turns on streams: those who lost a race for a stream write it one after the other, in this process."""

from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager
from threading import Lock
from zlib import crc32

from shared.refusal import Refused

_LOCKS = 256
PATIENCE_SECONDS = 20.0


class Turns:
    """A fixed number of locks; each stream belongs to one of them."""

    def __init__(self) -> None:
        self._locks = [Lock() for _ in range(_LOCKS)]

    @contextmanager
    def on(self, streams: Collection[str]) -> Iterator[None]:
        """Hold the turn on all these streams; taken in one order, so that nobody waits in a circle. Refused `busy`."""
        numbers = sorted({crc32(stream.encode()) % _LOCKS for stream in streams})
        with ExitStack() as held:
            for number in numbers:
                if not self._locks[number].acquire(timeout=PATIENCE_SECONDS):
                    raise too_busy()
                held.callback(self._locks[number].release)
            yield


def too_busy() -> Refused:
    """The refusal for a subject that too many want at once."""
    return Refused("busy", "too many commands on the same subject at once", remedy="send the command again")
