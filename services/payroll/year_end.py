"""The tree of a year-end true-up: a payer's exact part of the year, brought to the fen, less what its months gave."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from functools import cached_property

from payroll.engine import EARNED_ITEMS, Due, Item, Spells, Version, contributions, first_day, spells
from payroll.evidence import Evidence
from payroll.monthly import Monthly
from payroll.tracing import By, Cause, Node, What, multiplied, summed_to
from shared.money import yuan

RatioOf = Callable[[int, Item, int], Node]
"""(rate, item, payer level) → the payer's share."""
FactsOf = Callable[[int, Item], tuple[Cause, ...]]
"""(segment, item) → the facts behind its amount."""


class YearEnd:
    """The trees of the true-ups of a due."""

    def __init__(self, due: Due, evidence: Evidence | None, ratio: RatioOf, facts: FactsOf) -> None:
        self._due = due
        self._evidence = evidence
        self._ratio = ratio
        self._facts = facts

    def tree(self, entry: int) -> Node:
        """What an entry is made of: the year's lines by the payer's share of each, less what the months gave."""
        entries, year = self._due.entries, int(self._due.entries.service_month[entry]) // 12
        rows = self._rows[int(entries.worker[entry]), year]
        amount, given = Fraction(int(entries.amount_fen[entry])), Fraction(0)
        lines: dict[tuple[Item, Node], list[int]] = defaultdict(list)
        for row, level, items in self._borne(rows, int(entries.payer[entry])):
            given += int(self._spells.amounts[row, :, level].sum())
            for item in items:
                lines[item, self._ratio(int(self._spells.rate[row]), item, level)].append(row)
        parts = tuple(self._line(item, ratio, of) for (item, ratio), of in lines.items())
        facts = tuple(dict.fromkeys(fact for part in parts for fact in part.parts[0].facts))
        rounding = self._rounding(int(self._due.segment[entry]), year)
        mine = summed_to(What.YEAR, parts, given + amount, rounding)
        before = Node(what=What.GIVEN, value=-given, says=f"{yuan(int(given))} given by its months", facts=facts)
        says = f"true-up of {1970 + year}"
        return Node(what=What.TRUE_UP, by=By.SUM, value=amount, says=says, parts=(mine, before), clause=rounding.clause)

    def _borne(self, rows: Sequence[int], payer: int) -> Iterator[tuple[int, int, list[Item]]]:
        """The spells, on which level the payer bears a share of each, and of which items that were due."""
        tables, rates = self._due.tables, self._due.tables.rates
        for row in rows:
            rate, amounts = self._spells.rate[row], self._spells.amounts[row]
            weights = rates.rules.weights[rates.version[rate], rates.post[rate], rates.district[rate]]
            for level, one in enumerate(tables.payer[rates.version[rate], self._spells.community[row]].tolist()):
                if one == payer:
                    yield row, level, [item for item in EARNED_ITEMS if weights[item, level] and amounts[item].any()]

    def _line(self, item: Item, ratio: Node, rows: Sequence[int]) -> Node:
        """What the spells were due of an item, by the payer's share."""
        of = [int(self._spells.amounts[row, item].sum()) for row in rows]
        facts = dict.fromkeys(fact for row in rows for fact in self._facts(int(self._spells.last[row]), item))
        standings = self._due.tables.rates.standings
        document = standings[int(self._spells.rate[rows[0]])][0].document
        adds = " with contributions" if item is Item.BASIC and document and document.contributions else ""
        says = f"{item.name.lower()}{adds}"
        return multiplied(
            What.EXACT, (Node(what=What.FIGURE, value=Fraction(sum(of)), says=says, facts=tuple(facts)), ratio)
        )

    def _rounding(self, segment: int, year: int) -> Node:
        """What becoming whole does to a year's part, as the rules at the end of the year declare it."""
        tables = self._due.tables
        scheme = tables.rates.standings[int(self._due.segments.rate[segment])][0].scheme
        last: Version = max(
            (one for one in tables.versions if one.scheme == scheme and one.first_day < first_day(12 * year + 12)),
            key=lambda one: one.first_day,
        )
        document = last.document
        assert document is not None
        says = f"to the {document.shares_to} by largest remainder"
        return Monthly(last, self._evidence).leaf(What.ROUNDING, Fraction(0), says, "true_up", document.true_up)

    @cached_property
    def _spells(self) -> Spells:
        return spells(self._due.segments, contributions(self._due.segments, self._due.tables))

    @cached_property
    def _rows(self) -> dict[tuple[int, int], list[int]]:
        """The spells of each worker's year, in the order of their days."""
        found: dict[tuple[int, int], list[int]] = defaultdict(list)
        start = self._due.segments.start[self._spells.last]
        for row in start.argsort(kind="stable").tolist():
            found[int(self._spells.worker[row]), int(self._spells.year[row])].append(row)
        return found
