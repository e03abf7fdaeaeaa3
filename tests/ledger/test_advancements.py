"""Rule 8 of domain.md §4: the steps due in a place on 1 January are proposed, and recorded as one act."""

from collections import Counter

import pytest
from tests.ledger.given import Town, command
from tests.ledger.test_concurrency import at_once

import ledger.commands.staff

pytestmark = pytest.mark.campaign

CITY = {"city_id": "chibi"}
JANUARY = "2024-01-01"


def grades(town: Town, *worker_ids: str, day: str = JANUARY) -> list[int]:
    """The recorded grades on the day."""
    return [town.worker(worker_id, day)["grade"] for worker_id in worker_ids]


def test_the_steps_due_in_a_city_are_recorded_by_one_act(town: Town) -> None:
    """Rule 8: one command over the streams of all whose three years are over, and of nobody else."""
    li, wu = town.hire("xinhua"), town.hire("huangjia")
    late = town.hire("jinqiao", "2021-06-01")
    done = town.give("advancements", JANUARY, **CITY)
    assert set(done["streams"]) == {f"worker/{li}", f"worker/{wu}"}
    assert grades(town, li, wu, late, day="2023-12-31") == [1, 1, 1]
    assert grades(town, li, wu, late) == [2, 2, 1]
    written = town.read(f"commands/{done['command_id']}")["events"]
    assert [event["data"]["reason"] for event in written] == ["step", "step"]


def test_a_plan_shows_who_steps_from_where_to_where_and_why(town: Town) -> None:
    """Rule 8: nothing is written by it."""
    worker_id = town.hire("xinhua", counted_years=4)
    head = town.store.head()
    shown = town.send("advancements", command("2023-01-01", **CITY), plan=True).json()
    assert shown["planned"]
    assert town.store.head() == head
    (event,) = shown["events"]
    assert (event["stream"], event["effective_date"]) == (f"worker/{worker_id}", "2023-01-01")
    assert event["data"] == {
        "from_grade": 2,
        "grade": 3,
        "reason": "step",
        "why": "3 counted years (before entry, 2021, 2022): a step",
    }


def test_a_second_advancement_finds_nothing_due(town: Town) -> None:
    """Rule 8: a step is recorded once."""
    town.hire()
    town.give("advancements", JANUARY, **CITY)
    town.refuse("nothing-due", "advancements", JANUARY, **CITY)


def test_steps_are_recorded_on_the_day_that_the_policy_names(town: Town) -> None:
    """Rule 8."""
    town.hire()
    found = town.refuse("step-off-day", "advancements", "2024-02-01", **CITY)
    assert "2024-01-01" in found["remedy"]


def test_a_street_or_a_community_advances_by_itself(town: Town) -> None:
    """Rule 8."""
    li, wu, zhao = town.hire("xinhua"), town.hire("jinqiao"), town.hire("huangjia")
    town.give("advancements", JANUARY, **CITY, community_id="xinhua")
    assert grades(town, li, wu, zhao) == [2, 1, 1]
    town.give("advancements", JANUARY, **CITY, street_id="chimaguan", who="admin street:chimaguan")
    assert grades(town, li, wu, zhao) == [2, 2, 1]
    town.give("advancements", JANUARY, **CITY)
    assert grades(town, li, wu, zhao) == [2, 2, 2]


@pytest.mark.parametrize(
    ("who", "place"),
    [
        ("admin city:jinzhou", {}),
        ("admin street:pufang", {"street_id": "chimaguan"}),
        ("admin community:xinhua", {"community_id": "jinqiao"}),
        ("admin community:xinhua", {}),
    ],
)
def test_nobody_advances_a_place_outside_their_scope(town: Town, who: str, place: dict[str, str]) -> None:
    """F41."""
    town.hire("jinqiao")
    town.refuse("not-found", "advancements", JANUARY, **CITY, **place, who=who)


@pytest.mark.parametrize("place", [{"street_id": "nowhere"}, {"street_id": "pufang", "community_id": "xinhua"}])
def test_a_place_that_is_not_there_is_refused(town: Town, place: dict[str, str]) -> None:
    town.refuse("unknown-place", "advancements", JANUARY, **CITY, **place)


def test_a_void_takes_the_step_from_everybody(town: Town) -> None:
    """Rules 8 and 9: one act, taken back as one."""
    li, wu = town.hire("xinhua"), town.hire("huangjia")
    done = town.give("advancements", JANUARY, **CITY)
    town.give("voids", JANUARY, command_id=done["command_id"], reason="考核更正")
    assert grades(town, li, wu) == [1, 1]
    town.give("advancements", JANUARY, **CITY)
    assert grades(town, li, wu) == [2, 2]


def test_who_has_a_later_act_in_the_way_is_named_and_may_be_left_out(town: Town) -> None:
    """Rule 8: a grade written for a later day rests on the grade before it."""
    li, wu = town.hire("xinhua"), town.hire("huangjia")
    later = town.give("regrades", "2024-03-01", worker_id=li, grade=2, reason="晋级")
    found = town.refuse("later-act-in-the-way", "advancements", JANUARY, **CITY)
    assert found["extra"] == {"workers": [li], "acts": [later["command_id"]]}
    town.give("advancements", JANUARY, **CITY, without=[li])
    assert grades(town, li, wu) == [1, 2]


def test_a_grade_above_the_due_one_is_not_taken_down(town: Town) -> None:
    """Rule 8: that is for the list of drifts."""
    worker_id = town.hire()
    town.give("regrades", "2022-01-01", worker_id=worker_id, grade=5, reason="晋级")
    town.refuse("nothing-due", "advancements", JANUARY, **CITY)


def test_whoever_is_off_the_record_before_the_day_is_held_back_with_the_acts_to_record_first(town: Town) -> None:
    """Rule 8: a diploma of 2021 that nobody recorded a grade for is not swallowed by the step of 2024."""
    li, wu = town.hire("xinhua"), town.hire("huangjia")
    town.give("educations", "2021-03-10", worker_id=li, education="bachelor")
    shown = town.send("advancements", command(JANUARY, **CITY), plan=True).json()
    done = town.give("advancements", JANUARY, **CITY)
    assert shown["held_back"] == done["held_back"]
    assert set(done["streams"]) == {f"worker/{wu}"}
    (held,) = done["held_back"]
    assert (held["worker_id"], held["since"], held["recorded_grade"], held["due_grade"]) == (li, "2021-04-01", 1, 2)
    assert grades(town, li, wu) == [1, 2]
    found = town.refuse("nothing-due", "advancements", JANUARY, **CITY)
    assert [one["worker_id"] for one in found["extra"]["held_back"]] == [li]
    assert "held_back" in found["remedy"]
    for proposed in held["proposed"]:
        assert town.send("regrades", proposed["body"]).status_code == 201
    town.give("advancements", JANUARY, **CITY)
    assert [town.worker(li, day)["grade"] for day in ("2021-03-31", "2021-04-01", JANUARY)] == [1, 2, 3]
    assert town.read("drifts", **CITY, effective_on="2024-06-01")["drifts"] == []


def test_a_step_says_everything_that_moves_the_grade_on_its_day(town: Town) -> None:
    """Rules 8 and 15: a diploma of December counts from the same first of January."""
    worker_id = town.hire()
    town.give("educations", "2023-12-10", worker_id=worker_id, education="bachelor")
    (event,) = town.send("advancements", command(JANUARY, **CITY), plan=True).json()["events"]
    assert event["data"]["why"] == "3 counted years (2021, 2022, 2023): a step; the diploma bachelor counts"
    assert (event["data"]["from_grade"], event["data"]["grade"]) == (1, 3)


def test_an_act_for_more_than_can_be_looked_at_is_refused(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rule 8: the way out is street by street."""
    monkeypatch.setattr(ledger.commands.staff, "MOST_AT_ONCE", 1)
    town.hire("xinhua")
    town.hire("huangjia")
    found = town.refuse("too-many-at-once", "advancements", JANUARY, **CITY)
    assert "each street" in found["remedy"]
    town.give("advancements", JANUARY, **CITY, street_id="pufang")


def test_two_clerks_who_advance_a_city_at_once_record_each_step_once(each_town: Town) -> None:
    """F57: who loses the race decides again, and finds nothing due."""
    town = each_town
    workers = [town.hire("xinhua"), town.hire("huangjia"), town.hire("jinqiao")]
    calls = [lambda: town.send("advancements", command(JANUARY, **CITY)) for _ in range(6)]
    found = Counter(answer.json().get("code", "done") for answer in at_once(calls))
    assert found == {"done": 1, "nothing-due": 5}
    assert grades(town, *workers) == [2, 2, 2]
