"""What a community's stream says of its workers is what their own streams say, in whatever order papers arrive."""

from datetime import date, timedelta
from random import Random
from typing import Any

import pytest
from tests.ledger.given import Town, command

from ledger.domain.community import Community
from ledger.domain.stays import joined_up, stays_of
from ledger.domain.timeline import fold
from ledger.domain.worker import Worker
from shared.events import Category, Stay

COMMUNITIES = ("xinhua", "jinqiao", "huangjia")
KINDS = ("hires", "transfers", "transfers", "post-changes", "separations", "voids", "redraws")
FIRST = date(2020, 10, 1)
LIVES = 6
ACTS = 30


def day(number: int) -> date:
    return FIRST + timedelta(days=number)


def test_a_stay_without_a_gap_is_one_and_one_of_no_days_is_none() -> None:
    kind = Category.DEDICATED
    told = [
        Stay(since=day(0), until=day(5), seat=kind),
        Stay(since=day(5), until=day(5), seat=None),
        Stay(since=day(5), until=day(9), seat=kind),
        Stay(since=day(9), seat=None),
    ]
    assert joined_up(told) == (Stay(since=day(0), until=day(9), seat=kind), Stay(since=day(9), seat=None))


class Papers:
    """Acts of random kinds and days, and now and then one that takes an earlier one back."""

    def __init__(self, town: Town, seed: int) -> None:
        self.town = town
        self.random = Random(seed)
        self.done: list[str] = []
        self.workers: list[str] = []
        self.refused = 0

    def arrive(self) -> None:
        path, fields = self._act()
        sent = self.town.send(path, command(str(day(self.random.randrange(120))), **fields))
        assert sent.status_code in (201, 409), sent.text
        if sent.status_code == 409:
            self.refused += 1
            return
        answer = sent.json()
        self.done.append(answer["command_id"])
        if answer.get("worker_id"):
            self.workers.append(answer["worker_id"])

    def _act(self) -> tuple[str, dict[str, Any]]:
        kind = self.random.choice(
            ("hires", "transfers", "transfers", "post-changes", "separations", "voids", "redraws")
        )
        somewhere = self.random.choice(COMMUNITIES)
        if kind == "hires" or not self.workers:
            return "hires", self.town.hiring(somewhere)
        if kind == "voids":
            return kind, {"command_id": self.random.choice(self.done), "reason": "录入错误"}
        if kind == "redraws":
            closed = {"community_id": somewhere, "successor_id": self.random.choice(COMMUNITIES)}
            return kind, {"city_id": "chibi", "opened": [], "closed": [closed]}
        fields = {
            "transfers": {"community_id": somewhere},
            "post-changes": {"post": self.random.choice(("dedicated", "member"))},
            "separations": {"reason": "resigned"},
        }
        return kind, {"worker_id": self.random.choice(self.workers), **fields[kind]}


def check_told(town: Town, workers: list[str]) -> None:
    """Every community says the stays that the workers' lives say, and never more of them than seats."""
    communities = {name: Community(fold(town.store.stream(f"community/{name}"))) for name in COMMUNITIES}
    for worker_id in workers:
        lived = stays_of(Worker(fold(town.store.stream(f"worker/{worker_id}"))))
        told = {name: stays for name, state in communities.items() if (stays := state.stays_of(worker_id))}
        assert told == lived
    for state in communities.values():
        assert list(state.unmatched()) == []
        assert state.stranded is None
        assert [state.overfull(category) for category in Category] == [None, None]


def live(town: Town, seed: int, acts: int) -> None:
    papers = Papers(town, seed)
    for _ in range(acts):
        papers.arrive()
        check_told(town, papers.workers)
    assert len(papers.done) > 5
    assert papers.refused > 0


@pytest.mark.parametrize("seed", range(LIVES))
def test_communities_and_lives_say_the_same_after_every_paper(town: Town, seed: int) -> None:
    """F57, rules 6, 12 and 13: hires, moves, exits, redraws and voids on days in no order."""
    live(town, seed, ACTS)


@pytest.mark.prove
@pytest.mark.parametrize("seed", range(LIVES, 1000))
def test_they_say_the_same_over_a_thousand_towns(town: Town, seed: int) -> None:
    """F57: the same at length."""
    live(town, seed, 2 * ACTS)
