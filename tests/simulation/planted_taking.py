"""Bugs in how a service takes the topic into its own database."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from sqlalchemy import Connection, func, select, update

import notifications.outbox
import payroll.projection
from notifications.outbox import Outbox
from payroll.projection import Projection
from shared import consuming
from shared.consuming import Consumer
from shared.envelope import Recorded, recorded_of, wire_of
from shared.gathering import Gathering
from shared.receiving import BEGINNING, Move, Taking
from shared.records import Heard
from shared.taking import Taken, put

Planting = tuple[Any, str, Any]
"""Whose attribute is replaced by what."""

# --- a service's database


def offset_before_rows() -> list[Planting]:
    def wrong(real: Callable[[Any, Taking], None]) -> Callable[[Any, Taking], None]:
        def take(self: Any, taking: Taking) -> None:
            real(self, Taking(moves=taking.moves))
            real(self, Taking(events=taking.events, parked=taking.parked))

        return take

    return [(kind, "take", wrong(kind.take)) for kind in (Projection, Outbox)]


def no_compare_and_set() -> list[Planting]:
    def move(self: Taken, connection: Connection, one: Move) -> None:
        put(connection, self.marks, [(one.partition, *BEGINNING)])
        moved = update(self.marks).where(self.marks.c.partition == one.partition)
        connection.execute(moved.values(one.after._asdict()))

    return [(Taken, "_move", move)]


def watermark_over_a_hole() -> list[Planting]:
    def complete_from(self: Taken, connection: Connection, after: int) -> int:
        last = connection.execute(select(func.max(self.moments.c.position))).scalar()
        return after if last is None else int(last)

    return [(Taken, "_complete_from", complete_from)]


# --- the consumer


def hole_ignored() -> list[Planting]:
    return [(Consumer, "_repair", lambda self, partition, upto, batch: None)]


def duplicates_applied_again() -> list[Planting]:
    real = Consumer._apply

    def apply(self: Consumer, partition: int, said: Heard, batch: Any) -> None:
        wire = None if said.position is None else consuming._readable(said.line)
        if wire is None:
            real(self, partition, said, batch)
        else:
            batch.add(partition, wire, said.line)

    return [(Consumer, "_apply", apply)]


def repair_for_every_partition() -> list[Planting]:
    real = Consumer._repair

    def repair(self: Consumer, partition: int, upto: int, batch: Any) -> None:
        complete, batch.complete = batch.complete, lambda one: upto
        real(self, partition, upto, batch)
        batch.complete = complete

    return [(Consumer, "_repair", repair)]


def poison_skipped() -> list[Planting]:
    return [(Gathering, "_park", lambda self, wire, line, reason: None)]


def parked_overtaken_by_its_own_stream() -> list[Planting]:
    real = Gathering.gather

    def gather(self: Any, wire: Any, line: bytes) -> None:
        self._parked_streams = set()
        real(self, wire, line)

    return [(Gathering, "gather", gather)]


def released_past_what_is_stuck() -> list[Planting]:
    def released(parked: Any, receiver: Any) -> tuple[list[Recorded], None]:
        ready = []
        for one in sorted(parked):
            with suppress(Exception):
                recorded = recorded_of(wire_of(one.line))
                receiver.check(recorded)
                ready.append(recorded)
        return ready, None

    return [(module, "released", released) for module in (payroll.projection, notifications.outbox)]
