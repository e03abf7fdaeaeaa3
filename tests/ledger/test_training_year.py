"""Rule 24: hours a year against a target, classes, and one act for all who attended."""

from typing import Any

import pytest
from tests.ledger.given import POLICIES, Town, command, read_policy

pytestmark = pytest.mark.campaign

CITY = {"city_id": "chibi"}


def opened(town: Town, class_id: str = "first-aid", day: str = "2021-03-01", **fields: Any) -> None:
    town.give("training-classes", day, **CITY, **({"class_id": class_id, "course": "急救", "hours": 16} | fields))


def training(town: Town, worker_id: str, day: str = "2021-12-31", **asked: Any) -> dict[str, Any]:
    return dict(town.read(f"workers/{worker_id}/training", effective_on=day, **asked)["training"])


def test_a_class_is_on_the_record_of_all_who_attended_by_one_act(town: Town) -> None:
    """Rule 24, done."""
    li, wu, other = town.hire("xinhua"), town.hire("huangjia"), town.hire("jinqiao")
    opened(town)
    done = town.give("attendances", "2021-03-05", **CITY, class_id="first-aid", worker_ids=[li, wu])
    assert set(done["streams"]) == {"city/chibi", f"worker/{li}", f"worker/{wu}"}
    assert [town.worker(one, "2021-03-05")["training_hours"] for one in (li, wu, other)] == [16, 16, 0]
    town.give("voids", "2021-03-05", command_id=done["command_id"], reason="录入错误")
    assert town.worker(li, "2021-03-05")["training_hours"] == 0


def test_the_hours_of_a_year_are_held_against_the_policy_and_a_plan_goes_before_it(town: Town) -> None:
    """Rule 24: 40 hours by the policy; the plan asks 60 of heads and deputies, from its own day on."""
    document = read_policy(POLICIES / "chibi-2020.yaml") | {"training": {"hours_a_year": 40}}
    town.give("policies", "2020-09-19", document=document)
    worker_id, head = town.hire(), town.hire(channel="election", post="head")
    opened(town)
    town.give("attendances", "2021-03-05", **CITY, class_id="first-aid", worker_ids=[worker_id, head])
    known = town.store.head()
    town.give("training-plans", "2021-04-01", **CITY, year=2021, hours=60, posts=["head", "deputy"])
    found = training(town, worker_id)
    assert found == {"year": 2021, "hours": 16, "asked": 40, "missing": 24, "courses": ["急救"]}
    assert training(town, head)["missing"] == 44
    assert training(town, head, known_position=known)["missing"] == 24
    assert training(town, worker_id, "2021-03-04")["hours"] == 0
    assert [training(town, head, day)["asked"] for day in ("2021-03-31", "2021-04-01")] == [40, 60]
    assert training(town, worker_id, year=2022)["missing"] == 40


def test_where_nothing_is_asked_nothing_is_missing(town: Town) -> None:
    found = training(town, town.hire())
    assert (found["asked"], found["missing"]) == (None, 0)


def test_nobody_is_recorded_where_one_of_them_cannot_be(town: Town) -> None:
    """Rule 24, refused: at the place of the one who cannot."""
    li, gone = town.hire("xinhua"), town.hire("huangjia")
    town.give("separations", "2021-02-01", worker_id=gone, reason="resigned")
    opened(town)
    class_of = {**CITY, "class_id": "first-aid"}
    found = town.refuse("not-in-service", "attendances", "2021-03-05", **class_of, worker_ids=[li, gone])
    assert (found["pointer"], found["detail"].startswith(gone)) == ("/worker_ids/1", True)
    assert town.refuse("not-found", "attendances", "2021-03-05", **class_of, worker_ids=["nobody"])["pointer"] == (
        "/worker_ids/0"
    )


def test_a_class_is_attended_once_and_only_after_it_began(town: Town) -> None:
    """Rule 24, refused."""
    worker_id = town.hire()
    class_of = {**CITY, "class_id": "first-aid", "worker_ids": [worker_id]}
    town.refuse("unknown-class", "attendances", "2021-03-05", **class_of)
    opened(town)
    town.refuse(
        "already-registered", "training-classes", "2021-04-01", **CITY, class_id="first-aid", course="x", hours=1
    )
    town.refuse("unknown-class", "attendances", "2021-02-28", **class_of)
    town.give("attendances", "2021-03-05", **class_of)
    town.refuse("already-there", "attendances", "2021-03-06", **class_of)


def test_a_class_that_somebody_attended_is_voided_after_the_attendance(town: Town) -> None:
    worker_id = town.hire()
    first = town.send("training-classes", command("2021-03-01", **CITY, class_id="a", course="急救", hours=16)).json()
    town.give("attendances", "2021-03-05", **CITY, class_id="a", worker_ids=[worker_id])
    town.refuse("void-breaks-later-act", "voids", "2021-03-01", command_id=first["command_id"], reason="录入错误")


def test_the_initial_course_in_a_class_counts_before_the_confirmation(town: Town) -> None:
    """Rules 17 and 24."""
    asked = {"training": {"initial_hours": 40, "initial_before_confirmation": True}}
    town.give("policies", "2020-09-19", document=read_policy(POLICIES / "chibi-2020.yaml") | asked)
    worker_id = town.hire(probation_until="2021-03-31")
    town.refuse("initial-course-missing", "probation-confirmations", "2021-04-01", worker_id=worker_id)
    opened(town, "initial", course="初任培训", hours=40, initial=True)
    town.give("attendances", "2021-03-20", **CITY, class_id="initial", worker_ids=[worker_id])
    town.give("probation-confirmations", "2021-04-01", worker_id=worker_id)
