"""The shapes of payroll's answers; every amount is a decimal string of yuan with two places."""

from datetime import date

from msgspec import Struct
from msgspec.structs import replace

from payroll.engines import ENGINES
from payroll.ledger_acts import Written
from payroll.line_answers import LineAnswer, Sums, Totals, yuan_of
from payroll.readiness import Blocker
from payroll.run_acts import RunAct
from payroll.run_state import RunState
from shared.money import yuan
from shared.run_stages import ALLOWED


class RunAnswer(Struct, frozen=True, kw_only=True):
    """Where a run stands, what can be done with it (`allowed`), and the figures of its last draft where there is one.

    `run_id` is jurisdiction/month/sequence; `version` is what its ETag says and an act on it names in If-Match.
    """

    run_id: str
    jurisdiction: str
    month: str
    sequence: int
    version: int
    status: str
    allowed: tuple[str, ...]
    at_position: int | None = None
    engine: str | None = None
    digest: str | None = None
    lines: int = 0
    total: str = yuan(0)
    suspense: str = yuan(0)
    payers: Sums = {}
    blockers: tuple[str, ...] = ()
    drafted_by: str | None = None
    approved_by: str | None = None
    closed_by: str | None = None
    closed_position: int | None = None
    lapses_on: date | None = None
    command_id: str | None = None
    position: int | None = None


class EngineAnswer(Struct, frozen=True, kw_only=True):
    """The version of the pay engine that new drafts are worked out by, and those that are here."""

    jurisdiction: str
    engine: str
    engines: list[str]
    known_position: int


class Readiness(Struct, frozen=True, kw_only=True):
    """Whether a run can be closed now: `ready` while none of the `blockers` blocks."""

    run_id: str
    known_position: int
    ready: bool
    blockers: list[Blocker]


class VoucherBooked(Struct, frozen=True, kw_only=True):
    """A voucher: sent, accepted, or different, and then line → yuan that finance booked more (or less)."""

    voucher_id: str
    status: str
    differences: Sums


class Acknowledgements(Struct, frozen=True, kw_only=True):
    """What finance said of each voucher of a run."""

    run_id: str
    known_position: int
    status: str
    vouchers: list[VoucherBooked]


class RunsAnswer(Struct, frozen=True, kw_only=True):
    """The runs of a jurisdiction, by month."""

    jurisdiction: str
    known_position: int
    runs: list[RunAnswer]


class RunPage(Struct, frozen=True, kw_only=True):
    """One run with its totals."""

    known_position: int
    run: RunAnswer
    totals: Totals


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
    """What one service month makes due to a worker, paid or not: the facts as known at a position, by the rules as they
    were known at `rules_position`, whose policies and bases `rules_digest` names."""

    worker_id: str
    service_month: str
    known_position: int
    rules_position: int
    rules_digest: str
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


def run_answer(state: RunState, day: date, written: Written | None = None) -> RunAnswer:
    """A run as it stands on a day; `written` says where, when it answers an act."""
    drafted, closed, stage = state.drafted, state.closed_act, state.stage(day)
    shown = RunAnswer(
        run_id=state.run_id,
        jurisdiction=state.jurisdiction,
        month=state.month,
        sequence=state.sequence,
        version=state.version,
        status=stage.value,
        allowed=ALLOWED[stage],
        lapses_on=state.lapses_on,
        command_id=written.command_id if written else None,
        position=written.position if written else None,
    )
    if drafted is None:
        return shown
    return replace(
        shown,
        at_position=drafted.at_position,
        engine=drafted.engine,
        digest=drafted.digest,
        lines=drafted.lines,
        total=yuan(drafted.total_fen),
        suspense=yuan(drafted.suspense_fen),
        payers=yuan_of(drafted.payers),
        blockers=drafted.blockers,
        drafted_by=_actor(state.drafted_act),
        approved_by=_actor(state.approved_act),
        closed_by=_actor(closed),
        closed_position=closed.position if closed else None,
    )


def _actor(act: RunAct | None) -> str | None:
    return act.actor if act else None


def engine_answer(jurisdiction: str, adopted: str, position: int) -> EngineAnswer:
    """The engine of a jurisdiction as known at a position."""
    return EngineAnswer(jurisdiction=jurisdiction, engine=adopted, engines=sorted(ENGINES), known_position=position)
