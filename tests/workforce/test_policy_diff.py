"""`workforce policy diff` leaves no change unsaid: every value of every policy, in words, with the old and the new."""

import copy
import inspect
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Any

import msgspec
import pytest

import shared.policy_document as parts
from shared.policy_document import Band, Part, PolicyDocument, Rounding, Span, as_written
from workforce.policy_diff import differences
from workforce.policy_files import read_document
from workforce.policy_statements import shown, statements
from workforce.policy_words import WORDS

POLICIES = sorted((Path(__file__).parents[2] / "policies").glob("*.yaml"))
FACTORS = {"excellent": "1.2", "competent": "1", "marginal": "0.8", "unfit": "0"}
PERFORMANCE = {"share": "0.1", "factors": FACTORS, "rhythm": "half-yearly", "paid_in": [6, 12]}
EVERYTHING = {
    "policy_id": "all-2024",
    "jurisdiction": "all",
    "scheme": "ladder",
    "title": "办法",
    "open_to": ["exam", "conversion"],
    "sources": [{"part": "ladder", "mark": "published", "document": "文", "clause": "一", "note": "注"}],
    "ladder": {
        "base": {"share": "0.8", "starts": "07-01", "later_shares": [{"from_date": "2025-07-01", "share": "0.9"}]},
        "coefficients": {"1": "1.0", "2": "1.1"},
        "by_post": {"head": {"1": "1.2", "2": "1.3"}},
    },
    "bands": {"head": {"lowest": 1, "highest": 2}, "dedicated": {"lowest": 1, "highest": 2}},
    "grade_rules": {
        "years_per_step": 3,
        "education_steps": {"bachelor": 1},
        "education_years": {"master": 2},
        "certificate_steps": {"senior": 1},
        "entry_grades": {"head": 2},
        "uncounted_ratings": ["unfit"],
        "gate_ratings": ["excellent", "competent"],
        "early_steps": {"in_a_row": 2, "most": 2},
    },
    "admission": {"dedicated": {"oldest": 40, "education": "college", "pass_mark": "60"}},
    "certificate_allowance": {"monthly": {"senior": "300.00"}},
    "education_allowance": {"monthly": {"master": "200.00"}},
    "performance": PERFORMANCE,
    "budget_items": {"basic": "30101"},
    "appraisal": {"excellent_quota": {"share": "0.2"}, "exits": [{"rating": "unfit", "in_a_row": 2}], "review_days": 5},
    "probation": {"months": 6, "pay_share": "0.8", "channels": ["exam"]},
    "suspension": {"pay_share": "0.5"},
    "two_posts": {"pays": "supplement", "supplement": "300.00"},
    "legacy": [{"scheme": "old", "until": "2025-12-31", "conditions": "考核"}],
    "training": {"hours_a_year": 40, "initial_hours": 24, "initial_before_confirmation": True},
    "establishment": {
        "committee": {"least": 5, "most": 9},
        "households_per_dedicated": {"least": 400, "most": 600},
        "dedicated_per_grid": "1",
        "dedicated_per_10000_residents": "18",
        "city_seats": {"committee": 227},
    },
    "districts": {
        "east": {
            "title": "东区",
            "streets": ["east-1"],
            "performance": PERFORMANCE,
            "funding": [{"posts": ["head"], "shares": {"district": "1"}}],
        }
    },
    "total_rounding": {"to": "yuan"},
    "true_up": "year-end",
    "income_tax": {
        "monthly_deduction": "5000.00",
        "brackets": [{"above": "0", "rate": "0.03"}, {"above": "36000.00", "rate": "0.10"}],
    },
    "post_changes": {"head": {"paths": ["election"]}},
    "funding": [
        {"posts": ["head"], "shares": {"city": "0.7"}, "remainder": {"street": "0.5", "community": "0.5"}},
        {"posts": ["dedicated"], "items": ["basic"], "from_date": "2025-01-01", "shares": {"city": "1"}},
    ],
}
"""Every part that a ladder can have beside it, each with a value of its own."""

DOCUMENTS = {path.stem: read_document(path) for path in POLICIES} | {
    "everything": msgspec.convert(EVERYTHING, PolicyDocument, strict=True, str_keys=True)
}


def another(value: Any) -> Any:
    """Another value of the same kind; a word of the domain stays one where the format asks for it."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, StrEnum):
        return next(word for word in type(value) if word is not value)
    if isinstance(value, Decimal):
        return value + Decimal("0.03")
    if isinstance(value, int):
        return value + 1
    if isinstance(value, date):
        return value.replace(year=value.year + 1)
    return "12-31" if len(value) == 5 and value[2] == "-" else {"published": "assumed"}.get(value, f"{value}-x")


def changed(part: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Any, Any, Any]]:
    """(path, the old value, the new, the whole with it) for every value in a document."""
    if isinstance(part, Part):
        for name in part.__struct_fields__:
            for where, old, new, whole in changed(getattr(part, name), (*path, name)):
                yield where, old, new, msgspec.structs.replace(part, **{name: whole})
    elif isinstance(part, dict):
        for name, each in part.items():
            for where, old, new, whole in changed(each, (*path, name)):
                yield where, old, new, {**part, name: whole}
    elif isinstance(part, tuple):
        for number, each in enumerate(part):
            for where, old, new, whole in changed(each, (*path, number)):
                yield where, old, new, (*part[:number], whole, *part[number + 1 :])
    elif part is not None and part != "":
        yield path, part, another(part), another(part)


def mentions(value: Any, text: str) -> bool:
    """Whether the value is said as it is written, as yes or no, or as percent."""
    said = [shown(value), str(value)]
    if isinstance(value, Decimal):
        said.append(f"{(value * 100).normalize():f} %")
    return any(each in text for each in said)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_change_of_any_value_is_said_in_words_with_the_old_and_the_new(name: str) -> None:
    """D1: whatever differs between two documents, a sentence says it."""
    document = DOCUMENTS[name]
    for path, old, new, other in changed(document):
        found = differences(document, other)
        assert found, path
        text = "\n".join(found)
        assert path[0] == "sources" or "/" not in text.replace("head/", ""), (path, text)
        if "shares" not in path and "remainder" not in path and path[0] != "funding" and "funding" not in path:
            assert mentions(old, text), (path, text)
            assert mentions(new, text), (path, text)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_part_that_comes_or_goes_is_said(name: str) -> None:
    document = DOCUMENTS[name]
    for field in msgspec.structs.fields(PolicyDocument):
        default = field.default if field.default_factory is msgspec.NODEFAULT else field.default_factory()
        if not field.required and getattr(document, field.name) != default:
            bare = msgspec.structs.replace(document, **{field.name: default})
            assert differences(document, bare), field.name
            assert differences(bare, document), field.name


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_document_and_itself_differ_in_nothing(name: str) -> None:
    again = msgspec.convert(copy.deepcopy(as_written(DOCUMENTS[name])), PolicyDocument, strict=True, str_keys=True)
    assert differences(DOCUMENTS[name], again) == []


def test_every_key_of_the_format_has_words() -> None:
    """The next key without words fails here, not in front of a clerk."""
    kinds = [kind for _, kind in inspect.getmembers(parts, inspect.isclass) if issubclass(kind, Part)]
    fields = {
        field.name
        for kind in kinds
        if kind not in (Band, Span, Rounding, Part, parts.FundingRule)
        for field in msgspec.structs.fields(kind)
    }
    inner = {"posts", "shares", "remainder", "items", "from_date", "part", "funding", "scheme", "above"}
    assert {name for name in fields - inner if not any(name in path.split("/") for path in WORDS)} == set()
    assert statements(DOCUMENTS["everything"])


# --- what a trial found unsaid


def told(name: str, change: dict[str, Any]) -> list[str]:
    """What is said of a shipped policy with some of its plain values replaced, each at a path with dots."""
    plain = copy.deepcopy(as_written(DOCUMENTS[name]))
    for path, value in change.items():
        *way, last = path.split(".")
        part = plain
        for step in way:
            part = part[int(step)] if isinstance(part, list) else part[step]
        part[last] = value
    return differences(DOCUMENTS[name], msgspec.convert(plain, PolicyDocument, strict=True, str_keys=True))


def test_a_coefficient_is_said_while_the_wage_is_still_to_be_published() -> None:
    assert told("changzhou-2011", {"ladder.coefficients.1": "1.10"}) == ["the coefficient of grade 1: 1.00 → 1.10"]


def test_the_pay_of_another_post_is_said() -> None:
    assert told("xiangan-2013", {"additive.tables.post.monthly.station": "550.00"}) == [
        "station: 800.00 → 850.00 a month (+50.00)",
        "yuan a month in the table post for station: 500.00 → 550.00",
    ]


def test_another_city_is_said() -> None:
    assert told("chibi-2020", {"jurisdiction": "jiayu"}) == ["the city whose rules these are: chibi → jiayu"]


def test_payers_are_said_by_post_item_and_day() -> None:
    """D2: who pays which item of which post, from when, and with which parts of the whole."""
    rules = as_written(DOCUMENTS["chibi-2020"])["funding"]
    later = {"posts": ["head"], "items": ["allowance"], "from_date": "2022-01-01", "shares": {"street": "1"}}
    assert told("chibi-2020", {"funding": [*rules, later]}) == [
        "payers of head (allowance) from 2022-01-01 on: city 70 %, community 15 %, street 15 % → street 100 %"
    ]


def test_payers_of_a_district_are_said() -> None:
    rules = [{"posts": ["dedicated"], "shares": {"district": "1"}}]
    assert told("benxi-2023", {"districts.ninety-ten.funding": rules}) == [
        "payers of dedicated in the district ninety-ten: as in the city → district 100 %"
    ]


def test_the_order_of_rules_and_posts_changes_nothing_for_anybody() -> None:
    rules = as_written(DOCUMENTS["chibi-2020"])["funding"]
    assert told("chibi-2020", {"funding": rules[::-1]}) == []
