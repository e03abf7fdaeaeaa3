"""The lines of a run as they are read: kept ones of a closed run, those of a draft worked out again."""

from collections.abc import Iterator, Mapping

from payroll.engines import engine
from payroll.projection import Projection
from payroll.run_state import RunState
from payroll.settlement import Line

_ROWS_PER_READ = 1_000


def lines_of(
    projection: Projection,
    state: RunState,
    where: Mapping[str, str] | None = None,
    after: int = 0,
    limit: int | None = None,
) -> Iterator[Line]:
    """By number, from the one after `after` on; `where` column = value. A closed run's are read in portions."""
    where = where or {}
    if state.closed_act is not None:
        while limit is None or limit > 0:
            wanted = _ROWS_PER_READ if limit is None else min(limit, _ROWS_PER_READ)
            portion = projection.closed_lines(state.closed_act.position, after, wanted, where)
            yield from portion
            if len(portion) < wanted:
                return
            after, limit = portion[-1].number, None if limit is None else limit - wanted
        return
    if state.drafted is None:
        return
    known = projection.known(state.jurisdiction, state.drafted.at_position)
    settlement = engine(state.drafted.engine)(known, state.month)
    lines = [
        line
        for line in settlement.lines[after:]
        if all(getattr(line, column) == value for column, value in where.items())
    ]
    yield from settlement.explained(lines[:limit])
