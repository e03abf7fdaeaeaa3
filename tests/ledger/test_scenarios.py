"""F66, F68: what commands would write on a fork of the log, and the same made real."""

import json
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Any

import httpx
import pytest
from tests.ledger.given import ADMIN, POLICIES, Town, bearer, command, problem

from ledger.event_reads import StoredAnswer
from ledger.event_store import StoreUnavailable
from shared.events import WorkerHired
from workforce.policy_files import read_policy


def one(path: str, day: str = "2021-01-01", **fields: Any) -> dict[str, Any]:
    """A command of a scenario."""
    return {"path": path, "body": command(day, **fields)}


def base(wage: str = "57120.40", day: str = "2021-01-01") -> dict[str, Any]:
    return one("/bases", day, jurisdiction="chibi", scheme="ladder", average_annual_wage=wage)


def ask(town: Town, *commands: dict[str, Any], who: str = ADMIN, **more: Any) -> httpx.Response:
    """The scenario's answer."""
    return _post(town, "scenarios", {"commands": list(commands), **more}, who)


def promote(town: Town, answer: dict[str, Any], *commands: dict[str, Any], who: str = ADMIN) -> httpx.Response:
    """The same commands for real, under the digest of the answer."""
    bound = {name: answer[name] for name in ("digest", "at_position")}
    return _post(town, "promotions", {"commands": list(commands), **bound}, who)


def _post(town: Town, path: str, body: dict[str, Any], who: str) -> httpx.Response:
    headers = {"Authorization": bearer(who), "Content-Type": "application/json"}
    return town.client.post(f"/ledger/v1/{path}", headers=headers, content=json.dumps(body).encode())


def drafted(town: Town, *commands: dict[str, Any], **more: Any) -> dict[str, Any]:
    """The answer of a scenario in which nothing is refused."""
    response = ask(town, *commands, **more)
    assert response.status_code == 200, response.text
    found = dict(response.json())
    assert found["fit"], found["verdicts"]
    return found


def shown(event: dict[str, Any]) -> tuple[Any, ...]:
    """An event without what is sealed, which no fork makes."""
    data = {name: value for name, value in event["data"].items() if name != "personal"}
    return event["stream"], event["type"], event["effective_date"], data


def in_the_log(town: Town, after: int) -> list[tuple[str, str, str, Any]]:
    headers = {"Authorization": bearer("auditor city:chibi")}
    found = town.client.get("/ledger/v1/events", headers=headers, params={"after": after}).json()["events"]
    return [shown(event) for event in found]


def test_a_scenario_says_what_its_commands_would_write_and_writes_nothing(each_town: Town) -> None:
    """F66: the log is as long as before, and has the same digest."""
    town = each_town
    head, digest = town.store.head(), town.store.digest()
    found = drafted(town, one("/hires", "2020-11-01", **town.hiring()), base())
    assert [event["type"] for event in found["events"]] == [
        "worker.hired.v1",
        "community.worker-joined.v1",
        "policy.base-published.v1",
    ]
    assert [event["command"] for event in found["events"]] == [0, 0, 1]
    assert found["at_position"] == head
    assert (town.store.head(), town.store.digest()) == (head, digest)


def test_each_command_meets_what_those_before_it_would_leave(town: Town) -> None:
    """F66, rule 6: two seats are free, so the third hire is refused; a raise before it makes room."""
    hires = [one("/hires", "2020-11-01", **town.hiring()) for _ in range(3)]
    raised = one("/community-quotas", "2020-10-01", community_id="xinhua", category="dedicated", seats=3)
    verdicts = ask(town, *hires).json()["verdicts"]
    assert [verdict["outcome"] for verdict in verdicts] == ["drafted", "drafted", "refused"]
    assert (verdicts[2]["code"], verdicts[2]["command"]) == ("quota-full", 2)
    assert drafted(town, raised, *hires)["fit"]


def test_who_is_hired_in_a_scenario_can_act_in_it(town: Town) -> None:
    """F66: the id follows from what is sent, so that a later command can name it."""
    hire = one("/hires", "2020-11-01", **town.hiring())
    found = drafted(town, hire)
    worker_id = found["verdicts"][0]["worker_id"]
    change = one("/regrades", "2021-02-01", worker_id=worker_id, grade=2, reason="step")
    transfer = one("/transfers", "2021-03-01", worker_id=worker_id, community_id="jinqiao")
    longer = drafted(town, hire, change, transfer, at_position=found["at_position"])
    assert [event["stream"] for event in longer["events"]].count(f"worker/{worker_id}") == 3
    assert town.ask(f"workers/{worker_id}").status_code == 404


def test_the_same_person_is_not_hired_twice_in_one_scenario(town: Town) -> None:
    hiring = town.hiring()
    verdicts = ask(town, one("/hires", **hiring), one("/hires", **{**hiring, "community_id": "jinqiao"})).json()
    assert verdicts["verdicts"][1]["code"] == "identity-number-used"
    again = ask(town, *[one("/streets", city_id="chibi", street_id="lushui", title="陆水") for _ in range(2)]).json()
    assert again["verdicts"][1]["code"] == "already-registered"


def test_a_void_in_a_scenario_gives_the_seat_to_the_next(town: Town) -> None:
    first, _ = (town.give("hires", "2020-10-01", **town.hiring()) for _ in range(2))
    hire = one("/hires", "2020-11-01", **town.hiring())
    assert ask(town, hire).json()["verdicts"][0]["code"] == "quota-full"
    drafted(town, one("/voids", "2020-10-01", command_id=first["command_id"], reason="entered twice"), hire)


@pytest.mark.parametrize(
    ("wrong", "code", "pointer"),
    [
        ({"path": "/nowhere", "body": {}}, "not-found", "/commands/1/path"),
        ({"path": "/run-closures", "body": {}}, "not-found", "/commands/1/path"),
        ({"path": "/bases", "body": {}}, "invalid-body", "/commands/1/body/effective_date"),
        (one("/retro-limits", jurisdiction="chibi", months=1), "forbidden", "/commands/1/body"),
        (base(day="1900-01-01"), "invalid-body", "/commands/1/body/effective_date"),
        (one("/bases", jurisdiction="jinzhou", scheme="ladder", average_annual_wage="1"), "not-found", None),
    ],
)
def test_a_verdict_names_the_command_and_the_place_in_it(
    town: Town, wrong: dict[str, Any], code: str, pointer: str | None
) -> None:
    """F66: roles, places and shapes are those of each command; the others are decided all the same."""
    response = ask(town, base(), wrong)
    found = response.json()
    assert (response.status_code, found["fit"], found["verdicts"][0]["outcome"]) == (200, False, "drafted")
    assert (found["verdicts"][1]["code"], found["verdicts"][1]["command"]) == (code, 1)
    assert pointer in (None, found["verdicts"][1]["pointer"])
    assert {event["command"] for event in found["events"]} == {0}


def test_a_fork_knows_nothing_of_what_was_written_later(town: Town) -> None:
    """F66: at an earlier position the seats are free and the number is nobody's."""
    hiring = town.hiring()
    before = town.store.head()
    town.give("hires", **hiring)
    town.hire()
    assert ask(town, one("/hires", **hiring)).json()["verdicts"][0]["outcome"] == "refused"
    assert drafted(town, one("/hires", **hiring), at_position=before)["at_position"] == before
    voided = one("/voids", "2020-10-01", command_id=town.hire("jinqiao"), reason="entered twice")
    assert ask(town, voided, at_position=before).json()["verdicts"][0]["code"] == "unknown-command"
    assert problem(ask(town, base(), at_position=town.store.head() + 1))["code"] == "unknown-time"


def test_a_fork_stands_still_while_others_write(each_town: Town) -> None:
    """F66: under four writers the same fork answers the same, and the log holds what they wrote and nothing else."""
    town = each_town
    hire = one("/hires", "2020-11-01", **town.hiring())
    first = drafted(town, hire, base())
    before, done = town.store.head(), Event()

    def write(number: int) -> int:
        sent = 0
        while not done.is_set():
            grid = {"community_id": "huangjia", "grid_id": f"g{number}-{sent}", "title": "网格", "households": 1}
            town.give("grids", "2020-10-01", **grid)
            sent += 1
        return sent

    with ThreadPoolExecutor(4) as pool:
        writing = [pool.submit(write, number) for number in range(4)]
        answers = [drafted(town, hire, base(), at_position=first["at_position"]) for _ in range(20)]
        done.set()
        written = sum(one.result() for one in writing)
    assert all(answer == first for answer in answers)
    assert written > 0
    assert town.store.head() == before + written


def test_what_is_promoted_is_what_was_drafted(each_town: Town) -> None:
    """F68: the same events in the same order, under ids that begin with the digest of the scenario."""
    town = each_town
    commands = [one("/hires", "2020-11-01", **town.hiring()), base()]
    found = drafted(town, *commands)
    response = promote(town, found, *commands)
    assert response.status_code == 201, response.text
    done = response.json()
    assert in_the_log(town, found["at_position"]) == [shown(event) for event in found["events"]]
    assert done["position"] == town.store.head() == int(response.headers["Ledger-Position"])
    assert [one["command_id"][:48] for one in done["commands"]] == [found["digest"][:48]] * 2
    worker_id = done["commands"][0]["worker_id"]
    assert town.worker(worker_id)["community_id"] == "xinhua"
    assert town.read(f"workers/{worker_id}/personal")["name"] == "李秀英"


def test_promoted_twice_is_promoted_once(town: Town) -> None:
    """F68: the digest is the key; the same answer comes again and says so."""
    commands = [one("/hires", "2020-11-01", **town.hiring()), base()]
    found = drafted(town, *commands)
    first, head = promote(town, found, *commands), town.store.head()
    again = promote(town, found, *commands, who="supervisor city:chibi liu")
    assert (again.content, town.store.head()) == (first.content, head)
    assert "Idempotency-Replayed" not in first.headers
    assert again.headers["Idempotency-Replayed"] == "true"


def test_four_who_promote_at_once_write_it_once(each_town: Town) -> None:
    """F68."""
    town = each_town
    commands = [one("/hires", "2020-11-01", **town.hiring()), base()]
    found = drafted(town, *commands)
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: promote(town, found, *commands), range(4)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert town.store.head() == found["at_position"] + len(found["events"])


def test_whom_the_same_promotion_overtakes_is_given_its_answer(
    each_town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F68: also between the question whether it is written and the look at what it rests on."""
    town = each_town
    commands = [one("/hires", "2020-11-01", **town.hiring()), base()]
    found, answered, before = drafted(town, *commands), town.store.answered, []

    def overtaken(key: str) -> StoredAnswer | None:
        monkeypatch.undo()
        said = answered(key)
        before.append(promote(town, found, *commands))
        return said

    monkeypatch.setattr(town.store, "answered", overtaken)
    after = promote(town, found, *commands)
    assert (after.status_code, after.content) == (201, before[0].content)
    assert town.store.head() == found["at_position"] + len(found["events"])


def test_a_scenario_whose_ground_has_moved_is_not_promoted(each_town: Town) -> None:
    """F68: what moved is named, with where to read it; what moved elsewhere is nobody's concern."""
    town = each_town
    commands = [one("/hires", "2020-11-01", **town.hiring())]
    found = drafted(town, *commands)
    town.hire("huangjia")
    assert promote(town, found, *commands).status_code == 201
    other = [one("/hires", "2020-11-01", **town.hiring("jinqiao"))]
    found = drafted(town, *other)
    town.hire("jinqiao")
    head = town.store.head()
    refused = problem(promote(town, found, *other))
    assert (refused["code"], refused["status"], town.store.head()) == ("scenario-moved", 409, head)
    moved = refused["extra"]["moved"]
    assert [one["stream"] for one in moved] == ["community/jinqiao"]
    assert moved[0]["current_version"] == moved[0]["version"] + 1
    changes = town.client.get(moved[0]["changes"], headers={"Authorization": bearer(ADMIN)}).json()
    assert [event["type"] for event in changes["events"]] == ["community.worker-joined.v1"]


def test_a_policy_that_came_in_between_stops_a_hire_that_was_judged_by_the_one_before(town: Town) -> None:
    """F68: what a command only looked at must not have moved either."""
    commands = [one("/hires", "2020-11-01", **town.hiring())]
    found = drafted(town, *commands)
    town.give("bases", "2021-01-01", jurisdiction="chibi", scheme="ladder", average_annual_wage="57120.40")
    assert [one["stream"] for one in problem(promote(town, found, *commands))["extra"]["moved"]] == ["policy/chibi"]


def test_the_ground_is_guarded_up_to_the_append(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    """F68: somebody writes between the decision and the append, and the promotion is refused, whole."""
    commands = [one("/hires", "2020-11-01", **town.hiring())]
    found = drafted(town, *commands)
    plain = town.store.append_all

    def late(wishes: Any) -> Any:
        monkeypatch.undo()
        town.give("bases", "2021-01-01", jurisdiction="chibi", scheme="ladder", average_annual_wage="57120.40")
        return plain(wishes)

    monkeypatch.setattr(town.store, "append_all", late)
    refused = problem(promote(town, found, *commands))
    assert (refused["code"], refused["extra"]["moved"][0]["stream"]) == ("scenario-moved", "policy/chibi")
    assert not any(isinstance(event.event, WorkerHired) for event in town.store.read(found["at_position"], 10))


def test_other_commands_than_those_of_the_digest_are_not_promoted(town: Town) -> None:
    """F68: one fen more is another scenario; the order of keys and blanks is not."""
    found = drafted(town, base())
    assert problem(promote(town, found, base("57120.41")))["code"] == "scenario-changed"
    turned = {name: base()["body"][name] for name in reversed(base()["body"])}
    assert promote(town, found, {"path": "/bases", "body": turned}).status_code == 201


def test_a_policy_is_drafted_and_promoted_with_its_whole_document(town: Town) -> None:
    """F66, F68."""
    document = read_policy(POLICIES / "chibi-2020.yaml") | {"policy_id": "chibi-2021"}
    commands = [one("/policies", "2021-01-01", document=document), base(day="2021-02-01")]
    found = drafted(town, *commands)
    assert promote(town, found, *commands).status_code == 201
    assert in_the_log(town, found["at_position"])[1] == shown(found["events"][1])


def test_a_scenario_with_a_command_that_is_refused_is_not_promoted(town: Town) -> None:
    """F68: all or none."""
    commands = [base(), base()]
    found, head = ask(town, *commands).json(), town.store.head()
    refused = problem(promote(town, found, *commands))
    assert (refused["code"], refused["pointer"]) == ("scenario-refused", "/commands/1/body")
    assert refused["extra"]["verdicts"][0]["code"] == "already-there"
    assert town.store.head() == head


def test_a_scenario_looks_ahead_to_a_paper_that_is_not_there_yet_and_waits_for_it(town: Town) -> None:
    """F66, F68: a budget of three years rests on papers to come; nothing is written before they are there."""
    later = base()
    later["body"]["basis"] = {**later["body"]["basis"], "date": "2021-06-18"}
    found = drafted(town, later)
    refused = problem(promote(town, found, later))
    assert (refused["code"], refused["pointer"]) == ("scenario-refused", "/commands/0/body/basis/date")
    town.clock.pass_(days=300)
    assert promote(town, found, later).status_code == 201


def test_a_promotion_that_the_database_did_not_take_can_be_sent_again(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F68: whom it hires has a key already, and it is used."""
    commands = [one("/hires", "2020-11-01", **town.hiring())]
    found = drafted(town, *commands)

    def away(_: Any) -> Any:
        monkeypatch.undo()
        raise StoreUnavailable("away")

    monkeypatch.setattr(town.store, "append_all", away)
    assert problem(promote(town, found, *commands))["code"] == "storage-unavailable"
    done = promote(town, found, *commands).json()
    assert town.read(f"workers/{done['commands'][0]['worker_id']}/personal")["name"] == "李秀英"


def test_a_promoted_command_can_be_voided(town: Town) -> None:
    """F68: it is a command like any other."""
    commands = [one("/hires", "2020-11-01", **town.hiring())]
    done = promote(town, drafted(town, *commands), *commands).json()
    town.give("voids", "2020-11-01", command_id=done["commands"][0]["command_id"], reason="entered twice")
