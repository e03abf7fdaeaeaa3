"""Days of one worker in one month at one rate in one place, with what they are due."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from payroll.engine.facts import Ints


@dataclass(frozen=True)
class Segments:
    """Days of one worker in one month at one rate in one community, with what they are due.

    `month` counts from 1970-01, `start` is a day number; `part` of `whole` is the part of a full month that is paid,
    `rate` a slot of `Rates`, `amounts` is fen: int64[segments, items, payer levels].
    """

    worker: Ints
    month: Ints
    start: Ints
    days: Ints
    month_days: Ints
    part: Ints
    whole: Ints
    rate: Ints
    community: Ints
    amounts: Ints

    def __len__(self) -> int:
        return len(self.worker)

    def partial(self) -> list[int]:
        """The rows that are not a whole month, in the order of their days."""
        rows = np.flatnonzero(self.days != self.month_days)
        ordered: list[int] = rows[np.argsort(self.start[rows], kind="stable")].tolist()
        return ordered

    def last_of_month(self) -> Ints:
        """The row of the last segment of each segment's month."""
        if not len(self):
            return np.zeros(0, dtype=np.int64)
        closes = np.flatnonzero(
            np.append((self.worker[1:] != self.worker[:-1]) | (self.month[1:] != self.month[:-1]), True)
        )
        return np.repeat(closes, np.diff(np.append(-1, closes)))
