"""How it is said where a change is, seen from a run: a reason to compute with, and a sentence to read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from msgspec import Struct

from payroll.absence import Found, Reason, RunAt
from payroll.trees import Paper
from shared.money import yuan

Sums = dict[str, str]


class ChangeAnswer(Struct, frozen=True, kw_only=True):
    """Where a change is, seen from a run.

    `reason` is included, settled-before, recorded-after, effective-later, voided, superseded, before-limit, pending,
    no-effect or not-for-pay. `amount` is what it does in the run, nothing unless it is included. `other_run` settled it
    before or takes it later, `pays_from` is the month from which it is felt, `act` what voided, superseded or has to
    complete it.
    """

    run_id: str
    at_position: int
    reason: str
    says: str
    amount: str
    by_payer: Sums
    by_service_month: Sums
    other_run: str | None
    pays_from: str | None
    act: Paper | None
    events: tuple[Paper, ...]


def change_answer(run: RunAt, found: Found, events: Sequence[Paper], act: Paper | None) -> ChangeAnswer:
    """The answer with its sentence."""
    return ChangeAnswer(
        run_id=run.run_id,
        at_position=run.at_position,
        reason=found.reason.value,
        says=_said(run, found, events[0], act),
        amount=yuan(sum(found.amounts.values())),
        by_payer=_sums(found, "payer"),
        by_service_month=_sums(found, "service_month"),
        other_run=found.run_id,
        pays_from=found.pays_from,
        act=act,
        events=tuple(events),
    )


def _said(run: RunAt, found: Found, first: Paper, act: Paper | None) -> str:
    by = f"{act.type} at position {act.position}, from {act.effective_date} on" if act else "a later act"
    paid = ", ".join(f"{payer} {amount}" for payer, amount in _sums(found, "payer").items())
    later = (
        f"after the run's {run.at_position}; {f'the run {found.run_id}' if found.run_id else 'the next run'} takes it"
    )
    said = {
        Reason.INCLUDED: f"it is in the run: {paid}",
        Reason.SETTLED_BEFORE: f"the run {found.run_id} paid all that it does",
        Reason.RECORDED_AFTER: f"it was recorded at position {first.position}, {later}",
        Reason.EFFECTIVE_LATER: f"it is felt from {found.pays_from} on, after the month of the run",
        Reason.VOIDED: f"it was voided by {by}",
        Reason.SUPERSEDED: f"{by}, took its place",
        Reason.BEFORE_LIMIT: f"payroll pays from {found.pays_from} on, and by then {by}, had taken its place",
        Reason.PENDING: f"it pays nothing before it is final; {by}, made it so" if act else "it is not final yet",
        Reason.NO_EFFECT: "it changes no amount up to the month of the run",
        Reason.NOT_FOR_PAY: f"pay does not depend on {first.type}",
    }
    return said[found.reason]


def _sums(found: Found, by: str) -> Sums:
    sums: Counter[str] = Counter()
    for key, fen in found.amounts.items():
        sums[getattr(key, by)] += fen
    return {name: yuan(sums[name]) for name in sorted(sums) if sums[name]}
