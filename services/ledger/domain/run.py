"""A payroll run 工资批次: drafted freely, approved by a second person, closed once, in order."""

from typing import Annotated

from msgspec import Meta, Struct

from ledger.domain.command import Command, Id
from ledger.domain.timeline import Act, Timeline
from shared.events import Fen, Month, RunApproved, RunClosed, RunDrafted
from shared.patterns import END, PLAIN
from shared.refusal import Refused

Digest = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}" + END)]
Sequence = Annotated[int, Meta(ge=1, le=1, description="1: the month's run; a month is closed once")]
Position = Annotated[int, Meta(ge=-1, le=2**53)]
Lines = Annotated[int, Meta(ge=0, le=10_000_000)]
Amount = Annotated[Fen, Meta(ge=-(10**15), le=10**15)]
Sentence = Annotated[str, Meta(max_length=1000, pattern=PLAIN)]
Named = Annotated[str, Meta(max_length=200, pattern=PLAIN)]

# --- commands


class RunCommand(Command, frozen=True, kw_only=True):
    """Which run."""

    jurisdiction: Id
    month: Month
    sequence: Sequence
    digest: Digest


class DraftRun(RunCommand, frozen=True, kw_only=True):
    """Payroll computed the month as known at a position; these are the digest and totals of its lines."""

    at_position: Position
    engine: Named
    lines: Lines
    total_fen: Amount
    suspense_fen: Amount
    blockers: tuple[Sentence, ...]
    payers: dict[Named, Amount]


class ApproveRun(RunCommand, frozen=True, kw_only=True):
    """A second person approves the lines with this digest."""


class CloseRun(RunCommand, frozen=True, kw_only=True):
    """The approved lines become what was paid."""

    at_position: Position
    engine: Named
    lines: Lines
    total_fen: Amount
    payers: dict[Named, Amount]


def stream_of(command: RunCommand) -> str:
    """`run/<jurisdiction>/<month>/<sequence>`."""
    return f"run/{command.jurisdiction}/{command.month}/{command.sequence}"


def month_before(month: str) -> str:
    """2021-01 → 2020-12."""
    year, number = int(month[:4]), int(month[5:])
    return f"{year - 1:04d}-12" if number == 1 else f"{year:04d}-{number - 1:02d}"


# --- state


class Run(Struct, frozen=True):
    """A run's timeline, in the order it was written."""

    timeline: Timeline = Timeline()

    @property
    def drafted(self) -> Act | None:
        """The latest draft."""
        return self._last(RunDrafted)

    @property
    def approved(self) -> Act | None:
        """The latest approval, unless a draft came after it."""
        approval, draft = self._last(RunApproved), self.drafted
        return approval if approval and draft and approval.version > draft.version else None

    @property
    def closed(self) -> Act | None:
        """The close, or None."""
        return self._last(RunClosed)

    def _last(self, kind: type[RunDrafted | RunApproved | RunClosed]) -> Act | None:
        written = sorted(self.timeline, key=lambda act: act.version, reverse=True)
        return next((act for act in written if isinstance(act.event, kind)), None)


# --- decisions


def draft(run: Run, command: DraftRun, first_month: str | None) -> RunDrafted:
    """Refused `run-closed`, `payroll-not-open`, `months-in-order` before the first month."""
    _check_open(run, command)
    _first_month(command, first_month)
    return RunDrafted(
        jurisdiction=command.jurisdiction,
        month=command.month,
        sequence=command.sequence,
        at_position=command.at_position,
        engine=command.engine,
        digest=command.digest,
        lines=command.lines,
        total_fen=command.total_fen,
        suspense_fen=command.suspense_fen,
        blockers=command.blockers,
        payers=command.payers,
    )


def approve(run: Run, command: ApproveRun, approver: str) -> RunApproved:
    """Refused `run-closed`, `run-not-drafted`, `run-moved` for another digest, `self-approval`, `already-there`."""
    _check_open(run, command)
    drafted = _drafted(run, command)
    if run.timeline and any(act.actor == approver for act in run.timeline if isinstance(act.event, RunDrafted)):
        raise Refused(
            "self-approval",
            f"{approver} drafted this run",
            remedy="have another person with the role approver look at it and approve",
        )
    if run.approved is not None:
        raise Refused("already-there", "the draft is already approved", remedy="close the run")
    _check_digest(drafted, command)
    return RunApproved(digest=command.digest)


def close(run: Run, command: CloseRun, first_month: str | None, before: Run) -> RunClosed:
    """Refused `run-closed`, `run-not-approved`, `run-blocked`, `run-moved`, `months-in-order`."""
    _check_open(run, command)
    drafted = _drafted(run, command)
    if command.month != _first_month(command, first_month):
        _check_month_before(command, before, run.drafted)
    if run.approved is None:
        raise Refused(
            "run-not-approved",
            f"the draft of {command.month} is not approved",
            remedy="have a second person approve it, with the digest that was shown",
        )
    _check_digest(drafted, command)
    if drafted.blockers or drafted.suspense_fen:
        first = drafted.blockers[0] if drafted.blockers else "an amount is in suspense"
        raise Refused(
            "run-blocked",
            f"{len(drafted.blockers)} blockers: {first}",
            remedy="resolve what the blockers name, then draft and approve again",
            extra={"blockers": list(drafted.blockers)},
        )
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


def _check_open(run: Run, command: RunCommand) -> None:
    if run.closed is not None:
        raise Refused(
            "run-closed",
            f"the run of {command.month} is closed",
            pointer="/month",
            remedy="what changed since is paid as a difference by the next month's run",
        )


def _first_month(command: RunCommand, first_month: str | None) -> str:
    if first_month is None:
        raise Refused(
            "payroll-not-open",
            f"payroll of {command.jurisdiction} has no first month",
            pointer="/jurisdiction",
            remedy="open the payroll with its first month",
        )
    if command.month < first_month:
        raise Refused(
            "months-in-order",
            f"payroll of {command.jurisdiction} starts with {first_month}",
            pointer="/month",
            remedy=f"draft {first_month} or a later month",
        )
    return first_month


def _drafted(run: Run, command: RunCommand) -> RunDrafted:
    drafted = run.drafted
    if drafted is None:
        raise Refused("run-not-drafted", f"there is no draft of {command.month}", remedy="draft the month first")
    assert isinstance(drafted.event, RunDrafted)
    return drafted.event


def _check_digest(drafted: RunDrafted, command: ApproveRun | CloseRun) -> None:
    same = drafted.digest == command.digest
    if isinstance(command, CloseRun):
        same = same and _figures(drafted) == _figures(command)
    if not same:
        raise Refused(
            "run-moved",
            f"the draft of {command.month} has another digest or other figures than those given",
            pointer="/digest",
            remedy="look at the draft as it is now, and approve that",
            extra={"drafted_digest": drafted.digest},
        )


def _figures(run: RunDrafted | CloseRun) -> tuple[object, ...]:
    return (run.at_position, run.engine, run.lines, run.total_fen, run.payers)


def _check_month_before(command: CloseRun, before: Run, drafted: Act | None) -> None:
    earlier = month_before(command.month)
    if before.closed is None:
        raise Refused(
            "months-in-order",
            f"{earlier} is not closed",
            pointer="/month",
            remedy=f"close {earlier} first, then draft {command.month} again",
        )
    if drafted is not None and drafted.position < before.closed.position:
        raise Refused(
            "run-moved",
            f"the draft of {command.month} was computed before {earlier} was closed",
            pointer="/month",
            remedy="draft and approve again",
        )
