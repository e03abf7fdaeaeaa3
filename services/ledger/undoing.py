"""An import undone as a batch: each of its commands is voided, the last first, or none is and each row says why."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from msgspec import Struct

from ledger.chunk import ChunkDesk
from ledger.commands.voids import void_command
from ledger.desk import Decision
from ledger.domain.command import Command, Id, Words, check_day, check_paper
from ledger.domain.void import VoidCommand
from ledger.event_store import Metadata, VersionConflict
from ledger.execution import Ledger
from ledger.import_records import accepted
from ledger.importing import ACCEPTED, ALREADY, ATTEMPTS, HELD_BACK, MOST_ATOMIC_ROWS, REFUSED, Verdict
from ledger.turns import too_busy
from shared.calendar_day import calendar_day
from shared.principals import Principal
from shared.refusal import Refused


class UndoImport(Command, frozen=True, kw_only=True):
    """Nothing that the import wrote holds any longer, on all its streams; what was known before stays."""

    import_id: Id
    reason: Words


@dataclass(frozen=True)
class AskedUndo:
    """An undo as it was asked for, with an id that its own commands begin with."""

    undo_id: str
    command: UndoImport
    principal: Principal
    planning: bool


class _Row(Struct, frozen=True):
    """What is remembered of a row while the others are looked at."""

    number: int
    command_id: str
    worker_id: str


class Undo:
    """One undo at work: the whole of it is decided before anything is written.

    Up to MOST_ATOMIC_ROWS rows are one transaction. More are written in several, of which each holds; where somebody
    acts on one of the rows in between, the same undo sent again says so for that row and leaves the rest alone.
    """

    def __init__(self, ledger: Ledger, asked: AskedUndo) -> None:
        check_day(asked.command)
        check_paper(asked.command, calendar_day(ledger.clock()))
        self._ledger = ledger
        self._asked = asked
        self.position = -1

    def verdicts(self) -> Iterator[list[Verdict]]:
        """A verdict a row, in the order of rows, chunk by chunk. Raises StoreUnavailable, Refused `busy`."""
        rows = [
            _Row(row.number, row.event.command_id, row.event.subject_id)
            for row in accepted(self._ledger, self._asked.command.import_id)
        ]
        rows.sort(key=lambda row: (row.number, row.command_id))
        chunks = [rows[at : at + MOST_ATOMIC_ROWS] for at in range(0, len(rows), MOST_ATOMIC_ROWS)]
        desk = self._desk()
        planned = [self._decided(desk, chunk)[0] for chunk in reversed(chunks)]
        if any(verdict.outcome == REFUSED for verdicts in planned for verdict in verdicts):
            yield from (_held_back(verdicts) for verdicts in reversed(planned))
        elif self._asked.planning:
            yield from reversed(planned)
        else:
            yield from reversed([self._written(chunk) for chunk in reversed(chunks)])

    def _written(self, rows: Sequence[_Row]) -> list[Verdict]:
        store = self._ledger.store
        for _ in range(ATTEMPTS):
            verdicts, decisions = self._decided(self._desk(), rows)
            if any(verdict.outcome == REFUSED for verdict in verdicts):
                return _held_back(verdicts)
            wishes = [
                store.wish(decision.changes, self._metadata(number), claims=decision.claims, releases=decision.releases)
                for number, decision in decisions
            ]
            try:
                if wishes:
                    self.position = store.append_all(wishes)[-1].last_position
                return verdicts
            except VersionConflict:
                continue
        raise too_busy()

    def _decided(self, desk: ChunkDesk, rows: Sequence[_Row]) -> tuple[list[Verdict], list[tuple[int, Decision]]]:
        """The verdicts in the order of rows; each is decided after those behind it."""
        desk.begin(())
        verdicts: list[Verdict] = []
        decisions: list[tuple[int, Decision]] = []
        for row in reversed(rows):
            verdict, decision = self._row(desk, row)
            verdicts.append(verdict)
            if decision is not None:
                decisions.append((row.number, decision))
        return verdicts[::-1], decisions

    def _row(self, desk: ChunkDesk, row: _Row) -> tuple[Verdict, Decision | None]:
        wish = self._asked.command
        void = VoidCommand(
            command_id=row.command_id, reason=wish.reason, effective_date=wish.effective_date, basis=wish.basis
        )
        try:
            decision = void_command(desk, void)
            desk.check_decided(decision, wish.effective_date)
        except Refused as refused:
            if refused.code == "already-voided":
                return Verdict(
                    row=row.number, outcome=ALREADY, worker_id=row.worker_id, command_id=row.command_id
                ), None
            return _refused(row, refused), None
        desk.carry(decision, (), wish.effective_date, row.command_id)
        return Verdict(row=row.number, outcome=ACCEPTED, worker_id=row.worker_id, command_id=row.command_id), decision

    def _metadata(self, number: int) -> Metadata:
        asked, command_id = self._asked, f"{self._asked.undo_id}-{number:06d}-{self._ledger.new_id()[-8:]}"
        return Metadata(command_id, asked.principal.subject, asked.command.basis.kept, asked.command.effective_date)

    def _desk(self) -> ChunkDesk:
        ledger = self._ledger
        today = calendar_day(ledger.clock())
        return ChunkDesk(
            ledger.store,
            ledger.personal,
            self._asked.principal,
            new_id=ledger.new_id,
            today=today,
            planning=self._asked.planning,
        )


def _refused(row: _Row, refused: Refused) -> Verdict:
    acts = refused.extra.get("acts")
    in_the_way = tuple(str(act) for act in acts) if isinstance(acts, list) else ()
    return Verdict(
        row=row.number,
        outcome=REFUSED,
        code=refused.code,
        detail=refused.detail,
        remedy=refused.remedy,
        worker_id=row.worker_id,
        command_id=row.command_id,
        acts=in_the_way,
    )


def _held_back(verdicts: list[Verdict]) -> list[Verdict]:
    return [
        Verdict(row=each.row, outcome=HELD_BACK, worker_id=each.worker_id, command_id=each.command_id)
        if each.outcome == ACCEPTED
        else each
        for each in verdicts
    ]
