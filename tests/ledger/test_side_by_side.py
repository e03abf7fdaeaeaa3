"""Two versions of the ledger on one log: the older one says what only the newer one knows, and serves the rest."""

from collections.abc import Iterator
from datetime import UTC, date, datetime

import httpx
import msgspec
import pytest
from tests.ledger.given import BASIS, Town, bearer, command, problem, refused
from tests.shared.versions import not_knowing

from shared.envelope import Wire
from shared.principals import WHOLE_LOG, Role

pytestmark = pytest.mark.campaign

SERVICE = f"{Role.SERVICE} {WHOLE_LOG}"
NEW = "worker.separated.v1"
"""What the older version does not know yet."""


@pytest.fixture
def older(each_town: Town) -> Town:
    return each_town


@pytest.fixture
def newer(older: Town, each_address: str) -> Iterator[Town]:
    """Another ledger over the same database."""
    opened = Town(older.data, each_address)
    yield opened
    opened.close()


def separated(newer: Town, worker_id: str) -> int:
    """The newer version ends the worker's service; the position of the event that the older one does not know."""
    newer.give("separations", "2020-11-01", worker_id=worker_id, reason="resigned")
    return newer.store.stream(f"worker/{worker_id}")[-1].position


def listed(town: Town, city_id: str) -> set[str]:
    """The workers of a city at the end of 2020."""
    found = town.read("workers", city_id=city_id, effective_on="2020-12-31", who=f"admin city:{city_id}")
    return {one["worker_id"] for one in found["workers"]}


def comes_again(answer: httpx.Response, worker_id: str, position: int) -> bool:
    """Whether it is refused for now, by the event that is not known."""
    said = problem(answer)
    assert (said["status"], said["code"], said["extra"]) == (503, "newer-version", {"position": position}), said
    assert int(answer.headers["Retry-After"]) > 0
    return f"position {position} of worker/{worker_id} is {NEW}," in said["detail"]


def test_who_is_known_only_to_the_newer_version_waits_and_everybody_else_is_served(older: Town, newer: Town) -> None:
    """P21: nothing is decided on half of a stream, nobody is left out of a list, and no 500."""
    li, wu, far = older.hire(), older.hire("huangjia"), older.hire("tianan", who="admin city:jinzhou")
    position = separated(newer, li)
    head = older.store.head()
    with not_knowing(NEW):
        for path in (f"workers/{li}", f"workers/{li}/history", f"workers/{li}/personal", "workers?city_id=chibi"):
            assert comes_again(older.ask(path), li, position), path
        training = command("2020-11-02", worker_id=li, course="c", hours=8)
        for plan in (True, False):
            assert comes_again(older.send("trainings", training, plan=plan), li, position)
        assert older.store.head() == head
        assert older.worker(wu)["worker_id"] == wu
        assert older.give("trainings", "2020-11-02", worker_id=wu, course="c", hours=8)["position"] == head + 1
        assert listed(older, "jinzhou") == {far}
    assert older.worker(li)["in_service"] is False
    assert listed(older, "chibi") == {li, wu}


def test_a_command_that_the_newer_version_did_is_repeated_to_the_older_one(older: Town, newer: Town) -> None:
    """P21, P6: the stored answer, and no second effect."""
    li = older.hire()
    separation = command("2020-11-01", worker_id=li, reason="resigned")
    done = newer.send("separations", separation, key="one")
    with not_knowing(NEW):
        again = older.send("separations", separation, key="one")
        assert (again.status_code, again.content) == (201, done.content)
        assert again.headers["Idempotency-Replayed"] == "true"


def test_the_older_version_hands_the_newer_ones_events_on(older: Town, newer: Town) -> None:
    """P21: to relay, consumers and other services, byte for byte."""
    position = separated(newer, older.hire())
    whole = newer.ask("feed", who=SERVICE).content
    with not_knowing(NEW):
        assert older.ask("feed", who=SERVICE).content == whole
        older.store.chain.catch_up()
        linked = older.store.linked(position - 1, 1)
        assert [one.wire.type for one in linked] == [NEW]


def test_a_list_that_both_versions_wrote_is_the_same(older: Town, newer: Town) -> None:
    """P21, P14."""
    separated(newer, older.hire())
    with not_knowing(NEW):
        older.ask("workers?city_id=jinzhou", who="admin city:jinzhou")
        assert older.directory.position == older.store.head()
    asked = {"Authorization": bearer("auditor city:chibi")}
    assert newer.client.post("/ledger/v1/rebuild", headers=asked).json()["equal"] is True


class NewStreams:
    """A log whose next stream is founded by an event of a newer version."""

    def __init__(self, after: int) -> None:
        self._next = after + 1

    def head(self) -> int:
        return self._next

    def lines(self, after: int, limit: int) -> list[bytes]:
        adopted = Wire(
            position=self._next,
            stream="worker/w-new",
            version=1,
            type="worker.adopted.v1",
            effective_date=date(2020, 11, 1),
            recorded_at=datetime(2020, 11, 1, tzinfo=UTC),
            actor="admin-1",
            basis=BASIS,
            command_id="c-new",
            data=msgspec.Raw(b'{"city":"chibi"}'),
        )
        return [msgspec.json.encode(adopted)]


def test_the_city_of_a_stream_that_a_newer_version_founded_is_not_guessed(older: Town) -> None:
    """P21: the row would stay when the older version is long gone."""
    older.directory.catch_up(older.store)
    before = older.directory.position
    with refused("newer-version"):
        older.directory.catch_up(NewStreams(before))
    assert older.directory.position == before
