"""Everything pay depends on, as known at a position: values only, from which due and differences are worked out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import NamedTuple

from payroll.engine import (
    POST_CODES,
    Due,
    EnactedPolicy,
    Entries,
    FactKind,
    Facts,
    Item,
    PolicyTables,
    PublishedBase,
    Vocabulary,
    certificate_change,
    compile_policies,
    day_number,
    diploma_held,
    due,
    entries_of,
    facts_of,
    month_number,
    rating_of_year,
    vocabulary,
    years_before,
)


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

    @cached_property
    def names(self) -> Vocabulary:
        """The vocabulary of all that is known."""
        schemes = [fact.value for fact in self.facts if fact.kind == FactKind.SCHEME]
        communities = [fact.value for fact in self.facts if fact.kind == FactKind.COMMUNITY]
        return vocabulary(
            self.jurisdiction,
            workers=[*(fact.worker_id for fact in self.facts), *(line.worker_id for line in self.paid)],
            schemes=[*schemes, *(policy.document.scheme for policy in self.policies)],
            street_of=self.street_of,
            communities=[*communities, *(line.community_id for line in self.paid)],
            districts=(name for policy in self.policies for name in policy.document.districts),
            payers=(line.payer for line in self.paid),
        )

    def due(self, first_month: str, last_month: str) -> Due:
        """What is due for these service months, inclusive."""
        return due(columns_of(self.facts, self.names), self.tables(first_month, last_month, self.names))

    def tables(self, first_month: str, last_month: str, names: Vocabulary) -> PolicyTables:
        """The rules for these months, inclusive, over codes of these names."""
        return compile_policies(self.policies, self.bases, names, month_number(first_month), month_number(last_month))

    def paid_entries(self, last_month: str) -> Entries:
        """What closed runs paid of what is payable up to this month."""
        names = self.names
        return entries_of(
            [
                (
                    names.worker_codes[line.worker_id],
                    month_number(line.service_month),
                    month_number(line.payable_month),
                    Item[line.item.upper()],
                    POST_CODES[line.post],
                    names.community_codes[line.community_id],
                    names.payer_codes[line.payer],
                    line.amount_fen,
                )
                for line in self.paid
                if line.payable_month <= last_month
            ]
        )


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
    worker_codes, values = names.worker_codes, _Values(code_of)
    return facts_of(
        [
            (worker_codes[worker_id], kind, day, position, ordinal, _from_day(kind, day, values[kind, value]))
            for worker_id, kind, day, position, ordinal, value in facts
        ]
    )


def _from_day(kind: int, day: int, value: int) -> int:
    """Years of service are kept as the day from which they count; any other value as it is."""
    return years_before(day, value) if kind == FactKind.SERVED_SINCE else value


class _Values(dict[tuple[int, str], int]):
    """The code of a value by its kind, worked out once: of many people's facts few differ."""

    def __init__(self, code_of: Mapping[int, Callable[[str], int]]) -> None:
        super().__init__()
        self._code_of = code_of

    def __missing__(self, key: tuple[int, str]) -> int:
        kind, value = key
        code = self[key] = self._code_of.get(kind, int)(value)
        return code
