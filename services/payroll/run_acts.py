"""The acts of runs as payroll keeps them: each event of a run's stream under the name of its act."""

from __future__ import annotations

from msgspec import Struct

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


class RunAct(Struct, frozen=True, kw_only=True):
    """An act of a run, as the log has it."""

    position: int
    jurisdiction: str
    month: str
    sequence: int
    actor: str
    event: Event


ACTS: dict[str, type[Event]] = {
    "proposed": RunReopeningProposed,
    "reopened": RunReopened,
    "drafted": RunDrafted,
    "approved": RunApproved,
    "closed": RunClosed,
    "handed-over": RunHandedOver,
    "acknowledged": RunAcknowledged,
}
"""Every event of a run's stream is here, so that the acts of a run count its version."""
