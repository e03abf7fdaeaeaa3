"""The year-end true-up 年终清算: each payer's shares of a year brought to its part of the whole (F17)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from math import lcm

import numpy as np

from payroll.engine.contributions import NO_LEVEL, Added
from payroll.engine.facts import Ints, first_day
from payroll.engine.funding import largest_remainders
from payroll.engine.policy_tables import SCHEME_STRIDE, PolicyTables
from payroll.engine.segments import Segments
from payroll.engine.vocabulary import EARNED_ITEMS, Item, PayerLevel

_INT64 = 1 << 63
_CELLS = len(EARNED_ITEMS) * len(PayerLevel)


@dataclass(frozen=True)
class Spells:
    """Segments of one worker in one calendar year at one rate in one community, added up, one such row after the other.

    `year` counts from 1970, `last` is the last segment; `amounts` is fen: int64[spells, items, payer levels], among the
    basic pay with what employers pay on top, since those who pay the one pay the other.
    """

    worker: Ints
    year: Ints
    rate: Ints
    community: Ints
    last: Ints
    amounts: Ints

    def __len__(self) -> int:
        return len(self.worker)

    def take(self, rows: Ints) -> Spells:
        """These rows."""
        return Spells(*(getattr(self, field.name)[rows] for field in fields(self)))


def spells(segments: Segments, added: Iterable[Added]) -> Spells:
    """The spells of all segments, and of what employers pay on top of them."""
    year, count = segments.month // 12, len(segments)
    changes = np.zeros(max(count - 1, 0), dtype=np.bool_)
    for column in (segments.worker, year, segments.rate, segments.community):
        changes |= column[1:] != column[:-1]
    opens = np.flatnonzero(np.append(True, changes)[:count])
    amounts = np.add.reduceat(segments.amounts.reshape(count, _CELLS), opens, axis=0)
    for more in added:
        borne = np.flatnonzero(more.level != NO_LEVEL)
        spell = np.searchsorted(opens, more.segment[borne], side="right") - 1
        cell = spell * _CELLS + Item.BASIC * len(PayerLevel) + more.level[borne]
        np.add.at(amounts.reshape(-1), cell, more.amount_fen[borne])
    return Spells(
        worker=segments.worker[opens],
        year=year[opens],
        rate=segments.rate[opens],
        community=segments.community[opens],
        last=np.append(opens[1:], count) - 1,
        amounts=amounts.reshape(-1, len(EARNED_ITEMS), len(PayerLevel)),
    )


def true_ups(segments: Segments, tables: PolicyTables, added: Iterable[Added]) -> Iterator[Added]:
    """What payers owe each other with each December asked for, in the post and place of the year's last paid day.

    Per worker and year, the shares of a payer and this come to the largest remainder of the year's total over the exact
    shares; a tie goes by the order of payers. The rules in force at the end of the year say whether, and in which unit.
    """
    rules = tables.rates.rules
    first, last = tables.first_month // 12, (tables.last_month - 11) // 12
    if not rules.true_up.any() or first > last or not len(segments):
        return
    found = spells(segments, added)
    found = found.take(np.flatnonzero((found.year >= first) & (found.year <= last)))
    found = found.take(np.lexsort((segments.start[found.last], found.year, found.worker)))
    closes = np.append((found.worker[1:] != found.worker[:-1]) | (found.year[1:] != found.year[:-1]), True)
    closes = np.flatnonzero(closes[: len(found)])
    version = _at_the_end(found.take(closes), tables)
    trued = rules.true_up[version]
    kept = np.flatnonzero(np.repeat(trued, np.diff(np.append(-1, closes))))
    if not len(kept):
        return
    person = np.repeat(np.arange(int(trued.sum())), np.diff(np.append(-1, closes))[trued])
    ends = found.take(closes[trued])
    payer, level, of_person, amount_fen = _adjusted(found.take(kept), person, rules.share_unit[version[trued]], tables)
    month = ends.year[of_person] * 12 + 11
    yield Added(Item.YEAR_END_TRUE_UP, ends.last[of_person], month, level, payer, amount_fen)


def _at_the_end(ends: Spells, tables: PolicyTables) -> Ints:
    """The version of the rules of each worker's last scheme that is in force on 31 December."""
    schemes = np.array([version.scheme for version in tables.versions], dtype=np.int64)
    years, place = np.unique(ends.year, return_inverse=True)
    days = np.array([first_day((year + 1) * 12) - 1 for year in years.tolist()], dtype=np.int64)[place]
    scheme = schemes[tables.rates.version[ends.rate]]
    found: Ints = np.searchsorted(tables.version_key, scheme * SCHEME_STRIDE + days, side="right") - 1
    return found


def _adjusted(found: Spells, person: Ints, unit: Ints, tables: PolicyTables) -> tuple[Ints, Ints, Ints, Ints]:
    """Whose shares of which person's year change by how much: payer, level, person, fen.

    `person` numbers the worker's year of each spell, `unit` is what that year's shares are cut to.
    """
    rates = tables.rates
    version, lines = rates.version[found.rate], found.amounts.sum(axis=2)
    weights = rates.rules.weights[version, rates.post[found.rate], rates.district[found.rate]]
    whole = np.zeros(len(unit), dtype=np.int64)
    np.add.at(whole, person, lines.sum(axis=1))
    scale = lcm(*np.unique(weights.sum(axis=2)[lines != 0]).tolist())
    if scale * int(whole.max(initial=0)) >= _INT64:
        weights = weights.astype(object)
    by = scale // weights.sum(axis=2, keepdims=True)
    exact = (lines[:, :, None] * (weights * by)).sum(axis=1)
    given = found.amounts.sum(axis=1)
    row, level = np.nonzero((exact != 0) | (given != 0))
    key = person[row] * len(tables.vocabulary.payers) + tables.payer[version[row], found.community[row], level]
    order = np.argsort(key, kind="stable")
    opens = np.flatnonzero(np.append(True, np.diff(key[order]) != 0)[: len(key)])
    row, level = row[order], level[order]
    mine = np.add.reduceat(exact[row, level], opens), np.add.reduceat(given[row, level], opens)
    payer, of_person = key[order][opens] % len(tables.vocabulary.payers), person[row[opens]]
    begins = np.searchsorted(of_person, np.unique(of_person))
    people = of_person[begins]
    target = largest_remainders(mine[0], scale, begins, whole[people], unit[people])
    moved = np.flatnonzero(target != mine[1])
    return payer[moved], level[opens][moved], of_person[moved], (target - mine[1])[moved]
