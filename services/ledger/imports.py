"""Sheets over HTTP: a file comes in, a verdict for each of its rows goes out while they are decided."""

from collections.abc import Iterator
from contextlib import closing
from hashlib import file_digest
from typing import Annotated, Literal

import msgspec
from fastapi import Header, Query, Request, Response
from msgspec import Struct
from starlette.responses import StreamingResponse

from ledger.asking import LONGEST_KEY, key_of
from ledger.execution import Ledger
from ledger.import_records import begin
from ledger.importing import ACCEPTED, ALREADY, HELD_BACK, REFUSED, Asked, Importer
from ledger.sheet_kinds import GIVEN, KINDS, Kind
from ledger.sheets import BrokenRow, Row, read_sheet
from shared import telemetry, traces
from shared.database import AWAY, StorageAway
from shared.http import Route, principal_of
from shared.principals import Role
from shared.refusal import Refused
from shared.refusing import refusal_of
from shared.uploads import Upload

LINES = "application/jsonl"
SHEETS = ("text/csv", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")
IMPORTERS = frozenset({Role.ADMIN})
_Cell = Annotated[str, Query(max_length=200)]


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

    def take(
        request: Request,
        kind: Annotated[str, Query(pattern=f"^({'|'.join(KINDS)})$")],
        idempotency_key: Annotated[str | None, Header(max_length=LONGEST_KEY)] = None,
        mode: Annotated[Literal["plan"] | None, Query(description="plan: run every rule, append nothing")] = None,
        on_error: Annotated[
            Literal["atomic", "continue"], Query(description="atomic: one row that is refused keeps all of them out")
        ] = "atomic",
        effective_date: Annotated[_Cell, Query(description="for rows without one of their own")] = "",
        document: Annotated[_Cell, Query(description="for rows without one of their own")] = "",
        document_date: Annotated[_Cell, Query(description="for rows without one of their own")] = "",
        clause: Annotated[_Cell, Query(description="for rows without one of their own")] = "",
    ) -> Response:
        cells = dict(zip(GIVEN, (effective_date, document, document_date, clause), strict=True))
        given = {name: cell for name, cell in cells.items() if cell}
        key = key_of(idempotency_key, planning=mode == "plan")
        taken = _Taken(ledger, request, KINDS[kind], given, key, on_error == "atomic", mode == "plan")
        headers = {"Import-Id": taken.asked.import_id} if taken.asked.import_id else {}
        return StreamingResponse(taken.lines(), 200, media_type=LINES, headers=headers)

    return [
        Route(
            "POST",
            "/imports",
            IMPORTERS,
            take,
            "Import a sheet, CSV or XLSX: a verdict a row, a line each, and a summary",
            media=(LINES,),
            upload=SHEETS,
        ),
    ]


class _Taken:
    """One import from its first row to the summary."""

    def __init__(
        self,
        ledger: Ledger,
        request: Request,
        kind: Kind,
        given: dict[str, str],
        key: str,
        atomic: bool,
        planning: bool,
    ) -> None:
        self._upload: Upload = request.state.upload
        principal = principal_of(request)
        digest = file_digest(self._upload.file, "sha256").hexdigest()
        self._upload.file.seek(0)
        rows = read_sheet(self._upload.file, kind.required(given), kind.optional(given))
        said = f"{kind.name} {atomic} {given} {digest}"
        import_id = "" if planning else begin(ledger, principal, key, kind.name, said).import_id
        self.asked = Asked(import_id, kind, principal, given, atomic, planning, traces.traceparent())
        self._importer = Importer(ledger, self.asked)
        self._chunks: Iterator[list[Row | BrokenRow]] = self._importer.chunks(rows)

    def lines(self) -> Iterator[bytes]:
        """JSON lines, some thousand at a time."""
        with closing(self._upload):
            try:
                for chunk in self._chunks:
                    verdicts = self._importer.verdicts(chunk)
                    yield b"".join(msgspec.json.encode(verdict) + b"\n" for verdict in verdicts)
            except (Refused, StorageAway, *AWAY) as error:
                yield self._summary(refusal_of(error))
            else:
                yield self._summary(None)

    def _summary(self, stopped: Refused | None) -> bytes:
        counts, kind = self._importer.counts, self.asked.kind.name
        for outcome, count in counts.items():
            telemetry.COMMANDS.labels(f"imports {kind}", "planned" if self.asked.planning else outcome).inc(count)
        summary = Summary(
            import_id=self.asked.import_id,
            kind=kind,
            rows=counts.total(),
            accepted=counts[ACCEPTED],
            already_there=counts[ALREADY],
            refused=counts[REFUSED],
            held_back=counts[HELD_BACK],
            planned=self.asked.planning,
            position=self._importer.position,
            code=stopped.code if stopped else "",
            detail=stopped.detail if stopped else "",
            remedy=stopped.remedy if stopped else "",
        )
        return msgspec.json.encode(summary) + b"\n"
