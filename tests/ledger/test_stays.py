"""What a community's stream says of its workers is what their own streams say, in whatever order papers arrive."""

from datetime import date, timedelta

import pytest
from tests.ledger.given import Town
from tests.ledger.papers import COMMUNITIES, FIRST, MOVES, Office, Paper

from ledger.domain.community import Community
from ledger.domain.stays import joined_up, stays_of
from ledger.domain.timeline import fold
from ledger.domain.worker import Worker
from shared.events import Category, Stay

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


class Twin:
    """Where everybody is, by hand: the last own act by the day, followed through the redraws by the day."""

    def __init__(self) -> None:
        self.moves: dict[str, list[tuple[date, int, str, str | None]]] = {}
        self.closed: dict[str, tuple[date, str, str]] = {}

    def take(self, paper: Paper, worker_id: str, command_id: str) -> None:
        if paper.path == "voids":
            gone = paper.fields["command_id"]
            self.moves = {who: [move for move in moves if move[2] != gone] for who, moves in self.moves.items()}
            self.closed = {name: closing for name, closing in self.closed.items() if closing[2] != gone}
        elif paper.path == "redraws":
            for one in paper.fields["closed"]:
                self.closed[one["community_id"]] = (paper.day, one["successor_id"], command_id)
        elif paper.path != "post-changes":
            moves = self.moves.setdefault(worker_id, [])
            moves.append((paper.day, len(moves), command_id, paper.fields.get("community_id")))

    def place(self, worker_id: str, on: date) -> str | None:
        by_then = [move for move in sorted(self.moves[worker_id]) if move[0] <= on]
        place = by_then[-1][3] if by_then else None
        while place in self.closed and self.closed[place][0] <= on:
            place = self.closed[place][1]
        return place


def check_carried(town: Town, twin: Twin) -> None:
    """On every day everybody is where the twin has them."""
    for worker_id in twin.moves:
        worker = Worker(fold(town.store.stream(f"worker/{worker_id}")))
        for number in range(0, 130):
            standing = worker.on(day(number))
            place = standing.community_id if standing is not None and standing.in_service else None
            assert place == twin.place(worker_id, day(number)), (worker_id, day(number))


def live(town: Town, seed: int, acts: int) -> None:
    office, twin = Office(town, seed, (*MOVES, "rehires")), Twin()
    for _ in range(acts):
        paper = office.paper()
        answered = office.take(paper)
        if answered.status_code == 201:
            worker_id = office.workers[-1 if paper.about is None else paper.about] if office.workers else ""
            twin.take(paper, worker_id, office.done[-1])
            check_carried(town, twin)
        check_told(town, office.workers)
    assert len(office.done) > 2
    assert office.refused > 0


@pytest.mark.parametrize("seed", range(LIVES))
def test_communities_and_lives_say_the_same_after_every_paper(town: Town, seed: int) -> None:
    """F57, rules 6, 12 and 13: hires, moves, exits, redraws and voids of any of them on days in no order.

    Everybody is where their last own act leads, followed through the redraws in force after it.
    """
    live(town, seed, ACTS)


@pytest.mark.prove
@pytest.mark.parametrize("seed", range(LIVES, 1000))
def test_they_say_the_same_over_a_thousand_towns(town: Town, seed: int) -> None:
    """F57: the same at length."""
    live(town, seed, 2 * ACTS)
