"""The services apart from each other: what a person sees never goes back, and a month is closed as in one process."""

import itertools
import random
import threading
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from tests.ledger.given import command, identity_number
from tests.processes.apart import Apart

pytestmark = [pytest.mark.campaign, pytest.mark.postgres]

ADMIN, AUDITOR = "admin city:chibi clerk", "auditor city:chibi"
_numbers = itertools.count(1)


def hiring() -> dict[str, Any]:
    """A body that hires somebody new in Xinhua."""
    person = {"name": "李秀英", "identity_number": identity_number("1991-05-17", next(_numbers))}
    fields = {"channel": "exam", "post": "dedicated", "education": "college", "person": person}
    return command("2020-10-01", community_id="xinhua", **fields)


@pytest.fixture
def pausing(alone: Apart) -> Iterator[None]:
    """A projector that stops now and then, for up to two seconds."""
    chance, ending, projector = random.Random(7), threading.Event(), alone.projector
    assert projector is not None

    def pause() -> None:
        while not ending.wait(chance.uniform(0.05, 0.5)):
            projector.stop()
            ending.wait(chance.uniform(0, 2))
            projector.go_on()

    thread = threading.Thread(target=pause)
    thread.start()
    yield
    ending.set()
    thread.join()
    projector.go_on()


class Session:
    """One person who takes the position of each answer to the next question."""

    def __init__(self, apart: Apart) -> None:
        self._apart = apart
        self.seen = -1
        self.told_to_wait = 0

    def hire(self) -> str:
        done = self._apart.act("/ledger/v1/hires", ADMIN, hiring(), f"k-{next(_numbers)}")
        assert done.status_code == 201, done.text
        self._note(done)
        return str(done.json()["worker_id"])

    def ask(self, path: str, who: str = AUDITOR) -> dict[str, Any]:
        """An answer that is not older than anything seen; 503 only ever says to come again."""
        for _ in range(20):
            answer = self._apart.ask(path, who, **{"X-Min-Position": str(self.seen)})
            if answer.status_code == 200:
                self._note(answer)
                return dict(answer.json())
            assert (answer.status_code, answer.json()["code"]) == (503, "busy"), answer.text
            assert answer.headers["retry-after"] == "1"
            self.told_to_wait += 1
        raise AssertionError(f"{path} never came to {self.seen}")

    def _note(self, answer: httpx.Response) -> None:
        position = int(answer.headers["ledger-position"])
        assert position >= self.seen, "it went back"
        self.seen = position


def test_a_session_never_goes_back_while_the_projector_stops_at_random(alone: Apart, pausing: None) -> None:
    """P8: what was written a moment ago is in every later answer, of whichever service."""
    session, until, rounds = Session(alone), time.monotonic() + 12, 0
    while time.monotonic() < until:
        worker_id = session.hire()
        hired_at = session.seen
        inbox = session.ask(f"/notifications/v1/inbox?after={hired_at - 2}&limit=500")
        assert any(notice["position"] >= hired_at - 1 for notice in inbox["notices"])
        slip = session.ask(f"/payroll/v1/workers/{worker_id}/payslips/2020-10")
        assert slip["known_position"] >= hired_at
        assert slip["lines"]
        session.ask("/payroll/v1/ladder?jurisdiction=chibi&scheme=ladder&on=2020-10-01")
        session.ask("/payroll/v1/runs?jurisdiction=chibi")
        assert session.ask(f"/ledger/v1/workers/{worker_id}?effective_on=2020-10-01")["worker"]
        rounds += 1
    assert rounds >= 3


def test_a_reader_who_has_seen_more_than_there_is_waits_and_is_told_to_come_again(alone: Apart) -> None:
    """P8, P19: bounded, on every service."""
    for path in (
        "/ledger/v1/communities/xinhua",
        "/notifications/v1/inbox",
        "/payroll/v1/runs?jurisdiction=chibi",
        "/payroll/v1/ladder?jurisdiction=chibi&scheme=ladder&on=2020-10-01",
    ):
        began = time.monotonic()
        answer = alone.ask(path, AUDITOR, **{"X-Min-Position": "1000000"})
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "1"), path
        assert time.monotonic() - began < 4


def test_a_month_is_drafted_approved_and_closed_over_three_processes(alone: Apart) -> None:
    """Each act waits until everything recorded before it is in payroll's tables, and after it for itself."""
    hired = alone.act("/ledger/v1/hires", ADMIN, hiring(), "close-1")
    assert hired.status_code == 201
    paper = command("2020-10-31")
    body = {"jurisdiction": "chibi", "month": "2020-10", **paper}
    draft = alone.act("/payroll/v1/runs", "finance city:chibi", body, "d")
    assert draft.status_code == 201, draft.text
    assert draft.json()["at_position"] >= int(hired.headers["ledger-position"]) - 1
    run = "/payroll/v1/runs/chibi/2020-10/1"
    approved = alone.act(f"{run}/approval", "approver city:chibi", {"digest": draft.json()["digest"], **paper}, "a")
    assert approved.status_code == 201, approved.text
    closed = alone.act(f"{run}/closure", "finance city:chibi", paper, "c")
    assert (closed.status_code, closed.json()["status"]) == (201, "closed"), closed.text
    again = alone.act(f"{run}/closure", "finance city:chibi", paper, "c")
    assert (again.status_code, again.headers["idempotency-replayed"]) == (201, "true")
    lines = alone.ask(f"{run}/lines?limit=1000", AUDITOR).json()["lines"]
    assert len(lines) == draft.json()["lines"] > 0


def test_an_act_is_not_decided_on_old_news(alone: Apart) -> None:
    """P19: 503 `busy` in bounded time while the projector stands, and nothing is written."""
    projector = alone.projector
    assert projector is not None
    projector.stop()
    try:
        alone.act("/ledger/v1/hires", ADMIN, hiring(), "old-news")
        head = alone.feed.head()
        body = {"jurisdiction": "chibi", "month": "2020-11", **command("2020-11-30")}
        answer = alone.act("/payroll/v1/runs", "finance city:chibi", body, "old")
        assert (answer.status_code, answer.json()["code"]) == (503, "busy")
        assert alone.feed.head() == head
    finally:
        projector.go_on()
    assert alone.act("/payroll/v1/runs", "finance city:chibi", body, "old").status_code == 201
