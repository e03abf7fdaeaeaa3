"""All that was recorded up to a position, voided acts too, so that any part of it can be asked what it makes due."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from functools import cached_property
from typing import NamedTuple

from payroll.engine import FactKind, day_number
from payroll.evidence import about, day_of
from payroll.known import Known, KnownFact

EVERYBODY = ""
"""Whom a cause is about that is no worker's own: a policy, a base."""
_FELT_LATER = frozenset(kind for kind in FactKind if kind.name in ("CERTIFICATE", "EDUCATION", "RATING"))
"""Facts that rules may count only from the next month or year on."""


class Written(NamedTuple):
    """A fact as it was written, by which command."""

    fact: KnownFact
    command_id: str


class Void(NamedTuple):
    """A command is void on a worker's stream from a position on."""

    position: int
    worker_id: str
    command_id: str


class CauseKind(StrEnum):
    """What a cause is: facts of a worker, a void of some, a document that was enacted, a wage that was published."""

    FACTS = "facts"
    VOID = "void"
    POLICY = "policy"
    BASE = "base"


class Cause(NamedTuple):
    """What one event brought, about whom; `act` is the command of facts, and of a void the one it voids."""

    kind: CauseKind
    position: int
    effective_day: int
    worker_id: str
    act: str

    @property
    def effective_date(self) -> date:
        """From when it holds."""
        return day_of(self.effective_day)


@dataclass(frozen=True)
class History:
    """What is known at a position, and how it came: every fact, void and rule by its position."""

    known: Known
    facts: Sequence[Written]
    voids: Sequence[Void]

    @cached_property
    def causes(self) -> dict[int, Cause]:
        """Every event by its position; a void is about the day of what it voids."""
        found: dict[int, Cause] = {}
        first: dict[tuple[str, str], int] = {}
        for fact, command_id in self.facts:
            found[fact.position] = Cause(CauseKind.FACTS, fact.position, fact.day, fact.worker_id, command_id)
            voidable = (fact.worker_id, command_id)
            first[voidable] = min(fact.day, first.get(voidable, fact.day))
        for position, worker_id, command_id in self.voids:
            day = first.get((worker_id, command_id))
            if day is not None:
                found[position] = Cause(CauseKind.VOID, position, day, worker_id, command_id)
        for kind, rules in ((CauseKind.POLICY, self.known.policies), (CauseKind.BASE, self.known.bases)):
            for rule in rules:
                act = f"position {rule.position}"
                found[rule.position] = Cause(kind, rule.position, day_number(rule.effective_date), EVERYBODY, act)
        return found

    @cached_property
    def workers(self) -> frozenset[str]:
        """Everybody with a fact."""
        return frozenset(written.fact.worker_id for written in self.facts)

    def voided(self) -> set[int]:
        """The positions of facts that do not hold at the end, and of the voids."""
        whole = frozenset(self.causes)
        return {fact.position for fact, _ in self.facts if self._is_void(fact, whole)} | {
            void.position for void in self.voids
        }

    def felt_later(self, cause: Cause) -> bool:
        """Whether the rules may count it only some time after its day."""
        return cause.kind is CauseKind.FACTS and self._kinds[cause.position] <= _FELT_LATER

    def void_of(self, position: int, at_position: int) -> int | None:
        """The void, up to a position, that takes the facts of an event out."""
        cause = self.causes[position]
        voids = self._voids.get((cause.worker_id, cause.act), ())
        return next((void for void in voids if position < void <= at_position), None)

    def taking_its_place(self, positions: Collection[int], at_position: int) -> Cause | None:
        """The first act after these, in the order in which they hold, that says the same things of the same worker."""
        last = max(_holds(self.causes[position]) for position in positions)
        cause = self.causes[last[1]]
        after = self._rules(cause.kind) if cause.worker_id == EVERYBODY else self._same_said(positions)
        later = [
            one
            for one in after
            if _holds(one) > last and one.position <= at_position and self.void_of(one.position, at_position) is None
        ]
        return min(later, default=None, key=_holds)

    def _rules(self, kind: CauseKind) -> list[Cause]:
        return [cause for cause in self.causes.values() if cause.kind is kind]

    def _same_said(self, positions: Collection[int]) -> list[Cause]:
        """The acts that set what these set: the same property, the same certificate, the same year's rating."""
        said = {(fact.worker_id, *about(fact)) for fact, _ in self.facts if fact.position in positions}
        return [self.causes[fact.position] for fact, _ in self.facts if (fact.worker_id, *about(fact)) in said]

    def world(self, positions: Collection[int], workers: Collection[str]) -> Known:
        """What would be known of these workers if only the events at these positions had been recorded."""
        facts = [
            fact
            for worker_id in workers
            for fact in self._by_worker[worker_id]
            if fact.position in positions and not self._is_void(fact, positions)
        ]
        return replace(
            self.known,
            facts=facts,
            policies=[policy for policy in self.known.policies if policy.position in positions],
            bases=[base for base in self.known.bases if base.position in positions],
            paid=[],
        )

    def _is_void(self, fact: KnownFact, positions: Collection[int]) -> bool:
        voids = self._voids.get((fact.worker_id, self._commands[fact.position]), ())
        return any(fact.position < position and position in positions for position in voids)

    @cached_property
    def _commands(self) -> Mapping[int, str]:
        return {fact.position: command_id for fact, command_id in self.facts}

    @cached_property
    def _kinds(self) -> Mapping[int, set[int]]:
        kinds: dict[int, set[int]] = defaultdict(set)
        for fact, _ in self.facts:
            kinds[fact.position].add(fact.kind)
        return kinds

    @cached_property
    def _by_worker(self) -> Mapping[str, list[KnownFact]]:
        found: dict[str, list[KnownFact]] = defaultdict(list)
        for fact, _ in self.facts:
            found[fact.worker_id].append(fact)
        return found

    @cached_property
    def _voids(self) -> Mapping[tuple[str, str], list[int]]:
        found: dict[tuple[str, str], list[int]] = defaultdict(list)
        for void in self.voids:
            found[void.worker_id, void.command_id].append(void.position)
        return found


def _holds(cause: Cause) -> tuple[int, int]:
    return cause.effective_day, cause.position


def rounds(causes: Sequence[Cause]) -> Iterator[list[Cause]]:
    """The causes in their order; together go those about different workers between which no rule changes."""
    waiting: list[list[Cause]] = []
    depth: dict[str, int] = defaultdict(int)
    for cause in causes:
        if cause.worker_id == EVERYBODY:
            yield from waiting
            yield [cause]
            waiting, depth = [], defaultdict(int)
            continue
        if depth[cause.worker_id] == len(waiting):
            waiting.append([])
        waiting[depth[cause.worker_id]].append(cause)
        depth[cause.worker_id] += 1
    yield from waiting
