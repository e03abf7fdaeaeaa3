"""A payroll run 工资批次: where it stands, drafted freely, approved by a second person."""

from collections.abc import Collection
from datetime import date
from typing import Annotated

from msgspec import Meta, Struct

from ledger.domain.command import Command, Id
from ledger.domain.timeline import Act, Timeline
from shared.events import Event, Fen, Month, RunApproved, RunClosed, RunDrafted
from shared.patterns import END, PLAIN
from shared.refusal import Refused
from shared.run_stages import Stage, not_open, stage_of

Digest = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}" + END)]
Sequence = Annotated[int, Meta(ge=1, le=99, description="1: the month's run; from 2 on: supplementary ones")]
Position = Annotated[int, Meta(ge=-1, le=2**53)]
Lines = Annotated[int, Meta(ge=0, le=10_000_000)]
Amount = Annotated[Fen, Meta(ge=-(10**15), le=10**15)]
Sentence = Annotated[str, Meta(max_length=1000, pattern=PLAIN)]
Named = Annotated[str, Meta(max_length=200, pattern=PLAIN)]

# --- commands


class WhichRun(Command, frozen=True, kw_only=True):
    """Which run."""

    jurisdiction: Id
    month: Month
    sequence: Sequence


class RunCommand(WhichRun, frozen=True, kw_only=True):
    """Which run, and the digest of its lines."""

    digest: Digest


class YearForecast(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a year comes to for a payer who has a budget for it, worked out to its end."""

    payer: Named
    year: Annotated[int, Meta(ge=1970, le=2199)]
    forecast_fen: Amount


class DraftRun(RunCommand, frozen=True, kw_only=True):
    """Payroll computed the month as known at a position; these are the digest and totals of its lines.

    `forecasts`: what the years come to that the run and the hires beside it touch.
    """

    at_position: Position
    engine: Named
    lines: Lines
    total_fen: Amount
    suspense_fen: Amount
    blockers: tuple[Sentence, ...]
    payers: dict[Named, Amount]
    forecasts: tuple[YearForecast, ...] = ()


class ApproveRun(RunCommand, frozen=True, kw_only=True):
    """A second person approves the lines with this digest."""


def stream_of(command: WhichRun) -> str:
    """`run/<jurisdiction>/<month>/<sequence>`."""
    return f"run/{command.jurisdiction}/{command.month}/{command.sequence}"


# --- state


class Run(Struct, frozen=True):
    """A run's timeline, in the order it was written."""

    timeline: Timeline = Timeline()

    @property
    def written(self) -> list[Act]:
        """The acts in the order of their versions."""
        return sorted(self.timeline, key=lambda act: act.version)

    @property
    def drafted(self) -> Act | None:
        """The latest draft."""
        return self.last(RunDrafted)

    @property
    def closed(self) -> Act | None:
        """The close, or None."""
        return self.last(RunClosed)

    def last(self, kind: type[Event]) -> Act | None:
        """The latest act of a kind."""
        return next((act for act in reversed(self.written) if isinstance(act.event, kind)), None)

    def stage(self, sequence: int, day: date) -> Stage:
        """Where the run stands on a day."""
        return stage_of((act.event for act in self.written), sequence, day)


# --- decisions


def draft(run: Run, command: DraftRun, first_month: str | None, today: date) -> RunDrafted:
    """Refused `run-closed`, `not-reopened`, `payroll-not-open`, `months-in-order` before the first month."""
    check_stage(run, command, today, OPEN_STAGES)
    check_first_month(command, first_month)
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


def approve(run: Run, command: ApproveRun, approver: str, today: date) -> RunApproved:
    """Refused `run-closed`, `run-not-drafted`, `run-moved` for another digest, `self-approval`, `already-there`."""
    check_stage(run, command, today, OPEN_STAGES)
    drafted = drafted_of(run, command, today)
    if any(act.actor == approver for act in run.timeline if isinstance(act.event, RunDrafted)):
        raise Refused(
            "self-approval",
            f"{approver} drafted this run",
            remedy="have another person with the role approver look at it and approve",
        )
    check_stage(run, command, today, (Stage.DRAFTED,))
    if drafted.digest != command.digest:
        raise moved(drafted, command)
    return RunApproved(digest=command.digest)


# --- what every act of a run checks

OPEN_STAGES = (Stage.OPEN, Stage.DRAFTED, Stage.APPROVED)


def check_stage(run: Run, command: WhichRun, today: date, stages: Collection[Stage]) -> None:
    """F26: an act that is not open where the run stands is refused (409) with the acts that are."""
    stage = run.stage(command.sequence, today)
    if stage not in stages:
        raise not_open(stage, command.month, command.sequence)


def check_first_month(command: WhichRun, first_month: str | None) -> str:
    """The first month of payroll. Refused `payroll-not-open`, `months-in-order` before it."""
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


def drafted_of(run: Run, command: WhichRun, today: date) -> RunDrafted:
    """The latest draft. Refused `run-not-drafted`."""
    if run.drafted is None or run.stage(command.sequence, today) is Stage.OPEN:
        raise not_open(Stage.OPEN, command.month, command.sequence)
    assert isinstance(run.drafted.event, RunDrafted)
    return run.drafted.event


def moved(drafted: RunDrafted, command: WhichRun) -> Refused:
    """The refusal of figures that are not those of the draft."""
    return Refused(
        "run-moved",
        f"the draft of {command.month} has another digest or other figures than those given",
        pointer="/digest",
        remedy="look at the draft as it is now, and approve that",
        extra={"drafted_digest": drafted.digest},
    )
