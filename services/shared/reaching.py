"""How a service comes to where the log is: by reading the feed itself, or by waiting for the process that does."""

import time
from collections.abc import Callable
from threading import Lock
from typing import Protocol

import httpx

from shared.database import AWAY, StorageAway
from shared.refusal import Refused

READER_SECONDS = 2
"""How long a reader waits for a position seen elsewhere."""
DECIDER_SECONDS = 10
"""How long an act waits until everything is here that was recorded before it."""


class Reach(Protocol):
    """A service's way to the head of the log."""

    def near(self, wanted: int) -> int:
        """A position to answer a reader at, who has seen `wanted` (-1 for nothing) elsewhere; it may lie below."""
        ...

    def head(self) -> int:
        """A position that everything recorded before now is below or at, and here.

        Raises Refused `storage-unavailable` when the log is away, `busy` when it takes too long.
        """
        ...

    def beyond(self, position: int) -> int:
        """A position not below this one. Raises as `head`."""
        ...


class ReadingAlong:
    """The service reads the feed itself, whenever it is asked something."""

    def __init__(self, catch_up: Callable[[], int], position: Callable[[], int]) -> None:
        self._catch_up = catch_up
        self._position = position

    def near(self, wanted: int) -> int:
        """As `Reach.near`; where the feed is away, or nothing can be written here, the position we are at."""
        try:
            return self._catch_up()
        except (httpx.HTTPError, StorageAway, *AWAY):
            return self._position()

    def head(self) -> int:
        """As `Reach.head`."""
        try:
            return self._catch_up()
        except httpx.HTTPError as error:
            raise ledger_away() from error

    def beyond(self, position: int) -> int:
        """As `Reach.beyond`."""
        return self.head()


class Awaiting:
    """Another process takes the events into the database of both; here it is looked how far it has come."""

    def __init__(
        self,
        position: Callable[[], int],
        head: Callable[[], int],
        *,
        now: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._ask_position = position
        self._ask_head = head
        self._now = now
        self._sleep = sleep
        self._looking = Lock()
        self._looked_at = now() - 1
        self._seen = -1

    def near(self, wanted: int) -> int:
        """As `Reach.near`, after at most READER_SECONDS."""
        return self._wait(wanted, READER_SECONDS)

    def head(self) -> int:
        """As `Reach.head`."""
        try:
            head = self._ask_head()
        except httpx.HTTPError as error:
            raise ledger_away() from error
        return self.beyond(head)

    def beyond(self, position: int) -> int:
        """As `Reach.beyond`, after at most DECIDER_SECONDS."""
        reached = self._wait(position, DECIDER_SECONDS)
        if reached < position:
            raise Refused(
                "busy",
                f"what was recorded up to {position} is not all here yet, only up to {reached}",
                remedy="send the same request again shortly",
            )
        return reached

    def _wait(self, wanted: int, seconds: float) -> int:
        until, pause = self._now() + seconds, 0.005
        while (reached := self._position()) < wanted and self._now() < until:
            self._sleep(pause)
            pause = min(2 * pause, 0.05)
        return reached

    def _position(self) -> int:
        """The position at some moment after the call; who waits for one look shares what it saw."""
        asked_at = self._now()
        with self._looking:
            if self._looked_at <= asked_at:
                looked_at = self._now()
                self._seen = self._ask_position()
                self._looked_at = looked_at
            return self._seen


def ledger_away() -> Refused:
    """The log, or the ledger that writes it, does not answer."""
    return Refused("storage-unavailable", "the ledger does not answer", remedy="send the same request again shortly")
