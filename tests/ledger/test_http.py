"""Commands over HTTP: keys, versions, plans, the feed; one effect and one answer each."""

import ast
import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from tests.ledger.given import ADMIN, PAPER, Town, bearer, command, problem

from ledger.event_store import Appended, StoreUnavailable
from shared.problems import CATALOGUE

pytestmark = pytest.mark.campaign


def street(street_id: str = "new") -> dict[str, Any]:
    return command(city_id="chibi", street_id=street_id, title="新街道")


# --- idempotency keys


def test_the_same_key_and_body_give_the_same_answer_once(town: Town) -> None:
    """F54."""
    first = town.send("hires", body := command(**town.hiring()), key="k-1")
    head = town.store.head()
    again = town.send("hires", body, key="k-1")
    assert (again.status_code, again.content) == (201, first.content)
    assert again.headers["idempotency-replayed"] == "true"
    assert "idempotency-replayed" not in first.headers
    for name in ("etag", "ledger-position"):
        assert again.headers[name] == first.headers[name]
    assert town.store.head() == head


def test_the_same_key_and_another_body_are_refused(town: Town) -> None:
    """F54."""
    town.send("streets", street("a"), key="k-1")
    found = problem(town.send("streets", street("b"), key="k-1"))
    assert (found["status"], found["code"]) == (422, "idempotency-key-reused")
    assert found["pointer"] == "/headers/idempotency-key"


def test_the_same_key_and_body_on_another_path_are_refused(town: Town) -> None:
    town.send("run-drafts", b"{}", key="k-1")
    body = json.dumps(street()).encode()
    assert town.send("streets", body, key="k-1").status_code == 201
    assert problem(town.send("cities", body, key="k-1"))["code"] in ("invalid-body", "idempotency-key-reused")


def test_a_key_belongs_to_the_person_who_sent_it(town: Town) -> None:
    assert town.send("streets", street("a"), key="k-1", who="admin city:chibi li").status_code == 201
    assert town.send("streets", street("b"), key="k-1", who="admin city:chibi wu").status_code == 201


def test_no_person_has_the_keys_of_another_by_their_name(town: Town) -> None:
    assert town.send("streets", street("a"), key="b/k-1", who="admin city:chibi li").status_code == 201
    assert town.send("streets", street("b"), key="k-1", who="admin city:chibi li/b").status_code == 201


def test_a_key_is_asked_for(town: Town) -> None:
    for key in (None, " "):
        response = town.send("streets", street(), key=key)
        assert problem(response)["code"] == "idempotency-key-missing"
    assert problem(town.send("streets", street(), key="x" * 201))["pointer"] == "/headers/idempotency-key"


def test_a_refusal_is_not_remembered(town: Town) -> None:
    town.hire(), town.hire()
    body = command(**town.hiring())
    assert problem(town.send("hires", body, key="k-1"))["code"] == "quota-full"
    town.give("community-quotas", community_id="xinhua", category="dedicated", seats=3)
    assert town.send("hires", body, key="k-1").status_code == 201


def test_a_retry_thirteen_months_later_still_replays(town: Town) -> None:
    """F55: a key lives as long as the event."""
    first = town.send("streets", street(), key="k-1")
    town.clock.pass_(days=400)
    again = town.send("streets", street(), key="k-1")
    assert (again.content, again.headers["idempotency-replayed"]) == (first.content, "true")


def test_a_retry_after_a_restart_still_replays(town: Town) -> None:
    """F55, P6: the answer is in the log's own store."""
    first = town.send("streets", street(), key="k-1")
    restarted = Town(town.data)
    again = restarted.send("streets", street(), key="k-1")
    restarted.close()
    assert (again.content, again.headers["idempotency-replayed"]) == (first.content, "true")


def test_fifty_at_once_with_one_key_are_one_event(each_town: Town) -> None:
    """F54, P6."""
    head = each_town.store.head()
    with ThreadPoolExecutor(50) as pool:
        responses = list(pool.map(lambda _: each_town.send("streets", street(), key="k-1"), range(50)))
    assert {response.status_code for response in responses} == {201}
    assert len({response.content for response in responses}) == 1
    assert sum("idempotency-replayed" in response.headers for response in responses) == 49
    assert each_town.store.head() == head + 1


def test_a_commit_whose_acknowledgement_was_lost_is_answered_as_done(
    each_town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    """P6: the key says that the command is in the log; where it is not, the answer is to send it again."""
    append = each_town.store.append

    def lost(*arguments: Any, **rest: Any) -> Appended:
        append(*arguments, **rest)
        raise StoreUnavailable("cut")

    def never(*arguments: Any, **rest: Any) -> Appended:
        raise StoreUnavailable("cut")

    head = each_town.store.head()
    monkeypatch.setattr(each_town.store, "append", never)
    refused = each_town.send("streets", street(), key="k-1")
    assert (problem(refused)["code"], refused.headers["retry-after"]) == ("storage-unavailable", "1")
    monkeypatch.setattr(each_town.store, "append", lost)
    answered = each_town.send("streets", street(), key="k-1")
    assert answered.status_code == 201
    assert each_town.store.head() == head + 1


# --- versions


def test_a_command_names_the_version_it_was_decided_on(town: Town) -> None:
    """F56: missing → 428."""
    body = command(worker_id=town.hire(), grade=2, reason="晋级")
    found = problem(town.send("regrades", body, if_match=None))
    assert (found["status"], found["code"], found["pointer"]) == (428, "precondition-required", "/headers/if-match")


def test_a_stale_version_is_refused_with_the_current_one_and_the_way_to_the_changes(town: Town) -> None:
    """F56: stale → 412 with the current version and a link to what changed."""
    worker_id = town.hire()
    seen = town.ask(f"workers/{worker_id}", effective_on="2020-12-31").headers["etag"]
    trained = town.give("trainings", worker_id=worker_id, course="初任培训", hours=40)
    found = problem(town.send("regrades", command(worker_id=worker_id, grade=2, reason="晋级"), if_match=seen))
    assert (found["status"], found["code"], found["extra"]["current_version"]) == (412, "stale-version", 2)
    (change,) = town.read(found["extra"]["changes"].removeprefix("/ledger/v1/"))["events"]
    assert change["command_id"] == trained["command_id"]


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("city-quotas", {"city_id": "chibi", "category": "dedicated", "seats": 20}),
        ("community-quotas", {"community_id": "xinhua", "category": "dedicated", "seats": 3}),
        ("bases", {"jurisdiction": "chibi", "scheme": "ladder", "average_annual_wage": "57840.00"}),
    ],
)
def test_every_subject_shows_what_changed_since(town: Town, path: str, fields: dict[str, Any]) -> None:
    """F56."""
    found = problem(town.send(path, command(**fields), if_match='"1"'))
    assert found["code"] == "stale-version"
    changes = town.read(found["extra"]["changes"].removeprefix("/ledger/v1/"))["events"]
    assert [change["version"] for change in changes] == list(range(2, found["extra"]["current_version"] + 1))


def test_the_version_that_was_read_is_taken(town: Town) -> None:
    seen = town.ask("communities/xinhua").headers["etag"]
    body = command(community_id="xinhua", category="dedicated", seats=3)
    done = town.send("community-quotas", body, if_match=seen)
    assert done.status_code == 201
    assert done.headers["etag"] == town.ask("communities/xinhua").headers["etag"] != seen


def test_of_two_commands_decided_on_one_version_one_is_done(each_town: Town) -> None:
    """P5: one commits, the other gets 412 with the current version."""
    worker_id = each_town.hire()
    bodies = [command(worker_id=worker_id, course=f"课程{number}", hours=1) for number in range(8)]
    with ThreadPoolExecutor(8) as pool:
        responses = list(pool.map(lambda body: each_town.send("trainings", body, if_match='"1"'), bodies))
    assert sorted(response.status_code for response in responses) == [201] + 7 * [412]
    assert each_town.worker(worker_id)["training_hours"] == 1


@pytest.mark.parametrize("etag", ["7", '"x"', '"1', '"-1"', '"1","2"', '"' + "9" * 30 + '"'])
def test_what_is_no_version_is_refused(town: Town, etag: str) -> None:
    body = command(community_id="xinhua", category="dedicated", seats=3)
    found = problem(town.send("community-quotas", body, if_match=etag))
    assert (found["code"], found["pointer"]) == ("invalid-parameter", "/headers/if-match")


# --- plans


def test_a_plan_says_what_would_be_written_and_writes_nothing(town: Town) -> None:
    """`refuse` of every other test here plans first: the verdicts are the same."""
    head, body = town.store.head(), command(**town.hiring())
    planned = town.send("hires", body, plan=True)
    assert (planned.status_code, town.store.head()) == (200, head)
    found = planned.json()
    assert found["planned"] is True
    assert [event["type"] for event in found["events"]] == ["worker.hired.v1", "community.worker-joined.v1"]
    assert found["events"][0]["data"]["personal"] == ""
    done = town.send("hires", body)
    assert done.json()["position"] == head + 2


def test_a_plan_needs_neither_key_nor_version(town: Town) -> None:
    body = command(worker_id=town.hire(), grade=2, reason="晋级")
    assert town.send("regrades", body, plan=True, key=None, if_match=None).status_code == 200
    assert problem(town.send("regrades", body, plan=True, if_match='"9"'))["code"] == "stale-version"


def test_a_planned_key_is_not_used_up(town: Town) -> None:
    town.send("streets", street("a"), key="k-1", plan=True)
    assert town.send("streets", street("b"), key="k-1").status_code == 201


def test_another_mode_is_refused(town: Town) -> None:
    response = town.client.post("/ledger/v1/streets", params={"mode": "maybe"}, headers={"Authorization": "x"})
    assert problem(response)["code"] == "unauthenticated"


# --- the feed


def test_the_feed_is_dense_and_says_on_which_paper_everything_rests(town: Town) -> None:
    """F01, F38: every event has both dates, its document, date and clause."""
    town.hire()
    events = town.read("events", limit=500)["events"]
    assert [event["position"] for event in events] == sorted({event["position"] for event in events})
    assert all(event["basis"] == PAPER for event in events)
    assert all(event["effective_date"] and event["recorded_at"].endswith("Z") for event in events)


def test_what_rests_on_a_document_is_found_by_it(town: Town) -> None:
    """F38: searchable by document."""
    paper = {"document": "赤民发〔2020〕7号", "date": "2020-09-04", "clause": ""}
    done = town.send("streets", {**street(), "basis": paper})
    found = town.read("events", document="赤民发〔2020〕7号")["events"]
    assert [event["position"] for event in found] == [done.json()["position"]]
    assert town.read("events", document="赤民发〔2020〕7号", who="admin city:jinzhou")["events"] == []


def test_the_feed_goes_on_page_by_page(town: Town) -> None:
    whole, after, pages = town.read("events", limit=500)["events"], -1, []
    while after is not None:
        page = town.read("events", after=after, limit=7)
        pages += page["events"]
        after = page["next_after"]
    assert pages == whole


def test_workers_are_listed_page_by_page(town: Town) -> None:
    everybody = {town.hire(name) for name in ("xinhua", "jinqiao", "huangjia") for _ in range(2)}
    after, found = "", []
    while after is not None:
        page = town.read("workers", city_id="chibi", effective_on="2020-12-31", after=after, limit=2)
        found += [worker["worker_id"] for worker in page["workers"]]
        after = page["next_after"]
    assert (len(found), set(found)) == (6, everybody)
    here = town.read("workers", city_id="chibi", community_id="jinqiao", effective_on="2020-12-31")["workers"]
    assert {worker["community_id"] for worker in here} == {"jinqiao"}
    assert town.read("workers", city_id="chibi", effective_on="2020-09-30")["workers"] == []


def test_the_directory_follows_beside_another_process(each_town: Town) -> None:
    """P14: two processes follow one log into one table; neither fails and nothing is doubled."""
    from ledger.directory import Directory

    others = [Directory(each_town.directory.engine) for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        reached = list(pool.map(lambda one: one.catch_up(each_town.store), others))
    assert set(reached) == {each_town.store.head()}


# --- the catalogue


def test_every_code_raised_stands_in_the_catalogue_and_every_code_there_is_raised() -> None:
    """F58: searched in the source of all services."""
    raised: dict[str, str] = {}
    words: set[str] = set()
    for path in Path("services").rglob("*.py"):
        if path.name == "problems.py":
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("Refused", "claim_taken"):
                for code in _codes(node.args[0]):
                    raised[code] = f"{path}:{node.lineno}"
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                words.add(node.value)
    unknown = {code: place for code, place in raised.items() if code not in CATALOGUE}
    assert unknown == {}
    assert {code for code in CATALOGUE if code not in raised and code not in words} == set()


def _codes(node: ast.expr) -> list[str]:
    """The codes an argument can be: a word, or one of two."""
    if isinstance(node, ast.IfExp):
        return _codes(node.body) + _codes(node.orelse)
    return [node.value] if isinstance(node, ast.Constant) else []


def test_the_status_of_every_code_is_a_refusal() -> None:
    assert all(400 <= status < 600 and title.endswith(".") for status, title in CATALOGUE.values())


def test_a_bug_is_a_problem_too_and_says_nothing(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    """F58, P25: an unforeseen error is told without its text."""

    def crash(*_: object) -> None:
        raise RuntimeError("secret text")

    monkeypatch.setattr(town.front.queries, "city", crash)
    response = town.ask("cities/chibi")
    assert problem(response)["code"] == "internal"
    assert "secret" not in response.text


def test_a_read_waits_for_the_position_the_reader_has_already_seen(town: Town) -> None:
    """P8: what is behind X-Min-Position answers 503 and when to come back, never an older state."""
    hired = town.give("hires", **town.hiring())
    headers = {"Authorization": bearer(ADMIN), "X-Min-Position": str(hired["position"])}
    path = "/ledger/v1/communities/xinhua"
    assert town.client.get(path, headers=headers).status_code == 200
    ahead = town.client.get(path, headers=headers | {"X-Min-Position": str(hired["position"] + 1)})
    assert (problem(ahead)["code"], ahead.headers["retry-after"]) == ("busy", "1")
    wrong = town.client.get(path, headers=headers | {"X-Min-Position": "soon"})
    assert problem(wrong)["pointer"] == "/headers/x-min-position"


def test_every_answer_says_at_which_position_it_was_given(town: Town) -> None:
    """P8: also pages, histories and what is said of the log itself."""
    applies = {"city_id": "chibi", "post": "dedicated", "education": "college", "person": town.person()}
    candidate = f"candidates/{town.give('candidates', '2020-09-01', **applies)['candidate_id']}"
    hired = town.give("hires", **town.hiring())
    worker, command_id, head = hired["worker_id"], hired["command_id"], str(hired["position"])
    own = (f"workers/{worker}?effective_on=2020-10-01", f"workers/{worker}/history", f"workers/{worker}/personal")
    paths = {
        **dict.fromkeys((*own, f"workers/{worker}/explain?grade_on=2020-10-01"), ADMIN),
        **dict.fromkeys(
            (
                "workers?city_id=chibi&effective_on=2020-10-01",
                "drifts?city_id=chibi",
                "candidates?city_id=chibi",
                "runs/chibi/2020-10/1/history",
                f"commands/{command_id}",
            ),
            ADMIN,
        ),
        **dict.fromkeys(
            (
                f"workers/{worker}/training?effective_on=2020-10-01",
                f"workers/{worker}/differences?effective_on=2020-10-01",
                f"{PLACES[1]}/differences",
            ),
            ADMIN,
        ),
        **dict.fromkeys((f"{place}{more}" for place in (*PLACES, candidate) for more in ("", "/history")), ADMIN),
        **dict.fromkeys((f"{place}/establishment" for place in PLACES[:2]), ADMIN),
        **dict.fromkeys(("events", "events?format=lines", "log"), ADMIN),
        **dict.fromkeys(("feed", "feed/head"), "service log:all"),
        "payment-accounts?city_id=chibi": "finance city:chibi",
    }
    for path, who in paths.items():
        answer = town.client.get(f"/ledger/v1/{path}", headers={"Authorization": bearer(who)})
        assert (answer.status_code, answer.headers["ledger-position"]) == (200, head), path
        ahead = {"Authorization": bearer(who), "X-Min-Position": str(int(head) + 1)}
        assert problem(town.client.get(f"/ledger/v1/{path}", headers=ahead))["code"] == "busy", path
    reads = {route.path for route in town.service.state.table if route.method == "GET"}
    assert len(reads) <= len(paths), "a question was added: ask it here"


PLACES = ("cities/chibi", "communities/xinhua", "policies/chibi")
