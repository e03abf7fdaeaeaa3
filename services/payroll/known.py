"""Everything pay depends on, as known at a position: values only, from which due and differences are worked out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any, NamedTuple, TypeVar

from payroll.engine import (
    POST_CODES,
    Due,
    EnactedPolicy,
    Entries,
    FactKind,
    Facts,
    Item,
    PaidInYear,
    PolicyTables,
    PublishedBase,
    Vocabulary,
    certificate_change,
    compile_policies,
    day_number,
    diploma_held,
    due,
    month_number,
    rating_of_year,
    vocabulary,
    years_before,
)
from payroll.engine.columns import entries_in, facts_in, months_in

TAX = Item.INCOME_TAX.name.lower()


class KnownFact(NamedTuple):
    """A fact that holds, by name. `day` counts from 1970-01-01."""

    worker_id: str
    kind: int
    day: int
    position: int
    ordinal: int
    value: str


class Paid(NamedTuple):
    """A line of a closed run: its key by name, the amount, and which line of which run it is."""

    worker_id: str
    service_month: str
    payable_month: str
    item: str
    post: str
    community_id: str
    payer: str
    amount_fen: int
    month: str = ""
    sequence: int = 0
    number: int = 0


@dataclass(frozen=True)
class Known:
    """One jurisdiction's (or one worker's) facts, rules, places and payments, from events 0..`at_position`."""

    jurisdiction: str
    at_position: int
    facts: Sequence[KnownFact]
    policies: Sequence[EnactedPolicy]
    bases: Sequence[PublishedBase]
    street_of: Mapping[str, str]
    payroll_from: str | None
    paid: Sequence[Paid]
    budgets: Mapping[tuple[str, int], int] = field(default_factory=dict)
    """(payer, year) → fen."""
    paid_before: int = 0
    """`paid` is what runs closed before this position have paid."""

    @cached_property
    def names(self) -> Vocabulary:
        """The vocabulary of all that is known."""
        return vocabulary(
            self.jurisdiction,
            workers={*(fact.worker_id for fact in self.facts), *(line.worker_id for line in self.paid)},
            schemes=[*self._values(FactKind.SCHEME), *(policy.document.scheme for policy in self.policies)],
            street_of=self.street_of,
            communities=[*self._values(FactKind.COMMUNITY), *{line.community_id for line in self.paid}],
            districts=(name for policy in self.policies for name in policy.document.districts),
            payers={line.payer for line in self.paid},
        )

    def _values(self, kind: FactKind) -> set[str]:
        wanted = int(kind)
        return {fact.value for fact in self.facts if fact.kind == wanted}

    def due(self, first_month: str, last_month: str) -> Due:
        """What is due for these service months, inclusive."""
        return due(self.columns, self.tables(first_month, last_month, self.names))

    @cached_property
    def columns(self) -> Facts:
        """The facts in codes of the names."""
        return columns_of(self.facts, self.names)

    def tables(self, first_month: str, last_month: str, names: Vocabulary) -> PolicyTables:
        """The rules for these months, inclusive, over codes of these names."""
        opened = None if self.payroll_from is None else month_number(self.payroll_from)
        months = month_number(first_month), month_number(last_month)
        return compile_policies(self.policies, self.bases, names, *months, opened)

    def paid_entries(self, last_month: str) -> Entries:
        """What closed runs paid of what is payable up to this month; tax that was withheld was withheld."""
        return self._entries([line for line in self.paid if line.payable_month <= last_month and line.item != TAX])

    def paid_in_year(self, month: str) -> PaidInYear:
        """What the closed runs of the calendar year of a month paid and withheld."""
        lines = [line for line in self.paid if line.month[:4] == month[:4]]
        return PaidInYear(self._entries(lines), months_in([line.month for line in lines]))

    def _entries(self, lines: Sequence[Paid]) -> Entries:
        names, months = self.names, _Coded(month_number)
        worker, service, payable, item, post, community, payer, amount_fen, *_ = _columns(lines, Paid)
        return entries_in(
            len(lines),
            worker=map(names.worker_codes.__getitem__, worker),
            service_month=map(months.__getitem__, service),
            payable_month=map(months.__getitem__, payable),
            item=map(_ITEM_CODES.__getitem__, item),
            post=map(POST_CODES.__getitem__, post),
            community=map(names.community_codes.__getitem__, community),
            payer=map(names.payer_codes.__getitem__, payer),
            amount_fen=amount_fen,
        )


_ITEM_CODES = {item.name.lower(): int(item) for item in Item}


def columns_of(facts: Sequence[KnownFact], names: Vocabulary) -> Facts:
    """The facts in codes of these names."""
    code_of: dict[int, Callable[[str], int]] = {
        FactKind.SCHEME: names.scheme_codes.__getitem__,
        FactKind.POST: POST_CODES.__getitem__,
        FactKind.COMMUNITY: names.community_codes.__getitem__,
        FactKind.CERTIFICATE: certificate_change,
        FactKind.RATING: rating_of_year,
        FactKind.SECOND_POST: lambda post: POST_CODES[post] + 1 if post else 0,
        FactKind.EDUCATION: diploma_held,
        FactKind.PROBATION: lambda day: day_number(date.fromisoformat(day)) if day else 0,
    }
    worker, kind, day, position, ordinal, value = _columns(facts, KnownFact)
    codes = _Coded[tuple[int, str]](lambda given: code_of.get(given[0], int)(given[1]))
    return facts_in(
        len(facts),
        worker=map(names.worker_codes.__getitem__, worker),
        kind=kind,
        day=day,
        position=position,
        ordinal=ordinal,
        value=map(_from_day, kind, day, map(codes.__getitem__, zip(kind, value, strict=True))),
    )


_SERVED_SINCE = int(FactKind.SERVED_SINCE)


def _from_day(kind: int, day: int, value: int) -> int:
    """Years of service are kept as the day from which they count; any other value as it is."""
    return years_before(day, value) if kind == _SERVED_SINCE else value


def _columns(rows: Sequence[tuple[Any, ...]], kind: type[KnownFact] | type[Paid]) -> Sequence[tuple[Any, ...]]:
    """The rows as columns, also where there are none."""
    return list(zip(*rows, strict=True)) if rows else [()] * len(kind._fields)


_Name = TypeVar("_Name")


class _Coded(dict[_Name, int]):
    """The code of a name, worked out once: of many people's rows few differ."""

    def __init__(self, code_of: Callable[[_Name], int]) -> None:
        super().__init__()
        self._code_of = code_of

    def __missing__(self, name: _Name) -> int:
        code = self[name] = self._code_of(name)
        return code
