"""What is known of an import itself: its id, which follows from its key, and what was sent under it."""

from contextlib import suppress
from secrets import compare_digest

import msgspec
from msgspec import Struct

from ledger.event_store import Answered, AnsweredBefore, Metadata
from ledger.execution import Ledger
from shared.calendar_day import calendar_day
from shared.envelope import Basis
from shared.principals import Principal
from shared.refusal import Refused


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


def _key(import_id: str) -> str:
    """Of an answer; those of commands begin with a length."""
    return f"import/{import_id}"
