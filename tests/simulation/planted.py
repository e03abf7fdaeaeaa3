"""Bugs that somebody might write one day, each a small change of a real piece, for the simulator to catch."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

import numpy as np
from sqlalchemy import func, select
from tests.simulation import planted_taking as taking
from tests.simulation.planted_taking import Planting

import ledger.execution
import ledger.relay
import payroll.engine.kernel
import payroll.lookup
import payroll.projection
from ledger.appending import Answered, Appended, Pending
from ledger.event_store import EventStore
from ledger.recorders import Entry, Question, reachable
from ledger.relay import Published, Relay, Relayed
from ledger.stored_form import microseconds
from payroll.known import KnownFact
from payroll.tables import FACTS, VOIDS
from shared.topic import Message, partition_of


@contextmanager
def planted(bug: str) -> Iterator[None]:
    """The bug is there for as long as this lasts."""
    with ExitStack() as undo:
        for owner, name, wrong in BUGS[bug]():
            undo.callback(setattr, owner, name, getattr(owner, name))
            setattr(owner, name, wrong)
        yield


# --- the relay


def _relay_renumbers_what_it_sends_again() -> list[Planting]:
    real, sent = ledger.relay._chained, [-1]

    def chained(linked: Any, published: Published, partitions: int) -> tuple[list[Message], Published]:
        messages, after = real(linked, published, partitions)
        return [_numbered(message, sent) for message in messages], after

    return [(ledger.relay, "_chained", chained)]


def _numbered(message: Message, sent: list[int]) -> Message:
    sent[0] += 1
    headers = {**dict(message.headers), "ledger_position": str(sent[0]).encode()}
    return Message(message.partition, message.key, tuple(headers.items()), message.value)


def _relay_advances_before_the_acknowledgement() -> list[Planting]:
    def step(self: Any) -> Relayed:
        published = self._place.read(self._publisher.partitions)
        linked = self._log.linked(published.position, ledger.relay.BATCH)
        if not linked:
            self._mark(published)
            return Relayed(0, published.position)
        messages, after = ledger.relay._chained(linked, published, self._publisher.partitions)
        self._place.advance(published, after)
        self._publisher.publish(messages)
        return Relayed(len(linked), after.position)

    return [(Relay, "step", step)]


def _previous_of_the_whole_topic() -> list[Planting]:
    def chained(linked: Any, published: Published, partitions: int) -> tuple[list[Message], Published]:
        messages, previous = [], published.position
        per_partition = list(published.previous)
        for wire, chain in linked:
            messages.append(ledger.relay.event_message(wire, chain, previous, partitions))
            previous = per_partition[partition_of(wire.stream, partitions)] = wire.position
        return messages, Published(previous, tuple(per_partition))

    return [(ledger.relay, "_chained", chained)]


def _answer_outside_the_transaction() -> list[Planting]:
    real = EventStore.append

    def append(
        self: Any, changes: Any, metadata: Any, *, answered: Callable[[Appended], Answered], **named: Any
    ) -> Any:
        appended = real(self, changes, metadata, **named)
        given = answered(appended)
        span = (appended.first_position, appended.last_position, microseconds(appended.recorded_at))
        row = (given.key, given.fingerprint, given.answer, *span)

        def stamp(locked: Any) -> Entry:
            return Entry([], locked.next_position, locked.last_recorded_at, answers=[row])

        with reachable():
            self._recorder.record(Question(), stamp)
        return appended

    return [(EventStore, "append", append)]


def _position_from_the_clock() -> list[Planting]:
    real = Pending.__init__

    def begin(self: Any, locked: Any, clock: Any) -> None:
        real(self, locked, clock)
        self._first_position = self._next_position = int(clock().timestamp())

    return [(Pending, "__init__", begin)]


def _time_from_the_clock_and_nothing_else() -> list[Planting]:
    real = Pending.__init__

    def begin(self: Any, locked: Any, clock: Any) -> None:
        real(self, locked, clock)
        self._last_recorded_at = -(10**18)

    return [(Pending, "__init__", begin)]


def _key_destroyed_though_it_may_be_needed() -> list[Planting]:
    class Nothing(Exception):
        """Nobody raises this."""

    return [(ledger.execution, "StoreUnavailable", Nothing)]


# --- pay


def _share_rounded_for_each_payer() -> list[Planting]:
    def shared(amount: Any, weights: Any, unit: Any = None) -> Any:
        total = weights.sum(axis=1, keepdims=True)
        parts = (2 * np.abs(amount)[:, None] * weights + total) // (2 * total)
        return np.where(amount < 0, -1, 1)[:, None] * parts.astype(np.int64)

    return [(payroll.engine.kernel, "shared", shared)]


def _void_takes_what_came_after() -> list[Planting]:
    real = payroll.lookup._facts

    def facts(connection: Any, jurisdiction: str, at_position: int, worker_id: str | None) -> list[KnownFact]:
        voids = list(connection.execute(select(VOIDS).where(VOIDS.c.position <= at_position)))
        first = {
            (one.worker_id, one.position): connection.execute(
                select(func.min(FACTS.c.position)).where(FACTS.c.command_id == one.command_id)
            ).scalar()
            for one in voids
        }
        gone = [(worker, since, upto) for (worker, upto), since in first.items() if since is not None]
        return [
            fact
            for fact in real(connection, jurisdiction, at_position, worker_id)
            if not any(fact.worker_id == worker and since <= fact.position < upto for worker, since, upto in gone)
        ]

    return [(payroll.lookup, "_facts", facts)]


def _void_reaches_back() -> list[Planting]:
    real = payroll.lookup._facts

    def facts(connection: Any, jurisdiction: str, at_position: int, worker_id: str | None) -> list[KnownFact]:
        voided = {
            fact.position
            for void in connection.execute(select(VOIDS))
            for fact in connection.execute(select(FACTS).where(FACTS.c.command_id == void.command_id))
        }
        return [fact for fact in real(connection, jurisdiction, at_position, worker_id) if fact.position not in voided]

    return [(payroll.lookup, "_facts", facts)]


def _released_close_without_its_lines() -> list[Planting]:
    real = payroll.projection._closes

    def closes(connection: Any, *chosen: Any) -> Any:
        released = " IN " in str(chosen[0])
        return [] if released else real(connection, *chosen)

    return [(payroll.projection, "_closes", closes)]


BUGS: dict[str, Callable[[], Sequence[Planting]]] = {
    "offset before rows": taking.offset_before_rows,
    "no compare-and-set on marks": taking.no_compare_and_set,
    "watermark over a hole": taking.watermark_over_a_hole,
    "hole ignored": taking.hole_ignored,
    "duplicates applied again": taking.duplicates_applied_again,
    "repair for every partition": taking.repair_for_every_partition,
    "poison skipped": taking.poison_skipped,
    "parked overtaken by its own stream": taking.parked_overtaken_by_its_own_stream,
    "released past what is stuck": taking.released_past_what_is_stuck,
    "relay renumbers what it sends again": _relay_renumbers_what_it_sends_again,
    "relay advances before the acknowledgement": _relay_advances_before_the_acknowledgement,
    "previous of the whole topic": _previous_of_the_whole_topic,
    "answer outside the transaction": _answer_outside_the_transaction,
    "position from the clock": _position_from_the_clock,
    "time from the clock and nothing else": _time_from_the_clock_and_nothing_else,
    "key destroyed though it may be needed": _key_destroyed_though_it_may_be_needed,
    "share rounded for each payer": _share_rounded_for_each_payer,
    "void takes what came after": _void_takes_what_came_after,
    "void reaches back": _void_reaches_back,
    "released close without its lines": _released_close_without_its_lines,
}
