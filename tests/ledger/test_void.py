"""Voiding a whole command: what holds afterwards, and what stands in its way."""

import pytest
from tests.ledger.given import Town, number_ending_in_x

pytestmark = pytest.mark.campaign


def void(town: Town, command_id: str, **fields: str) -> dict:
    return town.give("voids", command_id=command_id, reason="录入错误", **fields)


def refuse_void(town: Town, code: str, command_id: str, **fields: str) -> dict:
    return town.refuse(code, "voids", command_id=command_id, reason="录入错误", **fields)


def test_a_voided_hire_frees_the_seat_and_the_identity_number(town: Town) -> None:
    person = town.person(identity_number=number_ending_in_x())
    hired = town.give("hires", **town.hiring(person=person))
    void(town, hired["command_id"])
    assert town.seats("xinhua") == (2, 0)
    assert town.ask(f"workers/{hired['worker_id']}", effective_on="2020-12-31").status_code == 404
    town.hire(person=person)


def test_a_voided_certificate_frees_its_number(town: Town) -> None:
    worker_id = town.hire()
    fields = {"certificate": "senior", "certificate_number": "SW-0009"}
    given = town.give("qualifications", worker_id=worker_id, **fields)
    void(town, given["command_id"])
    assert town.worker(worker_id)["certificate"] is None
    town.give("qualifications", worker_id=worker_id, **fields)


def test_a_void_acts_on_every_stream_of_the_command(town: Town) -> None:
    worker_id = town.hire()
    moved = town.give("transfers", "2020-11-01", worker_id=worker_id, community_id="jinqiao")
    done = void(town, moved["command_id"])
    assert set(done["streams"]) == {f"worker/{worker_id}", "community/xinhua", "community/jinqiao"}
    assert town.worker(worker_id)["community_id"] == "xinhua"
    assert (town.seats("xinhua"), town.seats("jinqiao")) == ((2, 1), (2, 0))


def test_a_void_changes_no_event_and_names_the_command_it_corrects(town: Town) -> None:
    """F32: a correction is a new entry; the voided one stays, byte for byte, and each is found from the other."""
    worker_id = town.hire()
    wrong = town.give("regrades", worker_id=worker_id, grade=5, reason="晋级")
    before = town.read(f"workers/{worker_id}/history")["events"]
    void(town, wrong["command_id"])
    after = town.read(f"workers/{worker_id}/history")["events"]
    assert after[: len(before)] == before
    assert after[-1]["type"] == "command.voided.v1"
    assert after[-1]["data"]["command_id"] == after[-2]["command_id"] == wrong["command_id"]


def test_a_command_is_voided_once(town: Town) -> None:
    hired = town.give("hires", **town.hiring())
    void(town, hired["command_id"])
    refuse_void(town, "already-voided", hired["command_id"])


def test_an_unknown_command_is_not_voided(town: Town) -> None:
    assert refuse_void(town, "unknown-command", "no-such-command")["pointer"] == "/command_id"


def test_a_void_is_not_voided(town: Town) -> None:
    hired = town.give("hires", **town.hiring())
    refuse_void(town, "not-voidable", void(town, hired["command_id"])["command_id"])


def test_a_policy_is_superseded_and_not_voided(town: Town) -> None:
    enacted = town.read("policies/chibi")["enacted"][-1]
    (event,) = town.read("events", after=enacted["position"] - 1, limit=1)["events"]
    refuse_void(town, "not-voidable", event["command_id"])


@pytest.mark.parametrize("done", ["hire", "policy", "voided hire"])
def test_a_command_of_another_city_is_unknown(town: Town, done: str) -> None:
    """P23: as if it did not exist, whatever kind it is."""
    hired = town.give("hires", **town.hiring())
    if done == "voided hire":
        void(town, hired["command_id"])
    enacted = town.read("policies/chibi")["enacted"][-1]["position"]
    command_id = town.read("events", after=enacted - 1, limit=1)["events"][0]["command_id"]
    wanted = command_id if done == "policy" else hired["command_id"]
    refuse_void(town, "unknown-command", wanted, who="admin city:jinzhou")


def test_a_void_of_a_hire_names_the_acts_that_rest_on_it(town: Town) -> None:
    hired = town.give("hires", **town.hiring())
    graded = town.give("regrades", "2020-11-01", worker_id=hired["worker_id"], grade=2, reason="晋级")
    trained = town.give("trainings", "2020-12-01", worker_id=hired["worker_id"], course="初任培训", hours=40)
    found = refuse_void(town, "void-breaks-later-act", hired["command_id"])
    assert found["extra"]["acts"] == [graded["command_id"], trained["command_id"]]
    assert "worker.regraded.v1 of 2020-11-01" in found["detail"]
    for later in (trained, graded, hired):
        void(town, later["command_id"])


def test_a_void_of_an_exit_names_who_took_the_seat_since(town: Town) -> None:
    """Only the act that came after it, not those who were there all along."""
    leaver, _ = town.hire("xinhua"), town.hire("xinhua")
    left = town.give("separations", "2020-11-01", worker_id=leaver, reason="resigned")
    taken = town.give("hires", "2020-12-01", **town.hiring("xinhua"))
    found = refuse_void(town, "void-breaks-later-act", left["command_id"])
    assert found["extra"]["acts"] == [taken["command_id"]]


def test_a_void_of_a_transfer_names_who_took_the_seat_it_left(town: Town) -> None:
    mover, _ = town.hire(), town.hire()
    moved = town.give("transfers", "2020-11-01", worker_id=mover, community_id="jinqiao")
    taken = town.give("hires", "2020-11-01", **town.hiring("xinhua"))
    found = refuse_void(town, "void-breaks-later-act", moved["command_id"])
    assert found["extra"]["acts"] == [taken["command_id"]]


def test_a_void_of_a_quota_names_who_sits_on_it(town: Town) -> None:
    raised = town.give("community-quotas", community_id="xinhua", category="dedicated", seats=3)
    town.hire()
    town.hire()
    third = town.give("hires", **town.hiring("xinhua"))
    found = refuse_void(town, "void-breaks-later-act", raised["command_id"])
    assert third["command_id"] in found["extra"]["acts"]


def test_a_void_of_the_city_quota_names_what_was_given_of_it(town: Town) -> None:
    raised = town.give("city-quotas", city_id="chibi", category="dedicated", seats=20)
    given = town.give("community-quotas", community_id="xinhua", category="dedicated", seats=16)
    town.give("community-quotas", community_id="xinhua", category="committee", seats=4)
    found = refuse_void(town, "void-breaks-later-act", raised["command_id"])
    assert found["extra"]["acts"] == [given["command_id"]]


def test_a_community_with_anything_in_it_is_not_voided(town: Town) -> None:
    place = {"city_id": "chibi", "street_id": "pufang", "community_id": "new", "title": "新社区"}
    size = {"households": 1, "population": 1, "compounds": 1}
    founded = town.give("communities", **place, **size)
    grid = town.give("grids", community_id="new", grid_id="new-g1", title="第一网格", households=1)
    assert refuse_void(town, "void-breaks-later-act", founded["command_id"])["extra"]["acts"] == [grid["command_id"]]
    void(town, grid["command_id"])
    void(town, founded["command_id"])
    assert "new" not in town.read("cities/chibi", effective_on="2020-12-31")["communities"]


def test_a_street_with_a_community_in_it_is_not_voided(town: Town) -> None:
    street = town.give("streets", city_id="chibi", street_id="lujiang", title="陆水湖街道")
    place = {"city_id": "chibi", "street_id": "lujiang", "community_id": "new", "title": "新社区"}
    listed = town.give("communities", **place, households=1, population=1, compounds=1)
    found = refuse_void(town, "void-breaks-later-act", street["command_id"])
    assert found["extra"]["acts"] == [listed["command_id"]]


def test_a_grid_with_a_worker_on_it_is_not_voided(town: Town) -> None:
    grid = town.give("grids", community_id="xinhua", grid_id="xinhua-g2", title="第二网格", households=400)
    worker_id = town.hire()
    moved = town.give("transfers", worker_id=worker_id, community_id="xinhua", grid_id="xinhua-g2")
    found = refuse_void(town, "void-breaks-later-act", grid["command_id"])
    assert found["extra"]["acts"] == [moved["command_id"]]
    void(town, moved["command_id"])
    void(town, grid["command_id"])


def test_a_void_is_possible_although_a_newer_policy_closed_the_grade(town: Town) -> None:
    from tests.ledger.given import POLICIES, read_policy

    worker_id = town.hire(grade=12)
    trained = town.give("trainings", worker_id=worker_id, course="初任培训", hours=40)
    document = read_policy(POLICIES / "chibi-2020.yaml")
    document["bands"]["dedicated"]["highest"] = 10
    town.give("policies", "2020-10-01", document=document)
    void(town, trained["command_id"])
    assert town.worker(worker_id)["training_hours"] == 0


def test_nothing_is_done_on_a_voided_hire(town: Town) -> None:
    hired = town.give("hires", **town.hiring())
    void(town, hired["command_id"])
    town.refuse("not-in-service", "regrades", worker_id=hired["worker_id"], grade=2, reason="晋级")
    assert town.ask(f"workers/{hired['worker_id']}/personal").status_code == 404


def test_a_voided_hire_is_still_seen_as_it_was_known(town: Town) -> None:
    """P13: what was known before the void is answered as before it, to the same people."""
    hired = town.give("hires", **town.hiring())
    then = town.clock.pass_(days=1)
    path = f"workers/{hired['worker_id']}"
    before = town.ask(path, effective_on="2020-12-31", known_at=then).content
    void(town, hired["command_id"])
    assert town.ask(path, effective_on="2020-12-31", known_at=then).content == before
    assert [one["type"] for one in town.read(f"{path}/history")["events"]][-1] == "command.voided.v1"
    assert town.ask(path, who="admin city:jinzhou", effective_on="2020-12-31", known_at=then).status_code == 404
    listed = town.read("workers", city_id="chibi", effective_on="2020-12-31", known_at=then)["workers"]
    assert [one["worker_id"] for one in listed] == [hired["worker_id"]]
    assert town.read("workers", city_id="chibi", effective_on="2020-12-31")["workers"] == []


def test_a_voided_transfer_has_a_later_separation_free_the_seat_where_the_worker_stayed(town: Town) -> None:
    """F57: the separation was written on the new community; without the transfer it ends the stay in the old one."""
    worker_id = town.hire()
    moved = town.give("transfers", "2020-11-01", worker_id=worker_id, community_id="jinqiao")
    town.give("separations", "2020-12-01", worker_id=worker_id, reason="resigned")
    void(town, moved["command_id"])
    assert [town.seats("xinhua", day=day) for day in ("2020-11-30", "2020-12-01")] == [(2, 1), (2, 0)]
    assert [town.seats("jinqiao", day=day) for day in ("2020-11-30", "2020-12-01")] == [(2, 0), (2, 0)]


def test_a_voided_post_change_has_a_later_separation_free_the_seat_of_the_old_post(town: Town) -> None:
    """F57: the seat that was freed was one of the committee; now it is the dedicated one."""
    worker_id = town.hire()
    chosen = town.give("post-changes", "2020-11-01", worker_id=worker_id, post="member")
    town.give("separations", "2020-12-01", worker_id=worker_id, reason="resigned")
    void(town, chosen["command_id"])
    assert [town.seats("xinhua", day=day) for day in ("2020-11-30", "2020-12-01")] == [(2, 1), (2, 0)]
    assert town.seats("xinhua", "committee", "2020-11-30") == (3, 0)
