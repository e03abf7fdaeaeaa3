"""The published figures of other cities, each from its policy file through the engine: a new city is a file."""

from collections import Counter
from pathlib import Path

import msgspec
import numpy as np
import pytest
from tests.payroll.working import base, by_month, by_payer, enacted, fact, hire, policy, work_out

from payroll.engine import FactKind, Gap, Item, differences, month_name, month_number
from shared.policy_check import faults
from shared.policy_document import District, remarks

POLICIES = Path(__file__).parents[2] / "policies"
EVERY_FILE = sorted(path.stem for path in POLICIES.glob("*.yaml"))
ENACTED_BEFORE_SOURCES_WERE_ASKED = {"chibi-2020", "chibi-legacy"}
"""A source more would be another document; what they leave out is open_to and budget_items, our own defaults."""


@pytest.mark.parametrize("name", EVERY_FILE)
def test_a_shipped_policy_is_sound_in_figures_and_words(name):
    document = policy(name)
    assert document.policy_id == name
    assert faults(document) == []


@pytest.mark.parametrize("name", EVERY_FILE)
def test_every_part_of_a_shipped_policy_says_where_it_comes_from(name):
    found = {pointer for pointer, _ in remarks(policy(name))}
    assert found <= ({"/open_to", "/budget_items"} if name in ENACTED_BEFORE_SOURCES_WERE_ASKED else set())


@pytest.mark.parametrize("name", EVERY_FILE)
def test_a_file_names_the_schema_by_which_an_editor_checks_it(name):
    first = (POLICIES / f"{name}.yaml").read_text(encoding="utf-8").splitlines()[0]
    assert first == "# yaml-language-server: $schema=../schemas/policy.json"
    assert (POLICIES / "../schemas/policy.json").is_file()


def pays(name, on, grades):
    """A month's pay in fen of a dedicated worker in each of the grades."""
    rows = [row for grade in grades for row in hire(f"g{grade:02d}", on, grade=grade)]
    month = on[:7]
    found = by_month(work_out(rows, [enacted(name, on)], months=(month, month)))
    return [found[f"g{grade:02d}", month] for grade in grades]


def test_jinzhou_pays_2958_in_grade_1_and_4289_in_grade_16():
    """Rule 1. 2958 × 1.45 = 4289.10, to whole yuan; between them 2958 × 1.03 = 3046.74."""
    assert pays("jinzhou-2022", "2022-01-01", [1, 2, 16]) == [295_800, 304_700, 428_900]


def test_jinzhou_pays_100_200_300_for_a_certificate():
    """Rule 14."""
    rows = []
    for worker, certificate in (("a", "assistant"), ("b", "social_worker"), ("c", "senior")):
        rows += hire(worker, "2022-01-01") + fact(worker, FactKind.CERTIFICATE, "2022-01-10", certificate)
    found = by_month(
        work_out(rows, [enacted("jinzhou-2022", "2022-01-01")], months=("2022-01", "2022-02")), "allowance"
    )
    assert found == {("a", "2022-02"): 10_000, ("b", "2022-02"): 20_000, ("c", "2022-02"): 30_000}


def test_panjin_shares_3333_33_among_city_district_and_street_four_to_four_to_two():
    """Rule 4: 1,333.332 + 1,333.332 + 666.666; the fen left over goes to the largest remainder."""
    rows = hire("li", "2016-01-01", scheme="flat")
    rules = [enacted("panjin-2016", "2016-01-01", districts={"xinglongtai": District(streets=("first",))})]
    found = by_payer(work_out(rows, rules, months=("2016-01", "2016-01"), city="panjin"))
    assert found == {
        ("li", "2016-01", "basic", "city/panjin"): 133_333,
        ("li", "2016-01", "basic", "district/xinglongtai"): 133_333,
        ("li", "2016-01", "basic", "street/first"): 66_667,
    }


def test_changzhou_rises_from_80_to_90_to_100_percent_of_the_wage_each_from_the_first_of_july():
    """Rule 3; a wage of 36,000 a year stays the same, so that only the share moves: 2,400, 2,700, 3,000."""
    rows = hire("li", "2011-07-01")
    rules, wage = [enacted("changzhou-2011", "2011-07-01")], [base("2011-07-01", "36000.00")]
    found = by_month(work_out(rows, rules, wage, months=("2011-07", "2013-07")))
    assert [found["li", month] for month in ("2011-07", "2012-06", "2012-07", "2013-06", "2013-07")] == [
        240_000,
        240_000,
        270_000,
        270_000,
        300_000,
    ]


def test_changzhou_pays_nobody_before_a_wage_is_published():
    rows = hire("li", "2011-07-01")
    found = work_out(rows, [enacted("changzhou-2011", "2011-07-01")], months=("2011-07", "2011-07"))
    assert by_month(found) == {}
    assert {gap for _, gap in found.gaps()} == {Gap.NO_BASE}


def test_changzhou_city_and_district_pay_half_each():
    rows = hire("li", "2011-07-01")
    rules = [enacted("changzhou-2011", "2011-07-01", districts={"tianning": District(streets=("first",))})]
    wage = [base("2011-07-01", "36000.01")]
    found = by_payer(work_out(rows, rules, wage, months=("2011-07", "2011-07"), city="changzhou"))
    assert found == {
        ("li", "2011-07", "basic", "city/changzhou"): 120_000,
        ("li", "2011-07", "basic", "district/tianning"): 120_000,
    }


def benxi(at="north"):
    """Benxi's rules, with `first` as a street of the district that parts 90 to 10; north lies in it, south does not."""
    there = msgspec.structs.replace(policy("benxi-2023").districts["ninety-ten"], streets=("first",))
    rules = [enacted("benxi-2023", "2023-01-01", districts={"ninety-ten": there})]
    return rules, hire("li", "2023-01-01", at=at)


def payable_in(found, item="performance"):
    """(worker, payable month) → fen of an item."""
    names, entries = found.tables.vocabulary, found.entries
    sums = Counter()
    for n in np.flatnonzero(entries.item == Item[item.upper()]).tolist():
        sums[names.workers[int(entries.worker[n])], month_name(int(entries.payable_month[n]))] += int(
            entries.amount_fen[n]
        )
    return dict(sums)


YEAR_2023 = ("2023-01", "2023-12")


def test_benxis_district_pays_3060_a_month_and_2040_each_half_year():
    """Rules 10 and 16: 3,400 × 0.90 a month; 3,400 × 0.10 × 6 in June and in December, rated competent."""
    rules, rows = benxi()
    found = work_out(rows + fact("li", FactKind.RATING, "2024-01-15", "2023 competent"), rules, months=YEAR_2023)
    assert set(by_month(found, "basic").values()) == {306_000}
    assert payable_in(found) == {("li", "2023-06"): 204_000, ("li", "2023-12"): 204_000}


def test_benxi_pays_an_unfit_worker_36720_for_the_year():
    """Rule 10: 12 × 3,060 and nothing of the rest; that the year does not count is a rule of the grade (rule 8)."""
    rules, rows = benxi()
    found = work_out(rows + fact("li", FactKind.RATING, "2024-01-15", "2023 unfit"), rules, months=YEAR_2023)
    assert sum(by_month(found).values()) == 3_672_000
    assert payable_in(found) == {}
    assert policy("benxi-2023").grade_rules.uncounted_ratings == ("unfit",)


def test_what_benxi_paid_in_june_before_the_rating_is_taken_back_when_it_is_unfit():
    """Design §2.3: the rating of the year is known in January; June's 2,040 was paid without one."""
    rules, rows = benxi()
    before = work_out(rows, rules, months=YEAR_2023).payable(month_number("2023-06")).entries
    rated = rows + fact("li", FactKind.RATING, "2024-01-15", "2023 unfit")
    after = work_out(rated, rules, months=YEAR_2023).payable(month_number("2023-06")).entries
    taken_back = differences(after, before)
    assert set(taken_back.payable_month.tolist()) == {month_number("2023-06")}
    assert int(taken_back.amount_fen.sum()) == -204_000


def test_outside_the_district_benxi_pays_four_fifths_as_basic_pay_and_a_fifth_each_month():
    rules, rows = benxi(at="south")
    found = work_out(rows, rules, months=("2023-01", "2023-01"))
    assert (by_month(found, "basic"), by_month(found, "performance")) == (
        {("li", "2023-01"): 272_000},
        {("li", "2023-01"): 68_000},
    )
    assert payable_in(found) == {("li", "2023-01"): 68_000}


@pytest.mark.parametrize(
    ("post", "step", "yuan"), [("head", 1, 3100), ("deputy", 3, 2760), ("member", 12, 3040), ("dedicated", 1, 2300)]
)
def test_xiangans_tables_add_up_to_the_published_pay(post, step, yuan):
    """Rule 1: basic pay by step, post pay and an allowance by post."""
    rows = hire("li", "2013-01-01", post, step, scheme="additive")
    found = work_out(rows, [enacted("xiangan-2013", "2013-01-01")], months=("2013-01", "2013-01"))
    assert by_month(found) == {("li", "2013-01"): yuan * 100}
    allowance = {"head": 80_000, "deputy": 60_000, "member": 50_000, "dedicated": 40_000}[post]
    assert by_month(found, "allowance") == {("li", "2013-01"): allowance}
    assert {gap for _, gap in found.gaps()} == {Gap.NO_FUNDING}
