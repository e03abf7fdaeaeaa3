"""The seven ways in which real systems of this kind fail (domain.md §4), each once in the words of the clerk."""

from typing import Any

import pytest
from tests.ledger.given import ADMIN, POLICIES, Town, bearer, command, identity_number, read_policy


def test_a_grade_given_under_an_older_rule_is_explained_by_the_rule_of_its_day(town: Town) -> None:
    """1: a rule change that leaves old grades unexplainable."""
    worker_id = town.hire(counted_years=9)
    document = read_policy(POLICIES / "chibi-2020.yaml")
    document["grade_rules"]["years_per_step"] = 9
    town.give("policies", "2021-01-01", document=document)
    later = town.hire(day="2021-01-01", counted_years=9)
    assert (town.worker(worker_id, "2021-01-01")["grade"], town.worker(later, "2021-01-01")["grade"]) == (4, 2)
    hired = town.read(f"workers/{worker_id}/history")["events"][0]
    in_force = [
        one for one in town.read("policies/chibi")["enacted"] if one["effective_date"] <= hired["effective_date"]
    ]
    assert in_force[-1]["data"]["document"]["grade_rules"]["years_per_step"] == 3


def test_what_is_listed_is_what_the_log_says(town: Town) -> None:
    """2: a log that diverges from the current state. F12: building again writes nothing."""
    workers = sorted(town.hire(place) for place in ("xinhua", "jinqiao", "huangjia"))
    town.give("transfers", "2020-11-01", worker_id=workers[0], community_id="huangjia")
    head = town.store.head()
    rebuilt = town.client.post("/ledger/v1/rebuild", headers={"Authorization": bearer(ADMIN)}).json()
    assert (rebuilt["equal"], rebuilt["position"], town.store.head()) == (True, head, head)
    for day in ("2020-10-31", "2020-12-31"):
        listed = town.read("workers", city_id="chibi", effective_on=day)["workers"]
        assert listed == [town.worker(worker_id, day) for worker_id in workers]
        seated = [town.read(f"communities/{one['community_id']}", effective_on=day)["workers"] for one in listed]
        assert all(one["worker_id"] in here for one, here in zip(listed, seated, strict=True))


def test_a_grade_is_not_changed_without_saying_from_when(town: Town) -> None:
    """3: a grade overwritten without a date."""
    worker_id = town.hire()
    body = command(worker_id=worker_id, grade=2, reason="晋级")
    del body["effective_date"]
    assert town.send("regrades", body).json()["pointer"] == "/effective_date"
    town.give("regrades", "2021-01-01", worker_id=worker_id, grade=2, reason="晋级")
    assert [town.worker(worker_id, day)["grade"] for day in ("2020-12-31", "2021-01-01")] == [1, 2]


def test_a_request_sent_twice_changes_one_thing(town: Town) -> None:
    """4: a repeated request that records a second change."""
    body = command(worker_id=town.hire(), course="初任培训", hours=40)
    answers = [town.send("trainings", body, key="clerk-7").content for _ in range(3)]
    assert len(set(answers)) == 1
    assert town.worker(body["worker_id"])["training_hours"] == 40


def test_a_second_rating_of_a_year_does_not_replace_the_first(town: Town) -> None:
    """5: an appraisal silently overwritten."""
    worker_id = town.hire()
    town.give("appraisals", "2021-01-15", worker_id=worker_id, year=2020, rating="excellent")
    fields = {"worker_id": worker_id, "year": 2020, "rating": "unfit"}
    town.refuse("later-act-in-the-way", "appraisals", "2021-01-14", **fields)
    town.refuse("already-there", "appraisals", "2021-01-16", **fields)


def test_an_old_decision_is_the_same_ten_years_later(town: Town) -> None:
    """6: ages computed from today so that an old report cannot be reproduced."""
    person = town.person(identity_number=identity_number("1980-02-01"))
    verdicts = [town.send("hires", command(**town.hiring(person=person)), plan=True).json()]
    town.clock.pass_(days=3650)
    verdicts.append(town.send("hires", command(**town.hiring(person=person)), plan=True).json())
    made = [
        [{**event["data"], "worker_id": ""} for event in verdict["events"] if event["type"] == "worker.hired.v1"]
        for verdict in verdicts
    ]
    assert made[0] == made[1] != []


@pytest.mark.parametrize("code", ["quota-full", "invalid-identity-number", "identity-number-used"])
def test_nobody_is_created_without_a_seat_a_valid_and_an_unused_number(town: Town, code: str) -> None:
    """7: a person created without quota, check-digit or duplicate check."""
    person = town.person()
    wrong: dict[str, Any] = {"person": person}
    if code == "quota-full":
        town.hire("xinhua"), town.hire("xinhua")
    elif code == "identity-number-used":
        town.hire("jinqiao", person=person)
    else:
        wrong["person"] = {**person, "identity_number": person["identity_number"][::-1]}
    town.refuse(code, "hires", **town.hiring("xinhua", **wrong))
