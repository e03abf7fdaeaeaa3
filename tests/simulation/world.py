"""One simulation: a town, its processes and everything that happens to them, in an order drawn from a seed."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx
from tests.simulation.broker import PARTITIONS, Broker, Sender
from tests.simulation.chance import Chance
from tests.simulation.clients import Acknowledged, Client
from tests.simulation.databases import Databases, Memory
from tests.simulation.ledgers import Log, Place
from tests.simulation.lives import Crashed, Life, Port, Process
from tests.simulation.mending import NOTHING, REGRADED, VICTIMS, Mending
from tests.simulation.office import Desk, Office, sealed
from tests.simulation.services import NOTIFICATIONS, PAYROLL, LogAway, LogLines, Operator, Service
from tests.simulation.town import FIRST_MONTH, FOUNDED_AT, LAST_MONTH
from tests.simulation.weather import drawn

from ledger.event_store import StoreUnavailable
from ledger.execution import Ledger
from ledger.relay import Published, Relay
from payroll.runs import Payroll
from shared.consuming import Consumer
from shared.reaching import Awaiting
from shared.receiving import Overtaken
from shared.topic import TopicFailed

MOVES = 140
DEEPEST = 3
"""How many processes may wait for one another at once."""
_LEAVE = (TopicFailed, Overtaken, LogAway, StoreUnavailable, httpx.HTTPError)
"""What a process is allowed to end by; anything else is a bug."""


class World:
    """Everything of one seed; `chance.trace` says what happened."""

    def __init__(self, seed: int, bases: Databases) -> None:
        self.chance = Chance(seed)
        self.weather = drawn(self.chance)
        self.calm, self.left = False, MOVES
        self.running: list[Life] = []
        bases.begin(self.running)
        self.now, self.seconds = FOUNDED_AT, 0.0
        self.mending = self._poison()
        log = (bases.files / "ledger.db", bases.keys, self.chance, self.weather, self.mending)
        self.log = Log(*log, clock=lambda: self.now)
        self.broker = Broker(self.chance, self.weather)
        self.place = Place(Published(-1, (-1,) * PARTITIONS))
        self.acknowledged = Acknowledged()
        self.payroll = self._service(PAYROLL, bases.payroll)
        self.notifications = self._service(NOTIFICATIONS, bases.notifications)
        self.clients = [Client(f"client-{n}", self.acknowledged, self.chance, self.weather) for n in (1, 2, 3)]
        self.office = Office(self.acknowledged, lambda: self.now, FIRST_MONTH)
        self.ledgers = [Process(f"ledger-{n}", self.log.ledger) for n in (1, 2)]
        self.relays = [Process(f"relay-{n}", self._relay) for n in (1, 2)]
        self.payroll_api = Process("payroll-api", self._payroll)
        self.operator = Process("operator", self._operator)
        self.consumers = {
            f"{service.kind.name}-{n}": Process(f"{service.kind.name}-{n}", service.consumer)
            for service in self.services
            for n in (1, 2)
        }

    @property
    def services(self) -> tuple[Service, Service]:
        """Both."""
        return self.payroll, self.notifications

    # --- processes

    def within(self, process: Process[Any], act: Callable[[Any], Any]) -> Any:
        """Do this with what the process is made of. None when it died; it begins anew at its next step."""
        try:
            life, made = process.alive(self._life)
            life.arm(
                crash=not self.calm and self.chance.happens(self.weather.crashes),
                pause=not self.calm and self.chance.happens(self.weather.pauses),
            )
            self.running.append(life)
            try:
                return act(made)
            finally:
                self.running.pop()
        except Crashed:
            process.leave()
            return None

    def free(self, processes: list[Process[Any]]) -> list[Process[Any]]:
        """Those that are not waiting in the middle of a step."""
        busy = {life.name for life in self.running}
        return [process for process in processes if process.name not in busy]

    def _life(self, name: str) -> Life:
        return Life(name, self.chance, self._others)

    def _others(self, waiting: str) -> None:
        """Somebody waits: a few others go on meanwhile, often the very one it has to fear."""
        if len(self.running) >= DEEPEST:
            return
        rivals = self._rivals(waiting)
        service = next((one for one in self.services if waiting in one.receptions), None)
        if service is not None and self.chance.happens(self.weather.zombies / 2):
            self.chance.tell(f"{waiting}: is taken for dead; {service.group.expel(waiting)}")
        for _ in range(min(self.left, self.chance.between(1, 5))):
            if rivals and self.chance.happens(0.5):
                self.left -= 1
                rival = self.chance.one_of(rivals)
                self.chance.tell(f"{len(self.running)} {self._step(rival, _done)}")
            else:
                self.move()

    def _rivals(self, waiting: str) -> list[Process[Any]]:
        """The processes that write what the waiting one is about to write."""
        kind = waiting.rpartition("-")[0]
        same = [one for one in (*self.relays, *self.consumers.values()) if one.name.rpartition("-")[0] == kind]
        operator = [self.operator] if waiting in self.consumers and self.chance.happens(0.3) else []
        return self.free([*same, *operator])

    def through_a_ledger(self, act: Callable[[Ledger], Any]) -> Any:
        """Do this with one of the ledgers that is free. None when it died, or none was."""
        free = self.free(list(self.ledgers))
        return self.within(self.chance.one_of(free), act) if free else None

    # --- what they are made of

    def _poison(self) -> Mending:
        if not self.chance.happens(self.weather.poison):
            return Mending(NOTHING, "")
        return Mending(self.chance.one_of(Mending.KINDS), self.chance.one_of(sorted(VICTIMS)))

    def _service(self, kind: Any, memory: Memory) -> Service:
        return Service(kind, memory, self.broker, self._lines, self.chance, self.weather, self.mending)

    def _lines(self, life: Life) -> Port:
        fails: Callable[[], float] = lambda: 0.0 if self.calm else self.weather.log_fails  # noqa: E731
        return Port(life, "log", LogLines(self.log.lines, self.chance, fails))

    def _operator(self, life: Life) -> Operator:
        return Operator([service.receiving(life) for service in self.services], self._mends)

    def _mends(self) -> None:
        if any(service.watch.parked for service in self.services) and self.chance.happens(0.3):
            self.mending.mend()

    def _relay(self, life: Life) -> Relay:
        ports: Any = (self.log.chained(life), Port(life, "place", self.place), Port(life, "topic", Sender(self.broker)))
        return Relay(*ports, seconds=lambda: self.seconds)

    def _payroll(self, life: Life) -> Payroll:
        projection: Any = Port(life, "projection", self.payroll.real())
        head = Port(life, "log", self.log).head
        reach = Awaiting(lambda: projection.position, head, now=lambda: self.seconds, sleep=self._sleep)
        desk = Port(life, "ledger", Desk(self.through_a_ledger))
        return Payroll(projection, self.log.store, desk, lambda: self.now, seal=sealed, reach=reach)  # type: ignore[arg-type]

    def _sleep(self, seconds: float) -> None:
        """Payroll waits for the log: mostly for those who bring it."""
        self.seconds += 1
        if self.calm:
            self.round()
        elif self.left > 0:
            self.left -= 1
            bringers = [*self.relays, *(self.consumers[name] for name in ("payroll-1", "payroll-2"))]
            for process in self.free(bringers):
                self.chance.tell(f"{len(self.running)} {self._step(process, _done)}")
            self._others("payroll-api")

    # --- one move after the other

    def move(self) -> None:
        """One move of somebody."""
        self.left -= 1
        self.seconds += self.chance.between(0, 8) / 8
        self.now += timedelta(seconds=self.chance.between(0, 3600))
        moves: list[tuple[Callable[[], str], float]] = [
            (self.client_moves, 4),
            (self._relays, 3),
            (self._consumers, 8),
            (self.office_moves, 0.9 * self.weather.runs),
            (self._turmoil, self.weather.turmoil),
            (self._zombie, self.weather.zombies),
            (self._clock, self.weather.clock),
            (self.release, 0.3),
        ]
        said = self.chance.weighted(moves)()
        self.chance.tell(f"{len(self.running)} {said}")

    def client_moves(self) -> str:
        """A client sends something."""
        client = self.chance.one_of(self.clients)
        client.poisonous = self.mending.victim == REGRADED and self.chance.happens(0.3)
        return f"{client.name}: {client.move(self.through_a_ledger, calm=self.calm)}"

    def _relays(self) -> str:
        free = self.free(list(self.relays))
        return self._step(self.chance.one_of(free), _done) if free else "no relay is free"

    def _consumers(self) -> str:
        free = self.free(list(self.consumers.values()))
        return self._step(self.chance.one_of(free), _done)

    def _step(self, process: Process[Any], act: Callable[[Any], str]) -> str:
        try:
            return f"{process.name}: {self.within(process, act) or 'is gone'}"
        except _LEAVE as error:
            process.leave()
            return f"{process.name}: leaves, {type(error).__name__}: {error}"

    def office_moves(self) -> str:
        """The payroll office asks for something."""
        if self.office.month > LAST_MONTH or (self.office.month == LAST_MONTH and not self.calm):
            return "office: waits for better days"
        if not self.free([self.payroll_api]):
            return "office: is busy"
        requests = self.chance.between(1, 3)
        said = self.within(self.payroll_api, lambda payroll: self.office.move(payroll, requests))
        return f"office: {said or 'payroll died'}"

    def _turmoil(self) -> str:
        service = self.chance.one_of(self.services)
        topic: list[tuple[Callable[[], str], float]] = [
            (self.broker.late_arrival, 1),
            (self.broker.lose_tail, 3),
            (self.broker.drop_beginning, 1),
        ]
        name = self.chance.one_of(sorted(service.receptions) or ["nobody"])
        if self.chance.happens(0.25):
            return f"{service.kind.name}: shares {service.group.rebalance()}"
        if name in service.receptions and self.chance.happens(0.3):
            return f"{name}: {service.receptions[name].rewind()}"
        return f"topic: {self.chance.weighted(topic)()}"

    def _zombie(self) -> str:
        service = self.chance.one_of(self.services)
        if not service.receptions:
            return "nobody is there"
        name = self.chance.one_of(sorted(service.receptions))
        reception = service.receptions[name]
        reception.deaf = not reception.deaf
        return f"{name}: {'hears nothing' if reception.deaf else 'hears'} of the group; {service.group.rebalance()}"

    def _clock(self) -> str:
        self.now = FOUNDED_AT + timedelta(days=self.chance.between(-3650, 3650))
        return f"clock: {self.now}"

    def release(self) -> str:
        """The operator releases what is parked."""
        if not self.free([self.operator]):
            return "operator: is busy"
        return self._step(self.operator, _done)

    def close(self) -> None:
        """Leave nothing behind."""
        self.mending.forget()
        self.log.close()

    def peace(self, calm: bool) -> None:
        """Whether faults happen."""
        self.calm = self.log.calm = self.broker.healthy = calm
        for service in self.services:
            service.group.calm = calm
            service.group.rebalance()

    def round(self) -> None:
        """In peace: one relay and every consumer."""
        self.seconds += 2
        self._calmly(self.chance.one_of(self.relays))
        for consumer in self.free(list(self.consumers.values())):
            self._calmly(consumer)

    def _calmly(self, process: Process[Any]) -> None:
        said = self._step(process, _done)
        if not said.endswith("is quiet"):
            self.chance.tell(said)


def _done(made: Any) -> str:
    if isinstance(made, Relay):
        return _published(made)
    return _consumed(made) if isinstance(made, Consumer) else str(made.release())


def _published(relay: Relay) -> str:
    relayed = relay.step()
    return f"{relayed.events} to {relayed.position}" if relayed.events else "is quiet"


def _consumed(consumer: Consumer) -> str:
    step = consumer.step()
    did = (step.events, step.duplicates, step.repaired, step.parked, step.foreign)
    return f"{did} to {step.position}" if any(did) else "is quiet"
