"""Rule 8 of domain.md §4: every span of service is one year, and a step comes once, whatever a policy says."""

from datetime import date
from typing import Any

import pytest
from tests.ledger.given import given
from tests.ledger.test_due_grade import COMPETENT, EXCELLENT, MARGINAL, due, hired, policy, rated

from ledger.domain.due_grade import derivation, due_grade
from ledger.domain.policy import Policies
from ledger.domain.worker import Worker
from shared.events import Event, Post, PostChanged

Happened = tuple[str, Event]


def grades(days: list[str], *happened: Happened, policies: list[Happened]) -> list[int | None]:
    """The grade due on each day, under several versions of the policy."""
    timeline, known = given(Worker, *happened).timeline, given(Policies, *policies)
    return [due_grade(timeline, known, date.fromisoformat(day)) for day in days]


def from_day(day: str, **rules: Any) -> Happened:
    """These rules from that day on."""
    return day, policy(**rules)[1]


def januaries(first: int, last: int) -> list[str]:
    """The firsts of January."""
    return [f"{year}-01-01" for year in range(first, last + 1)]


# --- what a year is


@pytest.mark.parametrize(
    ("before", "after", "found"),
    [
        ("service", "service", [1, 2, 3, 4, 5]),
        ("calendar", "calendar", [2, 3, 4, 5, 6]),
        ("calendar", "service", [2, 3, 4, 5, 6]),
        ("service", "calendar", [1, 2, 3, 4, 5]),
    ],
)
def test_a_change_of_what_a_year_is_counts_every_year_once(before: str, after: str, found: list[int]) -> None:
    """Rule 8: who entered in October 2020 has a step a year; the rule of what a year is changes in the middle of 2022.

    By the calendar 2020 is a year; the next by service is told from its end. By service the first ends in October 2021,
    and the next by the calendar ends with 2022, since 2021 has judged one.
    """
    rules = {"years_per_step": 1, "effective": "01-01"}
    versions = [policy(**rules, year_by=before), from_day("2022-06-01", **rules, year_by=after)]
    assert grades(januaries(2021, 2025), hired(), policies=versions) == found


def test_a_change_there_and_back_neither_skips_a_year_nor_counts_one_twice() -> None:
    """Rule 8: of one calendar year no two years of service are judged."""
    rules = {"years_per_step": 1}
    versions = [
        policy(**rules, year_by="service"),
        from_day("2022-06-01", **rules, year_by="calendar"),
        from_day("2023-06-01", **rules, year_by="service"),
    ]
    steps = derivation(given(Worker, hired()).timeline, given(Policies, *versions), date(2026, 1, 1))
    assert [step.why for step in steps[1:]] == [f"1 counted years ({year}): a step" for year in range(2021, 2026)]


# --- years without a rating


@pytest.mark.parametrize("counts", [True, False])
def test_where_there_is_a_gate_a_year_without_a_rating_neither_counts_nor_begins_the_count_anew(counts: bool) -> None:
    """Rule 8: a gate asks a rating of every year that counts; one that nobody gave is not a bad one."""
    gate = policy(gate_ratings=["excellent", "competent"], years_per_step=2, unrated_year_counts=counts)
    happened = hired(), rated(2021, COMPETENT), rated(2023, COMPETENT)
    assert [due(day, *happened, rules=gate) for day in januaries(2023, 2024)] == [1, 2]
    worse = hired(), rated(2021, COMPETENT), rated(2022, MARGINAL), rated(2023, COMPETENT)
    assert due("2024-01-01", *worse, rules=gate) == 1


# --- steps before their time


EARLY = {"early_steps": {"in_a_row": 2, "most": 1}}


def test_at_the_top_of_the_band_no_early_step_is_used_up() -> None:
    """Rules 7 and 8: two 优秀 in a row at grade 12 of 12 bring nothing, and the one is there for later."""
    rules = policy(**EARLY, years_per_step=9)
    years = [rated(year, EXCELLENT) for year in range(2021, 2025)]
    member = ("2024-03-01", PostChanged(from_post=Post.DEDICATED, post=Post.MEMBER, grade=12))
    happened = hired(grade=12), *years, member
    assert [due(day, *happened, rules=rules) for day in januaries(2023, 2025)] == [12, 12, 13]


def test_in_one_calendar_year_a_step_comes_by_its_years_or_before_its_time_and_not_both() -> None:
    """Rule 8: the day of steps moves from January to July, so that 2024 has two of them."""
    rules: dict[str, Any] = {**EARLY, "years_per_step": 3}
    versions = [policy(**rules), from_day("2024-03-01", **rules, effective="07-01")]
    happened = hired(), rated(2021, COMPETENT), rated(2022, EXCELLENT), rated(2023, EXCELLENT)
    assert grades(["2023-12-31", "2024-01-01", "2024-07-01"], *happened, policies=versions) == [1, 2, 2]
    yearly = {**EARLY, "years_per_step": 2}
    versions = [policy(**yearly), from_day("2023-03-01", **EARLY, effective="11-01", years_per_step=1)]
    happened = hired(counted_years=1), rated(2021, EXCELLENT), rated(2022, EXCELLENT)
    found = grades(["2021-12-31", "2022-01-01", "2023-01-01", "2023-11-01"], *happened, policies=versions)
    assert found == [1, 2, 3, 3]
