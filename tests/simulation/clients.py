"""The clients of the ledger: each sends its wish under one key until it is answered, and remembers the answer."""

from collections.abc import Callable
from dataclasses import dataclass, field

import msgspec
from tests.simulation.chance import Chance
from tests.simulation.mending import WORD
from tests.simulation.model import Accepted
from tests.simulation.town import execute
from tests.simulation.watch import Broken
from tests.simulation.weather import Weather
from tests.simulation.wishes import Staff, Wish, next_wish, poisonous

from ledger.event_store import StoreUnavailable
from ledger.execution import CommandAnswer, Ledger, Outcome
from shared.refusal import Refused

Through = Callable[[Callable[[Ledger], str]], str | None]
"""Do this with a process of the ledger; None when it died."""


@dataclass
class Acknowledged:
    """Everything that was ever answered: by key the bytes, and in order the accepted commands."""

    answers: dict[tuple[str, str], bytes] = field(default_factory=dict)
    accepted: list[Accepted] = field(default_factory=list)
    staff: Staff = field(default_factory=Staff)
    wishes: int = 0

    def note(self, wish: Wish, body: bytes) -> Accepted:
        """A command was acknowledged; the second time with the same words (P6)."""
        first = self.answers.setdefault((wish.who.subject, wish.key), body)
        if first != body:
            raise Broken(f"{wish.key} was answered {first.decode()}, then {body.decode()}")
        answer = msgspec.json.decode(body, type=CommandAnswer)
        accepted = Accepted(wish, answer.command_id, answer.position, answer.worker_id)
        if accepted not in self.accepted:
            self.accepted.append(accepted)
            self._remember(accepted)
        return accepted

    def _remember(self, accepted: Accepted) -> None:
        wish, staff = accepted.wish, self.staff
        worker_id = accepted.worker_id or wish.fields.get("worker_id", "")
        if worker_id:
            staff.workers[worker_id] = max(wish.day, staff.workers.get(worker_id, wish.day))
            staff.commands.append(accepted.command_id)
        if wish.fields.get("reason") == WORD:
            staff.watched = worker_id
        if wish.path == "voids":
            staff.commands.remove(wish.fields["command_id"])
        if wish.path == "separations":
            staff.workers.pop(worker_id)


class Client:
    """One wish after the other; an answer that was lost is asked for again."""

    def __init__(self, name: str, acknowledged: Acknowledged, chance: Chance, weather: Weather) -> None:
        self.name = name
        self.poisonous = False
        self._acknowledged, self._chance, self._weather = acknowledged, chance, weather
        self._open: Wish | None = None
        self._answered: list[Wish] = []

    @property
    def waits(self) -> bool:
        """Whether it has a wish without an answer."""
        return self._open is not None

    def move(self, through: Through, *, calm: bool = False) -> str:
        """Send something: what is open, at times what was answered long ago, else something new."""
        wish = self._open or self._next()
        self._open = wish
        said = through(lambda ledger: self._send(ledger, wish, calm=calm))
        return f"{wish.key} {wish.path} {said or 'no answer'}"

    def _next(self) -> Wish:
        if self._answered and self._chance.happens(0.1):
            return self._chance.one_of(self._answered)
        staff, number = self._acknowledged.staff, self._acknowledged.wishes
        self._acknowledged.wishes += 1
        if self.poisonous and staff.workers and not staff.watched:
            return poisonous(self._chance, staff, number)
        return next_wish(self._chance, staff, number)

    def _send(self, ledger: Ledger, wish: Wish, *, calm: bool) -> str:
        try:
            outcome = execute(ledger, wish)
        except StoreUnavailable:
            return "503"
        except Refused as refused:
            if refused.code != "busy":
                self._done(wish)
            return refused.code
        if not calm and self._chance.happens(self._weather.answer_lost):
            return f"{outcome.position}, lost on the way"
        return self._hear(wish, outcome)

    def _hear(self, wish: Wish, outcome: Outcome) -> str:
        self._acknowledged.note(wish, outcome.body)
        self._done(wish)
        if wish not in self._answered:
            self._answered.append(wish)
        return f"{outcome.position}{' again' if outcome.replayed else ''}"

    def _done(self, wish: Wish) -> None:
        """It may have sent another one meanwhile, while this one was under way."""
        if self._open is wish:
            self._open = None
