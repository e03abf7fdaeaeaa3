"""The format of a policy: what it can say, what it gets wrong, and that an old document stays what it was."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml

from shared.envelope import encode_event
from shared.events import PolicyEnacted
from shared.policy_check import faults
from shared.policy_document import (
    Appraisal,
    LegacyScheme,
    PolicyDocument,
    Training,
    TwoPostsPay,
    as_written,
    canonical,
    digest_of,
)

POLICIES = Path(__file__).parents[2] / "policies"

ENACTED = {
    "chibi-2020": "851b54764f7505a877d8b1c1b8bc18479fda5ccf69418433d3d5553619886155",
    "chibi-legacy": "3b9a20506ca7bdb34ac79a33a9aa69e8e1692ef18a316a4a2c4fdeff6751cca5",
}
"""The digests of both documents as they were enacted before the format could say more."""
SINCE = {"recovery", "true_up"}
"""What the files of both have come to say since."""


def plain(name: str = "chibi-2020") -> dict[str, Any]:
    """A file of `policies/` as plain values."""
    found = yaml.safe_load((POLICIES / f"{name}.yaml").read_text(encoding="utf-8"))
    assert isinstance(found, dict)
    return found


def read(given: dict[str, Any]) -> PolicyDocument:
    """The document of plain values."""
    return msgspec.convert(given, PolicyDocument, strict=False)


def as_enacted(name: str) -> dict[str, Any]:
    """The file as it was before it said what has come to it since."""
    found = plain(name)
    found["budget_items"].pop("year_end_true_up", None)
    sources = [source for source in found["sources"] if source["part"] not in SINCE]
    return {**{part: said for part, said in found.items() if part not in SINCE}, "sources": sources}


def chibi(**changes: Any) -> PolicyDocument:
    """Chibi's document with some parts given as plain values; a dotted name goes down into a part."""
    given = plain()
    for name, value in changes.items():
        *way, last = name.split("__")
        part = given
        for step in way:
            part = part[step]
        part[last] = value
    return read(given)


@pytest.mark.parametrize("name", sorted(ENACTED))
def test_a_document_enacted_before_the_format_grew_keeps_its_digest(name: str) -> None:
    assert digest_of(read(as_enacted(name))) == ENACTED[name]


@pytest.mark.parametrize("name", sorted(ENACTED))
def test_what_is_written_reads_back_as_the_same_document(name: str) -> None:
    document = read(plain(name))
    assert msgspec.json.decode(canonical(document), type=PolicyDocument) == document
    assert read(as_written(document)) == document


@pytest.mark.parametrize("name", sorted(ENACTED))
def test_an_event_with_an_older_document_is_written_as_it_always_was(name: str) -> None:
    """An older version beside this one still reads it, and the log of the same acts keeps its digest."""
    document = read(as_enacted(name))
    event = PolicyEnacted(policy_id=name, scheme=document.scheme, digest=digest_of(document), document=document)
    written = encode_event(event)
    assert msgspec.json.decode(written, type=PolicyEnacted) == event
    assert list(msgspec.json.decode(written)) == ["policy_id", "scheme", "digest", "document"]
    assert list(msgspec.json.decode(written)["document"])[-1] == "budget_items"


def test_saying_a_default_aloud_changes_no_digest() -> None:
    aloud = chibi(two_posts={"pays": "one-pay"}, districts={}, grade_rules__effective="01-01", training=None)
    assert digest_of(aloud) == digest_of(chibi())


@pytest.mark.parametrize(
    "said",
    [
        {"appraisal": {}},
        {"training": {"hours_a_year": 40}},
        {"legacy": [{"scheme": "legacy"}]},
        {"grade_rules__uncounted_ratings": ["unfit"]},
        {"ladder__base__starts": "07-01"},
        {"districts": {"north": {"streets": ["puqi"]}}},
        {"working_calendar": {"rest_days": ["2020-10-01"]}},
        {"income_tax": {"monthly_deduction": "5000.00", "brackets": [{"above": "0", "rate": "0.03"}]}},
    ],
    ids=str,
)
def test_saying_something_new_changes_the_digest_and_is_kept(said: dict[str, Any]) -> None:
    document = chibi(**said)
    assert digest_of(document) != digest_of(chibi())
    assert faults(document) == []
    assert read(msgspec.json.decode(canonical(document))) == document


def test_what_is_not_said_is_the_rule_as_it_always_was() -> None:
    document = chibi()
    assert (document.two_posts, document.probation, document.legacy) == (TwoPostsPay(), None, ())
    assert Training() == Training(hours_a_year=0, initial_hours=0, initial_before_confirmation=False)
    assert Appraisal().ratings[0] == "excellent"
    assert LegacyScheme(scheme="old").until is None


ADDITIVE = {"basic": {"by": ["grade"], "monthly": {"1": "1200.00", "2": "1230.00"}}}
WRONG: dict[str, tuple[dict[str, Any], list[str]]] = {
    "two kinds of pay": ({"additive": {"tables": ADDITIVE}}, [""]),
    "no table": (
        {"ladder": None, "additive": {"tables": {}}},
        ["/bands", "/grade_rules", "/additive/tables", "/budget_items/basic"],
    ),
    "a step that is no number": (
        {"ladder": None, "additive": {"tables": {"basic": {"by": ["grade"], "monthly": {"one": "1"}}}}},
        ["/additive/tables/basic/monthly/one"],
    ),
    "a step beyond 99": (
        {"ladder": None, "additive": {"tables": {"basic": {"by": ["grade"], "monthly": {"100": "1"}}}}},
        ["/additive/tables/basic/monthly/100"],
    ),
    "a month of more working days than days": (
        {"working_calendar": {"days_a_month": "31.5"}},
        ["/working_calendar/days_a_month"],
    ),
    "days of the calendar that say nothing": (
        {"working_calendar": {"rest_days": ["2020-10-03"], "made_up_days": ["2020-10-09"]}},
        ["/working_calendar/rest_days/0", "/working_calendar/made_up_days/0"],
    ),
    "no bracket of income tax": (
        {"income_tax": {"monthly_deduction": "5000.00", "brackets": []}},
        ["/income_tax/brackets"],
    ),
    "brackets that neither begin at 0 nor ascend, and a rate in percent": (
        {
            "income_tax": {
                "monthly_deduction": "500000",
                "brackets": [
                    {"above": "36000.001", "rate": "0.10"},
                    {"above": "0", "rate": "3"},
                ],
            }
        },
        [
            "/income_tax/monthly_deduction",
            "/income_tax/brackets/0/above",
            "/income_tax/brackets/0/above",
            "/income_tax/brackets/1/rate",
            "/income_tax/brackets/1/above",
        ],
    ),
    "two axes and one word": (
        {"ladder": None, "additive": {"tables": {"t": {"by": ["post", "grade"], "monthly": {"head": "1"}}}}},
        ["/additive/tables/t/monthly/head"],
    ),
    "two axes the wrong way round": (
        {"ladder": None, "additive": {"tables": {"t": {"by": ["grade", "post"], "monthly": {}}}}},
        ["/additive/tables/t/by"],
    ),
    "tenths of a fen in a table": (
        {"ladder": None, "additive": {"tables": {"t": {"by": ["grade"], "monthly": {"1": "0.001"}}}}},
        ["/additive/tables/t/monthly/1", "/additive/tables/t/monthly"],
    ),
    "a figure and a share": ({"ladder__base__monthly_amount": "3400.00"}, ["/ladder/base"]),
    "shares whose dates descend": (
        {
            "ladder__base__later_shares": [
                {"from_date": "2013-07-01", "share": "1"},
                {"from_date": "2012-07-01", "share": "0.9"},
            ]
        },
        ["/ladder/base/later_shares/1/from_date"],
    ),
    "a day that no year has": ({"ladder__base__starts": "02-30"}, ["/ladder/base/starts"]),
    "a row of a post without a grade of its band": (
        {"ladder__by_post": {"head": {"1": "1.00"}}},
        ["/bands/head"],
    ),
    "a supplement without an amount": ({"two_posts": {"pays": "supplement"}}, ["/two_posts"]),
    "a probation on more than all": ({"probation": {"months": 3, "pay_share": "1.2"}}, ["/probation/pay_share"]),
    "a suspension on more than all": ({"suspension": {"pay_share": "2"}}, ["/suspension/pay_share"]),
    "a street in two districts": (
        {"districts": {"east": {"streets": ["puqi"]}, "west": {"streets": ["puqi"]}}},
        ["/districts/west/streets/0"],
    ),
    "an entry above the band": (
        {"grade_rules__entry_grades": {"dedicated": 13}},
        ["/grade_rules/entry_grades/dedicated"],
    ),
    "a gate that no counted year passes": (
        {"grade_rules__gate_ratings": ["unfit"], "grade_rules__uncounted_ratings": ["unfit"]},
        ["/grade_rules/gate_ratings/0"],
    ),
    "an exit for a rating beside the scale": (
        {"appraisal": {"ratings": ["excellent", "competent"], "exits": [{"rating": "unfit", "in_a_row": 2}]}},
        ["/appraisal/exits/0/rating"],
    ),
    "a committee of at least nine and at most five": (
        {"establishment": {"committee": {"least": 9, "most": 5}}},
        ["/establishment/committee"],
    ),
    "nobody old enough": ({"admission__dedicated__youngest": 41}, ["/admission/dedicated/youngest"]),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_a_fault_is_named_at_its_place(wrong: str) -> None:
    changes, pointers = WRONG[wrong]
    assert [fault.pointer for fault in faults(chibi(**changes))] == pointers


def test_several_faults_are_named_at_once() -> None:
    found = faults(chibi(two_posts={"pays": "supplement"}, suspension={"pay_share": "2"}, ladder__base__starts="02-30"))
    assert len(found) == 3


def test_a_base_is_a_figure_or_a_share_of_a_wage_still_to_be_published() -> None:
    """Rule 3: the wage is published after the year began."""
    assert faults(chibi(ladder__base={"monthly_amount": "3400.00"})) == []
    unpublished = chibi(ladder__base={"share": "0.80", "starts": "07-01"})
    assert faults(unpublished) == []
    assert unpublished.ladder is not None
    assert unpublished.ladder.base.average_annual_wage is None


def test_a_post_has_the_coefficients_of_its_own_row() -> None:
    """Rule 1."""
    rows = {"head": {str(grade): f"{grade}.00" for grade in range(7, 19)}}
    ladder = chibi(ladder__by_post=rows).ladder
    assert ladder is not None
    assert ladder.coefficient("head", 7) == Decimal("7.00")
    assert ladder.coefficient("head", 1) is None
    assert ladder.coefficient("dedicated", 7) == Decimal("0.90")
