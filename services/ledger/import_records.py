"""What is known of an import: its id, which follows from its key, what was sent under it, which rows were written."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from secrets import compare_digest

import msgspec
from msgspec import Struct

from ledger.event_store import Answered, AnsweredBefore, Metadata
from ledger.execution import Ledger
from shared.calendar_day import calendar_day
from shared.envelope import Basis, Recorded
from shared.principals import Principal
from shared.refusal import Refused

UNDO = "undo"
"""The kind of what has a record and commands like an import's, but is none."""


class ImportRecord(Struct, frozen=True, kw_only=True):
    """Who imported which kind of sheet, and for which place."""

    import_id: str
    kind: str
    actor: str
    scope: str


def begin(ledger: Ledger, principal: Principal, key: str, kind: str, said: str) -> ImportRecord:
    """The import of this key, written down before its first row. Refused `idempotency-key-reused`."""
    subject = principal.subject
    import_id = ledger.personal.fingerprint("import", f"{len(subject)}:{subject}/{key}")[:32]
    record = ImportRecord(import_id=import_id, kind=kind, actor=subject, scope=str(principal.scope))
    fingerprint = ledger.personal.fingerprint("import body", said)
    answer = Answered(_key(import_id), fingerprint, msgspec.json.encode(record))
    if ledger.store.answered(answer.key) is None:
        today = calendar_day(ledger.clock())
        nothing = Metadata(import_id, subject, Basis(document=kind, date=today), today)
        with suppress(AnsweredBefore):  # By the same import, sent twice at once.
            ledger.store.append([], nothing, answered=lambda _: answer, key=answer.key)
    stored = ledger.store.answered(answer.key)
    if stored is None or not compare_digest(stored.fingerprint, fingerprint):
        raise Refused(
            "idempotency-key-reused",
            "this Idempotency-Key belongs to another import of yours",
            pointer="/headers/idempotency-key",
            remedy="give a file that was changed a key of its own; its rows that are there already stay as they are",
        )
    return record


@dataclass(frozen=True)
class AcceptedRow:
    """A row of an import that was written: the command's first event says to whom, and when."""

    number: int
    event: Recorded


def accepted(ledger: Ledger, import_id: str, *, page: int = 500) -> Iterator[AcceptedRow]:
    """The rows that were written, in order, one for each time that one was written anew after a void."""
    after, end = f"{import_id}-", f"{import_id}-9999999"
    while events := ledger.store.beginnings(after, end, page):
        yield from (AcceptedRow(int(event.command_id.split("-")[1]), event) for event in events)
        after = events[-1].command_id


def find(ledger: Ledger, principal: Principal, import_id: str) -> ImportRecord:
    """The import of this id. Refused `not-found`, also for one of another place."""
    stored = ledger.store.answered(_key(import_id))
    if stored is not None:
        record = msgspec.json.decode(stored.answer, type=ImportRecord)
        if record.scope == str(principal.scope) and record.kind != UNDO:
            return record
    raise Refused(
        "not-found", f"there is no import {import_id} in your scope", remedy="take the id from the answer of the import"
    )


def _key(import_id: str) -> str:
    """Of an answer; those of commands begin with a length."""
    return f"import/{import_id}"
