"""Handing a closed run over to finance: vouchers that balance and are numbered, and what finance booked of them."""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Annotated

from msgspec import Meta, Struct

from ledger.domain.run import Amount, Named, Position, Run, RunCommand, Sentence, WhichRun
from ledger.domain.voucher_book import VoucherBook
from shared.events import (
    BookedOtherwise,
    Fen,
    RunAcknowledged,
    RunClosed,
    RunHandedOver,
    Voucher,
    VoucherEntry,
    VoucherReconciled,
    VouchersNumbered,
)
from shared.refusal import Refused
from shared.run_stages import FINAL, Stage, not_closed, open_acts

Side = Annotated[Fen, Meta(ge=0, le=10**15)]
PAYABLE = "payable"
"""The account 应付 to which the credit side of a voucher is booked; every other one is an item of the budget."""

VoucherId = Annotated[str, Meta(max_length=300, pattern=r"^[0-9]{4}/[0-9]{1,9}/[^\x00-\x1f\x7f]+(?!\n)$")]

# --- commands


class DraftEntry(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One line of a voucher; one of the two amounts is zero, neither is negative."""

    account: Named
    street_id: Named
    debit_fen: Side
    credit_fen: Side


class DraftVoucher(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The voucher of one payer, without its number."""

    payer: Named
    entries: tuple[DraftEntry, ...]


class HandOverRun(RunCommand, frozen=True, kw_only=True):
    """Payroll posted the closed lines as these vouchers."""

    at_position: Position
    vouchers: tuple[DraftVoucher, ...]


class BookedEntry(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What finance booked of one line of a voucher, on the side on which it was sent."""

    entry: Annotated[int, Meta(ge=1, le=1_000_000)]
    booked_fen: Amount
    reason: Sentence = ""


class AcknowledgeVoucher(WhichRun, frozen=True, kw_only=True):
    """Finance says line by line what it booked of a voucher; a line that is not named is not booked."""

    voucher_id: VoucherId
    entries: tuple[BookedEntry, ...]


# --- decisions


def hand_over(run: Run, command: HandOverRun, book: VoucherBook, today: date) -> RunHandedOver:
    """Refused `run-not-closed` before the close, `already-there` once it is so, `run-moved`, `voucher-unbalanced`."""
    stage = _closed_stage(run, command, today)
    if stage is not Stage.CLOSED:
        raise Refused("already-there", "the run is handed over", remedy="read its hand-over", extra=open_acts(stage))
    closed = _closed(run)
    if command.digest != closed.digest:
        remedy = "read the run again"
        raise Refused("run-moved", "the run was closed with another digest", remedy=remedy, pointer="/digest")
    for draft in command.vouchers:
        _check_balance(draft, closed)
    if sorted(draft.payer for draft in command.vouchers) != sorted(closed.payers):
        raise _unbalanced("there is not exactly one voucher for each payer of the run")
    year = int(command.month[:4])
    return RunHandedOver(
        digest=closed.digest,
        at_position=command.at_position,
        lines=closed.lines,
        total_fen=closed.total_fen,
        vouchers=tuple(_numbered(draft, year, book) for draft in command.vouchers),
    )


def numbered(run_id: str, handed_over: RunHandedOver) -> VouchersNumbered:
    """The same on the city's book."""
    return VouchersNumbered(run_id=run_id, voucher_ids=tuple(one.voucher_id for one in handed_over.vouchers))


def acknowledge(run: Run, command: AcknowledgeVoucher, today: date) -> RunAcknowledged:
    """F25: a fen more or less is a difference.

    Refused `run-not-closed`, `run-not-handed-over`, `unknown-voucher`, `already-there`.
    """
    stage = _closed_stage(run, command, today)
    if stage is Stage.CLOSED:
        raise Refused(
            "run-not-handed-over",
            f"the run of {command.month} is not handed over",
            pointer="/month",
            remedy="hand it over first",
            extra=open_acts(stage),
        )
    voucher = next((one for one in _vouchers(run) if one.voucher_id == command.voucher_id), None)
    if voucher is None:
        raise _unknown(f"the run has no voucher {command.voucher_id}", "/voucher_id")
    said = RunAcknowledged(voucher_id=voucher.voucher_id, differences=tuple(_differences(voucher, command.entries)))
    before = [act.event for act in run.written if isinstance(act.event, RunAcknowledged)]
    if said == next((event for event in reversed(before) if event.voucher_id == said.voucher_id), None):
        raise Refused("already-there", "finance said exactly that before", remedy="nothing needs doing")
    return said


def reconciled(run_id: str, said: RunAcknowledged) -> VoucherReconciled:
    """The same on the city's book."""
    return VoucherReconciled(run_id=run_id, voucher_id=said.voucher_id, differences=len(said.differences))


def _check_balance(draft: DraftVoucher, closed: RunClosed) -> None:
    """F23, P11: debit 借 = credit 贷, and what is payable is what the payer pays in the run."""
    debit = sum(entry.debit_fen for entry in draft.entries)
    credit = sum(entry.credit_fen for entry in draft.entries)
    payable = sum(entry.credit_fen - entry.debit_fen for entry in draft.entries if entry.account == PAYABLE)
    if debit != credit or any(entry.debit_fen and entry.credit_fen for entry in draft.entries):
        raise _unbalanced(f"the voucher of {draft.payer} has {debit} fen of debit and {credit} of credit")
    if payable != closed.payers.get(draft.payer):
        raise _unbalanced(f"the voucher of {draft.payer} is not what it pays in the run")


def _numbered(draft: DraftVoucher, year: int, book: VoucherBook) -> Voucher:
    entries = tuple(
        VoucherEntry(
            entry=number,
            account=entry.account,
            street_id=entry.street_id,
            debit_fen=entry.debit_fen,
            credit_fen=entry.credit_fen,
        )
        for number, entry in enumerate(draft.entries, 1)
    )
    return Voucher(payer=draft.payer, year=year, number=book.next_number(draft.payer, year), entries=entries)


def _differences(voucher: Voucher, booked: Sequence[BookedEntry]) -> Iterator[BookedOtherwise]:
    said = {one.entry: one for one in booked}
    unknown = sorted(set(said) - {entry.entry for entry in voucher.entries})
    if unknown or len(said) < len(booked):
        raise _unknown(f"line {unknown[0]} is not in the voucher" if unknown else "a line is named twice", "/entries")
    for entry in voucher.entries:
        sent_fen, one = entry.debit_fen + entry.credit_fen, said.get(entry.entry)
        booked_fen = one.booked_fen if one is not None else 0
        if booked_fen != sent_fen:
            reason = one.reason if one is not None else ""
            yield BookedOtherwise(entry=entry.entry, sent_fen=sent_fen, booked_fen=booked_fen, reason=reason)


def _closed_stage(run: Run, command: WhichRun, today: date) -> Stage:
    stage = run.stage(command.sequence, today)
    if stage not in FINAL:
        raise not_closed(stage, command.month, command.sequence)
    return stage


def _closed(run: Run) -> RunClosed:
    assert run.closed is not None
    assert isinstance(run.closed.event, RunClosed)
    return run.closed.event


def _vouchers(run: Run) -> tuple[Voucher, ...]:
    handed_over = run.last(RunHandedOver)
    return handed_over.event.vouchers if handed_over and isinstance(handed_over.event, RunHandedOver) else ()


def _unbalanced(detail: str) -> Refused:
    return Refused("voucher-unbalanced", detail, pointer="/vouchers", remedy="post the closed lines again, whole")


def _unknown(detail: str, pointer: str) -> Refused:
    return Refused(
        "unknown-voucher", detail, pointer=pointer, remedy="take the voucher and its lines from the hand-over"
    )
