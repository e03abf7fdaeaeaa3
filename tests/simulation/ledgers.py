"""The ledger as the simulation runs it: two processes on one log, which the relay and the services read."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
from eventsourcing.persistence import OperationalError
from tests.simulation.chance import Chance
from tests.simulation.databases import KEYS, Memory
from tests.simulation.lives import Life, Port
from tests.simulation.mending import Mending
from tests.simulation.town import founded, open_recorder
from tests.simulation.weather import Weather

from ledger.event_store import EventStore
from ledger.execution import Ledger
from ledger.personal import PersonalStore
from ledger.recorders import LogRecorder, Row
from ledger.relay import Published
from shared.envelope import Linked, wire_of
from shared.receiving import Overtaken


class Recording:
    """The recorder, which a process may lose before, in and after a transaction, and which may fail it likewise."""

    def __init__(self, real: LogRecorder, life: Life, fails: Callable[[], str]) -> None:
        self._real, self._life, self._fails = real, life, fails

    def record(self, question: Any, stamp: Any) -> Sequence[int]:
        """As `LogRecorder.record`."""

        def stamped(locked: Any) -> Any:
            entry = stamp(locked)
            self._life.moment("in a transaction of the log", between_transactions=False)
            return entry

        self._life.moment("before a transaction of the log")
        how = self._fails()
        if how == "before":
            raise OperationalError("the database does not answer")
        written = self._real.record(question, stamped)
        self._life.moment("after a transaction of the log")
        if how == "after":
            raise OperationalError("the connection was lost")
        return written

    def link(self, links: Any) -> None:
        """As `LogRecorder.link`."""
        self._life.moment("before chaining")
        self._real.link(links)
        self._life.moment("after chaining")

    def rows(self, sql: str, parameters: Row) -> list[Row]:
        """As `LogRecorder.rows`."""
        self._life.moment("before reading the log")
        return self._real.rows(sql, parameters)

    def settle(self) -> None:
        """As `LogRecorder.settle`."""
        self._real.settle()

    def close(self) -> None:
        """As `LogRecorder.close`; the file belongs to the simulation."""


@dataclass
class Place:
    """Where the relays keep their place, and what they may not do to it."""

    published: Published

    def read(self, partitions: int) -> Published:
        """As `RelayPlace.read`."""
        assert len(self.published.previous) == partitions
        return self.published

    def advance(self, before: Published, after: Published) -> None:
        """As `RelayPlace.advance`."""
        if self.published != before:
            raise Overtaken("another relay moved the place")
        self.published = after


class Chained:
    """A `LinkedLog` that is chained as far as it is read, a few positions at a time."""

    def __init__(self, log: "Log", store: EventStore) -> None:
        self._log, self._store = log, store

    def linked(self, after: int, limit: int) -> list[Linked]:
        """As `LinkedLog.linked`."""
        self._store.chain.advance(self._log.some(500))
        return [self._log.written(one) for one in self._store.linked(after, self._log.some(limit))]


class Log:
    """The log of one simulation, from the founded town on."""

    def __init__(
        self,
        path: Path,
        keys: Memory,
        chance: Chance,
        weather: Weather,
        mending: Mending,
        clock: Callable[[], datetime],
    ) -> None:
        path.write_bytes(founded())
        self.recorder = open_recorder(path)
        self.calm = False
        self._keys, self._chance, self._weather, self._mending, self._clock = keys, chance, weather, mending, clock
        self._ids = 0
        self.store = EventStore(self.recorder, clock=clock, randomness=chance.bytes)

    def opened(self, life: Life) -> EventStore:
        """The log as a process opens it; it keeps streams in memory, which die with it."""
        recording = Recording(self.recorder, life, self._failure)
        return EventStore(recording, clock=self._clock, randomness=self._chance.bytes)

    def ledger(self, life: Life) -> Ledger:
        """A process of the ledger."""
        keys: Any = Port(life, "keys", self.personal())
        return Ledger(self.opened(life), keys, clock=self._clock, new_id=self.new_id)

    def chained(self, life: Life) -> "Chained":
        """The log as the relay's process reads it."""
        return Chained(self, self.opened(life))

    def personal(self) -> PersonalStore:
        """The keys of persons."""
        return PersonalStore(self._keys.engine, *KEYS, self._chance.bytes)

    def new_id(self) -> str:
        """An id that no other process makes."""
        self._ids += 1
        return f"{self._ids:03x}-{self._chance.bytes(4).hex()}"

    def lines(self, after: int, limit: int) -> list[bytes]:
        """As `Lines.lines`."""
        return [self._mending.written(line) for line in self.store.lines(after, limit)]

    def some(self, limit: int) -> int:
        """A part of so many, in worse hours a small one."""
        return limit if self.calm else self._chance.between(1, min(limit, 10))

    def written(self, linked: Linked) -> Linked:
        """As the log has it."""
        line = msgspec.json.encode(linked.wire)
        return linked._replace(wire=wire_of(self._mending.written(line)))

    def head(self) -> int:
        """As `Lines.head`."""
        return self.store.head()

    def close(self) -> None:
        """Let go of the file."""
        self.recorder.close()

    def _failure(self) -> str:
        if self.calm or not self._chance.happens(self._weather.store_fails):
            return ""
        return self._chance.one_of(("before", "after"))
