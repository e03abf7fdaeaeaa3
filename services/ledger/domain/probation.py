"""Probation 试用期: from the hire to its last day, confirmed or failed, each once (rule 17)."""

from calendar import monthrange
from datetime import date, timedelta

from ledger.domain.command import WorkerCommand
from ledger.domain.policy import Policies
from ledger.domain.standing import Standing
from ledger.domain.training import check_initial_course
from shared.events import Channel, ProbationConfirmed, SeparationReason, WorkerSeparated
from shared.policy_document import PolicyDocument
from shared.refusal import Refused

# --- command


class ConfirmProbation(WorkerCommand, frozen=True, kw_only=True):
    """The probation was passed; at the latest from the day after its last one."""


# --- decisions


def confirm(command: ConfirmProbation) -> ProbationConfirmed:
    """The probation as passed."""
    return ProbationConfirmed()


def probation_until(said: date | None, document: PolicyDocument | None, channel: Channel, day: date) -> date | None:
    """The last day of the probation of who enters service on a day: as it is said, else as the policy has it.

    Refused `probation-over` where it would end before it began, `probation-too-long` beyond the policy's months.
    """
    if said is not None and said < day:
        raise Refused(
            "probation-over",
            f"a probation until {said} is over before the service begins on {day}",
            pointer="/probation_until",
            remedy="give its last day, or leave it out where there is no probation",
        )
    rule = document.probation if document is not None else None
    if document is None or rule is None or (rule.channels and channel.value not in rule.channels):
        return said
    last = _last_day(day, rule.months)
    if said is not None and said > last:
        raise Refused(
            "probation-too-long",
            f"{document.policy_id} has a probation of {rule.months} month(s), which ends on {last}",
            pointer="/probation_until",
            remedy=f"give {last} or an earlier day, or leave it out",
        )
    return said or last


def _last_day(day: date, months: int) -> date:
    """The day before the same day so many months later; the month's last where there is no such day."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    days = monthrange(year, month + 1)[1]
    return date(year, month + 1, days) if day.day > days else date(year, month + 1, day.day) - timedelta(days=1)


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
