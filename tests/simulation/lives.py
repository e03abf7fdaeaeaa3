"""A process that can die before and after everything it asks of the world, and be overtaken while it waits."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Generic, TypeVar

from tests.simulation.chance import Chance

Made = TypeVar("Made")

CRASH_WITHIN, PAUSE_WITHIN = 40, 10
"""A crash, or a pause, lies within so many moments of the beginning of a step; a pause only between transactions."""


class Crashed(BaseException):
    """The process is gone: nothing of it may catch this, and nothing of it may do anything any more."""


class Life:
    """One process from its start to its end. `moment` is called before and after each call of a port."""

    def __init__(self, name: str, chance: Chance, paused: Callable[[str], None]) -> None:
        self.name = name
        self.dead = False
        self._chance = chance
        self._paused = paused
        self._until_crash = self._until_pause = 0
        self._looked_at = False

    def arm(self, *, crash: bool, pause: bool) -> None:
        """A step begins: decide whether the process dies in it or waits for others, and at which moment."""
        self._until_crash = self._chance.between(1, CRASH_WITHIN) if crash else 0
        self._until_pause = self._chance.between(1, PAUSE_WITHIN) if pause else 0

    def moment(self, what: str, *, between_transactions: bool = True) -> None:
        """Die here, or let others go on, if that was decided. Raises Crashed."""
        if self._looked_at:
            return
        if self.dead:
            raise Crashed
        self._until_crash -= 1
        if self._until_crash == 0:
            self.dead = True
            self._chance.tell(f"{self.name}: dies {what}")
            raise Crashed
        if between_transactions:
            self._until_pause -= 1
            if self._until_pause == 0:
                self._chance.tell(f"{self.name}: waits {what}")
                self._paused(self.name)
                self._chance.tell(f"{self.name}: goes on {what}")

    @contextmanager
    def looked_at(self) -> Iterator[None]:
        """What is asked in here is asked by who looks at it from outside: the process does not die of it."""
        self._looked_at = True
        try:
            yield
        finally:
            self._looked_at = False


class Port:
    """Something outside of the process; it dies before and after each of its calls."""

    def __init__(self, life: Life, name: str, real: Any) -> None:
        self._life, self._name, self._real = life, name, real

    def __getattr__(self, called: str) -> Any:
        found = getattr(self._real, called)
        if not callable(found):
            return found

        def call(*given: Any, **named: Any) -> Any:
            self._life.moment(f"before {self._name}.{called}")
            answer = found(*given, **named)
            self._life.moment(f"after {self._name}.{called}")
            return answer

        setattr(self, called, call)
        return call


class Process(Generic[Made]):
    """A name under which one life follows another; each builds its objects anew, out of what lasts."""

    def __init__(self, name: str, build: Callable[[Life], Made]) -> None:
        self.name = name
        self._build = build
        self._life: Life | None = None
        self._made: Made | None = None

    def alive(self, begin: Callable[[str], Life]) -> tuple[Life, Made]:
        """The life under way and its objects; a new one where there is none."""
        if self._life is None or self._life.dead or self._made is None:
            self._life = begin(self.name)
            self._made = self._build(self._life)
        return self._life, self._made

    def leave(self) -> None:
        """End this life; the next step begins another."""
        if self._life is not None:
            self._life.dead = True
        self._made = None
