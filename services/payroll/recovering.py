"""扣回: who owes what from runs in which they were due less than nothing, and what later runs keep back of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import groupby
from typing import NamedTuple


class Net(NamedTuple):
    """What the lines of a closed run come to for a worker; fen."""

    worker_id: str
    closed_position: int
    month: str
    net_fen: int


class Owing(NamedTuple):
    """What somebody owed before a run, what arose and was kept back in it; fen, nothing is negative."""

    before_fen: int = 0
    arisen_fen: int = 0
    recovered_fen: int = 0

    @property
    def owed_fen(self) -> int:
        """What is owed after the run."""
        return self.before_fen + self.arisen_fen - self.recovered_fen


def owing(nets: Iterable[Net], closed_position: int, most_fen: Callable[[Net], int]) -> dict[str, Owing]:
    """Worker → what was owed around the run closed at a position, of all who owed anything before or after it.

    `nets`, of the runs closed up to it, stand by worker and in the order of closing; `most_fen` is how much may be kept
    back of a net above nought.
    """
    found = {}
    for worker_id, of_worker in groupby(nets, lambda net: net.worker_id):
        owed_fen, last = 0, Owing()
        for net in of_worker:
            recovered_fen = min(owed_fen, most_fen(net)) if owed_fen and net.net_fen > 0 else 0
            last = Owing(owed_fen, max(0, -net.net_fen), recovered_fen)
            owed_fen = last.owed_fen
        last = last if net.closed_position == closed_position else Owing(owed_fen)
        if any(last):
            found[worker_id] = last
    return found
