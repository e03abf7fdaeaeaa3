"""Trouble at random, from a seed: who is struck next, and how."""

import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from tests.chaos.processes import Process

FROZEN_SECONDS = (0.3, 2.0)
AWAY_SECONDS = (0.2, 3.0)


class Server(Protocol):
    """A database or broker that this test started."""

    def kill(self) -> None:
        """End it at once, as a power cut would."""
        ...

    def start(self) -> None:
        """Start it again on the same data; returns when it answers."""
        ...


@dataclass
class Trouble:
    """Kills, freezes and absences, one after the other, until there were as many kills as wanted."""

    processes: list[Process]
    servers: Mapping[str, Server]
    randomness: random.Random
    pause: tuple[float, float]
    done: Counter[str] = field(default_factory=Counter)

    def make(self, kills: int, stop: threading.Event, deadline: float) -> None:
        """Strike until `kills` kills were made. Whatever was frozen is thawed, whatever is away comes back."""
        while self.kills < kills and time.monotonic() < deadline and not stop.is_set():
            time.sleep(self.randomness.uniform(*self.pause))
            self._strike()

    @property
    def kills(self) -> int:
        """Kills so far, of processes and servers."""
        return sum(count for what, count in self.done.items() if what.startswith("kill"))

    def _strike(self) -> None:
        strikes: list[Callable[[], None]] = [*[self._kill] * 6, *[self._freeze] * 2, *[self._take_away] * 2]
        self.randomness.choice(strikes)()

    def _kill(self) -> None:
        process = self.randomness.choice(self.processes)
        process.send(signal.SIGKILL)
        self.done[f"kill {process.name}"] += 1

    def _freeze(self) -> None:
        process = self.randomness.choice(self.processes)
        process.send(signal.SIGSTOP)
        time.sleep(self.randomness.uniform(*FROZEN_SECONDS))
        process.send(signal.SIGCONT)
        self.done[f"freeze {process.name}"] += 1

    def _take_away(self) -> None:
        name = self.randomness.choice(sorted(self.servers))
        self.servers[name].kill()
        time.sleep(self.randomness.uniform(*AWAY_SECONDS))
        self.servers[name].start()
        self.done[f"kill {name}"] += 1
