"""A sheet into the log, chunk by chunk: one verdict a row, from the rules that decide a single command."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import msgspec
from msgspec import Struct

from ledger.chunk import ChunkDesk
from ledger.desk import Decision
from ledger.domain.command import Command, check_paper
from ledger.event_store import Claim, ClaimTaken, Metadata, StoreUnavailable, VersionConflict
from ledger.execution import Ledger
from ledger.sheet_kinds import Kind
from ledger.sheets import BrokenRow, Row
from ledger.turns import too_busy
from shared.calendar_day import calendar_day
from shared.principals import Principal
from shared.refusal import Refused

CHUNK_ROWS = 2000
"""Rows of one transaction; others wait for the append lock about a tenth of a second meanwhile."""
MOST_ATOMIC_ROWS = 5000
ATTEMPTS = 100
_TOGETHER = 3
"""How often a chunk is decided again as a whole before it is halved, so that others cannot starve it."""

ACCEPTED, ALREADY, REFUSED, HELD_BACK = "accepted", "already-there", "refused", "held-back"


class Verdict(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What becomes of a row: accepted; already-there, and nothing is written; refused, with column, code and remedy;
    held-back, for it is fit but another row of an atomic import is not. `acts`: commands that stand in the way."""

    row: int
    outcome: str
    column: str = ""
    code: str = ""
    detail: str = ""
    remedy: str = ""
    worker_id: str = ""
    command_id: str = ""
    acts: tuple[str, ...] = ()


@dataclass(frozen=True)
class Asked:
    """An import as it was asked for; `given`: cells that hold for every row where it has none of its own."""

    import_id: str
    kind: Kind
    principal: Principal
    given: Mapping[str, str]
    atomic: bool
    planning: bool
    traceparent: str = ""


@dataclass(frozen=True)
class _Wish:
    """A row as it is understood: a command and the claim by which the same row is known again, or why it is none."""

    number: int
    command: Command | None
    same: Claim
    refused: Refused | None = None


@dataclass
class _Judged:
    """A chunk with its verdicts, in the order of rows, and what is to be written."""

    verdicts: list[Verdict] = field(default_factory=list)
    fit: list[tuple[str, Command, Decision, Claim]] = field(default_factory=list)

    @property
    def any_refused(self) -> bool:
        return any(verdict.outcome == REFUSED for verdict in self.verdicts)


class Importer:
    """One import at work; `position` says how far it came."""

    def __init__(self, ledger: Ledger, asked: Asked) -> None:
        self._ledger = ledger
        self._asked = asked
        self._kept: ChunkDesk | None = None
        self.position = -1

    def verdicts(self, rows: Sequence[Row | BrokenRow]) -> list[Verdict]:
        """The verdicts of a chunk, in its order, once it is written. Raises StoreUnavailable."""
        wishes = [self._wish(row) for row in rows]
        return self._plan(wishes) if self._asked.planning else self._write(wishes)

    def _wish(self, row: Row | BrokenRow) -> _Wish:
        asked = self._asked
        try:
            command = asked.kind.command(row, asked.given)
        except Refused as refused:
            return _Wish(row.number, None, Claim("", ""), refused)
        said = f"{asked.kind.name}\n{asked.principal.scope}\n{msgspec.json.encode(command).hex()}"
        return _Wish(row.number, command, Claim("row", self._ledger.personal.fingerprint("row", said)))

    def _plan(self, wishes: Sequence[_Wish]) -> list[Verdict]:
        """What `_write` would say; one desk for the whole file, for nothing of it is in the log afterwards."""
        self._kept = self._kept or self._desk()
        return self._held_back(self._judged(self._kept, wishes)).verdicts

    def _write(self, wishes: Sequence[_Wish]) -> list[Verdict]:
        attempts = ATTEMPTS if self._asked.atomic or len(wishes) == 1 else _TOGETHER
        for _ in range(attempts):
            # A desk whose chunk was written goes on with what it knows; one that lost a race is left.
            desk, self._kept = self._kept or self._desk(), None
            judged = self._held_back(self._judged(desk, wishes))
            try:
                self._append(desk, judged)
            except (VersionConflict, ClaimTaken):
                continue
            desk.written()
            self._kept = desk
            return judged.verdicts
        if attempts == ATTEMPTS:
            raise too_busy()
        half = len(wishes) // 2
        return [*self._write(wishes[:half]), *self._write(wishes[half:])]

    def _append(self, desk: ChunkDesk, judged: _Judged) -> None:
        store = self._ledger.store
        if not judged.fit:
            return
        try:
            desk.keep_keys()
            wished = [
                store.wish(
                    decision.changes,
                    self._metadata(command_id, command),
                    claims=[*decision.claims, same],
                    releases=decision.releases,
                )
                for command_id, command, decision, same in judged.fit
            ]
            self.position = store.append_all(wished)[-1].last_position
        except BaseException as error:
            # Where the store is away the chunk may have been written: its keys stay.
            if not isinstance(error, StoreUnavailable):
                desk.destroy_keys()
            raise

    def _metadata(self, command_id: str, command: Command) -> Metadata:
        subject, traceparent = self._asked.principal.subject, self._asked.traceparent
        return Metadata(command_id, subject, command.basis.kept, command.effective_date, traceparent)

    def _desk(self) -> ChunkDesk:
        ledger, asked = self._ledger, self._asked
        today = calendar_day(ledger.clock())
        return ChunkDesk(
            ledger.store,
            ledger.personal,
            asked.principal,
            new_id=ledger.new_id,
            today=today,
            planning=asked.planning,
        )

    def _judged(self, desk: ChunkDesk, wishes: Sequence[_Wish]) -> _Judged:
        kind, personal = self._asked.kind, self._ledger.personal
        fit = [wish for wish in wishes if wish.command is not None]
        claims = [claim for wish in fit for claim in (wish.same, *kind.claims(personal, wish.command))]
        desk.begin(claims, guarded=kind.guarded)
        known = self._workers_of(desk, fit)
        judged = _Judged()
        for wish in wishes:
            judged.verdicts.append(self._verdict(desk, wish, judged, known))
        return judged

    def _verdict(self, desk: ChunkDesk, wish: _Wish, judged: _Judged, known: dict[str, str]) -> Verdict:
        if wish.command is None:
            assert wish.refused is not None
            return self._refused(wish, wish.refused)
        holder = desk.holder(wish.same)
        if holder is not None:
            return Verdict(row=wish.number, outcome=ALREADY, command_id=holder, worker_id=known.get(holder, ""))
        try:
            check_paper(wish.command, desk.today)
            decision = self._asked.kind.decide(desk, wish.command)
            desk.check_decided(decision, wish.command.effective_date)
        except Refused as refused:
            return self._refused(wish, refused)
        command_id = "" if desk.planning else f"{self._asked.import_id}-{wish.number:06d}-{self._ledger.new_id()[-8:]}"
        desk.carry(decision, [wish.same], wish.command.effective_date, command_id)
        judged.fit.append((command_id, wish.command, decision, wish.same))
        worker_id = "" if desk.planning else decision.subject.partition("/")[2]
        known[command_id] = worker_id
        return Verdict(row=wish.number, outcome=ACCEPTED, command_id=command_id, worker_id=worker_id)

    def _workers_of(self, desk: ChunkDesk, wishes: Iterable[_Wish]) -> dict[str, str]:
        """Command → worker, of the rows that are in the log already."""
        holders = {holder for wish in wishes if (holder := desk.holder(wish.same))}
        streams = self._ledger.store.first_streams(holders)
        return {command_id: stream.partition("/")[2] for command_id, stream in streams.items()}

    def _refused(self, wish: _Wish, refused: Refused) -> Verdict:
        column = self._asked.kind.column_of(refused.pointer)
        said: dict[str, Any] = {"code": refused.code, "detail": refused.detail, "remedy": refused.remedy}
        return Verdict(row=wish.number, outcome=REFUSED, column=column, **said)

    def _held_back(self, judged: _Judged) -> _Judged:
        """In an atomic import one row that is refused keeps the others out."""
        if not (self._asked.atomic and judged.any_refused):
            return judged
        verdicts = [
            Verdict(row=verdict.row, outcome=HELD_BACK) if verdict.outcome == ACCEPTED else verdict
            for verdict in judged.verdicts
        ]
        return _Judged(verdicts)


def chunks_of(rows: Iterator[Row | BrokenRow], *, atomic: bool) -> Iterator[list[Row | BrokenRow]]:
    """The rows in parts that are decided, and written, together. Refused `too-many-rows` for an atomic import."""
    if not atomic:
        return _parts(rows, CHUNK_ROWS)
    whole = list(islice(rows, MOST_ATOMIC_ROWS + 1))
    if len(whole) > MOST_ATOMIC_ROWS:
        raise Refused(
            "too-many-rows",
            f"an atomic import takes {MOST_ATOMIC_ROWS} rows at most",
            pointer="/on_error",
            remedy="plan it until no row is refused, then send it with on_error=continue, or in parts",
        )
    return iter([whole])


def _parts(rows: Iterator[Row | BrokenRow], size: int) -> Iterator[list[Row | BrokenRow]]:
    while part := list(islice(rows, size)):
        yield part
