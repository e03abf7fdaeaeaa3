"""What finance reads of a closed run over HTTP: the batch in each form, how its vouchers were booked, who gets what."""

from typing import Annotated, Literal

from fastapi import Query, Request, Response
from fastapi.responses import StreamingResponse

from payroll.access import check_city, not_found
from payroll.answers import Acknowledgements, VoucherBooked
from payroll.asking import Jurisdiction, Month, Sequence, at, position_asked
from payroll.batch import BatchLine, HandedOver
from payroll.columnar import MEDIA as PARQUET
from payroll.columnar import parquet_of
from payroll.exports import csv_of
from payroll.hand_overs import check_handed_over, closed_of
from payroll.payments import Payment, accounts_of, owing_around, payment_list
from payroll.run_lines import lines_of
from payroll.run_state import RunState
from payroll.runs import Payroll
from payroll.soundness import check_runs_taken, check_sound
from payroll.workbooks import MEDIA as XLSX
from payroll.workbooks import batch_workbook, list_workbook
from shared.http import principal_of
from shared.money import yuan
from shared.principals import Role

CSV = "text/csv"
JSON = "application/json"
SHOWN_ACCOUNTS = frozenset({Role.FINANCE})
"""Who sees the account numbers of a payment list."""

BatchFormat = Annotated[Literal["json", "csv", "xlsx", "parquet"], Query(description="csv and parquet: the lines")]
ListFormat = Annotated[Literal["json", "csv", "xlsx"], Query(description="csv and xlsx: who is paid")]


class HandOverReads:
    """The endpoints; a batch is the same whenever it is read, and its headers say count and sum for every form."""

    def __init__(self, payroll: Payroll) -> None:
        self._payroll = payroll
        self._projection = payroll.projection

    def batch(
        self,
        request: Request,
        jurisdiction: Jurisdiction,
        month: Month,
        sequence: Sequence,
        format: BatchFormat = "json",
    ) -> Response:
        position, state = self._closed(request, jurisdiction, month, sequence)
        handed_over = HandedOver(self._projection, state)
        control = handed_over.head.control
        headers = _named(position, state, format) | {"Batch-Lines": str(control.lines), "Batch-Total": control.total}
        if format == "json":
            return StreamingResponse(handed_over.json(), media_type=JSON, headers=headers)
        if format == "csv":
            rows = csv_of(handed_over.lines(), BatchLine)
            return StreamingResponse(rows, media_type=f"{CSV}; charset=utf-8", headers=headers)
        if format == "xlsx":
            book = batch_workbook(handed_over.head, handed_over.lines())
            return Response(book, media_type=XLSX, headers=headers)
        return Response(parquet_of(handed_over.head, handed_over.lines()), media_type=PARQUET, headers=headers)

    def acknowledgements(
        self, request: Request, jurisdiction: Jurisdiction, month: Month, sequence: Sequence
    ) -> Response:
        position, state = self._closed(request, jurisdiction, month, sequence)
        check_handed_over(state)
        vouchers = [
            VoucherBooked(
                voucher_id=voucher.voucher_id,
                status="sent" if said is None else "different" if said.differences else "accepted",
                differences={str(one.entry): yuan(one.booked_fen - one.sent_fen) for one in said.differences}
                if said
                else {},
            )
            for voucher, said in state.booked()
        ]
        shown = Acknowledgements(
            run_id=state.run_id, known_position=position, status=state.stage().value, vouchers=vouchers
        )
        return at(position, shown, version=state.version)

    def payments(
        self,
        request: Request,
        jurisdiction: Jurisdiction,
        month: Month,
        sequence: Sequence,
        format: ListFormat = "json",
    ) -> Response:
        position, state = self._closed(request, jurisdiction, month, sequence)
        accounts = None
        if principal_of(request).role in SHOWN_ACCOUNTS:
            accounts = accounts_of(self._payroll.ledger, jurisdiction, request.headers["authorization"])
        closed_at = state.closed_act.position if state.closed_act else position
        owing = owing_around(self._projection, jurisdiction, closed_at)
        found = payment_list(state.run_id, position, lines_of(self._projection, state), owing, accounts)
        if format == "json":
            return at(position, found, version=state.version)
        headers = _named(position, state, format, "payments-")
        if format == "csv":
            rows = csv_of(found.payments, Payment)
            return StreamingResponse(rows, media_type=f"{CSV}; charset=utf-8", headers=headers)
        book = list_workbook("payments", found.payments, Payment)
        return Response(book, media_type=XLSX, headers=headers)

    def _closed(self, request: Request, jurisdiction: str, month: str, sequence: int) -> tuple[int, RunState]:
        check_city(principal_of(request), jurisdiction)
        position = position_asked(self._payroll, request.headers, None, None)
        check_sound(self._projection)
        check_runs_taken(self._projection, jurisdiction, position, month, sequence)
        state = self._payroll.run(jurisdiction, month, sequence, position)
        if not state.acts:
            raise not_found(f"there is no run {state.run_id}")
        closed_of(state)
        return position, state


def _named(position: int, state: RunState, ending: str, what: str = "") -> dict[str, str]:
    """Headers that name the file."""
    name = f"{what}{state.run_id.replace('/', '-')}.{ending}"
    return {"Ledger-Position": str(position), "Content-Disposition": f'attachment; filename="{name}"'}
