"""What every command carries: from when it holds and the paper it rests on."""

from datetime import date
from typing import Annotated

from msgspec import Meta, Struct

from shared.envelope import Paper
from shared.patterns import ID, SEEN
from shared.refusal import Refused

Id = Annotated[str, Meta(pattern=ID, description="lower-case letters, digits and hyphens")]
Words = Annotated[str, Meta(min_length=1, max_length=100, pattern=SEEN)]
Count = Annotated[int, Meta(ge=0, le=10_000_000)]

EARLIEST, LATEST = date(1949, 10, 1), date(2199, 12, 31)
"""Effective dates outside these are slips of the pen."""


class Command(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A wish of an admin: `effective_date` is a date in the jurisdiction, `basis` the document, its date and clause."""

    effective_date: date
    basis: Paper


class WorkerCommand(Command, frozen=True, kw_only=True):
    """An act on one worker."""

    worker_id: Id


def check_day(command: Command) -> None:
    """Refused `invalid-body` for an effective date that nobody can have meant."""
    if not EARLIEST <= command.effective_date <= LATEST:
        raise Refused(
            "invalid-body",
            f"an effective date lies between {EARLIEST} and {LATEST}",
            pointer="/effective_date",
            remedy="correct the date",
        )


def check_paper(command: Command, today: date) -> None:
    """Refused `invalid-body` for a paper that is dated after the day on which the act is recorded."""
    if command.basis.date > today:
        raise Refused(
            "invalid-body",
            f"the paper is dated {command.basis.date}, and today is {today}",
            pointer="/basis/date",
            remedy="give the date that stands on the paper; an act is recorded once its paper is there",
        )
