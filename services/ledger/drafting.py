"""Commands decided one after the other on a fork of the log: what each would write, while nothing is written."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from itertools import count
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from ledger.chunk import ChunkDesk
from ledger.command_table import COMMANDS, GUARDED, OPEN
from ledger.desk import Decision
from ledger.domain.command import Command, check_day, check_paper
from ledger.domain.timeline import Timeline, fold
from ledger.drift_answers import Drift
from ledger.event_store import Claim
from ledger.execution import Decide, Ledger, planned_events
from shared.auth import require
from shared.calendar_day import calendar_day
from shared.envelope import Recorded
from shared.http import decode
from shared.principals import Principal, Role
from shared.refusal import Refused

MOST_COMMANDS = 500
DRAFTED, REFUSED = "drafted", "refused"
_SENDABLE = {row[0]: row[1:4] for row in COMMANDS if row[4] in (GUARDED, OPEN)}
_DIGEST_IN_IDS = 48
"""So many digits of the digest begin the id of each command, which has 64 at most."""

Digest = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$", description="of the position and the commands")]


class ScenarioCommand(Struct, frozen=True, forbid_unknown_fields=True):
    """A command as it would be sent: `path` as in this service's table (`/bases`), and its body."""

    path: Annotated[str, Meta(max_length=100)]
    body: msgspec.Raw


class Scenario(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Commands on a fork of the log at a position; without one at the head. `strict`: all are fit, or it is refused."""

    commands: Annotated[tuple[ScenarioCommand, ...], Meta(min_length=1, max_length=MOST_COMMANDS)]
    at_position: Annotated[int, Meta(ge=-1, le=2**53)] | None = None
    strict: bool = False


class DraftedEvent(Struct, frozen=True, kw_only=True):
    """An event that command number `command` (from 0) would append."""

    command: int
    stream: str
    type: str
    effective_date: date
    data: dict[str, Any]


class CommandVerdict(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What becomes of a command: drafted, with the ids that it makes; or refused, with what a refusal says.

    `held_back` as in the answer of a command.
    """

    command: int
    path: str
    outcome: str
    code: str = ""
    detail: str = ""
    pointer: str = ""
    remedy: str = ""
    worker_id: str = ""
    candidate_id: str = ""
    held_back: tuple[Drift, ...] = ()


class ScenarioAnswer(Struct, frozen=True, kw_only=True):
    """A verdict a command, and the events that those drafted would append, in order; nothing is written.

    `digest` binds the position and the commands: with it the same is promoted. `fit`: no command is refused.
    """

    digest: str
    at_position: int
    fit: bool
    verdicts: list[CommandVerdict]
    events: list[DraftedEvent]


class ForkDesk(ChunkDesk):
    """A desk on the log as it was at a position: what came later is not there, what was decided at it is.

    `versions`: that of each stream at the position, of all that were opened.
    """

    def __init__(self, ledger: Ledger, principal: Principal, at_position: int, *, planning: bool) -> None:
        today = calendar_day(ledger.clock())
        super().__init__(ledger.store, ledger.personal, principal, new_id=ledger.new_id, today=today, planning=planning)
        self.versions: dict[str, int] = {}
        self._at_position = at_position
        self._asked: set[Claim] = set()
        self._released: set[str] = set()
        self._new_persons: set[str] = set()

    def carry(self, decision: Decision, claims: Sequence[Claim], day: date, command_id: str) -> None:
        """As `ChunkDesk.carry`; what is released here stays so."""
        super().carry(decision, claims, day, command_id)
        self._released.update(decision.releases)

    def history(self, stream: str) -> Timeline:
        """The stream as it was."""
        timeline = fold(self.store.stream(stream, upto=self._at_position))
        self.versions[stream] = timeline.version
        return timeline

    def written_by(self, command_id: str) -> list[Recorded]:
        """As `Desk.written_by`, of the commands up to the position."""
        written = super().written_by(command_id)
        return written if written and written[0].position <= self._at_position else []

    def held(self, claim: Claim) -> bool:
        """Whether a command up to the position, or one decided here, holds the claim."""
        return super().held(self._looked_up(claim))

    def held_by(self, claim: Claim, stream: str) -> bool:
        """As `Desk.held_by`, likewise."""
        return super().held_by(self._looked_up(claim), stream)

    def seal_first(self, person_id: str, plain: bytes) -> str:
        """Ciphertext under the person's key, which an attempt that the database did not take may have made before."""
        self._new_persons.add(person_id)
        return "" if self.planning else self.personal.seal_anew(person_id, plain)

    def seal(self, person_id: str, plain: bytes) -> str:
        """As `Desk.seal`; who was hired here has no key while planning."""
        return "" if self.planning and person_id in self._new_persons else super().seal(person_id, plain)

    def _looked_up(self, claim: Claim) -> Claim:
        if claim not in self._asked:
            self._asked.add(claim)
            holder = self.store.claim_holder(claim.kind, claim.key)
            if holder is not None and holder not in self._released and self.written_by(holder):
                self.hold(claim, holder)
        return claim


@dataclass(frozen=True)
class Wish:
    """A command of the scenario as it is understood, or why it is none."""

    number: int
    path: str
    body: bytes
    command: Command | None
    decide: Decide | None
    refused: Refused | None = None


@dataclass
class Drafted:
    """The commands as they were decided; `fit`: each that can be, under the id that it has once it is promoted."""

    at_position: int
    digest: str
    desk: ForkDesk
    verdicts: list[CommandVerdict] = field(default_factory=list)
    fit: list[tuple[str, Wish, Decision]] = field(default_factory=list)

    @property
    def refused(self) -> list[CommandVerdict]:
        """Of the commands that would be refused."""
        return [verdict for verdict in self.verdicts if verdict.outcome == REFUSED]

    def events(self) -> Iterator[DraftedEvent]:
        """What would be appended, in order."""
        for _, wish, decision in self.fit:
            assert wish.command is not None
            for event in planned_events(decision, wish.command.effective_date):
                yield DraftedEvent(command=wish.number, **msgspec.structs.asdict(event))


def drafted(
    ledger: Ledger, principal: Principal, scenario: Scenario, *, planning: bool = True, papers: bool = False
) -> Drafted:
    """Each command decided on what those before it leave, a refused one left out. Refused `unknown-time`.

    Ids that a command makes follow from the position and what was sent, so that the same scenario makes the same.
    `papers`: each rests on one that is there; a scenario may look ahead to one that is not.
    """
    at_position = _position(ledger, scenario.at_position)
    today = calendar_day(ledger.clock()) if papers else date.max
    wishes = [_wish(principal, number, one, today) for number, one in enumerate(scenario.commands)]
    said = [(wish.path, wish.body.decode(errors="replace")) for wish in wishes]
    digest = ledger.personal.fingerprint("scenario", msgspec.json.encode([at_position, said]).decode())
    found = Drafted(at_position, digest, ForkDesk(ledger, principal, at_position, planning=planning))
    times_said: dict[tuple[str, str], int] = {}
    for wish, once in zip(wishes, said, strict=True):
        times_said[once] = times_said.get(once, 0) + 1
        made_from = f"{at_position} {times_said[once]} {msgspec.json.encode(once).decode()}"
        found.desk.new_id = partial(_next_id, ledger, made_from, count())
        _decide(found, wish)
    return found


def _decide(found: Drafted, wish: Wish) -> None:
    try:
        if wish.refused is not None:
            raise wish.refused
        assert wish.command is not None
        assert wish.decide is not None
        decision = wish.decide(found.desk, wish.command)
        found.desk.check_decided(decision, wish.command.effective_date)
    except Refused as refused:
        found.verdicts.append(_refused(wish, refused))
        return
    command_id = f"{found.digest[:_DIGEST_IN_IDS]}-{wish.number:04d}"
    found.desk.carry(decision, (), wish.command.effective_date, command_id)
    made: dict[str, Any] = {**decision.made, "held_back": tuple(decision.held_back)}
    found.verdicts.append(CommandVerdict(command=wish.number, path=wish.path, outcome=DRAFTED, **made))
    found.fit.append((command_id, wish, decision))


def _position(ledger: Ledger, asked: int | None) -> int:
    head = ledger.store.head()
    if asked is not None and asked > head:
        raise Refused(
            "unknown-time",
            f"position {asked} is not written yet; the head is {head}",
            pointer="/at_position",
            remedy="fork the log at a position that is written, or without one at its head",
        )
    return head if asked is None else asked


def _wish(principal: Principal, number: int, one: ScenarioCommand, today: date) -> Wish:
    """The command; its body is what it says, however it was written down."""
    said = bytes(one.body)
    try:
        shape, decide, roles = _row(one.path)
        require(principal, roles)
        command = decode(said, shape)
        said = msgspec.json.encode(msgspec.to_builtins(command, str_keys=True), order="deterministic")
        check_day(command)
        check_paper(command, today)
    except Refused as refused:
        return Wish(number, one.path, said, None, None, refused)
    return Wish(number, one.path, said, command, decide)


def _row(path: str) -> tuple[type[Command], Decide, frozenset[Role]]:
    found = _SENDABLE.get(path)
    if found is None:
        raise Refused(
            "not-found",
            f"no command is sent to {path[:100]}",
            remedy="name the path of a command as in this service's table, e.g. /bases",
        )
    return found


def _refused(wish: Wish, refused: Refused) -> CommandVerdict:
    said: dict[str, Any] = {"code": refused.code, "detail": refused.detail, "remedy": refused.remedy}
    pointer = f"/commands/{wish.number}/{'body' if wish.path in _SENDABLE else 'path'}{refused.pointer or ''}"
    return CommandVerdict(command=wish.number, path=wish.path, outcome=REFUSED, pointer=pointer, **said)


def _next_id(ledger: Ledger, made_from: str, numbers: Iterator[int]) -> str:
    return ledger.personal.fingerprint("drafted", f"{next(numbers)} {made_from}")[:32]


def check_fit(verdicts: Sequence[CommandVerdict]) -> None:
    """Refused `scenario-refused`, naming the first command that would be, and all."""
    refused = [verdict for verdict in verdicts if verdict.outcome == REFUSED]
    if not refused:
        return
    first = refused[0]
    extra: Mapping[str, Any] = {"verdicts": [msgspec.to_builtins(verdict) for verdict in refused]}
    raise Refused(
        "scenario-refused",
        f"command {first.command} ({first.path}) would be refused: {first.code}: {first.detail}",
        pointer=first.pointer,
        remedy=first.remedy,
        extra=dict(extra),
    )
