"""Reopening a closed month 重新开账 for a supplementary run: two people, a reason, a last day; what is closed stays."""

from datetime import date
from typing import Annotated

from msgspec import Meta

from ledger.domain.run import OPEN_STAGES, Run, WhichRun, check_stage
from ledger.domain.run_close import check_not_overtaken
from shared.events import RunReopened, RunReopeningProposed
from shared.patterns import PLAIN
from shared.refusal import Refused
from shared.run_stages import FINAL, Stage, open_acts

Reason = Annotated[str, Meta(min_length=1, max_length=1000, pattern=PLAIN)]

# --- commands


class ProposeReopening(WhichRun, frozen=True, kw_only=True):
    """Somebody wants a supplementary run; `lapses_on` is the last day on which it may be drafted, approved, closed."""

    reason: Reason
    lapses_on: date


class ConfirmReopening(WhichRun, frozen=True, kw_only=True):
    """A second person agrees."""


# --- decisions


def propose(run: Run, command: ProposeReopening, before: Run, later: Run, today: date) -> RunReopeningProposed:
    """Refused `run-not-closed` with nothing to supplement, `already-there`, `months-in-order`, `reopening-lapsed`."""
    if command.sequence == 1 or before.stage(command.sequence - 1, today) not in FINAL:
        raise Refused(
            "run-not-closed",
            f"there is no closed run that run {command.sequence} of {command.month} would supplement",
            pointer="/sequence",
            remedy="close the month first; its supplementary runs are 2, 3 and so on",
            extra=open_acts(before.stage(max(command.sequence - 1, 1), today)),
        )
    check_not_overtaken(command.month, later)
    _check_not_reopened(run, command, today)
    check_stage(run, command, today, (Stage.SHUT, Stage.PROPOSED))
    if command.lapses_on < today:
        raise lapsed(command.lapses_on)
    return RunReopeningProposed(reason=command.reason, lapses_on=command.lapses_on)


def confirm(run: Run, command: ConfirmReopening, later: Run, confirmer: str, today: date) -> RunReopened:
    """Refused `not-reopened` where nothing is proposed, `self-approval`, `months-in-order`."""
    check_not_overtaken(command.month, later)
    _check_not_reopened(run, command, today)
    check_stage(run, command, today, (Stage.PROPOSED,))
    proposed = run.last(RunReopeningProposed)
    assert proposed is not None
    assert isinstance(proposed.event, RunReopeningProposed)
    if proposed.actor == confirmer:
        raise Refused(
            "self-approval",
            f"{confirmer} proposed this reopening",
            remedy="have another person with the role approver confirm it",
        )
    return RunReopened(lapses_on=proposed.event.lapses_on)


def _check_not_reopened(run: Run, command: WhichRun, today: date) -> None:
    stage = run.stage(command.sequence, today)
    if stage in OPEN_STAGES:
        which = f"{command.month} is reopened for run {command.sequence}"
        raise Refused("already-there", which, remedy="draft that run", pointer="/month", extra=open_acts(stage))


def last_day(run: Run) -> date | None:
    """F30: after this day nothing is written of a reopened run until it is reopened again; None: no such day."""
    proposed = run.last(RunReopeningProposed)
    return proposed.event.lapses_on if proposed and isinstance(proposed.event, RunReopeningProposed) else None


def lapsed(last: date) -> Refused:
    """The refusal of what comes too late."""
    return Refused(
        "reopening-lapsed",
        f"the reopening ends with {last}",
        pointer="/lapses_on",
        remedy="have two people reopen the month again, with a later last day",
    )
