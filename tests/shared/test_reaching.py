"""A service that waits for another process to bring the log here waits as long as it says, and no longer."""

import itertools
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from tests.ledger.given import refused

from shared.reaching import DECIDER_SECONDS, READER_SECONDS, Awaiting, ReadingAlong


class Passing:
    """Time that passes only while somebody sleeps; what is taken rises by one every tenth of a second."""

    def __init__(self, position: int = 0, rising: bool = True) -> None:
        self.now = 0.0
        self._position = position
        self._rising = rising

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def position(self) -> int:
        return self._position + (int(self.now * 10) if self._rising else 0)

    def awaiting(self, head: Callable[[], int] = lambda: 0) -> Awaiting:
        return Awaiting(self.position, head, now=lambda: self.now, sleep=self.sleep)


def away() -> int:
    raise httpx.ConnectError("away")


def test_a_reader_who_has_seen_nothing_does_not_wait() -> None:
    time_ = Passing(3)
    assert time_.awaiting().near(-1) == 3
    assert time_.now == 0


def test_a_reader_waits_for_what_it_has_seen() -> None:
    """P8."""
    time_ = Passing()
    assert time_.awaiting().near(5) >= 5
    assert 0.5 <= time_.now < 0.6


def test_a_reader_waits_two_seconds_at_most() -> None:
    """P8, P19."""
    time_ = Passing(rising=False)
    assert time_.awaiting().near(5) == 0
    assert READER_SECONDS <= time_.now < READER_SECONDS + 0.1


def test_an_act_waits_until_the_head_of_the_log_is_here() -> None:
    time_ = Passing()
    assert time_.awaiting(lambda: 30).head() >= 30
    assert 3 <= time_.now < 3.1


def test_an_act_is_refused_when_that_takes_too_long() -> None:
    """P19."""
    time_ = Passing(rising=False)
    with refused("busy"):
        time_.awaiting(lambda: 30).head()
    assert DECIDER_SECONDS <= time_.now < DECIDER_SECONDS + 0.1


def test_nothing_is_decided_while_the_log_is_away() -> None:
    with refused("storage-unavailable"):
        Passing().awaiting(away).head()
    along = ReadingAlong(away, lambda: 7)
    with refused("storage-unavailable"):
        along.head()
    assert along.near(9) == 7


def test_an_error_of_our_own_database_is_not_taken_for_the_ledgers() -> None:
    with pytest.raises(ZeroDivisionError):
        Awaiting(lambda: 1 // 0, lambda: 0).near(1)


def test_many_who_wait_share_their_looks() -> None:
    """P19: eighty readers do not ask the database eighty times as often."""
    looks, opened = itertools.count(), threading.Event()

    def position() -> int:
        next(looks)
        time.sleep(0.002)
        return 1 if opened.is_set() else 0

    awaiting = Awaiting(position, lambda: 0)
    with ThreadPoolExecutor(40) as pool:
        waiting = [pool.submit(awaiting.near, 1) for _ in range(40)]
        time.sleep(0.3)
        opened.set()
        assert [one.result(5) for one in waiting] == [1] * 40
    assert next(looks) < 40 * 5
