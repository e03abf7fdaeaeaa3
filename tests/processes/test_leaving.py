"""A process that is asked to leave cuts nobody off, and another one goes on with the same log."""

import secrets
import threading
import time
import uuid
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from tests.ledger.given import bearer, command
from tests.processes.apart import Apart, Process, wait_until

pytestmark = [pytest.mark.campaign, pytest.mark.postgres]

ADMIN = "admin city:chibi clerk"


def street() -> dict[str, Any]:
    """A body that registers a street nobody has."""
    return command(city_id="chibi", street_id=f"s-{secrets.token_hex(6)}", title="新街道")


class Clerk(threading.Thread):
    """Registers streets one after the other, on a connection that is kept open."""

    def __init__(self, urls: Callable[[], list[str]], pause: float) -> None:
        super().__init__(daemon=True)
        self._urls = urls
        self._pause = pause
        self.ending = threading.Event()
        self.answered: dict[str, int] = {}

    def run(self) -> None:
        with httpx.Client(timeout=20) as client:
            while not self.ending.is_set():
                self._register(client)

    def _register(self, client: httpx.Client) -> None:
        body, request_id = street(), uuid.uuid4().hex
        for url in self._urls():
            headers = {
                "Authorization": bearer(ADMIN),
                "Idempotency-Key": request_id,
                "X-Request-Id": request_id,
            }
            try:
                answer = client.post(f"{url}/ledger/v1/streets", json=body, headers=headers)
            except httpx.TransportError:
                continue
            self.answered[request_id] = answer.status_code
            self.ending.wait(self._pause)
            return
        time.sleep(0.02)


def working(count: int, urls: Callable[[], list[str]], pause: float = 0) -> list[Clerk]:
    """That many clerks at work, with a pause after each answer."""
    clerks = [Clerk(urls, pause) for _ in range(count)]
    for clerk in clerks:
        clerk.start()
    return clerks


def end(clerks: list[Clerk]) -> None:
    """Let them finish what they do."""
    for clerk in clerks:
        clerk.ending.set()
    for clerk in clerks:
        clerk.join(30)


def test_whoever_was_let_in_is_answered_after_sigterm(alone: Apart) -> None:
    """P21: under load; the process ends with 0, in time, and says that it leaves before it goes."""
    leaving = alone.another("serve", "ledger", "--linger", "1").until_ready()
    clerks = working(8, lambda: [leaving.url])
    wait_until(lambda: all(len(clerk.answered) > 3 for clerk in clerks), "everybody was answered")
    leaving.terminate()
    wait_until(lambda: leaving.probe("ready") == (503, "leaving"), "it says that it leaves", 1)
    asked_after = sum(len(clerk.answered) for clerk in clerks)
    assert leaving.wait(20) == 0
    end(clerks)
    answered = {request_id: status for clerk in clerks for request_id, status in clerk.answered.items()}
    taken = {line["request_id"]: line["status"] for line in leaving.lines("request")}
    assert set(answered.values()) == {201}
    assert taken == answered
    assert len(answered) > asked_after, "nobody asked while it was leaving"
    assert leaving.lines("ended")


def test_a_request_under_way_is_finished_even_when_its_body_is_still_coming(alone: Apart) -> None:
    """P21."""
    leaving = alone.another("serve", "ledger", "--linger", "0").until_ready()
    body = str(street()).replace("'", '"').encode()

    def slowly() -> Any:
        yield body[:10]
        leaving.terminate()
        time.sleep(1)
        yield body[10:]

    headers = {"Authorization": bearer(ADMIN), "Idempotency-Key": secrets.token_hex(8)}
    answer = httpx.post(f"{leaving.url}/ledger/v1/streets", content=slowly(), headers=headers, timeout=20)
    assert answer.status_code == 201
    assert leaving.wait(20) == 0


def test_two_ledgers_take_commands_side_by_side_and_are_restarted_one_after_the_other(alone: Apart) -> None:
    """P21: no request fails for somebody who tries the other one, and nothing is done twice."""
    replicas: list[Process] = [alone.another("serve", "ledger", "--linger", "1").until_ready() for _ in range(2)]
    before = alone.feed.head()
    turn = iter(range(1_000_000))

    def urls() -> list[str]:
        first = next(turn) % 2
        return [replicas[(first + number) % 2].url for number in range(6)]

    clerks = working(4, urls, pause=0.1)
    gone = []
    for number in range(2):
        wait_until(lambda: sum(len(clerk.answered) for clerk in clerks) > 20 * (number + 1), "work is done")  # noqa: B023
        leaving, replicas[number] = replicas[number], alone.another("serve", "ledger", "--linger", "1").until_ready()
        assert leaving.stop() == 0
        gone.append(leaving)
    end(clerks)
    ended = [replica.stop() for replica in replicas]
    answered = [status for clerk in clerks for status in clerk.answered.values()]
    assert ended == [0, 0]
    assert set(answered) == {201}
    assert alone.feed.head() == before + len(answered), "a street is one event"
    assert all(process.lines("request") for process in gone + replicas), "each took some"


def test_a_ledger_without_its_database_ends_at_once_and_says_why(alone: Apart) -> None:
    """P25: without the password that stands in the address."""
    there = alone.environments["ledger"]
    alone.environments["ledger"] = {**there, "WORKFORCE_DATABASE": "postgresql://ledger:canary@127.0.0.1:1/ledger"}
    lost = alone.another("serve", "ledger")
    alone.environments["ledger"] = there
    assert lost.wait(30) == 1
    assert "WORKFORCE_DATABASE: the database does not answer" in lost.text
    assert "canary" not in lost.text
