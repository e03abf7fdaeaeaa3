"""What is in the way of closing a month, and what is only worth knowing: each under a name a program knows."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from enum import StrEnum
from typing import Any

from msgspec import Struct

from payroll.booking import Booking, vouchers_of
from payroll.budgets import year_of
from payroll.in_force import InForce, last_day
from payroll.known import Known
from payroll.ledger_acts import LedgerSaidNo
from payroll.run_state import RunState, states_of
from payroll.runs import Payroll, WorkedOut
from payroll.soundness import check_nothing_parked, check_sound
from shared.money import yuan
from shared.refusal import Refused
from shared.run_stages import FINAL, Stage


class BlockerKind(StrEnum):
    """Why a month does not close, or what somebody should look at first."""

    PROJECTION_BEHIND = "projection-behind"
    PROJECTION_DRIFTED = "projection-drifted"
    STREAM_PARKED = "stream-parked"
    NOT_OPEN = "payroll-not-open"
    MONTHS_IN_ORDER = "months-in-order"
    NO_RULE = "no-rule"
    NOT_COMPUTED = "not-computed"
    SUSPENSE = "suspense"
    NOT_DRAFTED = "run-not-drafted"
    MOVED = "run-moved"
    UNAPPROVED = "unapproved-act"
    UNACKNOWLEDGED = "unacknowledged-batch"
    DIFFERENCE = "difference-open"
    NOT_HANDED_OVER = "not-handed-over"
    DRIFT = "drift"
    BUDGET = "budget"
    BUDGET_ITEM = "budget-item-missing"
    OTHER = "other"


class Blocker(Struct, frozen=True, kw_only=True):
    """One thing, and what it names. `blocks`: the close is refused while it is so; else it is only worth knowing."""

    kind: BlockerKind
    detail: str
    blocks: bool = True
    about: dict[str, str] = {}


def blockers_of(
    payroll: Payroll, jurisdiction: str, month: str, sequence: int, authorization: str
) -> Iterator[Blocker]:
    """What is in the way of the run's close, as known now; drifts as the ledger lists them for who asks."""
    behind = list(_tables(payroll, jurisdiction))
    yield from behind
    if behind:
        return
    position = payroll.projection.position
    states = states_of(payroll.projection.acts(jurisdiction, position))
    state = states.get((month, sequence), RunState(jurisdiction, month, sequence))
    if state.stage() not in FINAL:
        yield from _of_run(payroll, state, position)
    for one in states.values():
        yield from _of_vouchers(one)
        if one.stage(payroll.today()) is Stage.PROPOSED:
            yield _known(BlockerKind.UNAPPROVED, f"a second person has not confirmed the reopening {one.run_id}", one)
    yield from _drifts(payroll, jurisdiction, last_day(month), authorization)


def _tables(payroll: Payroll, jurisdiction: str) -> Iterator[Blocker]:
    """Whether payroll's tables are where the log is, and may be built on."""
    try:
        head = payroll.reach.head()
    except Refused as refused:
        position = str(payroll.projection.position)
        yield Blocker(kind=BlockerKind.PROJECTION_BEHIND, detail=refused.detail, about={"position": position})
        return
    try:
        check_sound(payroll.projection)
        check_nothing_parked(payroll.projection, jurisdiction, head)
    except Refused as refused:
        yield Blocker(kind=BlockerKind(refused.code), detail=refused.detail)


def _of_run(payroll: Payroll, state: RunState, position: int) -> Iterator[Blocker]:
    about = {"run_id": state.run_id}
    try:
        now = payroll.worked_out(state.jurisdiction, state.month, position)
    except Refused as refused:
        kind = BlockerKind.NOT_OPEN if refused.code == "payroll-not-open" else BlockerKind.MONTHS_IN_ORDER
        yield Blocker(kind=kind, detail=refused.detail, about=about)
        return
    for words in (*payroll.months_before(now, state.sequence), *now.settlement.blockers):
        yield _in_words(words)
    yield from _of_budgets(now.settlement.known, state.month)
    yield from _unbooked(now)
    yield from _of_stage(state, state.stage(payroll.today()), now)


def _of_budgets(known: Known, month: str) -> Iterator[Blocker]:
    """Who has less for the year than it comes to; what is due is due, so that it is only worth knowing.

    Once a draft has it written down, the ledger refuses the acts that the policies in force name.
    """
    year = int(month[:4])
    if not any(of_year == year for _, of_year in known.budgets):
        return
    documents = InForce(known).documents(None, month)
    refused = ", ".join(sorted({act.value for document in documents for act in document.overspending.refuses}))
    for one in year_of(known, year):
        if one.left is not None and one.left.startswith("-"):
            detail = f"{one.payer} has {one.budget} for {year}, which comes to {one.forecast}"
            about = {"payer": one.payer, "year": str(year), "left": one.left}
            if refused:
                detail += f"; once it is drafted so, what {one.payer} would bear is refused: {refused}"
                about["refuses"] = refused
            yield Blocker(kind=BlockerKind.BUDGET, detail=detail, blocks=False, about=about)


def _unbooked(now: WorkedOut) -> Iterator[Blocker]:
    """What no policy books to an item of the budget: the month closes with it, and is not handed over."""
    try:
        vouchers_of(now.settlement.lines, Booking(now.settlement.known))
    except Refused as refused:
        about = {name: str(value) for name, value in refused.extra.items()}
        detail = f"{refused.detail}; the run is not handed over until one does"
        yield Blocker(kind=BlockerKind.BUDGET_ITEM, detail=detail, blocks=False, about=about)


def _of_stage(state: RunState, stage: Stage, now: WorkedOut) -> Iterator[Blocker]:
    about = {"run_id": state.run_id}
    if stage is Stage.SHUT:
        yield Blocker(kind=BlockerKind.UNAPPROVED, detail=f"{state.run_id} is not reopened", about=about)
    elif stage is Stage.OPEN:
        yield Blocker(kind=BlockerKind.NOT_DRAFTED, detail=f"{state.run_id} is not drafted", about=about)
    drafted = state.drafted
    if drafted is None or stage not in (Stage.DRAFTED, Stage.APPROVED):
        return
    if (drafted.engine, drafted.digest) != (now.engine, now.settlement.digest):
        more = yuan(now.settlement.total_fen - drafted.total_fen)
        detail = f"what was drafted would now come to {more} more; an approved draft pays that with the next run"
        blocks = stage is Stage.DRAFTED
        yield Blocker(kind=BlockerKind.MOVED, detail=detail, blocks=blocks, about=about | {"total": more})
    if stage is Stage.DRAFTED:
        detail = f"a second person has not approved {state.run_id}"
        yield Blocker(kind=BlockerKind.UNAPPROVED, detail=detail, about=about)


def _of_vouchers(state: RunState) -> Iterator[Blocker]:
    if state.stage() is Stage.CLOSED:
        yield _known(BlockerKind.NOT_HANDED_OVER, f"{state.run_id} is closed and not handed over to finance", state)
    for voucher, said in state.booked():
        about = {"run_id": state.run_id, "voucher_id": voucher.voucher_id}
        if said is None:
            detail = f"finance has not said what it booked of voucher {voucher.voucher_id}"
            yield Blocker(kind=BlockerKind.UNACKNOWLEDGED, detail=detail, about=about)
        elif said.differences:
            off_fen = sum(one.booked_fen - one.sent_fen for one in said.differences)
            detail = f"finance booked {len(said.differences)} lines of voucher {voucher.voucher_id} otherwise"
            yield Blocker(kind=BlockerKind.DIFFERENCE, detail=detail, about=about | {"booked_more": yuan(off_fen)})


def _drifts(payroll: Payroll, jurisdiction: str, day: date, authorization: str) -> Iterator[Blocker]:
    """What is recorded is what is paid, so that a grade which is not the due one is only worth knowing."""
    after: str | None = ""
    while after is not None:
        asked = {"city_id": jurisdiction, "effective_on": day.isoformat(), "limit": "500", "after": after}
        try:
            page: Any = payroll.ledger.read("drifts", authorization, **asked)
        except LedgerSaidNo as refused:
            detail = f"the ledger did not say whose grade is not the due one: {refused}"
            yield Blocker(kind=BlockerKind.DRIFT, detail=detail, blocks=False)
            return
        for one in page["drifts"]:
            detail = f"grade {one['recorded_grade']} is recorded since {one['since']}, and {one['due_grade']} is due"
            yield Blocker(kind=BlockerKind.DRIFT, detail=detail, blocks=False, about={"worker_id": one["worker_id"]})
        after = page["next_after"]


def _in_words(words: str) -> Blocker:
    """A blocker of a draft: its kind stands before the first colon."""
    kind, _, detail = words.partition(": ")
    known = kind in list(BlockerKind)
    return Blocker(kind=BlockerKind(kind) if known else BlockerKind.OTHER, detail=detail if known else words)


def _known(kind: BlockerKind, detail: str, state: RunState) -> Blocker:
    return Blocker(kind=kind, detail=detail, blocks=False, about={"run_id": state.run_id})
