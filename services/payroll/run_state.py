"""Where a run stands, told from its acts."""

from __future__ import annotations

from dataclasses import dataclass, replace

from payroll.known import RunAct
from shared.events import RunApproved, RunDrafted


@dataclass(frozen=True)
class RunState:
    """Where a run stands: its last draft, the approval of exactly that draft, the close; `version`: its ETag."""

    jurisdiction: str
    month: str
    sequence: int
    drafted_act: RunAct | None = None
    approved_act: RunAct | None = None
    closed_act: RunAct | None = None
    version: int = 0

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
        states[key] = _after(states.get(key, RunState(act.jurisdiction, *key)), act)
    return states


def _after(state: RunState, act: RunAct) -> RunState:
    """Every event of the run's stream is an act, so that they count its version; a draft begins anew."""
    version = state.version + 1
    if isinstance(act.event, RunDrafted):
        return RunState(state.jurisdiction, state.month, state.sequence, drafted_act=act, version=version)
    if isinstance(act.event, RunApproved):
        return replace(state, approved_act=act, version=version)
    return replace(state, closed_act=act, version=version)
