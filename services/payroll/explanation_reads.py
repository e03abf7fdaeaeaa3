"""Why an amount is what it is, as it is read over HTTP; each answer is at the position it names (F69)."""

from typing import Annotated

from fastapi import Path, Query, Request, Response

from payroll.access import lines_within, not_found, worker_in_scope
from payroll.asking import Jurisdiction, KnownAt, KnownPosition, Month, Sequence, WorkerId, at, position_asked
from payroll.engines import engine
from payroll.known import Known
from payroll.reasons import line_numbered, lines_where, settled_for, total_of, trees_of
from payroll.run_state import RunState, states_of
from payroll.runs import Payroll, check_near
from payroll.settlement import Line
from payroll.soundness import check_nothing_parked, check_runs_taken, check_sound
from payroll.tracing import Node, What, summed
from payroll.trees import ExplanationAnswer, explanation
from payroll.wording import sentence
from shared.http import Route, principal_of
from shared.principals import EVERYONE, OFFICE

Number = Annotated[int, Path(ge=1, le=2**31 - 1, description="the number of the line")]
Of = Annotated[str | None, Query(max_length=220, description="only of this one")]


def explanation_routes(payroll: Payroll) -> list[Route]:
    """The table of whys: the amounts of a payslip, of a run per payer, of a line."""
    why, run = _Whys(payroll), "/runs/{jurisdiction}/{month}/{sequence}"
    slip, line = "/workers/{worker_id}/payslips/{month}/explanation", f"{run}/lines/{{number}}/explanation"
    return [
        Route("GET", slip, EVERYONE, why.payslip, "Why a payslip's total is what it is", None, ExplanationAnswer),
        Route(
            "GET",
            f"{run}/explanation",
            OFFICE,
            why.total,
            "Why a total of a run is what it is",
            None,
            ExplanationAnswer,
        ),
        Route("GET", line, OFFICE, why.line, "Why a line of a run is what it is", None, ExplanationAnswer),
    ]


class _Whys:
    """The endpoints; every one catches up with the feed before it answers."""

    def __init__(self, payroll: Payroll) -> None:
        self._payroll = payroll
        self._projection = payroll.projection

    def payslip(
        self,
        request: Request,
        worker_id: WorkerId,
        month: Month,
        payer: Of = None,
        known_at: KnownAt = None,
        known_position: KnownPosition = None,
    ) -> Response:
        position = position_asked(self._payroll, request.headers, known_at, known_position)
        known = worker_in_scope(principal_of(request), worker_id, position, self._projection, self._payroll.today)
        trees = [
            tree for line, tree in self._of_payslip(known, worker_id, month, position) if payer in (None, line.payer)
        ]
        return self._shown(summed(What.PAYSLIP, tuple(trees), f"{worker_id} in {month}"), position)

    def line(
        self,
        request: Request,
        jurisdiction: Jurisdiction,
        month: Month,
        sequence: Sequence,
        number: Number,
        known_position: KnownPosition = None,
    ) -> Response:
        position = position_asked(self._payroll, request.headers, None, known_position)
        where = lines_within(principal_of(request), jurisdiction, self._projection)
        state = self._state(jurisdiction, month, sequence, position)
        line = line_numbered(self._projection, state, number)
        if line is None or any(getattr(line, name) != where[name] for name in where):
            raise not_found(f"there is no line {number} in {jurisdiction}/{month}/{sequence}")
        (tree,) = trees_of(settled_for(self._projection, state, line.worker_id), [line])
        return self._shown(tree, position)

    def total(
        self,
        request: Request,
        jurisdiction: Jurisdiction,
        month: Month,
        sequence: Sequence,
        payer: Of = None,
        street_id: Of = None,
        community_id: Of = None,
        worker_id: Of = None,
        known_position: KnownPosition = None,
    ) -> Response:
        position = position_asked(self._payroll, request.headers, None, known_position)
        scope = lines_within(principal_of(request), jurisdiction, self._projection)
        state = self._state(jurisdiction, month, sequence, position)
        asked = {"payer": payer, "street_id": street_id, "community_id": community_id, "worker_id": worker_id}
        named = {name: value for name, value in asked.items() if value is not None}
        lines = [
            line
            for line in lines_where(self._projection, state, named)
            if all(getattr(line, name) == scope[name] for name in scope)
        ]
        return self._shown(total_of(state, lines, named), position)

    def _of_payslip(self, known: Known, worker_id: str, month: str, position: int) -> list[tuple[Line, Node]]:
        """The lines of the worker's payslip with their trees."""
        states = states_of(self._projection.acts(known.jurisdiction, position, month)).values()
        closed = [state for state in states if state.closed_act is not None]
        check_runs_taken(self._projection, known.jurisdiction, position, *([month] if closed else ()))
        if not closed:
            check_near(month, self._payroll.today())
            settlement = engine(self._projection.engine(known.jurisdiction, position))(known, month)
            return list(zip(settlement.lines, settlement.traced(), strict=True))
        found: list[tuple[Line, Node]] = []
        for state in closed:
            lines = lines_where(self._projection, state, {"worker_id": worker_id})
            found += zip(lines, trees_of(settled_for(self._projection, state, worker_id), lines), strict=True)
        return found

    def _state(self, jurisdiction: str, month: str, sequence: int, position: int) -> RunState:
        check_sound(self._projection)
        check_runs_taken(self._projection, jurisdiction, position, month, sequence)
        state = self._payroll.run(jurisdiction, month, sequence, position)
        if state.drafted is None and state.closed_act is None:
            raise not_found(f"there is no run {jurisdiction}/{month}/{sequence}")
        if state.closed_act is None and state.drafted is not None:
            check_nothing_parked(self._projection, jurisdiction, state.drafted.at_position)
        return state

    def _shown(self, tree: Node, position: int) -> Response:
        shown = explanation(tree, sentence(tree), position, self._payroll.feed)
        return at(position, shown)
