"""The shapes of payroll's bodies: what somebody wants done with a run."""

from datetime import date
from typing import Annotated

from msgspec import Meta, Struct

from shared.envelope import Basis
from shared.events import Month
from shared.patterns import PLAIN

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
    sequence: Annotated[int, Meta(ge=1, le=99, description="1, or that of a supplementary run")] = 1


class ReopeningAct(Act, frozen=True, kw_only=True):
    """Propose a supplementary run for a closed month; `lapses_on` is the last day on which it may be closed."""

    reason: Annotated[str, Meta(min_length=1, max_length=1000, pattern=PLAIN)]
    lapses_on: date


class ReopeningConfirmationAct(Act, frozen=True, kw_only=True):
    """Agree to the proposed reopening."""


class HandOverAct(Act, frozen=True, kw_only=True):
    """Hand a closed run over to finance."""


class BookedLine(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What finance booked of a line of a voucher: yuan with two places, on the side on which it was sent."""

    entry: Annotated[int, Meta(ge=1, le=1_000_000)]
    booked: Annotated[str, Meta(pattern=r"^-?[0-9]{1,13}\.[0-9]{2}$")]
    reason: Annotated[str, Meta(max_length=1000, pattern=PLAIN)] = ""


class AcknowledgementAct(Act, frozen=True, kw_only=True):
    """What finance booked of a voucher, line by line; a line that is not named is not booked."""

    voucher_id: Annotated[str, Meta(max_length=300, pattern=PLAIN)]
    entries: tuple[BookedLine, ...]


class EngineAct(Act, frozen=True, kw_only=True):
    """Adopt a version of the pay engine for the runs that are drafted from now on."""

    jurisdiction: Jurisdiction
    engine: Annotated[str, Meta(min_length=1, max_length=20, pattern=r"^[0-9a-z.-]+$")]


class ApprovalAct(Act, frozen=True, kw_only=True):
    """Approve the lines that were shown with this digest."""

    digest: Digest


class ClosureAct(Act, frozen=True, kw_only=True):
    """Close the approved run."""
