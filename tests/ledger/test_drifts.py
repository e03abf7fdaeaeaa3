"""Rules 8 and 9 of domain.md §4: a grade that is no longer due is listed with its causes and the act to mend it."""

from pathlib import Path
from typing import Any

import pytest
from tests.ledger.given import POLICIES, Town

import ledger.drift_queries
from workforce.policy_files import read_policy

pytestmark = pytest.mark.campaign

CITY = {"city_id": "chibi"}


def strict(town: Town) -> None:
    """A policy under which a year rated 不合格 does not count."""
    document = read_policy(Path(POLICIES) / "chibi-2020.yaml")
    document["grade_rules"] |= {"uncounted_ratings": ["unfit"]}
    town.give("policies", "2020-09-19", document=document)


def drifts(town: Town, day: str = "2024-06-01", **params: Any) -> list[dict[str, Any]]:
    """The drifts of Chibi on the day."""
    return list(town.read("drifts", **{**CITY, "effective_on": day, **params})["drifts"])


def mend(town: Town, drift: dict[str, Any]) -> list[str]:
    """Send what is proposed as it is; the days of it."""
    for proposed in drift["proposed"]:
        assert (proposed["refused"], proposed["acts"]) == ("", [])
        answer = town.send(proposed["path"].removeprefix("/ledger/v1/"), proposed["body"])
        assert answer.status_code == 201, answer.text
    return [proposed["body"]["effective_date"] for proposed in drift["proposed"]]


def stepped(town: Town) -> tuple[str, str]:
    """A worker rated 合格 for 2023 whose step of 2024 is recorded; their id and the appraisal's command."""
    strict(town)
    worker_id = town.hire()
    rated = town.give("appraisals", "2024-01-05", worker_id=worker_id, year=2023, rating="competent")
    town.give("advancements", "2024-01-01", **CITY)
    assert drifts(town) == []
    return worker_id, str(rated["command_id"])


def corrected(town: Town, worker_id: str, command_id: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """The appraisal is voided and given again as 不合格."""
    voided = town.give("voids", "2024-03-01", command_id=command_id, reason="复核更正")
    return voided, town.give("appraisals", "2024-03-01", worker_id=worker_id, year=2023, rating="unfit")


def test_a_corrected_appraisal_that_changes_a_grade_is_listed_with_its_causes(town: Town) -> None:
    """Rules 8 and 9: 2023 no longer counts, so the step of 2024 was not due."""
    worker_id, command_id = stepped(town)
    voided, rated = corrected(town, worker_id, command_id)
    (found,) = drifts(town)
    assert (found["worker_id"], found["community_id"], found["since"]) == (worker_id, "xinhua", "2024-01-01")
    assert (found["recorded_grade"], found["due_grade"]) == (2, 1)
    assert [(cause["event"], cause["position"]) for cause in found["causes"]] == [
        ("command.voided.v1", voided["position"]),
        ("worker.appraised.v1", rated["position"]),
    ]


def test_the_proposed_act_mends_the_drift_as_it_is(town: Town) -> None:
    """Rule 8: the body is a command's, on the paper of the correction."""
    worker_id, command_id = stepped(town)
    corrected(town, worker_id, command_id)
    assert mend(town, drifts(town)[0]) == ["2024-01-01"]
    assert drifts(town) == []
    assert [town.worker(worker_id, day)["grade"] for day in ("2023-12-31", "2024-01-01")] == [1, 1]


def test_a_step_that_nobody_recorded_is_a_drift(town: Town) -> None:
    """Rule 8."""
    worker_id = town.hire()
    (found,) = drifts(town)
    assert (found["recorded_grade"], found["due_grade"], found["since"]) == (1, 2, "2024-01-01")
    assert found["proposed"][0]["body"]["worker_id"] == worker_id
    assert found["causes"][0]["event"] == "worker.hired.v1"


def test_a_policy_enacted_for_days_gone_by_is_a_cause(town: Town) -> None:
    """Rules 3 and 8: a rule that changes leaves no grade unexplained."""
    town.hire()
    document = read_policy(Path(POLICIES) / "chibi-2020.yaml")
    document["grade_rules"] |= {"years_per_step": 2}
    enacted = town.give("policies", "2020-09-18", document=document)
    (found,) = drifts(town, "2023-01-01")
    assert enacted["position"] in [cause["position"] for cause in found["causes"]]


def test_an_exceptional_grade_is_no_drift(town: Town) -> None:
    """Rule 8: its paper decided against the rule."""
    worker_id = town.hire()
    town.give("regrades", "2022-01-01", worker_id=worker_id, grade=5, reason="破格", exceptional=True)
    assert drifts(town, "2022-06-01") == []
    town.give("regrades", "2022-02-01", worker_id=worker_id, grade=6, reason="笔误")
    assert [(found["recorded_grade"], found["due_grade"]) for found in drifts(town, "2022-06-01")] == [(6, 5)]


def test_a_mend_that_a_later_act_stands_in_the_way_of_says_so(town: Town) -> None:
    """Rule 8: a grade written since rests on the wrong one."""
    worker_id, command_id = stepped(town)
    corrected(town, worker_id, command_id)
    later = town.give("regrades", "2024-05-01", worker_id=worker_id, grade=3, reason="晋级")
    (proposed,) = drifts(town)[0]["proposed"]
    assert proposed["acts"] == [later["command_id"]]
    assert "would no longer be possible" in proposed["refused"]


def test_the_proposed_acts_bring_the_record_to_the_due_grade_on_every_day(town: Town) -> None:
    """Rules 8 and 15: a diploma of 2021 comes to light in 2027, after the step of 2024 was recorded for the city."""
    worker_id, other = town.hire("xinhua"), town.hire("huangjia")
    town.give("advancements", "2024-01-01", **CITY)
    town.give("educations", "2021-03-10", worker_id=worker_id, education="bachelor")
    town.give("advancements", "2027-01-01", **CITY)
    (found,) = drifts(town, "2027-06-01")
    assert (found["worker_id"], found["since"], found["recorded_grade"], found["due_grade"]) == (
        worker_id,
        "2021-04-01",
        1,
        2,
    )
    assert mend(town, found) == ["2021-04-01", "2024-01-01", "2027-01-01"]
    assert drifts(town, "2027-06-01") == []
    days = ("2021-03-31", "2021-04-01", "2023-12-31", "2024-01-01", "2026-12-31", "2027-01-01")
    assert [town.worker(worker_id, day)["grade"] for day in days] == [1, 2, 2, 3, 3, 4]
    assert [town.worker(other, day)["grade"] for day in days] == [1, 1, 1, 2, 2, 3]


def test_a_grade_that_was_off_for_a_while_is_listed_though_it_is_right_by_now(town: Town) -> None:
    """Rules 5 and 8: the months between were paid by it."""
    worker_id = town.hire()
    town.give("regrades", "2024-06-01", worker_id=worker_id, grade=2, reason="晋级")
    (found,) = drifts(town, "2025-01-01")
    assert (found["since"], found["recorded_grade"], found["due_grade"]) == ("2024-01-01", 1, 2)
    (proposed,) = found["proposed"]
    assert "would no longer be possible" in proposed["refused"], "a clerk's own regrade is voided first"


def test_drifts_are_listed_as_they_were_known(town: Town) -> None:
    """Rule 2."""
    worker_id, command_id = stepped(town)
    before = town.store.head()
    corrected(town, worker_id, command_id)
    assert drifts(town, known_position=before) == []
    assert len(drifts(town)) == 1


def test_drifts_are_listed_by_place_and_page_by_page(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    workers = sorted([town.hire("xinhua"), town.hire("jinqiao"), town.hire("huangjia")])
    assert [found["worker_id"] for found in drifts(town)] == workers
    assert [found["community_id"] for found in drifts(town, street_id="pufang")] == ["huangjia"]
    assert [found["community_id"] for found in drifts(town, community_id="jinqiao")] == ["jinqiao"]
    page = town.read("drifts", **CITY, effective_on="2024-06-01", limit=1)
    assert ([found["worker_id"] for found in page["drifts"]], page["next_after"]) == (workers[:1], workers[0])
    monkeypatch.setattr(ledger.drift_queries, "LOOKED_AT", 2)
    page = town.read("drifts", **CITY, effective_on="2024-06-01", after=workers[0])
    assert ([found["worker_id"] for found in page["drifts"]], page["next_after"]) == (workers[1:], workers[2])
    page = town.read("drifts", **CITY, effective_on="2024-06-01", after=workers[2])
    assert (page["drifts"], page["next_after"]) == ([], None)


def test_drifts_of_another_place_are_not_to_be_seen(town: Town) -> None:
    """F41."""
    town.hire("xinhua")
    assert town.ask("drifts", who="admin city:jinzhou", **CITY).status_code == 404
    assert drifts(town, who="auditor community:jinqiao") == []
    assert len(drifts(town, who="auditor street:chimaguan")) == 1


def test_who_left_has_no_drift(town: Town) -> None:
    worker_id = town.hire()
    town.give("separations", "2024-03-01", worker_id=worker_id, reason="retired")
    assert drifts(town) == []
