"""Why the lines and totals of a run are what they are: its figures once more, as they were known to it, as trees."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction

from payroll.engines import engine
from payroll.projection import Projection
from payroll.run_state import RunState
from payroll.settlement import Line, Settlement, key_of
from payroll.tracing import LineOf, Node, What, summed
from shared.events import RunClosed, RunDrafted

AXES = ("street_id", "community_id", "worker_id")
"""A total of a payer is taken apart along these, one after the other, down to lines."""


def settled_for(projection: Projection, state: RunState, worker_id: str) -> Settlement:
    """What the run came to for one worker, as it was known to the run."""
    closed = state.closed_act
    event = closed.event if closed else state.drafted
    assert isinstance(event, RunClosed | RunDrafted)
    before = None if closed is None else closed.position - 1
    known = projection.known(state.jurisdiction, event.at_position, worker_id, paid_up_to=before)
    return engine(event.engine)(known, state.month)


def trees_of(settlement: Settlement, lines: Sequence[Line]) -> list[Node]:
    """The trees of lines of one worker, each under its number in the run. A line that is not there is a bug."""
    own = {key_of(line): line for line in settlement.lines}
    trees = settlement.traced([own[key_of(line)] for line in lines])
    found = []
    for line, tree in zip(lines, trees, strict=True):
        assert tree.value == line.amount_fen
        found.append(tree)
    return found


def lines_where(projection: Projection, state: RunState, where: Mapping[str, str]) -> list[Line]:
    """The lines of a run with these values in these columns."""
    if state.closed_act is not None:
        return projection.closed_lines(state.closed_act.position, where=where)
    return [line for line in _drafted(projection, state) if all(getattr(line, name) == where[name] for name in where)]


def line_numbered(projection: Projection, state: RunState, number: int) -> Line | None:
    """The line of a run with this number."""
    if state.closed_act is not None:
        found = projection.closed_lines(state.closed_act.position, number - 1, 1)
    else:
        found = _drafted(projection, state)[number - 1 : number]
    return found[0] if found else None


def _drafted(projection: Projection, state: RunState) -> list[Line]:
    assert state.drafted is not None
    known = projection.known(state.jurisdiction, state.drafted.at_position)
    return engine(state.drafted.engine)(known, state.month).lines


def total_of(state: RunState, lines: Iterable[Line], where: Mapping[str, str]) -> Node:
    """The sum of lines by the first axis that `where` does not name; by line where it names them all."""
    axis = next((axis for axis in AXES if axis not in where), None)
    what = What.RUN if axis == AXES[0] else What.WORKER if axis is None else What.PLACE
    says = " ".join(where.values()) or f"{state.jurisdiction} {state.month}"
    if axis is None:
        return summed(what, tuple(_line(state, line) for line in lines), says)
    sums: dict[str, int] = defaultdict(int)
    for line in lines:
        sums[getattr(line, axis)] += line.amount_fen
    below = What.WORKER if axis == AXES[-1] else What.PLACE
    parts = (Node(what=below, value=Fraction(sums[name]), says=name) for name in sorted(sums))
    return summed(what, tuple(parts), says)


def _line(state: RunState, line: Line) -> Node:
    where = LineOf(month=state.month, sequence=state.sequence, number=line.number)
    says = f"{line.item} of {line.service_month}"
    return Node(what=What.LINE, value=Fraction(line.amount_fen), says=says, line=where)
