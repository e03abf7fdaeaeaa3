"""What must hold at every moment, looked at from outside while the simulation runs."""

from collections import defaultdict
from collections.abc import Iterable

from shared.envelope import Recorded, recorded_of, wire_of
from shared.receiving import BEGINNING, BEHIND, Mark, Parked, Taking


class Broken(AssertionError):
    """A promise was broken, in words."""


class Watch:
    """One service's database, seen through what was committed to it.

    Every stream in the order of its versions (P9), marks that never go back, a watermark that never passes a hole.
    """

    def __init__(self, service: str) -> None:
        self.service = service
        self.taken: set[int] = set()
        self.parked: dict[int, str] = {}
        self.marks: dict[int, Mark] = {}
        self.position = -1
        self._complete = -1
        self._versions: dict[str, int] = defaultdict(int)

    def took(self, taking: Taking) -> None:
        """This was committed."""
        for move in taking.moves:
            before = self.marks.get(move.partition, BEGINNING)
            if move.after.position < before.position or move.after.complete_to < before.complete_to:
                raise Broken(f"{self.service}: the mark of partition {move.partition} went from {before} {move.after}")
            self.marks[move.partition] = move.after
        for recorded in taking.events:
            self._in_order(recorded)
        for one in taking.parked:
            self._park(one)

    def released(self, gone: Iterable[Parked]) -> None:
        """These are no longer parked, so they are taken by now."""
        for one in sorted(gone):
            self.parked.pop(one.position, None)
            self._in_order(recorded_of(wire_of(one.line)))

    def advanced(self, position: int) -> None:
        """The service says that it has everything up to here."""
        there = self.taken | self.parked.keys()
        while self._complete + 1 in there:
            self._complete += 1
        if position > self._complete:
            raise Broken(f"{self.service}: says it has all up to {position}, but {self._complete + 1} was never taken")
        if position < self.position:
            raise Broken(f"{self.service}: the position went back from {self.position} to {position}")
        self.position = position

    def _in_order(self, recorded: Recorded) -> None:
        if recorded.position in self.taken:
            return
        if recorded.version != self._versions[recorded.stream] + 1:
            last = self._versions[recorded.stream]
            raise Broken(f"{self.service}: took version {recorded.version} of {recorded.stream} behind {last}")
        self._versions[recorded.stream] = recorded.version
        self.taken.add(recorded.position)

    def _park(self, one: Parked) -> None:
        if one.reason == BEHIND and one.stream not in self.parked.values():
            raise Broken(f"{self.service}: parked {one.position} of {one.stream} behind nothing")
        if one.position not in self.taken:
            self.parked[one.position] = one.stream
