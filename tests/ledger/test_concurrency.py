"""F57: quotas hold when many ask at once, today and for days to come, through one process or two."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.ledger.given import ADMIN, Town, bearer, command, problem

pytestmark = pytest.mark.campaign

AT_ONCE = 64
ADMINS = {"Authorization": bearer(ADMIN)}


def at_once(calls: Sequence[Callable[[], httpx.Response]]) -> list[httpx.Response]:
    """All calls let go at the same moment; their answers in order."""
    answers: list[httpx.Response | None] = [None] * len(calls)
    gate = threading.Barrier(len(calls))

    def run(number: int, call: Callable[[], httpx.Response]) -> None:
        gate.wait()
        answers[number] = call()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [answer for answer in answers if answer is not None]


@pytest.fixture
def towns(each_town: Town, each_address: str, tmp_path: Path) -> Iterator[list[Town]]:
    """The same ledger served by two processes: two stores, two locks, two HTTP faces."""
    second = Town(tmp_path / "data", each_address)
    yield [each_town, second]
    second.close()


def hires(towns: list[Town], day: str, count: int = AT_ONCE) -> list[Callable[[], httpx.Response]]:
    """As many people for xinhua, half through each process."""
    bodies = [command(day, **towns[0].hiring("xinhua")) for _ in range(count)]
    return [lambda town=towns[n % 2], body=body: town.send("hires", body) for n, body in enumerate(bodies)]


def verdicts(answers: list[httpx.Response]) -> Counter[str]:
    """How often which: done, or the code of the refusal, each whole."""
    found: Counter[str] = Counter()
    for answer in answers:
        if answer.status_code == 201:
            found["done"] += 1
            continue
        refusal = problem(answer)
        assert (refusal["status"], refusal["pointer"]) == (409, "/community_id")
        found[refusal["code"]] += 1
    return found


def test_64_at_once_for_the_last_seat_of_a_community(towns: list[Town]) -> None:
    """F57: one success, 63 × 409 with code, remedy and pointer."""
    town = towns[0]
    town.hire("xinhua")
    assert verdicts(at_once(hires(towns, "2020-10-01"))) == {"done": 1, "quota-full": 63}
    assert town.seats("xinhua") == (2, 2)
    assert len(town.read("communities/xinhua", effective_on="2020-12-31")["workers"]) == 2


def test_64_at_once_for_a_seat_that_frees_only_next_month(towns: list[Town]) -> None:
    """F57: from next month one gets it; from today nobody does."""
    town = towns[0]
    leaver, _ = town.hire("xinhua"), town.hire("xinhua")
    town.give("separations", "2020-11-01", worker_id=leaver, reason="retired")
    assert verdicts(at_once(hires(towns, "2020-10-15", 32))) == {"quota-full": 32}
    assert verdicts(at_once(hires(towns, "2020-11-01"))) == {"done": 1, "quota-full": 63}
    for day in ("2020-10-31", "2020-11-01"):
        assert town.seats("xinhua", day=day) == (2, 2)


def test_raises_at_once_do_not_exceed_the_city(towns: list[Town]) -> None:
    """12 seats of the city, 6 given, and three communities that each want 5 more."""
    names = ["xinhua", "jinqiao", "huangjia"] * 4
    calls = [
        lambda town=towns[n % 2], name=name: town.send(
            "community-quotas", command(community_id=name, category="dedicated", seats=7)
        )
        for n, name in enumerate(names)
    ]
    answers = at_once(calls)
    assert sum(answer.status_code == 201 for answer in answers) == 1
    assert {problem(answer)["code"] for answer in answers if answer.status_code != 201} <= {
        "quota-exceeded",
        "already-there",
    }
    city = towns[0].read("cities/chibi", effective_on="2020-12-31")["establishment"]["dedicated"]
    assert city == {"seats": 12, "allotted": 11, "free": 1}


def test_one_person_hired_at_once_in_many_places_is_one_worker(towns: list[Town]) -> None:
    """P3: the claim on the identity number commits with the hire or not at all."""
    person = towns[0].person()
    places = ["xinhua", "jinqiao", "huangjia"] * 4
    bodies = [command(**towns[0].hiring(place, person=person)) for place in places]
    answers = at_once([lambda town=towns[n % 2], body=body: town.send("hires", body) for n, body in enumerate(bodies)])
    codes = Counter(answer.json().get("code", "done") for answer in answers)
    assert codes == {"done": 1, "identity-number-used": 11}
    assert sum(towns[0].seats(place)[1] for place in set(places)) == 1


def test_a_hire_and_a_lower_quota_at_once_never_leave_a_head_without_a_seat(towns: list[Town]) -> None:
    town = towns[0]
    town.hire("xinhua")
    quota = command(community_id="xinhua", category="dedicated", seats=1)
    calls = [*hires(towns, "2020-10-01", 4), *[lambda t=t: t.send("community-quotas", quota) for t in towns]]
    at_once(calls)
    seats, heads = town.seats("xinhua")
    assert heads <= seats


def test_transfers_at_once_into_the_last_seat(towns: list[Town]) -> None:
    town = towns[0]
    movers = [town.hire(place) for place in ("xinhua", "xinhua", "jinqiao", "jinqiao")]
    town.hire("huangjia")
    calls = [
        lambda t=towns[n % 2], worker_id=worker_id: t.send(
            "transfers", command("2020-11-01", worker_id=worker_id, community_id="huangjia")
        )
        for n, worker_id in enumerate(movers)
    ]
    assert verdicts(at_once(calls)) == {"done": 1, "quota-full": 3}
    assert town.seats("huangjia") == (2, 2)


def test_of_two_clerks_who_looked_at_one_worker_one_is_told_what_the_other_did(towns: list[Town]) -> None:
    """F56: the same ETag at the same moment, 20 times: one act, and 412 with the version there is."""
    worker_id = towns[0].hire()
    for number in range(20):
        version = towns[0].version(f"worker/{worker_id}")
        body = command("2020-11-01", worker_id=worker_id, course=f"课程 {number}", hours=1)
        calls = [lambda t=town, v=version, b=body: t.send("trainings", b, if_match=f'"{v}"') for town in towns]
        answers = sorted(at_once(calls), key=lambda answer: answer.status_code)
        assert [answer.status_code for answer in answers] == [201, 412]
        told = problem(answers[1])
        assert (told["code"], told["extra"]["current_version"]) == ("stale-version", version + 1)
        assert towns[0].client.get(told["extra"]["changes"], headers=ADMINS).json()["events"][0]["data"]["hours"] == 1
    assert towns[0].worker(worker_id)["training_hours"] == 20


def test_two_clerks_who_act_on_one_worker_whatever_there_is_are_both_heard(towns: list[Town]) -> None:
    """F57: decided again inside, on what the other one did; a second transfer starts from where the first ended."""
    worker_id = towns[0].hire("xinhua")
    places = ("jinqiao", "huangjia")
    calls = [
        lambda t=town, place=place: t.send("transfers", command("2020-11-01", worker_id=worker_id, community_id=place))
        for town, place in zip(towns, places, strict=True)
    ]
    assert [answer.status_code for answer in at_once(calls)] == [201, 201]
    assert sorted(towns[0].seats(place)[1] for place in ("xinhua", *places)) == [0, 0, 1]
    moves = [one for one in towns[0].read(f"workers/{worker_id}/history")["events"] if "transferred" in one["type"]]
    assert moves[1]["data"]["from_community_id"] == moves[0]["data"]["community_id"]


def test_positions_stay_dense_and_versions_without_a_hole(towns: list[Town]) -> None:
    """P4."""
    at_once(hires(towns, "2020-10-01", 16))
    recorded = towns[0].store.read(-1, 1000)
    assert [one.position for one in recorded] == list(range(len(recorded)))
    versions: dict[str, Any] = {}
    for one in recorded:
        assert one.version == versions.get(one.stream, 0) + 1
        versions[one.stream] = one.version
