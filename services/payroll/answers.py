"""The shapes of payroll's bodies and answers; every amount is a decimal string of yuan with two places."""

from datetime import date
from typing import Annotated

from msgspec import Meta, Struct

from payroll.run_state import RunState
from payroll.runs import Written
from payroll.settlement import Line, summed
from shared.envelope import Basis
from shared.events import Month, RunClosed
from shared.money import yuan

Sums = dict[str, str]
Jurisdiction = Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")]
Digest = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$")]


class Act(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What every act of a run carries: its date and the paper it rests on."""

    effective_date: date
    basis: Basis


class DraftAct(Act, frozen=True, kw_only=True):
    """Draft the run of a month."""

    jurisdiction: Jurisdiction
    month: Month


class ApprovalAct(Act, frozen=True, kw_only=True):
    """Approve the lines that were shown with this digest."""

    digest: Digest


class ClosureAct(Act, frozen=True, kw_only=True):
    """Close the approved run."""


class RunAnswer(Struct, frozen=True, kw_only=True):
    """Where a run stands, and the figures of its last draft.

    `run_id` is jurisdiction/month/sequence; `version` is what its ETag says and an act on it names in If-Match.
    """

    run_id: str
    jurisdiction: str
    month: str
    sequence: int
    version: int
    status: str
    at_position: int
    engine: str
    digest: str
    lines: int
    total: str
    suspense: str
    payers: Sums
    blockers: tuple[str, ...]
    drafted_by: str
    approved_by: str | None = None
    closed_by: str | None = None
    closed_position: int | None = None
    command_id: str | None = None
    position: int | None = None


class RunsAnswer(Struct, frozen=True, kw_only=True):
    """The runs of a jurisdiction, by month."""

    jurisdiction: str
    known_position: int
    runs: list[RunAnswer]


class Totals(Struct, frozen=True, kw_only=True):
    """Sums of the same lines along each axis; every one adds up to `total`."""

    total: str
    by_payer: Sums
    by_street: Sums
    by_community: Sums
    by_post: Sums
    by_item: Sums
    by_service_month: Sums
    by_run_month: Sums


class RunPage(Struct, frozen=True, kw_only=True):
    """One run with its totals."""

    known_position: int
    run: RunAnswer
    totals: Totals


class LineAnswer(Struct, frozen=True, kw_only=True):
    """One line: for which month (`service_month`), in which run (`run_month`), of whose money, how worked out."""

    number: int
    worker_id: str
    service_month: str
    run_month: str
    payable_month: str
    item: str
    post: str
    community_id: str
    street_id: str
    payer: str
    due: str
    paid_before: str
    amount: str
    worked_out: str


class LinesPage(Struct, frozen=True, kw_only=True):
    """Lines by number; `next_after` goes on where this page ends, null at the end."""

    run_id: str
    status: str
    at_position: int
    known_position: int
    lines: list[LineAnswer]
    next_after: int | None


class Payslip(Struct, frozen=True, kw_only=True):
    """A worker's lines of the runs of one month; `open` shows what a run would pay as known.

    `blockers` say what is held up for this worker; a closed month has none.
    """

    worker_id: str
    month: str
    status: str
    known_position: int
    lines: list[LineAnswer]
    totals: Totals
    blockers: tuple[str, ...] = ()


class DueAnswer(Struct, frozen=True, kw_only=True):
    """What one service month makes due to a worker as known at a position, paid or not."""

    worker_id: str
    service_month: str
    known_position: int
    lines: list[LineAnswer]
    totals: Totals
    blockers: tuple[str, ...]


class Rung(Struct, frozen=True, kw_only=True):
    """One grade of a ladder: its coefficient, and a full month's pay."""

    grade: int
    coefficient: str
    pay: str


class LadderAnswer(Struct, frozen=True, kw_only=True):
    """The ladder in force on a day; `mean` is that of the unrounded pays, to the whole yuan.

    `grades` and `mean` are of the posts without coefficients of their own; `by_post` has those with.
    """

    jurisdiction: str
    scheme: str
    on: date
    known_position: int
    average_annual_wage: str
    base: str
    grades: list[Rung]
    mean: str
    by_post: dict[str, list[Rung]] = {}


class ProjectionAnswer(Struct, frozen=True, kw_only=True):
    """How far the projection is, and the digest of its content."""

    position: int
    digest: str


class RebuildAnswer(Struct, frozen=True, kw_only=True):
    """The live projection beside one built anew from the whole feed; nothing is sent to anybody."""

    position: int
    live_digest: str
    rebuilt_digest: str
    equal: bool


def run_answer(state: RunState, written: Written | None = None) -> RunAnswer:
    """A drafted run; `written` says where, when it answers an act."""
    drafted, drafted_act = state.drafted, state.drafted_act
    assert drafted is not None
    assert drafted_act is not None
    closed = state.closed_act
    figures = closed.event if closed and isinstance(closed.event, RunClosed) else drafted
    return RunAnswer(
        run_id=f"{state.jurisdiction}/{state.month}/{state.sequence}",
        jurisdiction=state.jurisdiction,
        month=state.month,
        sequence=state.sequence,
        version=state.version,
        status=state.status,
        at_position=figures.at_position,
        engine=figures.engine,
        digest=figures.digest,
        lines=figures.lines,
        total=yuan(figures.total_fen),
        suspense=yuan(drafted.suspense_fen),
        payers=_yuan_of(figures.payers),
        blockers=drafted.blockers,
        drafted_by=drafted_act.actor,
        approved_by=state.approved_act.actor if state.approved_act else None,
        closed_by=closed.actor if closed else None,
        closed_position=closed.position if closed else None,
        command_id=written.command_id if written else None,
        position=written.position if written else None,
    )


def line_answer(line: Line, run_month: str) -> LineAnswer:
    """A line as it is shown."""
    return LineAnswer(
        number=line.number,
        worker_id=line.worker_id,
        service_month=line.service_month,
        run_month=run_month,
        payable_month=line.payable_month,
        item=line.item,
        post=line.post,
        community_id=line.community_id,
        street_id=line.street_id,
        payer=line.payer,
        due=yuan(line.due_fen),
        paid_before=yuan(line.paid_fen),
        amount=yuan(line.amount_fen),
        worked_out=line.worked_out,
    )


def totals_of(lines: list[Line], run_month: str) -> Totals:
    """The sums of lines of one run month."""
    total = yuan(sum(line.amount_fen for line in lines))
    return Totals(
        total=total,
        by_payer=_yuan_of(summed(lines, "payer")),
        by_street=_yuan_of(summed(lines, "street_id")),
        by_community=_yuan_of(summed(lines, "community_id")),
        by_post=_yuan_of(summed(lines, "post")),
        by_item=_yuan_of(summed(lines, "item")),
        by_service_month=_yuan_of(summed(lines, "service_month")),
        by_run_month={run_month: total} if lines else {},
    )


def _yuan_of(sums: dict[str, int]) -> Sums:
    return {name: yuan(amount_fen) for name, amount_fen in sums.items()}
