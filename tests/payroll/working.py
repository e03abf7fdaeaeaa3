"""Small workforces for the tests of payroll: policies, facts by name, and what the engine makes of them."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import yaml

from payroll.engine import (
    POST_CODES,
    Due,
    EnactedPolicy,
    FactKind,
    Facts,
    Item,
    PublishedBase,
    Vocabulary,
    certificate_change,
    compile_policies,
    day_number,
    diploma_held,
    due,
    facts_of,
    month_name,
    month_number,
    rating_of_year,
    vocabulary,
)
from shared.policy_document import FundingRule, Level, PolicyDocument

POLICIES = Path(__file__).parents[2] / "policies"
STREETS = {"north": "first", "south": "second"}
Row = tuple[str, FactKind, date, int, int, Any]


def policy(name: str, **changes: Any) -> PolicyDocument:
    """A document of `policies/`, with some parts replaced."""
    return msgspec.structs.replace(_file(name), **changes)


@cache
def _file(name: str) -> PolicyDocument:
    plain = yaml.safe_load((POLICIES / f"{name}.yaml").read_text(encoding="utf-8"))
    return msgspec.convert(plain, PolicyDocument, strict=False)


def enacted(name: str, on: str, position: int = 0, **changes: Any) -> EnactedPolicy:
    """The document in force from a date on."""
    return EnactedPolicy(date.fromisoformat(on), position, policy(name, **changes))


def base(on: str, wage: str, position: int = 1, scheme: str = "ladder") -> PublishedBase:
    """A published average annual wage, yuan."""
    return PublishedBase(date.fromisoformat(on), position, scheme, int(Decimal(wage) * 100))


def without_remainder() -> tuple[FundingRule, ...]:
    """Committee posts with 70 % city and nobody named for the rest."""
    return (FundingRule(posts=("head", "deputy", "member"), shares={Level.CITY: Decimal("0.70")}),)


def hire(
    worker: str,
    on: str,
    post: str = "dedicated",
    grade: int = 1,
    at: str = "north",
    scheme: str = "ladder",
    position: int = 10,
) -> list[Row]:
    """The facts of a hire."""
    values: list[Any] = [1, scheme, post, grade, at]
    kinds = (FactKind.IN_SERVICE, FactKind.SCHEME, FactKind.POST, FactKind.GRADE, FactKind.COMMUNITY)
    day = date.fromisoformat(on)
    return [(worker, kind, day, position, n, value) for n, (kind, value) in enumerate(zip(kinds, values, strict=True))]


def fact(worker: str, kind: FactKind, on: str, value: Any, position: int = 20, ordinal: int = 0) -> list[Row]:
    """One fact."""
    return [(worker, kind, date.fromisoformat(on), position, ordinal, value)]


def words(rows: Iterable[Row], districts: Iterable[str] = (), city: str = "chibi") -> Vocabulary:
    """The vocabulary of these facts in a city."""
    rows = list(rows)
    schemes = [row[5] for row in rows if row[1] is FactKind.SCHEME]
    return vocabulary(
        city,
        workers=[row[0] for row in rows],
        schemes=[*schemes, "ladder"],
        street_of=STREETS,
        districts=districts,
    )


def _code(names: Vocabulary, kind: FactKind, value: Any) -> int:
    code_of: dict[FactKind, Any] = {
        FactKind.SCHEME: names.scheme_codes.__getitem__,
        FactKind.POST: POST_CODES.__getitem__,
        FactKind.COMMUNITY: names.community_codes.__getitem__,
        FactKind.CERTIFICATE: certificate_change,
        FactKind.RATING: rating_of_year,
        FactKind.EDUCATION: diploma_held,
        FactKind.SECOND_POST: lambda post: POST_CODES[post] + 1,
        FactKind.PROBATION: lambda day: day_number(date.fromisoformat(day)),
        FactKind.SERVED_SINCE: lambda day: day_number(date.fromisoformat(day)),
    }
    return int(code_of.get(kind, int)(value))


def coded(rows: Iterable[Row], names: Vocabulary) -> Facts:
    """These facts as columns."""
    return facts_of(
        [
            (names.worker_codes[worker], kind, day_number(day), position, ordinal, _code(names, kind, value))
            for worker, kind, day, position, ordinal, value in rows
        ]
    )


def work_out(
    rows: list[Row],
    policies: list[EnactedPolicy],
    bases: list[PublishedBase] | None = None,
    months: tuple[str, str] = ("2020-10", "2021-12"),
    city: str = "chibi",
    opened: str | None = None,
) -> Due:
    """What the engine makes due of these facts, of a payroll that has `opened` with a month."""
    names = words(rows, {name for policy in policies for name in policy.document.districts}, city)
    since = None if opened is None else month_number(opened)
    tables = compile_policies(policies, bases or [], names, month_number(months[0]), month_number(months[1]), since)
    return due(coded(rows, names), tables)


def by_payer(result: Due) -> dict[tuple[str, str, str, str], int]:
    """(worker, month, item, payer) → fen."""
    names, entries = result.tables.vocabulary, result.entries
    found: dict[tuple[str, str, str, str], int] = defaultdict(int)
    for n in range(len(entries)):
        payer = names.payers[int(entries.payer[n])]
        worker, month = names.workers[int(entries.worker[n])], month_name(int(entries.service_month[n]))
        found[worker, month, Item(int(entries.item[n])).name.lower(), payer] += int(entries.amount_fen[n])
    return dict(found)


def by_month(result: Due, item: str | None = None) -> dict[tuple[str, str], int]:
    """(worker, month) → fen, of one item or of all."""
    found: dict[tuple[str, str], int] = defaultdict(int)
    for (worker, month, its_item, _), amount in by_payer(result).items():
        if item in (None, its_item):
            found[worker, month] += amount
    return dict(found)
