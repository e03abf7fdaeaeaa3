"""F70, point 3 of two dates everywhere: two answers, where they differ, and the events that this comes from."""

from datetime import timedelta
from typing import Any

import pytest
from tests.ledger.given import Town, problem
from tests.ledger.papers import FIRST, LIFE, Office


def differing(town: Town, path: str, **asked: Any) -> dict[str, Any]:
    """Field → its difference."""
    return {one["field"]: one for one in town.read(f"{path}/differences", **asked)["fields"]}


def causes(difference: dict[str, Any]) -> list[tuple[str, str]]:
    return [(cause["type"], cause["in_force"]) for cause in difference["causes"]]


def test_a_promotion_between_two_days_is_the_cause_of_post_grade_and_seat(town: Town) -> None:
    worker_id = town.hire()
    done = town.give("post-changes", "2021-01-01", worker_id=worker_id, post="deputy")
    found = differing(town, f"workers/{worker_id}", effective_on="2020-12-31", against_effective_on="2021-01-01")
    assert set(found) == {"post", "grade", "seat"}
    assert (found["grade"]["before"], found["grade"]["after"]) == (1, 5)
    assert {tuple(causes(one)) for one in found.values()} == {(("worker.post-changed.v1", "after"),)}
    (cause,) = found["post"]["causes"]
    assert (cause["command_id"], cause["voided_by"]) == (done["command_id"], None)


def test_a_void_between_two_known_times_names_what_was_voided_and_by_whom(town: Town) -> None:
    worker_id = town.hire()
    done = town.give("educations", "2020-11-01", worker_id=worker_id, education="master")
    known = town.store.head()
    void = town.give("voids", "2020-11-01", command_id=done["command_id"], reason="学历不实")
    found = differing(town, f"workers/{worker_id}", effective_on="2020-12-31", known_position=known)
    assert set(found) == {"education", "diplomas"}
    assert (found["education"]["before"], found["education"]["after"]) == ("master", "college")
    (cause,) = found["education"]["causes"]
    assert (cause["type"], cause["in_force"]) == ("worker.educated.v1", "before")
    assert (cause["voided_by"]["command_id"], cause["voided_by"]["reason"]) == (void["command_id"], "学历不实")


def test_hours_that_add_up_come_from_every_course_between(town: Town) -> None:
    worker_id = town.hire()
    for day in ("2020-11-01", "2020-11-02", "2020-12-01"):
        town.give("trainings", day, worker_id=worker_id, course="初任培训", hours=8)
    found = differing(town, f"workers/{worker_id}", effective_on="2020-10-31", against_effective_on="2020-11-30")
    assert causes(found["training_hours"]) == [("worker.trained.v1", "after")] * 2


def test_what_was_overwritten_later_is_no_cause(town: Town) -> None:
    worker_id = town.hire("xinhua")
    for day, place in (("2020-11-01", "jinqiao"), ("2020-12-01", "huangjia")):
        town.give("transfers", day, worker_id=worker_id, community_id=place)
    found = differing(town, f"workers/{worker_id}", effective_on="2020-10-31", against_effective_on="2021-01-01")
    (cause,) = found["community_id"]["causes"]
    assert cause["effective_date"] == "2020-12-01"


def test_a_community_differs_by_who_came_and_by_its_seats(town: Town) -> None:
    known = town.store.head()
    worker_id = town.hire("xinhua")
    town.give("community-quotas", "2020-11-01", community_id="xinhua", category="dedicated", seats=3)
    found = differing(town, "communities/xinhua", effective_on="2020-12-31", known_position=known)
    assert set(found) == {"workers", "establishment"}
    assert (found["workers"]["before"], found["workers"]["after"]) == ([], [worker_id])
    assert causes(found["workers"]) == [("community.worker-joined.v1", "after")]
    assert causes(found["establishment"]) == [
        ("community.worker-joined.v1", "after"),
        ("community.quota-set.v1", "after"),
    ]


def test_before_the_hire_there_is_nothing_to_say(town: Town) -> None:
    worker_id = town.hire(day="2020-10-01")
    found = differing(town, f"workers/{worker_id}", effective_on="2020-09-30", against_effective_on="2020-10-01")
    assert found["post"]["before"] is None
    assert causes(found["post"]) == [("worker.hired.v1", "after")]
    never = town.ask(f"workers/{worker_id}/differences", effective_on="2019-01-01", against_effective_on="2019-02-01")
    assert problem(never)["code"] == "not-found"


def test_the_same_question_twice_differs_in_nothing(town: Town) -> None:
    worker_id = town.hire()
    assert differing(town, f"workers/{worker_id}", effective_on="2020-12-31") == {}


def test_somebody_of_another_city_is_not_to_be_seen(town: Town) -> None:
    """F41."""
    worker_id = town.hire()
    for path in (f"workers/{worker_id}", "communities/xinhua"):
        assert town.ask(f"{path}/differences", who="admin city:jinzhou").status_code == 404


@pytest.mark.parametrize("seed", range(8))
def test_whatever_differs_is_what_two_answers_say_and_has_a_cause(town: Town, seed: int) -> None:
    """F70: the fields are those in which the two answers differ, and none is without an event."""
    office = Office(town, seed, (*LIFE, "voids"))
    for _ in range(25):
        office.take(office.paper())
    for _ in range(20):
        worker_id = office.random.choice(office.workers)
        days = [str(FIRST + timedelta(days=office.random.randrange(130))) for _ in range(2)]
        positions = [office.random.randrange(town.store.head() + 1) for _ in range(2)]
        check_differences(town, worker_id, days, positions)


def check_differences(town: Town, worker_id: str, days: list[str], positions: list[int]) -> None:
    """Against the two answers themselves."""
    answers = [
        town.ask(f"workers/{worker_id}", effective_on=day, known_position=position).json().get("worker", {})
        for day, position in zip(days, positions, strict=True)
    ]
    asked = {"effective_on": days[0], "known_position": positions[0]}
    against = {"against_effective_on": days[1], "against_known_position": positions[1]}
    response = town.ask(f"workers/{worker_id}/differences", **asked, **against)
    names = {name for name in {**answers[0], **answers[1]} if answers[0].get(name) != answers[1].get(name)}
    if response.status_code == 404:
        assert not names
        return
    fields = response.json()["fields"]
    assert {field["field"] for field in fields} == names
    assert all(field["causes"] for field in fields)


def test_a_transfer_that_is_voided_later_is_told_with_heads_that_are_there(town: Town) -> None:
    """F70, rule 6: the void tells the stays anew; they count on their own days, not from the day of the void."""
    worker_id = town.hire("xinhua")
    moved = town.give("transfers", "2020-10-10", worker_id=worker_id, community_id="jinqiao")
    town.give("post-changes", "2020-10-20", worker_id=worker_id, post="member")
    known = town.store.head()
    town.give("voids", "2020-12-01", command_id=moved["command_id"], reason="录入错误")
    for name, before, after in (("xinhua", [], [worker_id]), ("jinqiao", [worker_id], [])):
        found = differing(town, f"communities/{name}", effective_on="2020-11-01", known_position=known)
        assert (found["workers"]["before"], found["workers"]["after"]) == (before, after)
        heads = found["establishment"]["after"]["committee"]["heads"]
        assert (
            heads == town.read(f"communities/{name}", effective_on="2020-11-01")["establishment"]["committee"]["heads"]
        )
        assert heads == len(after)
