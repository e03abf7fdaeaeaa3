"""Rules 9 and 10 of domain.md §4: an appraisal is proposed, published, reviewed, final, corrected; and what follows."""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from tests.ledger.given import POLICIES, Town, command
from tests.ledger.test_concurrency import at_once

from workforce.policy_files import read_policy

pytestmark = pytest.mark.campaign


def rules(town: Town, **appraisal: Any) -> None:
    """Chibi's policy with these rules of appraisal."""
    document = read_policy(Path(POLICIES) / "chibi-2020.yaml")
    town.give("policies", "2020-09-19", document=document | {"appraisal": appraisal})


def published(town: Town, worker_id: str, rating: str = "competent", day: str = "2024-01-10") -> None:
    """The year 2023 is proposed and published on the day."""
    town.give("appraisal-proposals", day, worker_id=worker_id, year=2023, rating=rating)
    town.give("appraisal-publications", day, worker_id=worker_id, year=2023)


def course(town: Town, worker_id: str, **params: Any) -> tuple[str, str, str | None]:
    """(stage, rating, final rating) of 2023 in June."""
    worker = town.worker(worker_id, "2024-06-01", **params)
    found = worker["appraisals"]["2023"]
    return found["stage"], found["rating"], worker["ratings"].get("2023")


def test_an_appraisal_goes_its_way_and_counts_only_when_final(town: Town) -> None:
    """Rule 9."""
    worker_id = town.hire()
    town.give("appraisal-proposals", "2024-01-10", worker_id=worker_id, year=2023, rating="unfit")
    town.give("appraisal-proposals", "2024-01-11", worker_id=worker_id, year=2023, rating="marginal")
    assert course(town, worker_id) == ("proposed", "marginal", None)
    town.give("appraisal-publications", "2024-01-12", worker_id=worker_id, year=2023)
    assert course(town, worker_id) == ("published", "marginal", None)
    who = f"worker worker:{worker_id}"
    town.give("review-requests", "2024-01-14", worker_id=worker_id, year=2023, reason="漏记", who=who)
    assert course(town, worker_id) == ("under_review", "marginal", None)
    town.give("appraisals", "2024-01-20", worker_id=worker_id, year=2023, rating="competent")
    assert course(town, worker_id) == ("final", "competent", "competent")


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("appraisal-publications", {}),
        ("review-requests", {"reason": "漏记"}),
        ("appraisal-corrections", {"rating": "unfit", "reason": "漏记"}),
    ],
)
def test_no_stage_comes_before_the_one_it_rests_on(town: Town, path: str, fields: dict[str, str]) -> None:
    """Rule 9."""
    worker_id = town.hire()
    town.refuse("appraisal-stage", path, "2024-01-10", worker_id=worker_id, year=2023, **fields)


def test_what_was_proposed_is_not_final_before_it_is_published(town: Town) -> None:
    """Rule 9."""
    worker_id = town.hire()
    town.give("appraisal-proposals", "2024-01-10", worker_id=worker_id, year=2023, rating="unfit")
    town.refuse("appraisal-stage", "appraisals", "2024-01-11", worker_id=worker_id, year=2023, rating="unfit")


def test_what_was_published_changes_by_a_review_only(town: Town) -> None:
    """Rule 9."""
    worker_id = town.hire()
    published(town, worker_id)
    town.refuse("appraisal-stage", "appraisals", "2024-01-20", worker_id=worker_id, year=2023, rating="unfit")
    town.refuse("appraisal-stage", "appraisal-proposals", "2024-01-20", worker_id=worker_id, year=2023, rating="unfit")


def test_a_review_is_asked_for_within_the_days_of_the_policy_and_the_result_waits_for_them(town: Town) -> None:
    """Rule 9: seven days from 10 January end on the 17th."""
    rules(town, review_days=7)
    li, wu = town.hire("xinhua"), town.hire("jinqiao")
    published(town, li)
    published(town, wu)
    asked = {"year": 2023, "reason": "漏记"}
    town.refuse("review-open", "appraisals", "2024-01-17", worker_id=li, year=2023, rating="competent")
    town.refuse("review-too-late", "review-requests", "2024-01-18", worker_id=li, **asked)
    town.give("review-requests", "2024-01-17", worker_id=wu, **asked)
    town.give("appraisals", "2024-01-18", worker_id=li, year=2023, rating="competent")
    town.give("appraisals", "2024-01-17", worker_id=wu, year=2023, rating="excellent")


@pytest.mark.parametrize("path", ["appraisals", "appraisal-proposals"])
def test_a_rating_that_is_not_on_the_scale_is_refused(town: Town, path: str) -> None:
    """Rule 9."""
    rules(town, ratings=["excellent", "competent", "unfit"])
    worker_id = town.hire()
    town.refuse("rating-off-scale", path, "2024-01-10", worker_id=worker_id, year=2023, rating="marginal")
    town.give(path, "2024-01-10", worker_id=worker_id, year=2023, rating="unfit")


def test_a_correction_supersedes_and_overwrites_nothing(town: Town) -> None:
    """Rules 2 and 9: both are read in the history, and as known before it the old one holds."""
    worker_id = town.hire()
    town.give("appraisals", "2024-01-10", worker_id=worker_id, year=2023, rating="unfit")
    before = town.store.head()
    fields = {"worker_id": worker_id, "year": 2023, "reason": "漏记"}
    town.give("appraisal-corrections", "2024-03-01", **fields, rating="competent")
    assert course(town, worker_id) == ("corrected", "competent", "competent")
    assert course(town, worker_id, known_position=before) == ("final", "unfit", "unfit")
    history = town.read(f"workers/{worker_id}/history")["events"]
    assert [event["data"].get("rating") for event in history][-2:] == ["unfit", "competent"]
    town.refuse("already-there", "appraisal-corrections", "2024-03-02", **fields, rating="competent")
    town.refuse("appraisal-stage", "appraisal-corrections", "2024-01-09", **fields, rating="competent")


def test_a_corrected_appraisal_moves_the_grade_that_is_due(town: Town) -> None:
    """Rules 8 and 9: the drift names the correction."""
    document = read_policy(Path(POLICIES) / "chibi-2020.yaml")
    document["grade_rules"] |= {"uncounted_ratings": ["unfit"]}
    town.give("policies", "2020-09-19", document=document)
    worker_id = town.hire()
    town.give("appraisals", "2024-01-10", worker_id=worker_id, year=2023, rating="competent")
    town.give("advancements", "2024-01-01", city_id="chibi")
    fields = {"worker_id": worker_id, "year": 2023, "rating": "unfit", "reason": "漏记"}
    done = town.give("appraisal-corrections", "2024-03-01", **fields)
    (found,) = town.read("drifts", city_id="chibi", effective_on="2024-06-01")["drifts"]
    assert (found["recorded_grade"], found["due_grade"]) == (2, 1)
    assert [cause["position"] for cause in found["causes"]] == [done["position"]]


# --- the quota of excellent

QUOTA = {"share": "0.34", "of": "city"}
EXCELLENT = {"year": 2023, "rating": "excellent"}


def three(town: Town, **quota: Any) -> list[str]:
    """Three people of two streets, of whom one may be excellent in the city."""
    rules(town, excellent_quota=QUOTA | quota)
    return [town.hire("xinhua"), town.hire("jinqiao"), town.hire("huangjia")]


def test_no_more_are_excellent_than_the_share_of_the_people(town: Town) -> None:
    """Rule 9: 0.34 of three is one, published or final."""
    li, wu, zhao = three(town)
    published(town, li, "excellent")
    found = town.refuse("excellent-quota-full", "appraisals", "2024-01-10", worker_id=wu, **EXCELLENT)
    assert found["extra"] == {"people": 3, "places": 1, "taken": 1}
    town.give("appraisal-proposals", "2024-01-10", worker_id=zhao, **EXCELLENT)
    town.refuse("excellent-quota-full", "appraisal-publications", "2024-01-10", worker_id=zhao, year=2023)
    town.give("appraisals", "2024-01-20", worker_id=li, **EXCELLENT)
    town.give("appraisals", "2024-01-10", worker_id=wu, year=2022, rating="excellent")


def test_a_correction_frees_the_place_and_a_void_cannot_take_it_twice(town: Town) -> None:
    """Rule 9."""
    li, wu, _ = three(town)
    town.give("appraisals", "2024-01-10", worker_id=li, **EXCELLENT)
    fields = {"worker_id": li, "year": 2023, "rating": "competent", "reason": "漏记"}
    corrected = town.give("appraisal-corrections", "2024-02-01", **fields)
    town.give("appraisals", "2024-02-02", worker_id=wu, **EXCELLENT)
    town.refuse("excellent-quota-full", "voids", command_id=corrected["command_id"], reason="误改")


def test_a_void_frees_the_place(town: Town) -> None:
    """Rule 9."""
    li, wu, _ = three(town)
    done = town.give("appraisals", "2024-01-10", worker_id=li, **EXCELLENT)
    town.give("voids", "2024-01-11", command_id=done["command_id"], reason="误录")
    town.give("appraisals", "2024-01-12", worker_id=wu, **EXCELLENT)


def test_a_place_is_taken_on_every_day_until_the_day_on_which_it_was_freed(town: Town) -> None:
    """Rules 2 and 9: an act dated before the day on which a place was freed, or taken, counts those of its own days."""
    li, wu, zhao = three(town)
    town.give("appraisals", "2024-01-20", worker_id=li, **EXCELLENT)
    fields = {"worker_id": li, "year": 2023, "reason": "漏记"}
    town.give("appraisal-corrections", "2024-06-20", **fields, rating="competent")
    town.refuse("excellent-quota-full", "appraisals", "2024-02-01", worker_id=wu, **EXCELLENT)
    town.refuse("excellent-quota-full", "appraisals", "2024-01-10", worker_id=wu, **EXCELLENT)
    done = town.give("appraisals", "2024-06-20", worker_id=wu, **EXCELLENT)
    town.refuse("excellent-quota-full", "appraisal-corrections", "2024-09-01", **fields, rating="excellent")
    town.give("voids", "2024-06-21", command_id=done["command_id"], reason="误录")
    again = town.give("appraisals", "2024-07-01", worker_id=zhao, **EXCELLENT)
    town.give("voids", "2024-07-02", command_id=again["command_id"], reason="误录")
    town.give("appraisal-corrections", "2024-09-01", **fields, rating="excellent")
    town.refuse("excellent-quota-full", "appraisals", "2024-08-01", worker_id=zhao, **EXCELLENT)


@pytest.mark.parametrize(("of", "most"), [("street", 2), ("community", 3)])
def test_the_quota_is_of_the_place_that_the_policy_names(town: Town, of: str, most: int) -> None:
    """Rule 9: a half of two in the one street and of one in the other, or of one in each community, rounded up."""
    people = three(town, share="0.5", of=of, rounding="up")
    verdicts = [
        town.send("appraisals", command("2024-01-10", worker_id=one, **EXCELLENT)).status_code for one in people
    ]
    assert verdicts.count(201) == most


def test_the_last_place_is_taken_once_by_however_many_at_once(each_town: Town) -> None:
    """Rule 9, F57: the places are counted on one stream, whose version guards them."""
    town = each_town
    people = three(town)
    calls = [
        lambda one=one: town.send("appraisals", command("2024-01-10", worker_id=one, **EXCELLENT)) for one in people
    ]
    found = Counter(answer.json().get("code", "done") for answer in at_once(calls))
    assert found == {"done": 1, "excellent-quota-full": 2}


# --- rule 10


def exits(town: Town, worker_id: str, day: str) -> list[dict[str, Any]]:
    """What asks for a decision on the day."""
    return list(town.read(f"workers/{worker_id}", effective_on=day)["exits_to_decide"])


def test_two_unfit_years_in_a_row_ask_for_a_decision_on_the_exit(town: Town) -> None:
    """Rule 10: a correction takes it back, and a policy without triggers asks for nothing."""
    worker_id = town.hire()
    town.give("appraisals", "2023-01-10", worker_id=worker_id, year=2022, rating="unfit")
    last = {"worker_id": worker_id, "year": 2023}
    town.give("appraisals", "2024-01-10", **last, rating="unfit")
    assert exits(town, worker_id, "2024-06-01") == []
    rules(town, exits=[{"rating": "unfit", "in_a_row": 2}, {"rating": "marginal", "in_a_row": 3}])
    assert exits(town, worker_id, "2023-06-01") == []
    assert exits(town, worker_id, "2024-06-01") == [{"rating": "unfit", "years": [2022, 2023]}]
    town.give("appraisal-corrections", "2024-07-01", **last, rating="competent", reason="漏记")
    assert exits(town, worker_id, "2024-06-30") != []
    assert exits(town, worker_id, "2024-07-01") == []


def test_an_exit_that_was_decided_is_not_to_be_decided_again_after_a_re_hire(town: Town) -> None:
    """Rules 10 and 23: the row of unfit years ended with the service."""
    rules(town, exits=[{"rating": "unfit", "in_a_row": 2}])
    worker_id = town.hire(day="2021-01-01")
    for year in (2021, 2022):
        town.give("appraisals", f"{year}-12-31", worker_id=worker_id, year=year, rating="unfit")
    town.give("separations", "2023-02-01", worker_id=worker_id, reason="dismissed")
    again = {"worker_id": worker_id, "community_id": "jinqiao", "channel": "exam", "post": "dedicated"}
    town.give("rehires", "2026-01-01", **again, keeps_years=False)
    assert exits(town, worker_id, "2026-06-01") == []
