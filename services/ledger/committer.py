"""Concurrent calls made into groups: whoever finds nobody at work does the work of all who wait."""

from collections import deque
from collections.abc import Callable, Sequence
from threading import Event, Lock
from time import monotonic
from typing import Generic, TypeVar

Work = TypeVar("Work")
Done = TypeVar("Done")

GROUP_SIZE = 64
WAITING_AT_MOST = 1000
PATIENCE_SECONDS = 10.0
"""How long work may wait for a group; with a database that answers it waits milliseconds."""


class TooManyWaiting(Exception):
    """The queue is full, or this work waited too long in it; nothing of it was begun."""


class Turn(Generic[Work, Done]):
    """One caller's work, and what became of it once the group is through."""

    def __init__(self, work: Work) -> None:
        self.work = work
        self.asked_at = monotonic()
        self.woken = Event()
        self._done: list[Done] = []
        self._error: BaseException | None = None

    def done(self, done: Done) -> None:
        """The work succeeded, if the group does; a later word replaces this one."""
        self._done, self._error = [done], None

    def failed(self, error: BaseException) -> None:
        """The work failed; a later word replaces this one."""
        self._done, self._error = [], error

    @property
    def settled(self) -> bool:
        """Whether anything became of it yet."""
        return bool(self._done) or self._error is not None

    def outcome(self) -> Done:
        """What became of it, returned or raised."""
        if self._error is not None:
            raise self._error
        return self._done[0]


class Committer(Generic[Work, Done]):
    """`run` blocks until the work is done. There is no thread of its own: the first who waits leads one group.

    `commit` is called with one group at a time and settles each of its turns; what it raises fails the whole group.
    """

    def __init__(
        self,
        commit: Callable[[Sequence[Turn[Work, Done]]], None],
        *,
        group_size: int = GROUP_SIZE,
        waiting_at_most: int = WAITING_AT_MOST,
        patience: float = PATIENCE_SECONDS,
    ) -> None:
        self._commit = commit
        self._group_size = group_size
        self._waiting_at_most = waiting_at_most
        self._patience = patience
        self._lock = Lock()
        self._queue: deque[Turn[Work, Done]] = deque()
        self._led = False

    def run(self, work: Work) -> Done:
        """What became of the work. Raises TooManyWaiting, or what `commit` says."""
        turn: Turn[Work, Done] = Turn(work)
        with self._lock:
            if len(self._queue) >= self._waiting_at_most:
                raise TooManyWaiting
            self._queue.append(turn)
            leads, self._led = not self._led, True
        if not leads:
            turn.woken.wait()
        if not turn.settled:
            self._lead()
        return turn.outcome()

    def _lead(self) -> None:
        group = self._take()
        try:
            waiting = [turn for turn in group if not self._lost_patience(turn)]
            if waiting:
                self._commit(waiting)
        except BaseException as error:
            for turn in group:
                turn.failed(error)
        finally:
            self._hand_over()
            for turn in group:
                turn.woken.set()

    def _take(self) -> list[Turn[Work, Done]]:
        with self._lock:
            return [self._queue.popleft() for _ in range(min(len(self._queue), self._group_size))]

    def _lost_patience(self, turn: Turn[Work, Done]) -> bool:
        if monotonic() - turn.asked_at <= self._patience:
            return False
        turn.failed(TooManyWaiting())
        return True

    def _hand_over(self) -> None:
        with self._lock:
            heir = self._queue[0] if self._queue else None
            self._led = heir is not None
        if heir is not None:
            heir.woken.set()
