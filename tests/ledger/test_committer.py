"""Whoever finds nobody at work does the work of all who wait, and nobody is forgotten."""

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from ledger.committer import Committer, TooManyWaiting, Turn

Numbers = Committer[int, int]


class Doubling:
    """Doubles the numbers of a group; the first group waits until it is let go."""

    def __init__(self) -> None:
        self.groups: list[list[int]] = []
        self.begun, self.go_on = threading.Event(), threading.Event()

    def __call__(self, group: Sequence[Turn[int, int]]) -> None:
        self.groups.append([turn.work for turn in group])
        self.begun.set()
        assert self.go_on.wait(10)
        for turn in group:
            turn.done(2 * turn.work)


def queued(committer: Numbers, count: int) -> None:
    """Wait until so many stand in the queue."""
    deadline = time.monotonic() + 10
    while len(committer._queue) < count:
        assert time.monotonic() < deadline
        time.sleep(0.001)


def behind_the_first(committer: Numbers, doubling: Doubling, count: int) -> list[int]:
    """The results of 0 to count, all but 0 asked for while 0 is at work."""
    with ThreadPoolExecutor(count + 1) as pool:
        first = pool.submit(committer.run, 0)
        assert doubling.begun.wait(10)
        others = [pool.submit(committer.run, number) for number in range(1, count + 1)]
        queued(committer, count)
        doubling.go_on.set()
        return [each.result(10) for each in (first, *others)]


def test_who_comes_while_a_group_is_at_work_goes_with_the_next() -> None:
    doubling = Doubling()
    assert behind_the_first(Committer(doubling), doubling, 20) == [2 * number for number in range(21)]
    assert [len(group) for group in doubling.groups] == [1, 20]


def test_a_group_is_bounded_and_in_the_order_of_arrival() -> None:
    doubling = Doubling()
    behind_the_first(Committer(doubling, group_size=8), doubling, 20)
    assert [len(group) for group in doubling.groups] == [1, 8, 8, 4]


def test_with_a_group_size_of_one_each_goes_alone() -> None:
    doubling = Doubling()
    assert behind_the_first(Committer(doubling, group_size=1), doubling, 5) == [0, 2, 4, 6, 8, 10]
    assert [len(group) for group in doubling.groups] == [1] * 6


def test_a_full_queue_sends_away() -> None:
    """P19: it is bounded, and who is sent away knows that nothing was begun."""
    doubling = Doubling()
    committer = Committer(doubling, waiting_at_most=3)
    with ThreadPoolExecutor(4) as pool:
        first = pool.submit(committer.run, 1)
        assert doubling.begun.wait(10)
        others = [pool.submit(committer.run, number) for number in (2, 3, 4)]
        queued(committer, 3)
        with pytest.raises(TooManyWaiting):
            committer.run(5)
        doubling.go_on.set()
        assert [each.result(10) for each in (first, *others)] == [2, 4, 6, 8]
    assert committer.run(6) == 12


def test_who_waited_too_long_is_sent_away_unbegun() -> None:
    """P19."""
    doubling = Doubling()
    committer = Committer(doubling, patience=0.05)
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(committer.run, 1)
        assert doubling.begun.wait(10)
        late = pool.submit(committer.run, 2)
        queued(committer, 1)
        time.sleep(0.1)
        doubling.go_on.set()
        assert first.result(10) == 2
        with pytest.raises(TooManyWaiting):
            late.result(10)
    assert doubling.groups == [[1]]
    assert committer.run(3) == 6


def test_what_the_group_raises_is_heard_by_each_and_the_next_goes_on() -> None:
    calls: list[Callable[[], None]] = []

    def commit(group: Sequence[Turn[int, int]]) -> None:
        if not calls:
            calls.append(lambda: None)
            raise RuntimeError("crash")
        for turn in group:
            turn.done(turn.work)

    committer = Committer(commit)
    with pytest.raises(RuntimeError, match="crash"):
        committer.run(1)
    assert committer.run(2) == 2


def test_nobody_is_forgotten_among_many() -> None:
    """5,000 pieces of work by 50 threads, each answered, each done once."""
    seen: list[int] = []

    def commit(group: Sequence[Turn[int, int]]) -> None:
        seen.extend(turn.work for turn in group)
        for turn in group:
            turn.done(-turn.work)

    committer: Numbers = Committer(commit, group_size=7)
    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(committer.run, range(5000)))
    assert answers == [-number for number in range(5000)]
    assert sorted(seen) == list(range(5000))
