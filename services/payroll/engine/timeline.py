"""Fold facts into stretches of days on which nothing that pay depends on changes."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np

from payroll.engine.echoes import with_echoes
from payroll.engine.facts import FactKind, Facts, Flags, Ints, first_day
from payroll.engine.folding import Folded, state_at
from payroll.engine.policy_tables import SCHEME_STRIDE, PolicyTables
from payroll.engine.policy_versions import BEFORE_ALL_DAYS
from shared.events import OUTSIDE

_DAY_BITS = 32


@dataclass(frozen=True)
class Stretches:
    """Days [start, end) of one worker in one state (a slot of `Rates`) in one community; by worker and day."""

    worker: Ints
    start: Ints
    end: Ints
    rate: Ints
    community: Ints

    def __len__(self) -> int:
        return len(self.worker)

    def take(self, rows: Ints | Flags) -> Stretches:
        """These rows."""
        return Stretches(*(getattr(self, field.name)[rows] for field in fields(self)))


def stretches(facts: Facts, tables: PolicyTables) -> Stretches:
    """The stretches of paid service within the months worked out, from facts in order (`facts.in_order`).

    A stretch ends where the scheme's rules, the community or a trait changes that the rules in force look at; another
    change (a rating without performance pay) does not end it. A seat whose holder is paid elsewhere has no stretch, nor
    has a suspension of which nothing is paid.
    """
    if not len(facts):
        empty = np.zeros(0, dtype=np.int64)
        return Stretches(empty, empty, empty, empty, empty)
    folded = Folded(*with_echoes(facts, tables.traits))
    facts = folded.facts
    key = (facts.worker << _DAY_BITS) + facts.day
    held = np.flatnonzero(np.append(key[1:] != key[:-1], True))
    worker, begun = facts.worker[held], facts.day[held].astype(np.int64)
    horizon_end = first_day(tables.last_month + 1)
    end = np.append(np.where(worker[1:] == worker[:-1], begun[1:], horizon_end), horizon_end)
    start = np.maximum(begun, first_day(tables.worked_from))
    np.minimum(end, horizon_end, out=end)
    scheme = folded.latest(FactKind.SCHEME, held)
    serves = (folded.latest(FactKind.IN_SERVICE, held) == 1) & (start < end)
    serves &= scheme != tables.vocabulary.scheme_codes.get(OUTSIDE, -1)
    rows = np.flatnonzero(serves)
    row, version, start, end = _cut_at_versions(scheme[rows], start[rows], end[rows], tables)
    rows = rows[row]
    community = folded.latest(FactKind.COMMUNITY, held[rows])
    state = state_at(folded, held[rows], begun[rows], version, community, tables.traits)
    found = Stretches(worker[rows], start, end, tables.traits.encode(state), community)
    if state.suspended.any():
        found = found.take((state.suspended == 0) | tables.traits.suspended[version])
    found = _merged(found)
    return replace(found, rate=tables.rates.slots(found.rate))


def _cut_at_versions(scheme: Ints, start: Ints, end: Ints, tables: PolicyTables) -> tuple[Ints, Ints, Ints, Ints]:
    """Days of a scheme, each anew where another version begins within them: the row it comes from, version, days."""
    key = scheme * SCHEME_STRIDE
    first = np.searchsorted(tables.version_key, key + start, side="right") - 1
    last = np.searchsorted(tables.version_key, key + end - 1, side="right") - 1
    if not (first != last).any():
        return np.arange(len(scheme)), first, start, end
    count = last - first + 1
    rows = np.repeat(np.arange(len(scheme)), count)
    version = first[rows] + places(count)
    day = tables.version_day
    following = np.append(day[1:], BEFORE_ALL_DAYS)[version]
    return rows, version, np.maximum(start[rows], day[version]), np.where(version == last[rows], end[rows], following)


def _merged(rows: Stretches) -> Stretches:
    """Neighbouring stretches of the same worker, rate and community as one."""
    if not len(rows):
        return rows
    same = (
        (rows.worker[1:] == rows.worker[:-1])
        & (rows.start[1:] == rows.end[:-1])
        & (rows.rate[1:] == rows.rate[:-1])
        & (rows.community[1:] == rows.community[:-1])
    )
    if not same.any():
        return rows
    opens = np.append(True, ~same)
    closes = np.append(~same, True)
    return Stretches(rows.worker[opens], rows.start[opens], rows.end[closes], rows.rate[opens], rows.community[opens])


def places(count: Ints) -> Ints:
    """0, 1, … within each group of the given sizes: [2, 3] → [0, 1, 0, 1, 2]."""
    ends = np.cumsum(count)
    total = int(ends[-1]) if len(ends) else 0
    return np.arange(total) - np.repeat(ends - count, count)
