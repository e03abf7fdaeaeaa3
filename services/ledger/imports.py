"""Sheets over HTTP: a file comes in, a verdict for each of its rows goes out; and an import is undone or read again."""

import csv
import io
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Annotated, Any, Literal

import msgspec
from fastapi import Header, Query, Request, Response
from msgspec import Struct
from starlette.responses import StreamingResponse

from ledger.asking import LONGEST_KEY, Id, key_of
from ledger.domain.timeline import fold
from ledger.execution import Ledger
from ledger.import_records import UNDO, AcceptedRow, accepted, begin, find
from ledger.importing import ACCEPTED, ALREADY, HELD_BACK, REFUSED, Asked, Importer, Verdict, chunks_of
from ledger.sheet_kinds import GIVEN, KINDS
from ledger.sheets import read_sheet
from ledger.undoing import AskedUndo, Undo, UndoImport
from shared import telemetry, traces
from shared.database import AWAY, StorageAway
from shared.http import Route, body_of, principal_of
from shared.principals import Role
from shared.refusal import Refused
from shared.refusing import refusal_of
from shared.uploads import Upload

LINES, CSV = "application/jsonl", "text/csv"
SHEETS = (CSV, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")
IMPORTERS, READERS = frozenset({Role.ADMIN, Role.SUPERVISOR}), frozenset({Role.ADMIN, Role.SUPERVISOR, Role.AUDITOR})
_IDS = ("row", "worker_id", "command_id", "position", "recorded_at", "undone")
_Cell = Annotated[str, Query(max_length=200, description="for rows without one of their own")]
_Key = Annotated[str | None, Header(max_length=LONGEST_KEY)]
_Mode = Annotated[Literal["plan"] | None, Query(description="plan: run every rule, append nothing")]


class Summary(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The last line: how many rows had which outcome. Without it the answer was cut off.

    `code`, `detail`, `remedy`: why it stopped before its end; what was accepted until then stands.
    """

    import_id: str
    kind: str
    rows: int
    accepted: int
    already_there: int
    refused: int
    held_back: int
    planned: bool
    position: int = -1
    code: str = ""
    detail: str = ""
    remedy: str = ""


def imports(ledger: Ledger) -> list[Route]:
    """The table of routes for sheets."""
    take, undo, read = _take(ledger), _undo(ledger), _read(ledger)
    said = "Import a sheet, CSV or XLSX: a verdict a row, a line each, and a summary"
    undone = "Undo an import as a batch: void all its commands, or say of each row why not"
    again = "The rows of an import that were accepted, with their ids"
    return [
        Route("POST", "/imports", IMPORTERS, take, said, media=(LINES,), upload=SHEETS),
        Route("POST", "/import-undos", IMPORTERS, undo, undone, body=UndoImport, media=(LINES,)),
        Route("GET", "/imports/{import_id}", READERS, read, again, media=(CSV,)),
    ]


def _take(ledger: Ledger) -> Callable[..., Response]:
    def take(
        request: Request,
        kind: Annotated[str, Query(pattern=f"^({'|'.join(KINDS)})$")],
        idempotency_key: _Key = None,
        mode: _Mode = None,
        on_error: Annotated[
            Literal["atomic", "continue"], Query(description="atomic: one row that is refused keeps all of them out")
        ] = "atomic",
        effective_date: _Cell = "",
        document: _Cell = "",
        document_date: _Cell = "",
        clause: _Cell = "",
    ) -> Response:
        cells = dict(zip(GIVEN, (effective_date, document, document_date, clause), strict=True))
        given = {name: cell for name, cell in cells.items() if cell}
        key_of(idempotency_key, planning=mode == "plan")
        upload: Upload = request.state.upload
        said = f"{kind} {on_error} {given} {upload.digest()}"
        rows = read_sheet(upload.file, KINDS[kind].required(given), KINDS[kind].optional(given))
        chunks = chunks_of(rows, atomic=on_error == "atomic")
        import_id = _begun(ledger, request, idempotency_key, mode, kind, said)
        principal, planning = principal_of(request), mode == "plan"
        asked = Asked(import_id, KINDS[kind], principal, given, on_error == "atomic", planning, traces.traceparent())
        importer = Importer(ledger, asked)

        def verdicts() -> Iterator[list[Verdict]]:
            with closing(upload):
                yield from map(importer.verdicts, chunks)

        return _streamed(import_id, kind, planning, verdicts(), lambda: importer.position)

    return take


def _begun(ledger: Ledger, request: Request, given_key: str | None, mode: str | None, kind: str, said: str) -> str:
    """The id of what is begun under the key; a plan has neither."""
    planning = mode == "plan"
    key = key_of(given_key, planning=planning)
    return "" if planning else begin(ledger, principal_of(request), key, kind, said).import_id


def _undo(ledger: Ledger) -> Callable[..., Response]:
    def undo(request: Request, idempotency_key: _Key = None, mode: _Mode = None) -> Response:
        command, principal, planning = body_of(request, UndoImport), principal_of(request), mode == "plan"
        find(ledger, principal, command.import_id)
        undo_id = _begun(ledger, request, idempotency_key, mode, UNDO, request.state.body.hex())
        undoing = Undo(ledger, AskedUndo(undo_id, command, principal, planning))
        return _streamed(command.import_id, UNDO, planning, undoing.verdicts(), lambda: undoing.position)

    return undo


def _read(ledger: Ledger) -> Callable[..., Response]:
    def read(request: Request, import_id: Id) -> Response:
        record = find(ledger, principal_of(request), import_id)
        kind = KINDS[record.kind]
        own = [column for column in kind.columns if "person" not in column.pointer and column.name != "worker_id"]
        names = [
            "row",
            "worker_id",
            "command_id",
            "position",
            "recorded_at",
            "undone",
            *(column.name for column in own),
        ]

        def lines() -> Iterator[str]:
            yield _csv_line(names)
            for row in accepted(ledger, import_id):
                yield _csv_line([*_ids(ledger, row), *(_cell(row, column.pointer) for column in own)])

        return StreamingResponse(lines(), 200, media_type=CSV)

    return read


def _ids(ledger: Ledger, row: AcceptedRow) -> list[Any]:
    event = row.event
    undone = event.command_id in fold(ledger.store.stream(event.stream)).voided
    return [row.number, event.subject_id, event.command_id, event.position, event.recorded_at.isoformat(), _yes(undone)]


def _cell(row: AcceptedRow, pointer: str) -> str:
    """What stands in the log for a column; what a person alone may read does not."""
    event = row.event
    name = pointer.rpartition("/")[2]
    if pointer.startswith("/basis/"):
        value = getattr(event.basis, name)
    else:
        value = event.effective_date if name == "effective_date" else getattr(event.event, name, None)
    if value is None or isinstance(value, bool):
        return _yes(value) if value is not None else ""
    return str(value)


def _yes(value: bool) -> str:
    return "yes" if value else "no"


def _csv_line(cells: list[Any]) -> str:
    """One line; a text that a spreadsheet would take for a formula is marked as text."""
    line = io.StringIO()
    texts = [f"'{cell}" if isinstance(cell, str) and cell[:1] in "=+-@\t\r" and cell else cell for cell in cells]
    csv.writer(line).writerow(texts)
    return line.getvalue()


def _streamed(
    import_id: str, kind: str, planned: bool, chunks: Iterator[list[Verdict]], position: Callable[[], int]
) -> Response:
    """JSON lines while the chunks are decided, and the summary."""
    counts: Counter[str] = Counter()

    def summary(stopped: Refused | None) -> bytes:
        said = {"code": stopped.code, "detail": stopped.detail, "remedy": stopped.remedy} if stopped else {}
        for outcome, count in counts.items():
            telemetry.COMMANDS.labels(f"imports {kind}", "planned" if planned else outcome).inc(count)
        return msgspec.json.encode(
            Summary(
                import_id=import_id,
                kind=kind,
                rows=counts.total(),
                accepted=counts[ACCEPTED],
                already_there=counts[ALREADY],
                refused=counts[REFUSED],
                held_back=counts[HELD_BACK],
                planned=planned,
                position=position(),
                **said,
            )
        )

    def lines() -> Iterator[bytes]:
        stopped: Refused | None = None
        try:
            for verdicts in chunks:
                counts.update(verdict.outcome for verdict in verdicts)
                yield b"".join(msgspec.json.encode(verdict) + b"\n" for verdict in verdicts)
        except (Refused, StorageAway, *AWAY) as error:
            stopped = refusal_of(error)
        yield summary(stopped) + b"\n"

    return StreamingResponse(lines(), 200, media_type=LINES, headers={"Import-Id": import_id} if import_id else {})
