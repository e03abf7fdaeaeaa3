"""What the product makes of a log, under the oracle's keys, so that the two can be compared."""

from collections import Counter
from collections.abc import Sequence

from tests.oracle.logs import CITY, Log
from tests.oracle.pay import Key

from payroll.engine import POSTS, Due, Item, month_name
from payroll.projection import Projection
from payroll.settlement import Line, Settlement, settle
from shared import events
from shared.envelope import Recorded
from shared.money import fen


def projected(log: Sequence[Recorded]) -> Projection:
    """A fresh projection with these events applied in one batch."""
    projection = Projection()
    projection.apply(log)
    return projection


def engine_due(log: Sequence[Recorded], month: str, at_position: int | None = None) -> dict[Key, int]:
    """What the engine makes due for all open months up to this one, as known at a position (the last one)."""
    at_position = log[-1].position if at_position is None else at_position
    return by_key(settle(projected(log).known(CITY, at_position), month).due)


def by_key(due: Due) -> dict[Key, int]:
    """The entries of a due by name, added up."""
    names, entries = due.tables.vocabulary, due.entries
    found: Counter[Key] = Counter()
    for n in range(len(entries)):
        community = int(entries.community[n])
        key = Key(
            names.workers[int(entries.worker[n])],
            month_name(int(entries.service_month[n])),
            month_name(int(entries.payable_month[n])),
            Item(int(entries.item[n])).name.lower(),
            POSTS[int(entries.post[n])].value,
            names.communities[community],
            names.payers[int(entries.payer[n])],
        )
        found[key] += int(entries.amount_fen[n])
    return dict(found)


def arrived_at(line: Line) -> int:
    """The amount at which the words of a line end, fen."""
    return fen(line.worked_out.rpartition("→ ")[2])


def owed_of(settlement: Settlement) -> dict[Key, int]:
    """The differences that a run would pay."""
    found: Counter[Key] = Counter()
    for line in settlement.lines:
        found[_key(line)] += line.amount_fen
    return dict(found)


def paid_of(projection: Projection) -> dict[Key, int]:
    """The sum of all closed runs."""
    found: Counter[Key] = Counter()
    for act in projection.acts(CITY, projection.position):
        for line in projection.closed_lines(act.position):
            found[_key(line)] += line.amount_fen
    return dict(found)


def _key(line: object) -> Key:
    names = ("worker_id", "service_month", "payable_month", "item", "post", "community_id", "payer")
    return Key(*(getattr(line, name) for name in names))


def close(log: Log, projection: Projection, month: str, sequence: int = 1) -> None:
    """Close a month on what is known now, at the end of the log; the projection has to have all of the log."""
    settlement = settle(projection.known(CITY, log.position), month)
    closed = events.RunClosed(
        jurisdiction=CITY,
        month=month,
        sequence=sequence,
        at_position=log.position,
        engine=settlement.engine,
        digest=settlement.digest,
        lines=len(settlement.lines),
        total_fen=settlement.total_fen,
        payers=settlement.payers,
    )
    log.write(f"run/{CITY}/{month}/{sequence}", closed, f"{month}-01")
    projection.apply(log.events[-1:])
