"""A service's own database as a consumer sees it: how far it is, and what is written in one transaction."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol

from shared.envelope import Recorded


class Mark(NamedTuple):
    """How far one partition is taken: the offset to read next, the position of its last event that was taken, and
    the position up to which the relay said that nothing of this partition is missing."""

    next_offset: int
    position: int
    complete_to: int


BEGINNING = Mark(0, -1, -1)


class Move(NamedTuple):
    """A partition's mark as it was read, and as it becomes."""

    partition: int
    before: Mark
    after: Mark


class Parked(NamedTuple):
    """An event that could not be taken, or stands behind one of its stream that could not; `line` is its wire form."""

    position: int
    stream: str
    version: int
    type: str
    reason: str
    line: bytes


BEHIND = "an earlier event of the stream is parked"
"""The reason of an event that nothing is wrong with."""


class Taking(NamedTuple):
    """What is written in one transaction."""

    moves: Sequence[Move] = ()
    events: Sequence[Recorded] = ()
    parked: Sequence[Parked] = ()


class Held(NamedTuple):
    """What the service's database says: the mark of each partition that has one, and the streams that are parked."""

    marks: Mapping[int, Mark]
    parked: frozenset[str]


class Overtaken(Exception):
    """Another process moved a mark, or released a stream, since it was read. Nothing was written: begin again."""


class Unfit(Exception):
    """The database refuses the content of an event, and always will. Nothing was written."""


class Receiver(Protocol):
    """A service's own database, as the consumer sees it. Whatever else it raises is a reason to leave."""

    def held(self) -> Held:
        """Marks and parked streams now."""
        ...

    def check(self, recorded: Recorded) -> None:
        """Raise anything when this event can never be taken. Asks nobody: the same event, the same answer."""
        ...

    def take(self, taking: Taking) -> None:
        """Write events, parked events and marks in one transaction; an event taken before changes nothing.

        Raises Overtaken unless every mark is as it was, Unfit when the database refuses an event's content.
        """
        ...

    def advance(self) -> int:
        """Move the position up to which the log is complete here over what has been taken; the position."""
        ...
