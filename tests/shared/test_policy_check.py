"""A policy that a careful clerk would call nonsense is refused at its key, with what to write instead."""

import copy
import json
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.policy_check import Fault, faults, shape_faults, wrong_with
from shared.policy_document import PolicyDocument, as_written
from workforce.policy_places import placed

ROOT = Path(__file__).parents[2]
POLICIES = sorted((ROOT / "policies").glob("*.yaml"))
SCHEMA = jsonschema.Draft202012Validator(
    json.loads((ROOT / "schemas/policy.json").read_text(encoding="utf-8")),
    format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER,
)
GONE = object()


def plain(name: str = "chibi-2020") -> dict[str, Any]:
    """A shipped file as plain values."""
    found = placed((ROOT / "policies" / f"{name}.yaml").read_text(encoding="utf-8")).value
    assert isinstance(found, dict)
    return found


def put(document: Any, path: str, value: Any) -> Any:
    """The document with another value at the path; what is missing on the way is made."""
    *way, last = path.split("/")
    part = document
    for step in way:
        part = part[int(step)] if isinstance(part, list) else part.setdefault(step, {})
    key: Any = int(last) if isinstance(part, list) else last
    if value is GONE:
        del part[key]
    elif isinstance(part, list) and key == len(part):
        part.append(value)
    else:
        part[key] = value
    return document


def wrong(*changes: tuple[str, Any], of: str = "chibi-2020") -> list[Fault]:
    """What is wrong with a shipped file after some changes."""
    document = plain(of)
    for path, value in changes:
        put(document, path, value)
    return wrong_with(document)


FACTORS = {"excellent": "1.2", "competent": "1", "marginal": "0.6", "unfit": "0"}
PERFORMANCE = {"share": "0.2", "factors": FACTORS}
TO_CITY = {"posts": ["dedicated"], "shares": {"city": "1"}}
STEPS = "additive/tables/basic/monthly"

# what was changed (path → value), of which file, and the keys at which something is wrong
NONSENSE: dict[str, tuple[list[tuple[str, Any]], str, list[str]]] = {
    "no bands beside a ladder": ([("bands", {})], "chibi-2020", ["/bands"]),
    "a budget item that is misspelt": ([("budget_items/basci", "30101")], "chibi-2020", ["/budget_items/basci"]),
    "a budget item that is never paid": (
        [("budget_items/performance", "30107")],
        "chibi-2020",
        ["/budget_items/performance"],
    ),
    "a class of the budget that is a word": ([("budget_items/basic", "wages")], "chibi-2020", ["/budget_items/basic"]),
    "a monthly part that is paid in two months": (
        [("performance", {**PERFORMANCE, "paid_in": [6, 12]})],
        "chibi-2020",
        ["/performance/paid_in"],
    ),
    "a yearly part that is paid in two months": (
        [("performance", {**PERFORMANCE, "rhythm": "yearly", "paid_in": [6, 12]})],
        "chibi-2020",
        ["/performance/paid_in"],
    ),
    "a half-yearly part without a month for the second half": (
        [("performance", {**PERFORMANCE, "rhythm": "half-yearly", "paid_in": [6, 7]})],
        "chibi-2020",
        ["/performance/paid_in"],
    ),
    "a month that stands twice": (
        [("performance", {**PERFORMANCE, "rhythm": "half-yearly", "paid_in": [6, 6]})],
        "chibi-2020",
        ["/performance/paid_in/1"],
    ),
    "a better rating with a lower factor": (
        [("performance", {"share": "0.2", "factors": {**FACTORS, "unfit": "1.1"}})],
        "chibi-2020",
        ["/performance/factors/unfit"],
    ),
    "a rating of the scale without a factor": (
        [("performance", {"share": "0.2", "factors": {"excellent": "1"}}), ("appraisal", {})],
        "chibi-2020",
        ["/performance/factors"],
    ),
    "a performance part of nothing": (
        [("performance", {**PERFORMANCE, "share": "0"})],
        "chibi-2020",
        ["/performance/share"],
    ),
    "a rating twice on the scale": (
        [("appraisal/ratings", ["competent", "unfit", "unfit"])],
        "chibi-2020",
        ["/appraisal/ratings/2"],
    ),
    "a scale from the worst up": (
        [("appraisal/ratings", ["unfit", "competent"])],
        "chibi-2020",
        ["/appraisal/ratings"],
    ),
    "a quota of excellent in percent": (
        [("appraisal", {"excellent_quota": {"share": "20"}})],
        "chibi-2020",
        ["/appraisal/excellent_quota/share"],
    ),
    "a quota of excellent without that rating": (
        [("appraisal", {"ratings": ["competent", "unfit"], "excellent_quota": {"share": "0.2"}})],
        "chibi-2020",
        ["/appraisal/excellent_quota"],
    ),
    "an uncounted rating beside the scale": (
        [("appraisal/ratings", ["excellent", "competent"]), ("grade_rules/uncounted_ratings", ["unfit"])],
        "chibi-2020",
        ["/grade_rules/uncounted_ratings/0"],
    ),
    "an exit for the best rating": (
        [("appraisal/exits", [{"rating": "excellent", "in_a_row": 2}])],
        "chibi-2020",
        ["/appraisal/exits/0/rating"],
    ),
    "an early step for a rating that does not count": (
        [
            ("grade_rules/uncounted_ratings", ["marginal"]),
            ("grade_rules/early_steps", {"in_a_row": 2, "most": 2, "rating": "marginal"}),
        ],
        "chibi-2020",
        ["/grade_rules/early_steps/rating"],
    ),
    "an older scheme that is the document's own": (
        [("legacy", [{"scheme": "ladder"}])],
        "chibi-2020",
        ["/legacy/0/scheme"],
    ),
    "older schemes and no conversion": (
        [("legacy", [{"scheme": "legacy"}]), ("open_to", ["exam"])],
        "chibi-2020",
        ["/legacy"],
    ),
    "a day on which a fixed base starts": ([("ladder/base/starts", "07-01")], "jinzhou-2022", ["/ladder/base/starts"]),
    "a later share beside the day on which bases start": (
        [("ladder/base/later_shares/0/from_date", "2012-03-15")],
        "changzhou-2011",
        ["/ladder/base/later_shares/0/from_date"],
    ),
    "a base of five times the wage": ([("ladder/base/share", "5")], "chibi-2020", ["/ladder/base/share"]),
    "a base in percent": ([("ladder/base/share", "80")], "chibi-2020", ["/ladder/base/share"]),
    "a coefficient in percent": ([("ladder/coefficients/18", "132")], "chibi-2020", ["/ladder/coefficients/18"]),
    "a higher grade that is paid less": ([("ladder/coefficients/9", "0.79")], "chibi-2020", ["/ladder/coefficients/9"]),
    "a payer's share in percent": ([("funding/1/shares/city", "70")], "chibi-2020", ["/funding/1/shares/city"]),
    "a document under which nobody comes": ([("open_to", [])], "chibi-2020", ["/open_to"]),
    "a channel that stands twice": ([("open_to", ["exam", "exam"])], "chibi-2020", ["/open_to/1"]),
    "a regulation without a name": ([("title", " ")], "chibi-2020", ["/title"]),
    "a scheme of seats paid elsewhere": ([("scheme", "outside")], "chibi-2020", ["/scheme"]),
    "an act that is refused twice": (
        [("overspending", {"refuses": ["hire", "hire"]})],
        "chibi-2020",
        ["/overspending/refuses/1"],
    ),
    "an act that costs nobody": ([("overspending", {"refuses": ["exit"]})], "chibi-2020", ["/overspending/refuses/0"]),
    "the same payers said twice": ([("funding/2", TO_CITY)], "chibi-2020", ["/funding/2"]),
    "the same payers said twice for an item and a day": (
        [
            ("funding/2", {**TO_CITY, "items": ["basic"], "from_date": "2022-01-01"}),
            ("funding/3", {**TO_CITY, "items": ["basic", "allowance"], "from_date": "2022-01-01"}),
        ],
        "chibi-2020",
        ["/funding/3"],
    ),
    "payers of an item that nobody is paid": (
        [("funding/2", {**TO_CITY, "items": ["performance"]})],
        "chibi-2020",
        ["/funding/2/items/0"],
    ),
    "payers of a post that nobody has": (
        [("funding/0/posts", ["head"])],
        "chibi-legacy",
        ["/funding/0/posts/0"],
    ),
    "payers of no post": ([("funding/1/posts", [])], "chibi-2020", ["/funding/1/posts"]),
    "a rule without a payer": ([("funding/1/shares", {})], "chibi-2020", ["/funding/1/shares"]),
    "a remainder of nothing": ([("funding/1/remainder", {"street": "1"})], "chibi-2020", ["/funding/1/remainder"]),
    "a remainder that is not shared whole": (
        [("funding/0/remainder/street", "0.4")],
        "chibi-2020",
        ["/funding/0/remainder"],
    ),
    "a street twice in one district": (
        [("districts/ninety-ten/streets", ["puqi", "puqi"])],
        "benxi-2023",
        ["/districts/ninety-ten/streets/1"],
    ),
    "a step of a band without a row": ([(f"{STEPS}/12", GONE)], "xiangan-2013", [f"/{STEPS}"]),
    "a row that stands twice in other digits": ([(f"{STEPS}/07", "1430.00")], "xiangan-2013", [f"/{STEPS}/07"]),
    "a row of grade 0": ([(f"{STEPS}/0", "1200.00")], "xiangan-2013", [f"/{STEPS}/0"]),
    "a higher step that is paid less": ([(f"{STEPS}/8", "1408.00")], "xiangan-2013", [f"/{STEPS}/8"]),
    "a table without rows": (
        [("additive/tables/allowance/monthly", {})],
        "xiangan-2013",
        ["/additive/tables/allowance/monthly"],
    ),
    "another post that has seats": (
        [("other_posts/head", "主任")],
        "xiangan-2013",
        ["/other_posts/head"],
    ),
    "another post that no table pays": ([("other_posts/driver", "司机")], "xiangan-2013", ["/other_posts/driver"]),
    "a band of flat pay": (
        [("bands", {"dedicated": {"lowest": 1, "highest": 2}})],
        "chibi-legacy",
        ["/bands"],
    ),
    "flat pay of nobody": ([("flat/monthly", {})], "panjin-2016", ["/flat/monthly"]),
    "a band upside down": ([("bands/head", {"lowest": 18, "highest": 7})], "chibi-2020", ["/bands/head"]),
    "a band beyond the ladder": ([("bands/head/highest", 19)], "chibi-2020", ["/bands/head"]),
    "0 households for a seat": (
        [("establishment/households_per_dedicated", {"least": 0, "most": 0})],
        "chibi-2020",
        ["/establishment/households_per_dedicated/least"],
    ),
    "0 seats for a grid": (
        [("establishment/dedicated_per_grid", "0")],
        "chibi-2020",
        ["/establishment/dedicated_per_grid"],
    ),
    "a greatest age of four": ([("admission/dedicated/oldest", 4)], "chibi-2020", ["/admission/dedicated/oldest"]),
    "the mark of an exam that nobody sits": (
        [("admission/dedicated/by_exam", False), ("admission/dedicated/pass_mark", "60")],
        "chibi-2020",
        ["/admission/dedicated/pass_mark"],
    ),
    "an initial course of no hours": (
        [("training", {"initial_before_confirmation": True})],
        "chibi-2020",
        ["/training/initial_before_confirmation"],
    ),
    "a higher diploma that brings less": (
        [("grade_rules/education_steps/doctor", 1)],
        "chibi-2020",
        ["/grade_rules/education_steps/doctor"],
    ),
    "a higher certificate that is paid less": (
        [("certificate_allowance/monthly/senior", "30.00")],
        "chibi-2020",
        ["/certificate_allowance/monthly/senior"],
    ),
    "a probation by a channel that is not open": (
        [("probation", {"months": 3, "channels": ["legacy"]})],
        "chibi-2020",
        ["/probation/channels/0"],
    ),
    "a base on 29 February": ([("ladder/base/starts", "02-29")], "chibi-2020", ["/ladder/base/starts"]),
    "steps beyond every band": (
        [("grade_rules/education_steps/doctor", 18)],
        "chibi-2020",
        ["/grade_rules/education_steps/doctor"],
    ),
    "an exit after more years than a career has": (
        [("appraisal/exits", [{"rating": "unfit", "in_a_row": 200}])],
        "chibi-2020",
        ["/appraisal/exits/0/in_a_row"],
    ),
    "a diploma worth more years than a career has": (
        [("grade_rules/education_years/doctor", 99)],
        "chibi-2020",
        ["/grade_rules/education_years/doctor"],
    ),
    "a quota that lets nobody be excellent": (
        [("appraisal/excellent_quota", {"share": "0"})],
        "chibi-2020",
        ["/appraisal/excellent_quota/share"],
    ),
    "a payer of nothing": ([("funding/1/shares/street", "0")], "chibi-2020", ["/funding/1/shares/street"]),
    "an allowance in fen": (
        [("certificate_allowance/monthly/senior", "300000")],
        "chibi-2020",
        ["/certificate_allowance/monthly/senior"],
    ),
    "a base in fen": ([("ladder/base/monthly_amount", "295800")], "jinzhou-2022", ["/ladder/base/monthly_amount"]),
    "the wage of a month for that of a year": (
        [("ladder/base/average_annual_wage", "4548.33")],
        "chibi-2020",
        ["/ladder/base/average_annual_wage"],
    ),
    "a post on flat pay of nothing": ([("flat/monthly/dedicated", "0")], "chibi-legacy", ["/flat/monthly/dedicated"]),
    "a committee of a thousand": (
        [("establishment/committee", {"least": 5, "most": 1000})],
        "chibi-2020",
        ["/establishment/committee/most"],
    ),
    "five hundred seats for a grid": (
        [("establishment/dedicated_per_grid", "500")],
        "chibi-2020",
        ["/establishment/dedicated_per_grid"],
    ),
    "a supplement of nothing": (
        [("two_posts", {"pays": "supplement", "supplement": "0"})],
        "chibi-2020",
        ["/two_posts"],
    ),
}


@pytest.mark.parametrize("name", NONSENSE)
def test_nonsense_is_refused_at_its_key_with_a_remedy(name: str) -> None:
    changes, of, keys = NONSENSE[name]
    found = wrong(*changes, of=of)
    assert [fault.pointer for fault in found] == keys
    assert all(fault.remedy for fault in found)


@pytest.mark.parametrize("path", POLICIES, ids=lambda path: path.stem)
def test_a_shipped_policy_is_sound(path: Path) -> None:
    assert wrong_with(placed(path.read_text(encoding="utf-8")).value) == []


MEANT = {
    "80": '"0.80"',
    "80%": '"0.80"',
    "12.5 %": '"0.125"',
    "８０": "digits with a point",
    "0,8": "digits with a point",
    "-1": "digits with a point",
}


@pytest.mark.parametrize("text", MEANT)
def test_a_share_in_another_notation_is_told_how_it_is_written(text: str) -> None:
    (fault,) = wrong(("ladder/base/share", text))
    assert fault.pointer == "/ladder/base/share"
    assert MEANT[text] in fault.remedy


@pytest.mark.parametrize("text", ["2,958.00", "¥2958.00", "2958.00元"])
def test_an_amount_as_people_write_it_is_told_how_a_file_has_it(text: str) -> None:
    (fault,) = wrong(("ladder/base/monthly_amount", text), of="jinzhou-2022")
    assert fault.remedy == 'write "2958"'


def test_faults_of_shape_hide_none_of_figures_and_words() -> None:
    """Each has nothing to do with the others, and all are told in one answer."""
    found = wrong(
        ("ladder/base/share", "four fifths"),
        ("ladder/coefficients/18", "132"),
        ("bands/head", {"lowest": 18, "highest": 7}),
        ("bands/deputy/lowest", "low"),
        ("grade_rules/years_per_stp", 3),
        ("grade_rules/uncounted_ratings", ["bad"]),
        ("funding/0/remainder/street", "0.4"),
        ("budget_items/basci", "30101"),
        ("proration", "daily"),
        ("open_to", "exam"),
    )
    assert sorted(fault.pointer for fault in found) == [
        "/bands/deputy/lowest",
        "/bands/head",
        "/budget_items/basci",
        "/funding/0/remainder",
        "/grade_rules/uncounted_ratings/0",
        "/grade_rules/years_per_stp",
        "/ladder/base/share",
        "/ladder/coefficients/18",
        "/open_to",
        "/proration",
    ]


@pytest.mark.parametrize(
    "change",
    [
        ("performance", {"share": "x", "factors": FACTORS}),
        ("bands", {"head": 7}),
        ("certificate_allowance/monthly", ["100"]),
        ("ladder", {"base": {}}),
        ("funding", {"posts": ["head"]}),
    ],
    ids=str,
)
def test_what_would_follow_from_a_misshapen_value_alone_is_not_told(change: tuple[str, Any]) -> None:
    """However it is put right: a budget item is not called idle because the part that it is for is misspelt."""
    found = wrong(change, ("budget_items", {"basic": "30101"}))
    assert found
    assert all(fault.pointer.startswith(f"/{change[0]}") for fault in found)


def test_the_same_is_told_of_the_document_as_it_would_be_enacted() -> None:
    for changes, of, _ in NONSENSE.values():
        document = plain(of)
        for path, value in changes:
            put(document, path, value)
        if next(shape_faults(document), None) is None:
            enacted = msgspec.convert(document, PolicyDocument, strict=True, str_keys=True)
            assert wrong_with(as_written(enacted)) == faults(enacted) == wrong_with(document)


# --- what a check and an editor say of the shape is one


def leaves(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The path of everything in a document, the parts too."""
    below = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(found for name, each in below for found in leaves(each, (*path, name)))]


LOADED = {path.stem: yaml.load(path.read_text(encoding="utf-8"), yaml.BaseLoader) for path in POLICIES}
RAW = [
    *("0.72", '"0.72"', "72", '"72"', "-1", '"-1"', ".5", '".5"', "1e3", '"1e3"', '"NaN"', ".nan", ".inf", "1_000"),
    *("07", '"07"', "0x10", "1:30", "2020-01-01", '"2020-02-30"', '"02-30"', "07-01", "true", '"true"', "yes", "null"),
    *("", "[]", "{}", "[1]", "{a: 1}", "{1: 1}", "x", '"x y"', "10000000000", '"10000000000"', "3.0", '"3"', "head"),
    *('"0.12345678901"', '"1\\n"', "published", "half-up", "fen", "~", "'80%'", "[[]]", "{posts: [head], shares: {}}"),
]


def dumped(value: Any, path: tuple[Any, ...], raw: str, at: tuple[Any, ...] = ()) -> str:
    """Flow YAML of a document with its figures in quotes, and the raw text at one place."""
    if at == path:
        return raw or '""'
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(k)}: {dumped(v, path, raw, (*at, k))}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(dumped(each, path, raw, (*at, number)) for number, each in enumerate(value)) + "]"
    whole = value.isdecimal() and at[-1] in WHOLE | {"bachelor", "master", "doctor"}
    return str(value) if whole else json.dumps(value)


WHOLE = {"lowest", "highest", "years_per_step", "oldest"}


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(sorted(LOADED)), st.data())
def test_a_file_fits_the_published_schema_exactly_when_a_check_finds_its_shape_right(
    name: str, data: st.DataObject
) -> None:
    """C4: unquoted figures, quoted whole numbers, words, and whatever else may stand at any place of a policy."""
    document = copy.deepcopy(LOADED[name])
    path = data.draw(st.sampled_from(leaves(document)[1:]))
    text = dumped(document, path, data.draw(st.sampled_from(RAW)))
    found = placed(text)
    misshapen = list(shape_faults(found.value))
    editor = list(SCHEMA.iter_errors(_numbers(found.value)))
    assert bool(misshapen) == bool(editor), (path, misshapen, [error.message for error in editor])
    assert set(misshapen) <= set(wrong_with(found.value))


def _numbers(value: Any) -> Any:
    """What an editor sees: a number without quotes is a number."""
    if isinstance(value, dict):
        return {key: _numbers(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_numbers(each) for each in value]
    return float(value) if type(value).__name__ == "Bare" else value
