"""Probation 试用期: from the hire to its last day, confirmed or failed, each once (rule 17)."""

from datetime import date, timedelta

from ledger.domain.command import WorkerCommand
from ledger.domain.policy import Policies
from ledger.domain.standing import Standing
from ledger.domain.training import check_initial_course
from shared.events import Channel, ProbationConfirmed, SeparationReason, WorkerSeparated
from shared.refusal import Refused

# --- command


class ConfirmProbation(WorkerCommand, frozen=True, kw_only=True):
    """The probation was passed; at the latest from the day after its last one."""


# --- decisions


def confirm(command: ConfirmProbation) -> ProbationConfirmed:
    """The probation as passed."""
    return ProbationConfirmed()


def check_probation(until: date | None, hired_on: date) -> None:
    """Refused `probation-over` for a probation that would end before it began."""
    if until is not None and until < hired_on:
        raise Refused(
            "probation-over",
            f"a probation until {until} is over before the service begins on {hired_on}",
            pointer="/probation_until",
            remedy="give its last day, or leave it out where there is no probation",
        )


def check_confirmation(standing: Standing, event: ProbationConfirmed, day: date, policies: Policies) -> None:
    """Refused `not-on-probation`, `already-there`, `probation-over`, `initial-course-missing`."""
    _check_open(standing, day)
    check_initial_course(standing, day, policies)


def check_exit(standing: Standing, event: WorkerSeparated, day: date, policies: Policies) -> None:
    """Nobody fails a probation they are not on, or have passed; who was taken in by the new rules, or converted to
    them, does not leave for staying under the old ones. Refused `not-of-older-scheme`."""
    if event.reason is SeparationReason.NOT_CONVERTED and (standing.channel is not Channel.LEGACY or standing.seat):
        raise Refused(
            "not-of-older-scheme",
            f"the worker came by {standing.channel} and is under {standing.scheme}: nothing is left to convert",
            pointer="/reason",
            remedy="end the service by the reason that is true",
        )
    if event.reason is SeparationReason.PROBATION_FAILED:
        _check_open(standing, day)


def _check_open(standing: Standing, day: date) -> None:
    if standing.confirmed_on is not None:
        raise Refused(
            "already-there",
            f"the probation was confirmed from {standing.confirmed_on} on",
            remedy="nothing needs doing; who is to leave nevertheless leaves for another reason",
        )
    until = standing.probation_until
    if until is None:
        raise Refused(
            "not-on-probation",
            "the worker was taken in without a probation",
            remedy="nothing needs confirming; who is to leave leaves for another reason",
        )
    if day > until + timedelta(days=1):
        raise Refused(
            "probation-over",
            f"the probation ended on {until} without a word",
            pointer="/effective_date",
            remedy=f"date the act {until + timedelta(days=1)} at the latest, or end the service for another reason",
        )
