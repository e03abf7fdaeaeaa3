"""F08: acts are dated back as far as the place and the kind of act allow; beyond, only a supervisor gives them."""

from typing import Any

import pytest
from tests.ledger.given import Town, command, problem
from tests.ledger.importing import PAPER, planned_and_imported, sheet

SUPERVISOR = "supervisor city:chibi"
TODAY = "2021-06-15"


@pytest.fixture
def june(town: Town) -> Town:
    """The town in June 2021: with somebody hired in October, and acts at most three months back."""
    town.hire("xinhua")
    town.clock.pass_(days=268)
    limit(town, months_back=3)
    return town


def somebody(town: Town) -> str:
    """The one who is there."""
    return str(town.read("workers", city_id="chibi")["workers"][0]["worker_id"])


def limit(town: Town, **fields: Any) -> dict[str, Any]:
    return town.give("retro-limits", "2021-01-01", jurisdiction="chibi", who=SUPERVISOR, **fields)


def training(town: Town) -> dict[str, Any]:
    return {"worker_id": somebody(town), "course": "初任培训", "hours": 8}


def test_an_act_within_the_limit_is_done_and_one_day_further_back_is_refused(june: Town) -> None:
    """F08, done and refused: the refusal names the limit, and who may go beyond it."""
    june.give("trainings", "2021-03-15", **training(june))
    found = june.refuse("retro-limit", "trainings", "2021-03-14", **training(june))
    assert (found["status"], found["pointer"]) == (422, "/effective_date")
    assert found["extra"] == {
        "kind": "all",
        "place": "the whole city",
        "earliest": "2021-03-15",
        "lifted_by": "supervisor",
    }
    assert "have a supervisor" in found["remedy"]


def test_a_supervisor_goes_beyond_it(june: Town) -> None:
    june.give("trainings", "2020-11-01", who=SUPERVISOR, **training(june))


def test_a_supervisor_of_a_street_goes_beyond_the_limits_of_the_street_and_no_others(june: Town) -> None:
    """F08: the limit of the city is lifted by a supervisor of the city, that of a place by whoever is set over it."""
    street, other = "supervisor street:chimaguan", "supervisor street:pufang"
    found = june.refuse("retro-limit", "trainings", "2020-11-01", who=street, **training(june))
    assert "supervisor of the city" in found["remedy"]
    limit(june, street_id="chimaguan", months_back=1)
    june.give("trainings", "2020-11-01", who=street, **training(june))
    limit(june, community_id="xinhua", months_back=1)
    june.give("trainings", "2020-11-02", who=street, **training(june))
    june.give("trainings", "2020-11-03", who="supervisor community:xinhua", **training(june))
    limit(june, street_id="pufang", months_back=1)
    move = {"worker_id": somebody(june), "community_id": "huangjia"}
    assert june.send("transfers", command("2021-01-01", **move), who=other).status_code == 404
    june.refuse("not-found", "transfers", "2021-01-01", who=street, **move)


def test_a_day_to_come_has_no_limit(june: Town) -> None:
    june.give("trainings", "2021-12-01", **training(june))


def test_the_limit_of_a_kind_goes_before_that_of_all(june: Town) -> None:
    limit(june, kind="worker.trained", not_before="2020-11-01")
    june.give("trainings", "2020-11-01", **training(june))
    june.refuse("retro-limit", "trainings", "2020-10-31", **training(june))
    worker_id = somebody(june)
    june.refuse("retro-limit", "educations", "2020-11-01", worker_id=worker_id, education="master")


def test_the_limit_of_a_community_goes_before_that_of_its_street_and_city(june: Town) -> None:
    limit(june, street_id="chimaguan", months_back=1)
    june.refuse("retro-limit", "trainings", "2021-04-15", **training(june))
    limit(june, community_id="xinhua", months_back=2)
    june.give("trainings", "2021-04-15", **training(june))
    assert june.refuse("retro-limit", "trainings", "2021-04-14", **training(june))["extra"]["place"] == "xinhua"


def test_a_transfer_keeps_the_limit_of_both_places(june: Town) -> None:
    limit(june, community_id="huangjia", months_back=0)
    worker_id = somebody(june)
    june.refuse("retro-limit", "transfers", "2021-06-01", worker_id=worker_id, community_id="huangjia")
    june.give("transfers", "2021-06-01", worker_id=worker_id, community_id="jinqiao")


def test_a_place_can_be_set_free(june: Town) -> None:
    limit(june, community_id="xinhua")
    june.give("trainings", "2020-11-01", **training(june))


def test_a_limit_holds_from_its_day_on(june: Town) -> None:
    fields = {"jurisdiction": "chibi", "months_back": 0, "who": SUPERVISOR}
    june.give("retro-limits", "2021-07-01", **fields)
    june.give("trainings", "2021-04-01", **training(june))
    june.clock.pass_(days=20)
    june.refuse("retro-limit", "trainings", "2021-06-15", **training(june))


def test_a_void_reaches_as_far_back_as_what_it_takes_out(june: Town) -> None:
    done = june.give("trainings", "2020-11-01", who=SUPERVISOR, **training(june))
    june.refuse("retro-limit", "voids", TODAY, command_id=done["command_id"], reason="录入错误")
    june.give("voids", TODAY, command_id=done["command_id"], reason="录入错误", who=SUPERVISOR)


def test_a_hire_and_a_quota_have_their_limits_too(june: Town) -> None:
    june.refuse("retro-limit", "hires", "2021-03-14", **june.hiring("jinqiao"))
    quota = {"community_id": "jinqiao", "category": "dedicated", "seats": 1}
    june.refuse("retro-limit", "community-quotas", "2021-03-14", **quota)
    june.give("community-quotas", "2021-03-15", **quota)


def test_a_sheet_is_held_to_the_limit_row_by_row(june: Town) -> None:
    """F60."""
    rows = [PAPER | training(june) | {"effective_date": day} for day in ("2021-03-14", "2021-03-15")]
    answer = planned_and_imported(june, sheet(rows), "training", on_error="continue")
    assert answer.outcomes() == ["refused", "accepted"]
    assert answer.refused() == [(2, "effective_date", "retro-limit")]


def test_only_a_supervisor_sets_limits_and_only_for_what_there_is(town: Town) -> None:
    fields = {"jurisdiction": "chibi", "months_back": 3}
    answer = town.send("retro-limits", command(**fields))
    assert (answer.status_code, problem(answer)["code"]) == (403, "forbidden")
    for wrong, code in (
        ({"kind": "worker.invented"}, "invalid-body"),
        ({"street_id": "nowhere"}, "unknown-place"),
        ({"community_id": "nowhere"}, "unknown-place"),
    ):
        town.refuse(code, "retro-limits", who=SUPERVISOR, **fields, **wrong)
