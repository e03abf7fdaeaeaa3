"""Calls that may never come back, each with a deadline, on a thread that is left behind when one has passed."""

import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any, TypeVar

_T = TypeVar("_T")


class DeadlinePassed(Exception):
    """The call was not back in time. It may still be under way: nothing is called here any more."""


class Deadlines:
    """Calls one after the other, from one caller at a time."""

    def __init__(self, name: str) -> None:
        self._calls: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._stuck = False
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def call(self, seconds: float, function: Callable[..., _T], *arguments: object) -> _T:
        """What the function returns or raises. Raises DeadlinePassed after so many seconds, and ever after."""
        if self._stuck:
            raise DeadlinePassed("an earlier call is not back")
        done = threading.Event()
        outcome: list[Any] = []

        def attempt() -> None:
            try:
                outcome.extend((function(*arguments), None))
            except BaseException as error:
                outcome.extend((None, error))
            done.set()

        self._calls.put(attempt)
        if not done.wait(seconds):
            self._stuck = True
            raise DeadlinePassed(f"{getattr(function, '__name__', 'a call')} was not back in {seconds:g} s")
        result, error = outcome
        if error is not None:
            raise error
        return result  # type: ignore[no-any-return]

    def close(self) -> None:
        """Let the thread end after the call that is under way."""
        self._calls.put(None)

    def _run(self) -> None:
        while (attempt := self._calls.get()) is not None:
            attempt()
