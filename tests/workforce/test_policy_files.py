"""`workforce policy`: a file is wrong at a line and a key, all of it at once, and a change is said in words."""

import json
from pathlib import Path

import pytest
from tests.workforce.conftest import Run

from workforce.policy_diff import differences
from workforce.policy_files import PolicyFileError, check_policy, read_document, read_policy

POLICIES = Path(__file__).parents[2] / "policies"
CHIBI = POLICIES / "chibi-2020.yaml"


def altered(folder: Path, replaced: dict[str, str], of: Path = CHIBI) -> Path:
    """A policy file with some of its text replaced, each text there once."""
    text = of.read_text(encoding="utf-8")
    for old, new in replaced.items():
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    file = folder / "changed.yaml"
    file.write_text(text, encoding="utf-8")
    return file


def line_of(text: str, file: Path) -> int:
    """The number of the one line that holds the text."""
    (number,) = [number for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1) if text in line]
    return number


def wrong(file: Path) -> list[tuple[int, str]]:
    """(line, key) of all that is wrong."""
    return [(finding.line, finding.key) for finding in check_policy(file).wrong]


@pytest.mark.parametrize("path", sorted(POLICIES.glob("*.yaml")), ids=lambda path: path.stem)
def test_a_shipped_file_has_nothing_wrong_with_it(run: Run, path: Path) -> None:
    result = run("policy", "check", str(path))
    assert result.exit_code == 0
    assert result.stdout.splitlines()[-1] == f"{path}: sound"


def test_several_faults_of_shape_are_named_at_once_each_at_its_line(tmp_path: Path) -> None:
    file = altered(
        tmp_path,
        {
            'share: "0.80"': 'share: "four fifths"',
            "years_per_step: 3": "years_per_stp: 3",
            "proration: calendar-days": "proration: daily",
            "oldest: 40": "oldest: old",
        },
    )
    assert wrong(file) == [
        (line_of("four fifths", file), "/ladder/base/share"),
        (line_of("years_per_stp", file), "/grade_rules/years_per_stp"),
        (line_of("oldest: old", file), "/admission/dedicated/oldest"),
        (line_of("proration: daily", file), "/proration"),
    ]


def test_several_faults_of_figures_and_words_are_named_at_once_each_at_its_line(tmp_path: Path) -> None:
    file = altered(
        tmp_path,
        {
            'remainder: {street: "0.50"': 'remainder: {street: "0.40"',
            "lowest: 7, highest: 18": "lowest: 7, highest: 19",
            "- posts: [dedicated]": "- posts: [dedicated, chief]",
        },
    )
    assert wrong(file) == [
        (line_of("highest: 19", file), "/bands/head"),
        (line_of('street: "0.40"', file), "/funding/0/remainder"),
        (line_of("chief", file), "/funding/1/posts/1"),
    ]


def test_the_command_names_file_line_column_and_key_and_ends_with_code_1(run: Run, tmp_path: Path) -> None:
    file = altered(tmp_path, {"years_per_step: 3": "years_per_stp: 3"})
    result = run("policy", "check", str(file))
    assert (result.exit_code, result.stdout) == (1, "")
    line = line_of("years_per_stp", file)
    assert f"{file}:{line}:3: /grade_rules/years_per_stp: years_per_stp is no key of this part" in result.stderr
    assert "do you mean years_per_step?" in result.stderr


def test_the_command_says_the_same_as_one_object(run: Run, tmp_path: Path) -> None:
    file = altered(tmp_path, {'share: "0.80"': 'share: "11"'})
    result = run("policy", "check", str(file), "--json")
    said = json.loads(result.stdout)
    assert (result.exit_code, said["sound"]) == (1, False)
    (fault,) = said["wrong"]
    assert (fault["line"], fault["key"]) == (line_of('share: "11"', file), "/ladder/base/share")
    assert fault["remedy"] == 'if 11 % is meant, write "0.11"; else lower it to 2 at most'


def test_a_key_that_stands_twice_is_named(tmp_path: Path) -> None:
    """YAML itself lets the last one win, silently."""
    file = altered(tmp_path, {"lowest: 7, highest: 18": "lowest: 7, highest: 18, lowest: 1"})
    assert wrong(file) == [(line_of("lowest: 1}", file), "/bands/head/lowest")]


@pytest.mark.parametrize(
    ("text", "line"),
    [("policy_id: [", 2), ("a: 1\nb: c: d", 2), ("a: &a [*a]", 1), ("a: *nobody", 1), ("", 1), ("- 1", 1), ("7", 1)],
)
def test_what_is_no_policy_at_all_is_said_at_its_line(tmp_path: Path, text: str, line: int) -> None:
    file = tmp_path / "file.yaml"
    file.write_text(f"{text}\n")
    (finding,) = check_policy(file).wrong
    assert finding.line == line


def test_a_file_that_cannot_be_read_is_refused_in_one_line(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "file.yaml"
    file.write_bytes(b"title: \xff")
    result = run("policy", "check", str(file))
    assert (result.exit_code, len(result.stderr.splitlines())) == (1, 1)


def test_numbers_keep_every_place_and_dates_stay_dates(tmp_path: Path) -> None:
    file = altered(tmp_path, {'share: "0.80"': "share: 0.80\n    later_shares: [{from_date: 2021-07-01, share: 0.90}]"})
    base = read_policy(file)["ladder"]["base"]
    assert (base["share"], base["later_shares"]) == ("0.80", [{"from_date": "2021-07-01", "share": "0.90"}])


def test_what_is_enacted_says_nothing_that_the_file_does_not_say() -> None:
    assert "training" not in read_policy(CHIBI)


def test_a_file_with_faults_is_never_enacted_and_every_fault_is_named(tmp_path: Path) -> None:
    file = altered(tmp_path, {"oldest: 40": "oldest: old", "proration: calendar-days": "proration: daily"})
    with pytest.raises(PolicyFileError, match=r"/admission/dedicated/oldest: .*; .*/proration: "):
        read_policy(file)


def test_a_note_says_what_no_paper_is_named_for_and_what_payroll_leaves_alone() -> None:
    """A note is no fault: the document may be enacted."""
    found = check_policy(POLICIES / "changzhou-2011.yaml")
    assert [(note.key, note.detail.partition(":")[0]) for note in found.notes] == [
        ("/ladder/base", "payroll closes no month on this"),
        ("/funding/0/shares/district", "the district of a seat's street pays, and no street lies in a district"),
    ]
    assert {note.key for note in check_policy(CHIBI).notes} == {"/open_to", "/budget_items"}


def test_a_source_of_what_is_not_there_is_noted(tmp_path: Path) -> None:
    file = altered(tmp_path, {"part: grade_rules,": "part: grade_rulez,"})
    assert {note.key for note in check_policy(file).notes} == {
        "/open_to",
        "/budget_items",
        "/grade_rules",
        "/sources/3/part",
    }


# --- what changes for whom


def told(folder: Path, replaced: dict[str, str], of: Path = CHIBI) -> list[str]:
    """The differences of a file and the file with some of its text replaced."""
    return differences(read_document(of), read_document(altered(folder, replaced, of)))


def test_a_file_and_itself_differ_in_nothing(run: Run) -> None:
    assert run("policy", "diff", str(CHIBI), str(CHIBI)).stdout == "nothing changes for anybody\n"


def test_a_coefficient_changes_the_pay_of_those_posts_to_which_its_grade_is_open(tmp_path: Path) -> None:
    """Grade 1 is open to dedicated workers alone, grade 8 to all four posts."""
    assert told(tmp_path, {'1: "0.72"': '1: "0.73"'}) == [
        "dedicated, grade 1: 2620.00 → 2656.00 a month (+36.00)",
        "the coefficient of grade 1: 0.72 → 0.73",
    ]
    assert told(tmp_path, {'8: "0.93"': '8: "0.92"'}) == [
        "head, deputy, member, dedicated, grade 8: 3384.00 → 3348.00 a month (-36.00)",
        "the coefficient of grade 8: 0.93 → 0.92",
    ]


def test_a_wider_band_opens_a_grade(tmp_path: Path) -> None:
    assert told(tmp_path, {"lowest: 1, highest: 12": "lowest: 1, highest: 13"}) == [
        "dedicated, grade 13: nothing → 4075.00 a month",
        "dedicated: grades 1 to 12 → grades 1 to 13",
    ]


def test_other_payers_are_said_with_their_parts_of_the_whole(tmp_path: Path) -> None:
    assert told(tmp_path, {'shares: {city: "0.70"}': 'shares: {city: "0.60"}'}) == [
        "payers of head, deputy, member: city 70 %, community 15 %, street 15 % → "
        "city 60 %, community 20 %, street 20 %"
    ]


def test_payers_of_one_item_and_of_a_later_date_are_said(tmp_path: Path) -> None:
    later = (
        '    shares: {city: "1"}\n'
        '  - {posts: [dedicated], items: [allowance], shares: {street: "1"}}\n'
        '  - {posts: [dedicated], from_date: "2022-01-01", shares: {street: "1"}}\n'
    )
    found = told(tmp_path, {'    shares: {city: "1"}\n': later})
    assert found[0] == "payers of dedicated (allowance): city 100 % → street 100 %"
    assert "payers of dedicated (basic, performance) from 2022-01-01 on: city 100 % → street 100 %" in found
    assert len(found) == 2


def test_rules_of_a_working_life_are_said_in_words(tmp_path: Path) -> None:
    replaced = {
        "years_per_step: 3": "years_per_step: 2\n  uncounted_ratings: [unfit]",
        "oldest: 40": "oldest: 35",
        'senior: "300.00"': 'senior: "400.00"',
        "bachelor: 1": "bachelor: 2",
    }
    assert told(tmp_path, replaced) == [
        "counted years for a step: 3 → 2",
        "steps for the diploma bachelor: 1 → 2",
        "the ratings of a year that does not count: nothing → unfit",
        "the greatest age on admission as dedicated: 40 → 35",
        "yuan a month for the certificate senior: 300.00 → 400.00",
    ]


def test_performance_is_said_by_rating(tmp_path: Path) -> None:
    benxi = POLICIES / "benxi-2023.yaml"
    old, new = 'share: "0.20"\n  factors: {excellent: "1"', 'share: "0.30"\n  factors: {excellent: "1.2"'
    assert told(tmp_path, {old: new}, benxi) == [
        "the share of the performance part: 0.20 → 0.30",
        "the factor of the performance part of whoever is rated excellent: 1 → 1.2",
    ]


def test_a_sum_of_tables_is_compared_as_the_pay_that_it_comes_to(tmp_path: Path) -> None:
    xiangan = POLICIES / "xiangan-2013.yaml"
    assert told(tmp_path, {'"12": "1740.00"': '"12": "1750.00"'}, xiangan) == [
        "head, grade 12: 3640.00 → 3650.00 a month (+10.00)",
        "deputy, grade 12: 3240.00 → 3250.00 a month (+10.00)",
        "member, grade 12: 3040.00 → 3050.00 a month (+10.00)",
        "dedicated, grade 12: 2840.00 → 2850.00 a month (+10.00)",
        "yuan a month in the table basic for 12: 1740.00 → 1750.00",
    ]


def test_the_command_says_the_changes_a_line_each_or_as_one_object(run: Run, tmp_path: Path) -> None:
    file = altered(tmp_path, {"years_per_step: 3": "years_per_step: 2"})
    assert run("policy", "diff", str(CHIBI), str(file)).stdout == "counted years for a step: 3 → 2\n"
    said = json.loads(run("policy", "diff", str(CHIBI), str(file), "--json").stdout)
    assert said["changes"] == ["counted years for a step: 3 → 2"]


def test_files_with_faults_are_not_compared(run: Run, tmp_path: Path) -> None:
    result = run("policy", "diff", str(CHIBI), str(altered(tmp_path, {"oldest: 40": "oldest: old"})))
    assert (result.exit_code, result.stdout) == (1, "")
    assert "/admission/dedicated/oldest" in result.stderr


def test_working_days_without_a_calendar_are_noted(tmp_path: Path) -> None:
    file = altered(tmp_path, {"proration: calendar-days": "proration: working-days-21.75"})
    assert "/proration" in {note.key for note in check_policy(file).notes}
