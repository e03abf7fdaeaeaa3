"""P12: a month closes while 32 clerks write; nothing in the closed run moves, and what came meanwhile is paid later."""

import random
import threading
from collections.abc import Iterator
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.testclient import TestClient
from tests.ledger.given import KEYS, Town, bearer, command

import payroll.api
from payroll.projection import Projection
from payroll.run_state import states_of
from payroll.runs import Payroll
from payroll.settlement import digest_of
from shared.auth import seal, sealing_key

pytestmark = pytest.mark.campaign

WRITERS, ROUNDS, MANY_ROUNDS = 32, 20, 200
TAKEN = 3
"""At least one act in so many is taken; the others give the grade that is there, or contradict a later act."""
FINANCE, APPROVER = "finance city:chibi fang", "approver city:chibi pan"


class Race:
    """A town with 32 people and a payroll office, whose clerks and closers do not wait for one another."""

    def __init__(self, town: Town) -> None:
        self.town = town
        for category in ("dedicated", "committee"):
            town.give("city-quotas", "2019-01-01", city_id="chibi", category=category, seats=100)
        town.give("community-quotas", "2020-09-20", community_id="xinhua", category="dedicated", seats=WRITERS + 5)
        town.give("payroll-openings", jurisdiction="chibi", first_month="2020-10")
        self.people = [town.hire() for _ in range(WRITERS)]
        sealed = partial(seal, sealing_key(KEYS.tokens))
        self.payroll = Payroll(Projection(), town.store, town.client, town.clock, seal=sealed)
        app = payroll.api.app(self.payroll, token_key=KEYS.tokens)
        self.http = TestClient(Starlette(routes=[Mount(payroll.api.PREFIX, app)]))
        self._keys = iter(range(1_000_000))

    def act(self, path: str, who: str, **fields: Any) -> Any:
        headers = {"Authorization": bearer(who), "Idempotency-Key": f"k-{next(self._keys)}", "If-Match": "*"}
        return self.http.post(f"/payroll/v1/{path}", json=command("2020-11-01", **fields), headers=headers)

    def write(self, worker_id: str, chance: random.Random, month: str, accepted: list[int]) -> None:
        """Change the grade, from some day of the month that is being closed or before it."""
        day = f"{chance.choice(('2020-10', month))}-{chance.randint(1, 28):02d}"
        grade = chance.randint(1, 12)
        wish = command(day, worker_id=worker_id, grade=grade, reason="correction")
        accepted.append(self.town.send("regrades", wish).status_code)

    def close_among_writers(self, month: str, chance: random.Random) -> list[int]:
        """Draft, approve and close, with the writers let go before the draft, the approval or the close."""
        accepted: list[int] = []
        writers = [
            threading.Thread(target=self.write, args=(worker_id, random.Random(chance.random()), month, accepted))
            for worker_id in self.people
        ]
        thirds = [writers[:10], writers[10:20], writers[20:]]
        run = f"runs/chibi/{month}/1"
        for _ in range(100):
            self._let_go(thirds, 0)
            draft = self.act("runs", FINANCE, jurisdiction="chibi", month=month)
            assert draft.status_code == 201, draft.text
            self._let_go(thirds, 1)
            approved = self.act(f"{run}/approval", APPROVER, digest=draft.json()["digest"])
            if approved.status_code == 201:
                break
            assert approved.json()["code"] == "run-moved", approved.text
        self._let_go(thirds, 2)
        closed = self.act(f"{run}/closure", FINANCE)
        assert closed.status_code == 201, closed.text
        assert closed.json()["digest"] == draft.json()["digest"]
        for writer in writers:
            writer.join()
        return accepted

    def _let_go(self, thirds: list[list[threading.Thread]], number: int) -> None:
        while thirds[number]:
            thirds[number].pop().start()

    def closed_runs(self) -> Iterator[tuple[str, bytes]]:
        """Each closed run with its lines, which are those of its digest."""
        projection = self.payroll.projection
        for (month, _), state in sorted(states_of(projection.acts("chibi", self.payroll.reach.head())).items()):
            if state.closed_act is not None:
                lines = projection.closed_lines(state.closed_act.position)
                assert digest_of(lines) == state.closed.digest
                yield month, sha256(msgspec.json.encode(lines)).digest()


def race(data: Path, rounds: int, database: str = "") -> int:
    """How many acts of writers were taken."""
    town = Town(data, database).found()
    try:
        racing, chance, month, seen, taken = Race(town), random.Random(rounds), "2020-10", {}, 0
        for _ in range(rounds):
            accepted = racing.close_among_writers(month, chance)
            assert len(accepted) == WRITERS
            taken += accepted.count(201)
            now = dict(racing.closed_runs())
            assert {month: lines for month, lines in now.items() if month in seen} == seen
            seen = now
            month = following(month)
            town.clock.pass_(days=31)
        assert len(seen) == rounds
        settled = racing.payroll.worked_out("chibi", month, racing.payroll.reach.head())
        assert len(settled.settlement.lines) > 0
        racing.act("runs", FINANCE, jurisdiction="chibi", month=month)
        scratch = Projection()
        assert scratch.catch_up(town.store) == racing.payroll.reach.head()
        assert scratch.digest() == racing.payroll.projection.digest()
        return taken
    finally:
        town.close()


def following(month: str) -> str:
    year, number = int(month[:4]), int(month[5:])
    return f"{year + number // 12:04d}-{number % 12 + 1:02d}"


def test_a_close_racing_32_writers_moves_nothing_that_is_closed(tmp_path: Path) -> None:
    assert race(tmp_path, ROUNDS) > ROUNDS * WRITERS // TAKEN


@pytest.mark.prove
@pytest.mark.timeout(3600)
def test_two_hundred_closes_racing_32_writers_move_nothing_that_is_closed(tmp_path: Path, each_database: str) -> None:
    assert race(tmp_path, MANY_ROUNDS, each_database) > MANY_ROUNDS * WRITERS // TAKEN
