"""F54, P6: connections that are cut anywhere, and clerks who send again: one effect each, and equal answers."""

import json
import random
import secrets
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.ledger.cutting import ANSWERED, ASKED, Cut, Line, Nth, after, line_to, line_to_database, never, served
from tests.ledger.given import ADMIN, Front, Town, bearer, command

pytestmark = pytest.mark.campaign

KEYS, DUPLICATES = 100, 8
ANSWER_BYTES = 900
"""A little more than an answer with its headers, so that many lines are cut within one."""
REQUEST_BYTES = 1_400
DATABASE_BYTES = 60_000
TRIES = 200


@pytest.fixture
def thread_pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(DUPLICATES) as pool:
        yield pool


def somewhere(dice: random.Random, asked: int, answered: int, share: float) -> Callable[[], Cut]:
    """Some lines are cut, at a byte of the question or of the answer."""
    lock = threading.Lock()

    def next_cut() -> Cut:
        with lock:
            if dice.random() > share:
                return never
            way = dice.choice((ASKED, ANSWERED))
            return after(way, dice.randrange(asked if way == ASKED else answered))

    return next_cut


def sent_until_done(client: httpx.Client, path: str, body: bytes, key: str) -> bytes:
    """As a clerk's client does: the same key again, until there is a whole answer."""
    for _ in range(TRIES):
        try:
            answer = client.post(f"/ledger/v1/{path}", content=body, headers={"Idempotency-Key": key, "If-Match": "*"})
        except httpx.TransportError:
            continue
        if answer.status_code == 201:
            return answer.content
        assert answer.status_code == 503, answer.text
    raise AssertionError("never answered")


def clerks_at(port: int) -> httpx.Client:
    """Clerks who open a connection for every command."""
    headers = {"Authorization": bearer(ADMIN), "Content-Type": "application/json"}
    limits = httpx.Limits(max_keepalive_connections=0)
    return httpx.Client(base_url=f"http://127.0.0.1:{port}", headers=headers, limits=limits, timeout=30)


def given_until_done(town: Town, body: dict[str, Any], key: str) -> bytes:
    """The same command again and again while the ledger says that its database is away."""
    for _ in range(TRIES):
        answer = town.send("trainings", body, key=key)
        if answer.status_code == 201:
            return answer.content
        assert answer.status_code == 503, answer.text
    raise AssertionError("never answered")


def test_eight_clerks_repeat_each_of_100_commands_over_lines_that_are_cut(
    each_town: Town, thread_pool: ThreadPoolExecutor
) -> None:
    """F54: each is written once and all eight hold the same answer, wherever question or answer were cut."""
    town = each_town
    worker_id = town.hire()
    head = town.store.head()
    with served(town.client.app) as reached, line_to(reached) as line, clerks_at(line.port) as clerks:
        line.next_cut = somewhere(random.Random(54), REQUEST_BYTES, ANSWER_BYTES, 0.6)
        for number in range(KEYS):
            body = json.dumps(command(worker_id=worker_id, course=f"course {number}", hours=1)).encode()
            asked = [
                thread_pool.submit(sent_until_done, clerks, "trainings", body, f"k-{number}") for _ in range(DUPLICATES)
            ]
            assert len({answer.result() for answer in asked}) == 1
    assert line.cuts > KEYS
    assert town.store.head() == head + KEYS
    assert town.worker(worker_id)["training_hours"] == KEYS


@pytest.fixture
def line(copied_database: str) -> Iterator[tuple[Line, str]]:
    """A line to the database of a founded town, and the address over it."""
    with line_to_database(copied_database) as found:
        yield found


@pytest.mark.postgres
def test_eight_clerks_repeat_commands_while_the_ledger_loses_its_database_anywhere(
    line: tuple[Line, str], front: Front, thread_pool: ThreadPoolExecutor, tmp_path: Path
) -> None:
    """P6: cut amid a question, an append or a commit; what was not answered is sent again, nothing is done twice."""
    cutting, address = line
    with closing(Town(tmp_path, address, front=front)) as town:
        worker_id = town.hire()
        head = town.store.head()
        cutting.next_cut = somewhere(random.Random(6), DATABASE_BYTES, DATABASE_BYTES, 0.9)
        for number in range(KEYS):
            body = command(worker_id=worker_id, course=f"course {number}", hours=1)
            asked = [thread_pool.submit(given_until_done, town, body, f"k-{number}") for _ in range(DUPLICATES)]
            assert len({answer.result() for answer in asked}) == 1
        cutting.next_cut = lambda: never
        assert cutting.cuts > KEYS // 10
        assert given_until_done(town, body, f"k-{number}") == asked[0].result()
        assert town.store.head() == head + KEYS
        assert town.worker(worker_id)["training_hours"] == KEYS


@pytest.mark.postgres
def test_a_commit_whose_acknowledgement_was_lost_is_answered_as_success(
    line: tuple[Line, str], front: Front, tmp_path: Path
) -> None:
    """P6: whichever commit of a hire it was: where the log has the hire, the clerk is told that it is done."""
    cutting, address = line
    commits = Nth(ANSWERED, b"COMMIT\x00")
    cutting.next_cut = lambda: commits.cut
    lost = []
    with closing(Town(tmp_path, address, front=front)) as town:
        town.give("city-quotas", "2019-01-01", city_id="chibi", category="dedicated", seats=30)
        town.give("community-quotas", "2019-01-01", community_id="xinhua", category="dedicated", seats=10)
        for number in range(1, 8):
            key, body, head = secrets.token_hex(8), command(**town.hiring("xinhua")), town.store.head()
            commits.left = number
            first = town.send("hires", body, key=key)
            was_cut, commits.left = commits.left <= 0, -1
            assert (first.status_code == 201) == (town.store.head() > head), first.text
            again = town.send("hires", body, key=key)
            assert first.status_code == 503 or again.content == first.content
            lost += [first.status_code] if was_cut else []
    assert 201 in lost
