"""The initial course 岗前培训 before a probation is confirmed (rule 24 of domain.md §4)."""

import pytest
from tests.ledger.given import POLICIES, Town, read_policy

pytestmark = pytest.mark.campaign


def asking(town: Town, **training: object) -> str:
    """Somebody on probation under a policy that says this of training."""
    document = read_policy(POLICIES / "chibi-2020.yaml") | {"training": training}
    town.give("policies", "2020-09-19", document=document)
    return town.hire(probation_until="2021-03-31")


def trained(town: Town, worker_id: str, hours: int, day: str, *, initial: bool = True) -> str:
    """A course is recorded; its command."""
    fields = {"course": "岗前培训", "hours": hours, "initial": initial}
    return str(town.give("trainings", day, worker_id=worker_id, **fields)["command_id"])


def test_a_probation_is_confirmed_once_the_initial_course_is_complete(town: Town) -> None:
    """Rules 17 and 24: hours of several courses add up, and others do not count."""
    worker_id = asking(town, initial_hours=40, initial_before_confirmation=True)
    trained(town, worker_id, 60, "2020-10-10", initial=False)
    trained(town, worker_id, 16, "2020-10-20")
    found = town.refuse("initial-course-missing", "probation-confirmations", "2021-02-01", worker_id=worker_id)
    assert found["extra"] == {"hours": 16, "asked": 40}
    trained(town, worker_id, 24, "2021-02-01")
    town.give("probation-confirmations", "2021-02-01", worker_id=worker_id)
    standing = town.worker(worker_id, "2021-02-01")
    assert (standing["initial_hours"], standing["training_hours"]) == (40, 100)


def test_an_initial_course_after_the_day_does_not_count(town: Town) -> None:
    """Rules 2 and 24, refused."""
    worker_id = asking(town, initial_hours=40, initial_before_confirmation=True)
    trained(town, worker_id, 40, "2021-02-02")
    town.refuse("initial-course-missing", "probation-confirmations", "2021-02-01", worker_id=worker_id)


def test_the_course_that_a_confirmation_rests_on_is_not_voided_before_it(town: Town) -> None:
    """Rule 24: the confirmation is named."""
    worker_id = asking(town, initial_hours=40, initial_before_confirmation=True)
    course = trained(town, worker_id, 40, "2020-10-20")
    confirmed = town.give("probation-confirmations", "2021-02-01", worker_id=worker_id)["command_id"]
    found = town.refuse("void-breaks-later-act", "voids", command_id=course, reason="录入有误")
    assert found["extra"]["acts"] == [confirmed]


def test_the_course_of_an_earlier_service_confirms_no_second_probation(town: Town) -> None:
    """Rules 23 and 24: who comes back completes the initial course again."""
    worker_id = asking(town, initial_hours=40, initial_before_confirmation=True)
    trained(town, worker_id, 40, "2020-10-20")
    town.give("separations", "2020-12-01", worker_id=worker_id, reason="resigned")
    again = {"community_id": "xinhua", "channel": "exam", "post": "dedicated", "keeps_years": True}
    town.give("rehires", "2021-01-01", worker_id=worker_id, probation_until="2021-06-30", **again)
    found = town.refuse("initial-course-missing", "probation-confirmations", "2021-06-01", worker_id=worker_id)
    assert found["extra"] == {"hours": 0, "asked": 40}
    trained(town, worker_id, 40, "2021-02-01")
    town.give("probation-confirmations", "2021-06-01", worker_id=worker_id)


@pytest.mark.parametrize("training", [{"initial_hours": 40}, {"hours_a_year": 30}])
def test_where_the_policy_does_not_ask_a_probation_is_confirmed_without(town: Town, training: dict[str, int]) -> None:
    """Rule 24: what a policy does not say is no rule."""
    worker_id = asking(town, **training)
    town.give("probation-confirmations", "2021-02-01", worker_id=worker_id)
