"""Suspension 停职: off duty and out of pay, in service and in the seat, until the return or the exit (rule 18)."""

from datetime import date

from ledger.domain.command import Words, WorkerCommand
from ledger.domain.policy import Policies
from ledger.domain.standing import Standing
from shared.events import WorkerReturned, WorkerSuspended
from shared.refusal import Refused

# --- commands


class SuspendWorker(WorkerCommand, frozen=True, kw_only=True):
    """The effective date is the first day off duty."""

    reason: Words


class ReturnWorker(WorkerCommand, frozen=True, kw_only=True):
    """The effective date is the first day on duty again."""


# --- decisions


def suspend(command: SuspendWorker) -> WorkerSuspended:
    """The suspension with its reason."""
    return WorkerSuspended(reason=command.reason)


def take_back(command: ReturnWorker) -> WorkerReturned:
    """The return as recorded."""
    return WorkerReturned()


def check_suspension(standing: Standing, event: WorkerSuspended, day: date, policies: Policies) -> None:
    """Refused `already-there`."""
    if standing.suspended_since is not None:
        raise Refused(
            "already-there",
            f"the worker is suspended since {standing.suspended_since}",
            remedy="nothing needs doing; a new reason is a return and another suspension",
        )


def check_return(standing: Standing, event: WorkerReturned, day: date, policies: Policies) -> None:
    """Refused `not-suspended`."""
    if standing.suspended_since is None:
        raise Refused(
            "not-suspended",
            f"the worker is on duty on {day}",
            pointer="/effective_date",
            remedy="nothing needs doing, or choose a day on which the worker is suspended",
        )
