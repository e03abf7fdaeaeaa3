"""Re-hire (rules 11 and 23 of domain.md §4): the same worker again, on a seat, with or without the years before."""

from typing import Any

import pytest
from tests.ledger.given import POLICIES, Town, identity_number

from workforce.policy_files import read_policy

pytestmark = pytest.mark.campaign

AGAIN = {"channel": "exam", "post": "dedicated", "keeps_years": True}


def left(town: Town, on: str = "2026-11-01", **fields: Any) -> str:
    """Somebody who was hired on 1 October 2020 and left."""
    worker_id = town.hire(**fields)
    town.give("separations", on, worker_id=worker_id, reason="resigned")
    return worker_id


@pytest.mark.parametrize(("keeps", "years", "grade"), [(True, 7, 3), (False, 0, 1)])
def test_who_comes_back_keeps_the_years_or_begins_anew(town: Town, keeps: bool, years: int, grade: int) -> None:
    """Rule 23: one year counted on entry and six served are seven, two steps of three."""
    worker_id = left(town, counted_years=1)
    town.give("rehires", "2027-01-01", worker_id=worker_id, community_id="jinqiao", **AGAIN | {"keeps_years": keeps})
    before, after = town.worker(worker_id, "2026-12-31"), town.worker(worker_id, "2027-01-01")
    assert (before["in_service"], after["in_service"], after["left_on"]) == (False, True, None)
    assert (after["community_id"], after["counted_years"], after["grade"]) == ("jinqiao", years, grade)
    assert after["hired_on"] == "2027-01-01"


def test_years_that_do_not_count_are_not_kept_and_a_rating_corrected_later_is_a_drift(town: Town) -> None:
    """Rules 5, 8 and 23: three years, all unfit, are none; once one is corrected the entry has another grade."""
    document = read_policy(POLICIES / "chibi-2020.yaml")
    document["grade_rules"] |= {"uncounted_ratings": ["unfit"]}
    town.give("policies", "2020-09-19", document=document)
    worker_id = left(town, "2023-10-01", day="2020-10-01")
    for year in (2021, 2022, 2023):
        town.give("appraisals", f"{year}-12-31", worker_id=worker_id, year=year, rating="unfit")
    town.give("rehires", "2024-01-01", worker_id=worker_id, community_id="jinqiao", **AGAIN)
    after = town.worker(worker_id, "2024-01-01")
    assert (after["counted_years"], after["grade"]) == (0, 1)
    fields = {"worker_id": worker_id, "rating": "competent", "reason": "漏记"}
    for year in (2021, 2022, 2023):
        assert town.read("drifts", city_id="chibi", effective_on="2024-02-01")["drifts"] == []
        done = town.give("appraisal-corrections", "2024-01-31", **fields, year=year)
    (drift,) = town.read("drifts", city_id="chibi", effective_on="2024-02-01")["drifts"]
    assert (drift["since"], drift["recorded_grade"], drift["due_grade"]) == ("2024-01-01", 1, 2)
    assert done["command_id"] in [cause["command_id"] for cause in drift["causes"]]
    (proposed,) = drift["proposed"]
    town.send("regrades", proposed["body"]).raise_for_status()
    assert town.read("drifts", city_id="chibi", effective_on="2024-02-01")["drifts"] == []


def test_who_comes_back_takes_a_seat(town: Town) -> None:
    """Rules 6 and 23."""
    worker_id = left(town, "2021-01-01")
    place = {"worker_id": worker_id, "community_id": "xinhua", **AGAIN}
    town.give("rehires", "2021-02-01", **place)
    assert (town.seats("xinhua", day="2021-01-31"), town.seats("xinhua", day="2021-02-01")) == ((2, 0), (2, 1))
    second = left(town, "2021-01-01")
    town.hire(day="2021-03-01")
    town.refuse("quota-full", "rehires", "2021-02-01", **place | {"worker_id": second})


def test_nobody_in_service_is_hired_again(town: Town) -> None:
    """Rule 11: not already active."""
    worker_id = town.hire()
    town.refuse("already-there", "rehires", "2020-11-01", worker_id=worker_id, community_id="xinhua", **AGAIN)
    town.refuse("not-in-service", "rehires", "2020-09-30", worker_id=worker_id, community_id="xinhua", **AGAIN)
    town.refuse("not-found", "rehires", worker_id="nobody", community_id="xinhua", **AGAIN)


def test_who_comes_back_meets_the_conditions_of_a_hire(town: Town) -> None:
    """Rule 11: age from the sealed number on the day, diploma, channel, place."""
    forty = town.person(identity_number=identity_number("1980-12-01"))
    worker_id = left(town, "2020-11-01", person=forty)
    place = {"worker_id": worker_id, "community_id": "xinhua", **AGAIN}
    town.refuse("too-old", "rehires", "2021-12-01", **place)
    town.refuse("diploma-too-low", "rehires", "2020-11-15", **place | {"education": "high_school"})
    town.refuse("channel-not-open", "rehires", "2020-11-15", **place | {"channel": "election"})
    town.refuse("unknown-place", "rehires", "2020-11-15", **place | {"community_id": "nowhere"})
    town.refuse("grade-outside-band", "rehires", "2020-11-15", **place | {"grade": 13})
    town.give("rehires", "2020-11-15", **place)


def test_whose_data_was_erased_is_not_hired_again(town: Town) -> None:
    """Rule 11: without the number nobody can say how old they are."""
    worker_id = left(town, "2020-11-01")
    town.personal.destroy(worker_id)
    town.refuse("erased", "rehires", "2020-12-01", worker_id=worker_id, community_id="xinhua", **AGAIN)


def test_a_hire_of_somebody_known_points_to_the_rehire(town: Town) -> None:
    """Rule 11: the refusal says what to do."""
    person = town.person()
    left(town, "2020-11-01", person=person)
    found = town.refuse("identity-number-used", "hires", "2020-12-01", **town.hiring(person=person))
    assert "re-hire" in found["remedy"]


def test_an_exit_that_somebody_came_back_from_is_voided_after_the_rehire(town: Town) -> None:
    """Rule 23: the later act is named, and its void frees the seat again."""
    worker_id = town.hire()
    gone = town.give("separations", "2020-11-01", worker_id=worker_id, reason="resigned")
    back = town.give("rehires", "2020-12-01", worker_id=worker_id, community_id="jinqiao", **AGAIN)
    found = town.refuse("void-breaks-later-act", "voids", command_id=gone["command_id"], reason="录入有误")
    assert found["extra"]["acts"] == [back["command_id"]]
    town.give("voids", command_id=back["command_id"], reason="录入有误")
    assert town.seats("jinqiao") == (2, 0)
    town.give("voids", command_id=gone["command_id"], reason="录入有误")
    assert town.worker(worker_id)["in_service"]


def test_who_left_one_city_enters_another_as_a_new_worker_and_is_in_one_service_at_a_time(each_town: Town) -> None:
    """Rules 11 and 23: the claim on the number goes along, both ways, and a void of the exit finds it gone."""
    town, person, there = each_town, each_town.person(), "admin city:jinzhou"
    first = town.hire(person=person)
    hiring = town.hiring("tianan", person=person) | {"who": there}
    town.refuse("identity-number-used", "hires", "2020-12-01", **hiring)
    gone = town.give("separations", "2020-12-01", worker_id=first, reason="resigned")
    town.refuse("identity-number-used", "hires", "2020-11-30", **hiring)
    town.refuse("identity-number-used", "hires", "2020-12-01", **town.hiring(person=person))
    second = town.give("hires", "2020-12-01", **hiring)
    assert second["worker_id"] != first
    found = town.refuse("void-breaks-later-act", "voids", command_id=gone["command_id"], reason="误录")
    assert "another city" in found["detail"]
    again = {"worker_id": first, "community_id": "xinhua", **AGAIN}
    town.refuse("identity-number-used", "rehires", "2021-01-01", **again)
    town.give("separations", "2021-02-01", worker_id=second["worker_id"], reason="resigned", who=there)
    town.give("rehires", "2021-02-01", **again)
    town.refuse("identity-number-used", "hires", "2021-03-01", **hiring)


def test_an_exit_that_was_voided_leaves_the_number_where_it_was(each_town: Town) -> None:
    """Rule 11: and once the hire is voided, too, it may be used again."""
    town, person = each_town, each_town.person()
    hired = town.give("hires", **town.hiring(person=person))
    gone = town.give("separations", "2020-12-01", worker_id=hired["worker_id"], reason="resigned")
    town.give("voids", command_id=gone["command_id"], reason="误录")
    hiring = town.hiring("tianan", person=person) | {"who": "admin city:jinzhou"}
    town.refuse("identity-number-used", "hires", "2020-12-01", **hiring)
    town.give("voids", command_id=hired["command_id"], reason="误录")
    town.give("hires", "2020-12-01", **hiring)
