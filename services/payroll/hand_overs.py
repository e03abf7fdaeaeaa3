"""Handing a closed run over to finance, and what finance booked: payroll posts, the ledger numbers and decides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from payroll.booking import Booking, vouchers_of
from payroll.ledger_acts import Caller, Written
from payroll.run_lines import lines_of
from payroll.run_state import RunState
from payroll.runs import Payroll
from shared.events import RunClosed
from shared.refusal import Refused
from shared.run_stages import not_closed, open_acts


def hand_over(payroll: Payroll, jurisdiction: str, month: str, sequence: int, caller: Caller) -> Written:
    """Have the vouchers of a closed run written down, under numbers that the ledger gives.

    Raises Refused `run-not-closed`, `budget-item-missing`. The same request sent again says the same.
    """
    head = payroll.sound_head(jurisdiction)
    state = payroll.run(jurisdiction, month, sequence, head)
    closed = closed_of(state)
    at_position = state.handed_over.at_position if state.handed_over else head
    known = payroll.projection.known(jurisdiction, at_position, paid_up_to=-1)
    body = {
        "jurisdiction": jurisdiction,
        "month": month,
        "sequence": sequence,
        "digest": closed.digest,
        "at_position": at_position,
        "vouchers": vouchers_of(lines_of(payroll.projection, state), Booking(known)),
    }
    return payroll.ask("run-hand-overs", caller, body)


def acknowledge(
    payroll: Payroll, state: RunState, voucher_id: str, booked: Sequence[Mapping[str, Any]], caller: Caller
) -> Written:
    """Have it written down what finance booked of each line of a voucher, in fen."""
    body = {
        "jurisdiction": state.jurisdiction,
        "month": state.month,
        "sequence": state.sequence,
        "voucher_id": voucher_id,
        "entries": booked,
    }
    return payroll.ask("run-acknowledgements", caller, body)


def closed_of(state: RunState) -> RunClosed:
    """What was closed. Raises Refused `run-not-closed`."""
    if state.closed is None:
        raise not_closed(state.stage(), state.month, state.sequence)
    return state.closed


def check_handed_over(state: RunState) -> None:
    """Raises Refused `run-not-handed-over`."""
    closed_of(state)
    if state.handed_over is None:
        raise Refused(
            "run-not-handed-over",
            f"{state.run_id} is closed and not handed over",
            remedy="hand it over first",
            extra=open_acts(state.stage()),
        )
