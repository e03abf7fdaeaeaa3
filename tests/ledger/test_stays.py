"""What a community's stream says of its workers is what their own streams say, in whatever order papers arrive."""

from datetime import date, timedelta

import pytest
from tests.ledger.given import Town
from tests.ledger.papers import COMMUNITIES, FIRST, MOVES, Office

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


def live(town: Town, seed: int, acts: int) -> None:
    office = Office(town, seed, MOVES)
    for _ in range(acts):
        office.take(office.paper())
        check_told(town, office.workers)
    assert len(office.done) > 2
    assert office.refused > 0


@pytest.mark.parametrize("seed", range(LIVES))
def test_communities_and_lives_say_the_same_after_every_paper(town: Town, seed: int) -> None:
    """F57, rules 6, 12 and 13: hires, moves, exits, redraws and voids on days in no order."""
    live(town, seed, ACTS)


@pytest.mark.prove
@pytest.mark.parametrize("seed", range(LIVES, 1000))
def test_they_say_the_same_over_a_thousand_towns(town: Town, seed: int) -> None:
    """F57: the same at length."""
    live(town, seed, 2 * ACTS)
