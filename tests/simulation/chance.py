"""Every decision of a simulation: drawn from one seed and written into one trace."""

from collections.abc import Sequence
from hashlib import sha256
from random import Random
from typing import TypeVar

One = TypeVar("One")


class Chance:
    """Draws and remembers. The same seed makes the same decisions in any process, on any day, under any hash seed."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.trace: list[str] = []
        self._random = Random(seed)

    def happens(self, probability: float) -> bool:
        """Whether something of this probability happens."""
        return self._random.random() < probability

    def between(self, least: int, most: int) -> int:
        """A whole number, both ends included."""
        return self._random.randint(least, most)

    def one_of(self, things: Sequence[One]) -> One:
        """One of them, each as likely."""
        return things[self._random.randrange(len(things))]

    def weighted(self, things: Sequence[tuple[One, float]]) -> One:
        """One of them, by weight."""
        at = self._random.random() * sum(weight for _, weight in things)
        for one, weight in things:
            at -= weight
            if at < 0:
                return one
        return things[-1][0]

    def bytes(self, count: int) -> bytes:
        """As `secrets.token_bytes`."""
        return self._random.randbytes(count)

    def tell(self, text: str) -> None:
        """Write a line of the trace."""
        self.trace.append(text)

    @property
    def digest(self) -> str:
        """SHA-256 over the trace."""
        return sha256("\n".join(self.trace).encode()).hexdigest()
