"""The lines of a close as they are kept: those of the figures known at its position, under the digest in the log."""

from __future__ import annotations

from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Connection, select

from payroll import lookup
from payroll.engines import ENGINES
from payroll.settlement import Line, Settlement, digest_of
from payroll.tables import LINES, RUNS
from shared.events import RunClosed
from shared.taking import add


class ProjectionStopped(Exception):
    """The log says something that cannot be reproduced; the watermark stays before it. The message says what."""


class Expected(NamedTuple):
    """What a close that is being written down pays, as it was worked out to be checked."""

    engine: str
    settlement: Settlement


def keep_lines(connection: Connection, row: Any, expected: Expected | None) -> int:
    """Write the lines of a close; how many. What was expected need not be worked out again where nothing came between.

    Raises ProjectionStopped.
    """
    closed = msgspec.json.decode(row.content, type=RunClosed)
    if expected is not None and _the_same(connection, row, closed, expected):
        settlement = expected.settlement
    else:
        settlement = _settled(connection, row, closed)
    lines = list(settlement.explained())
    if digest_of(lines) != closed.digest:
        raise ProjectionStopped(
            f"the run of {row.month} closed at position {row.position} has the digest {closed.digest}, but its "
            f"lines as known at {closed.at_position} have {digest_of(lines)}"
        )
    head = (row.jurisdiction, row.month, row.sequence)
    add(connection, LINES, [_line_row(row.position, head, line) for line in lines])
    return len(lines)


def _the_same(connection: Connection, row: Any, closed: RunClosed, expected: Expected) -> bool:
    """Whether the engine, what was known and what was paid are those of the close."""
    known = expected.settlement.known
    if (expected.engine, known.at_position) != (closed.engine, closed.at_position):
        return False
    between = (RUNS.c.position >= known.paid_before, RUNS.c.position < row.position)
    query = select(RUNS.c.position).where(RUNS.c.jurisdiction == row.jurisdiction, RUNS.c.act == "closed", *between)
    return connection.execute(query).first() is None


def _settled(connection: Connection, row: Any, closed: RunClosed) -> Settlement:
    settle = ENGINES.get(closed.engine)
    if settle is None:
        raise ProjectionStopped(f"the run of {row.month} was closed by engine {closed.engine}, which is not here")
    return settle(lookup.known(connection, row.jurisdiction, closed.at_position, None, before=row.position), row.month)


def _line_row(position: int, head: tuple[Any, ...], line: Line) -> tuple[Any, ...]:
    number, *rest = msgspec.structs.astuple(line)
    return (position, number, *head, *rest)
