"""Where a run stands, told from what was written on its stream, and which acts are open there."""

from collections.abc import Iterable, Mapping
from datetime import date
from enum import StrEnum

from shared.events import (
    Event,
    RunAcknowledged,
    RunApproved,
    RunClosed,
    RunDrafted,
    RunHandedOver,
    RunReopened,
    RunReopeningProposed,
)
from shared.refusal import Refused


class Stage(StrEnum):
    """A stage of a run. SHUT: nobody reopened its month for a supplementary run, or the time for it is over."""

    SHUT = "shut"
    PROPOSED = "reopening-proposed"
    OPEN = "open"
    DRAFTED = "drafted"
    APPROVED = "approved"
    CLOSED = "closed"
    HANDED_OVER = "handed-over"
    ACKNOWLEDGED = "acknowledged"


ALLOWED: Mapping[Stage, tuple[str, ...]] = {
    Stage.SHUT: ("propose-reopening",),
    Stage.PROPOSED: ("propose-reopening", "confirm-reopening"),
    Stage.OPEN: ("draft",),
    Stage.DRAFTED: ("draft", "approve"),
    Stage.APPROVED: ("draft", "close"),
    Stage.CLOSED: ("hand-over",),
    Stage.HANDED_OVER: ("acknowledge",),
    Stage.ACKNOWLEDGED: ("acknowledge",),
}
"""What can be done with a run, by where it stands; finance may acknowledge a voucher again, which then counts."""

FINAL = (Stage.CLOSED, Stage.HANDED_OVER, Stage.ACKNOWLEDGED)
"""Its lines never change any more."""

_ELSEWHERE: Mapping[Stage, tuple[str, str, str]] = {
    Stage.SHUT: ("not-reopened", "is not reopened", "have two people reopen the month, with a reason and a last day"),
    Stage.PROPOSED: ("not-reopened", "is to be reopened, and not yet confirmed", "have a second person confirm it"),
    Stage.OPEN: ("run-not-drafted", "has no draft", "draft it first"),
    Stage.DRAFTED: ("run-not-approved", "is drafted and not approved", "have a second person approve what was shown"),
    Stage.APPROVED: ("already-there", "is approved already", "close the run"),
    Stage.CLOSED: ("run-closed", "is closed", "what changed since is paid as a difference by the next run"),
    Stage.HANDED_OVER: ("run-closed", "is closed and handed over", "finance acknowledges its vouchers"),
    Stage.ACKNOWLEDGED: ("run-closed", "is closed and acknowledged", "nothing needs doing"),
}
"""Stage → the code of what is refused because the run stands there, in which words, and the way out."""

_AFTER: Mapping[type[Event], Stage] = {
    RunReopeningProposed: Stage.PROPOSED,
    RunReopened: Stage.OPEN,
    RunDrafted: Stage.DRAFTED,
    RunApproved: Stage.APPROVED,
    RunClosed: Stage.CLOSED,
}


def stage_of(events: Iterable[Event], sequence: int, day: date) -> Stage:
    """The stage on a day, after these events of the run's stream in the order of their versions."""
    stage, lapses_on = Stage.OPEN if sequence == 1 else Stage.SHUT, None
    waiting: set[str] = set()
    for event in events:
        stage = _AFTER.get(type(event), stage)
        if isinstance(event, RunReopeningProposed):
            lapses_on = event.lapses_on
        elif isinstance(event, RunHandedOver):
            waiting = {voucher.voucher_id for voucher in event.vouchers}
            stage = Stage.HANDED_OVER
        elif isinstance(event, RunAcknowledged):
            waiting = waiting | {event.voucher_id} if event.differences else waiting - {event.voucher_id}
        if stage in (Stage.HANDED_OVER, Stage.ACKNOWLEDGED):
            stage = Stage.HANDED_OVER if waiting else Stage.ACKNOWLEDGED
    lapsed = lapses_on is not None and day > lapses_on and stage not in FINAL
    return Stage.SHUT if lapsed else stage


def not_open(stage: Stage, month: str, sequence: int) -> Refused:
    """F26: the refusal (409) of an act that is not open where the run stands, with those that are."""
    code, where, remedy = _ELSEWHERE[stage]
    name = f"the run of {month}" if sequence == 1 else f"run {sequence} of {month}"
    return Refused(code, f"{name} {where}", pointer="/month", remedy=remedy, extra=open_acts(stage))


def not_closed(stage: Stage, month: str, sequence: int) -> Refused:
    """F26: the same for what only a closed run is open to."""
    return Refused(
        "run-not-closed",
        f"run {sequence} of {month} is not closed",
        pointer="/month",
        remedy="close the run first",
        extra=open_acts(stage),
    )


def open_acts(stage: Stage) -> dict[str, object]:
    """Where the run stands and what can be done there, for a program."""
    return {"stage": stage.value, "allowed": list(ALLOWED[stage])}
