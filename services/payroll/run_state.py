"""Where a run stands, told from its acts."""

from __future__ import annotations

from dataclasses import dataclass

from payroll.known import RunAct
from shared.events import RunApproved, RunClosed, RunDrafted


@dataclass(frozen=True)
class RunState:
    """Where a run stands: its last draft, the approval of exactly that draft, the close."""

    jurisdiction: str
    month: str
    sequence: int
    drafted_act: RunAct | None = None
    approved_act: RunAct | None = None
    closed_act: RunAct | None = None

    @property
    def status(self) -> str:
        """drafted, approved, closed; or open when nothing happened yet."""
        acts = (("closed", self.closed_act), ("approved", self.approved_act), ("drafted", self.drafted_act))
        return next((status for status, act in acts if act is not None), "open")

    @property
    def drafted(self) -> RunDrafted | None:
        """The last draft."""
        event = self.drafted_act.event if self.drafted_act else None
        return event if isinstance(event, RunDrafted) else None


def states_of(acts: list[RunAct]) -> dict[tuple[str, int], RunState]:
    """(month, sequence) → state, from the acts of one jurisdiction in order."""
    states: dict[tuple[str, int], RunState] = {}
    for act in acts:
        key = (act.month, act.sequence)
        state = states.get(key, RunState(act.jurisdiction, *key))
        parts = (act.jurisdiction, *key)
        if isinstance(act.event, RunDrafted):
            states[key] = RunState(*parts, drafted_act=act)
        elif isinstance(act.event, RunApproved):
            states[key] = RunState(*parts, drafted_act=state.drafted_act, approved_act=act)
        elif isinstance(act.event, RunClosed):
            states[key] = RunState(*parts, state.drafted_act, state.approved_act, act)
    return states
