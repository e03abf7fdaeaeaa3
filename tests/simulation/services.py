"""Payroll and notifications as the simulation runs them: two consumers each, over one database that lasts."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from tests.simulation.broker import Broker, Group, Reception
from tests.simulation.chance import Chance
from tests.simulation.databases import Memory
from tests.simulation.lives import Life, Port
from tests.simulation.mending import NOTHING, Mending
from tests.simulation.watch import Watch
from tests.simulation.weather import Weather

from notifications import tables as notices
from notifications.outbox import Outbox
from payroll import tables as pay
from payroll.projection import Projection
from shared.consuming import Consumer
from shared.envelope import Recorded
from shared.receiving import Held, Parked, Taking, Unfit
from shared.taking import Taken


class LogAway(Exception):
    """The ledger does not answer."""


class LogLines:
    """The ledger's feed over HTTP: pages of any size, at times nothing at all; it may know more than its reader."""

    def __init__(self, lines: Callable[[int, int], Sequence[bytes]], chance: Chance, fails: Callable[[], float]):
        self._lines, self._chance, self._fails = lines, chance, fails

    def lines(self, after: int, limit: int) -> Sequence[bytes]:
        """As `Lines.lines`."""
        rate = self._fails()
        if rate and self._chance.happens(rate):
            raise LogAway("the ledger does not answer")
        return self._lines(after, min(limit, self._chance.between(1, 12)) if rate else limit)


def breakable(kind: type[Any], mending: Mending) -> type[Any]:
    """The receiver with what is wrong with it as long as it is not mended."""

    class Breakable(kind):  # type: ignore[misc]
        """A real receiver but for that."""

        def check(self, recorded: Recorded) -> None:
            if mending.breaks(recorded, "breaks the code"):
                raise ValueError("nobody thought of this")
            super().check(recorded)

        def take(self, taking: Taking) -> None:
            if any(mending.breaks(recorded, "breaks the database") for recorded in taking.events):
                raise Unfit("the database refuses it")
            super().take(taking)

        def release(self, stream: str) -> tuple[int, Parked | None]:
            if mending.kind == "breaks the database" and not mending.mended:
                raise Unfit("the database still refuses it")
            released: tuple[int, Parked | None] = super().release(stream)
            return released

    return Breakable


class Receiving:
    """A receiver with a moment around each call, watched from outside."""

    def __init__(self, real: Any, life: Life, watch: Watch) -> None:
        self._real, self._life, self._watch = real, life, watch

    def held(self) -> Held:
        """As `Receiver.held`."""
        self._life.moment("before held")
        held: Held = self._real.held()
        self._life.moment("after held")
        return held

    def check(self, recorded: Recorded) -> None:
        """As `Receiver.check`."""
        self._real.check(recorded)

    def take(self, taking: Taking) -> None:
        """As `Receiver.take`."""
        self._life.moment("before take")
        self._real.take(taking)
        self._watch.took(taking)
        self._life.moment("after take")

    def advance(self) -> int:
        """As `Receiver.advance`."""
        self._life.moment("before advance")
        position: int = self._real.advance()
        self._watch.advanced(position)
        self._life.moment("after advance")
        return position

    def release(self) -> str:
        """Stream by stream take what was parked and can be taken now, as the operator's command does."""
        said = []
        for stream in sorted(self.held().parked):
            self._life.moment("before release")
            before = self._parked()
            try:
                count, stuck = self._real.release(stream)
            except Unfit as error:
                said.append(f"{stream} {error}")
                continue
            left = {one.position for one in self._parked()}
            self._watch.released(one for one in before if one.position not in left)
            self._life.moment("after release")
            said.append(f"{stream} {count}{'' if stuck is None else f', not {stuck.type}'}")
        return f"{self._watch.service} releases {said}"

    def _parked(self) -> list[Parked]:
        with self._life.looked_at():
            parked: list[Parked] = self._real.parked()
            return parked


@dataclass(frozen=True)
class Operator:
    """Releases what is parked, at times without having had anything mended."""

    receivers: Sequence[Receiving]
    mends: Callable[[], None]

    def release(self) -> str:
        """Everything, of every service."""
        self.mends()
        return "; ".join(receiver.release() for receiver in self.receivers)


@dataclass(frozen=True)
class Kind:
    """What differs between the two services."""

    name: str
    make: type[Any]
    taken: Taken
    digest_of: Callable[[Any], str]


PAYROLL = Kind("payroll", Projection, pay.TAKEN, lambda projection: projection.digest())
NOTIFICATIONS = Kind("notifications", Outbox, notices.TAKEN, lambda outbox: outbox.digest())


class Service:
    """A service's database and its group of consumers."""

    def __init__(
        self,
        kind: Kind,
        memory: Memory,
        broker: Broker,
        lines: Callable[[Life], Any],
        chance: Chance,
        weather: Weather,
        mending: Mending,
    ) -> None:
        self.kind, self.memory = kind, memory
        self.watch = Watch(kind.name)
        self.group = Group(chance)
        self.receptions: dict[str, Reception] = {}
        self._broker, self._lines, self._chance, self._weather = broker, lines, chance, weather
        self._make = kind.make if mending.kind == NOTHING else breakable(kind.make, mending)

    def real(self) -> Any:
        """The real receiver over the database; it keeps nothing in memory."""
        return self._make(self.memory.engine)

    def receiving(self, life: Life) -> Receiving:
        """The receiver as a process has it."""
        return Receiving(self.real(), life, self.watch)

    def consumer(self, life: Life) -> Consumer:
        """A consumer as a new process makes it."""
        receiver = self.receiving(life)

        def starts(partitions: Iterable[int]) -> dict[int, int]:
            marks = receiver.held().marks
            return {one: marks[one].next_offset if one in marks else 0 for one in partitions}

        reception = Reception(self._broker, self.group, life.name, starts, self._chance, self._weather)
        self.receptions[life.name] = reception
        return Consumer(Port(life, "subscription", reception), receiver, self._lines(life))
