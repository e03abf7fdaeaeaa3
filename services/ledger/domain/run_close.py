"""Closing a payroll run 关账: once, in order, exactly what was approved, and with nothing left to be cleared up."""

from collections.abc import Sequence
from datetime import date

from msgspec import Struct

from ledger.domain.run import (
    OPEN_STAGES,
    Amount,
    Lines,
    Named,
    Position,
    Run,
    RunCommand,
    check_first_month,
    check_stage,
    drafted_of,
    moved,
)
from ledger.domain.voucher_book import VoucherBook
from shared.events import RunClosed, RunDrafted
from shared.refusal import Refused
from shared.run_stages import FINAL, Stage

# --- commands


class CloseRun(RunCommand, frozen=True, kw_only=True):
    """The approved lines become what was paid."""

    at_position: Position
    engine: Named
    lines: Lines
    total_fen: Amount
    payers: dict[Named, Amount]


# --- what it is decided beside


class Beside(Struct, frozen=True):
    """What a close depends on beside its run.

    `earlier`: the runs of the month before, or those of the same month with a lower sequence; `later`: the next
    month's; both by sequence. `book`: the vouchers of the city.
    """

    first_month: str | None
    earlier: Sequence[Run]
    later: Run
    book: VoucherBook


def month_before(month: str) -> str:
    """2021-01 → 2020-12."""
    year, number = int(month[:4]), int(month[5:])
    return f"{year - 1:04d}-12" if number == 1 else f"{year:04d}-{number - 1:02d}"


def month_after(month: str) -> str:
    """2020-12 → 2021-01."""
    year, number = int(month[:4]), int(month[5:])
    return f"{year + 1:04d}-01" if number == 12 else f"{year:04d}-{number + 1:02d}"


# --- decisions


def close(run: Run, command: CloseRun, beside: Beside, today: date) -> RunClosed:
    """Refused `run-closed`, `run-not-drafted`, `run-not-approved`, `run-blocked`, `run-moved`, `months-in-order`."""
    check_stage(run, command, today, OPEN_STAGES)
    drafted = drafted_of(run, command, today)
    first = command.month == check_first_month(command, beside.first_month)
    if command.sequence > 1:
        check_not_overtaken(command.month, beside.later)
    if command.sequence > 1 or not first:
        _check_earlier(command, beside.earlier, run, today)
    check_stage(run, command, today, (Stage.APPROVED,))
    if _figures(drafted) != _figures(command):
        raise moved(drafted, command)
    _check_nothing_blocks(drafted, beside.book)
    return RunClosed(
        jurisdiction=command.jurisdiction,
        month=command.month,
        sequence=command.sequence,
        at_position=command.at_position,
        engine=command.engine,
        digest=command.digest,
        lines=command.lines,
        total_fen=command.total_fen,
        payers=command.payers,
    )


def check_not_overtaken(month: str, later: Run) -> None:
    """F31: months are reopened in order too. Refused `months-in-order` once the next month is closed."""
    if later.closed is not None:
        raise Refused(
            "months-in-order",
            f"{month_after(month)} is closed, so {month} is not paid again",
            pointer="/month",
            remedy="what changed since is paid as a difference by the month that is open, or by a run that supplements "
            "the last closed one",
        )


def _figures(run: RunDrafted | CloseRun) -> tuple[object, ...]:
    return (run.digest, run.at_position, run.engine, run.lines, run.total_fen, run.payers)


def _check_earlier(command: CloseRun, earlier: Sequence[Run], run: Run, today: date) -> None:
    """Every earlier run is closed, its reopening over or not confirmed; and what it paid was known to the draft."""
    month = command.month if command.sequence > 1 else month_before(command.month)
    for sequence, before in enumerate(earlier, 1):
        stage = before.stage(sequence, today)
        if stage not in FINAL and not (sequence > 1 and stage in (Stage.SHUT, Stage.PROPOSED)):
            raise Refused(
                "months-in-order",
                f"{month} is not closed" if sequence == 1 else f"{month} is reopened, and run {sequence} not closed",
                pointer="/month",
                remedy=f"close {month} first, then draft {command.month} again",
            )
        if before.closed is not None and run.drafted is not None and run.drafted.position < before.closed.position:
            raise Refused(
                "run-moved",
                f"the draft of {command.month} was computed before run {sequence} of {month} was closed",
                pointer="/month",
                remedy="draft and approve again",
            )


def _check_nothing_blocks(drafted: RunDrafted, book: VoucherBook) -> None:
    """F20, F25, F28: no blocker of the draft, no amount in suspense, no voucher that finance has not booked as sent."""
    named = [*drafted.blockers, *book.open_items()]
    if named or drafted.suspense_fen:
        first = named[0] if named else "an amount is in suspense"
        raise Refused(
            "run-blocked",
            f"{len(named)} blockers: {first}",
            remedy="resolve what the blockers name, then draft and approve again",
            extra={"blockers": named},
        )
