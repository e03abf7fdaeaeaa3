"""Where a run stands, told from its acts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from payroll.run_acts import RunAct
from shared.events import (
    Event,
    RunAcknowledged,
    RunApproved,
    RunClosed,
    RunDrafted,
    RunHandedOver,
    RunReopeningProposed,
    Voucher,
)
from shared.run_stages import Stage, stage_of


@dataclass(frozen=True)
class RunState:
    """Where a run stands: its last draft, the approval of exactly that draft, the close; and what came after."""

    jurisdiction: str
    month: str
    sequence: int
    acts: tuple[RunAct, ...] = ()

    @property
    def run_id(self) -> str:
        """jurisdiction/month/sequence."""
        return f"{self.jurisdiction}/{self.month}/{self.sequence}"

    @property
    def version(self) -> int:
        """That of the run's stream, which its ETag says."""
        return len(self.acts)

    def stage(self, day: date = date.min) -> Stage:
        """The stage on a day; without one as if no reopening ever lapsed."""
        return stage_of((act.event for act in self.acts), self.sequence, day)

    @property
    def drafted_act(self) -> RunAct | None:
        """The last draft since the month was reopened."""
        return self._last(RunDrafted, RunReopeningProposed)

    @property
    def approved_act(self) -> RunAct | None:
        """The approval of exactly that draft."""
        return self._last(RunApproved, RunDrafted)

    @property
    def closed_act(self) -> RunAct | None:
        """The close."""
        return self._last(RunClosed)

    @property
    def proposed_act(self) -> RunAct | None:
        """The last proposal to reopen its month."""
        return self._last(RunReopeningProposed)

    @property
    def drafted(self) -> RunDrafted | None:
        """The last draft."""
        event = self.drafted_act.event if self.drafted_act else None
        return event if isinstance(event, RunDrafted) else None

    @property
    def closed(self) -> RunClosed | None:
        """What was closed."""
        event = self.closed_act.event if self.closed_act else None
        return event if isinstance(event, RunClosed) else None

    @property
    def lapses_on(self) -> date | None:
        """The last day of the reopening, of a supplementary run."""
        event = self.proposed_act.event if self.proposed_act else None
        return event.lapses_on if isinstance(event, RunReopeningProposed) else None

    @property
    def handed_over(self) -> RunHandedOver | None:
        """The vouchers."""
        act = self._last(RunHandedOver)
        return act.event if act and isinstance(act.event, RunHandedOver) else None

    def booked(self) -> Iterable[tuple[Voucher, RunAcknowledged | None]]:
        """Each voucher with what finance said last of it; None while it said nothing."""
        said = {act.event.voucher_id: act.event for act in self.acts if isinstance(act.event, RunAcknowledged)}
        vouchers = self.handed_over.vouchers if self.handed_over else ()
        return [(voucher, said.get(voucher.voucher_id)) for voucher in vouchers]

    def _last(self, kind: type[Event], since: type[Event] | None = None) -> RunAct | None:
        """The last act of a kind, unless one of `since` came after it."""
        for act in reversed(self.acts):
            if isinstance(act.event, kind):
                return act
            if since is not None and isinstance(act.event, since):
                return None
        return None


def states_of(acts: Iterable[RunAct]) -> dict[tuple[str, int], RunState]:
    """(month, sequence) → state, from the acts of one jurisdiction in order."""
    of_run: dict[tuple[str, int], list[RunAct]] = defaultdict(list)
    for act in acts:
        of_run[act.month, act.sequence].append(act)
    return {key: RunState(found[0].jurisdiction, *key, tuple(found)) for key, found in of_run.items()}
