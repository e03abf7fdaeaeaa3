"""What happened on one stream, ordered by when it holds: the one structure behind every decision."""

from bisect import insort
from collections.abc import Iterable, Iterator
from datetime import date

from msgspec import Struct

from shared.envelope import Recorded
from shared.events import CommandVoided, Event


class Act(Struct, frozen=True):
    """One event on its stream. Acts sort by effective date, then by version."""

    effective_date: date
    version: int
    command_id: str
    event: Event
    actor: str = ""
    position: int = -1

    @property
    def order(self) -> tuple[date, int]:
        """Where the act stands among those of its stream."""
        return (self.effective_date, self.version)


class Timeline(Struct, frozen=True):
    """The acts of one stream that hold, in order, and the commands voided on it.

    `first` is the act that founded the stream, whether it still holds or was voided: it says whose stream it is.
    """

    acts: tuple[Act, ...] = ()
    version: int = 0
    voided: frozenset[str] = frozenset()
    first: Act | None = None

    def __iter__(self) -> Iterator[Act]:
        return iter(self.acts)

    def until(self, day: date) -> Iterator[Act]:
        """The acts that hold on the day."""
        return (act for act in self.acts if act.effective_date <= day)

    def with_(self, events: Iterable[Event], effective_date: date, command_id: str = "") -> "Timeline":
        """The timeline as it would be with these events, written last."""
        acts = list(self.acts)
        version, first = self.version, self.first
        for event in events:
            version += 1
            act = Act(effective_date, version, command_id, event)
            first = act if version == 1 else first
            insort(acts, act, key=lambda act: act.order)
        return Timeline(tuple(acts), version, self.voided, first)

    def only(self, acts: Iterable[Act]) -> "Timeline":
        """The same stream with none but these of its acts, in their order."""
        return Timeline(tuple(acts), self.version, self.voided, self.first)

    def without(self, command_id: str) -> "Timeline":
        """The timeline as it would be with everything of this command voided."""
        kept = tuple(act for act in self.acts if act.command_id != command_id)
        return Timeline(kept, self.version, self.voided | {command_id}, self.first)


def fold(recorded: Iterable[Recorded]) -> Timeline:
    """The timeline of one stream from its events in version order; voided commands are out."""
    acts: list[Act] = []
    voided: set[str] = set()
    version = 0
    for entry in recorded:
        version = entry.version
        if isinstance(entry.event, CommandVoided):
            voided.add(entry.event.command_id)
        else:
            act = Act(entry.effective_date, version, entry.command_id, entry.event, entry.actor, entry.position)
            acts.append(act)
    held = sorted((act for act in acts if act.command_id not in voided), key=lambda act: act.order)
    return Timeline(tuple(held), version, frozenset(voided), acts[0] if acts else None)
