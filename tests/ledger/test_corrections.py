"""F10: however often the past was corrected, the ledger says what the final facts say when they are told for once."""

import shutil
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.ledger.given import Front, Town, command
from tests.ledger.papers import COMMUNITIES, FIRST, LIFE, Office, Paper

pytestmark = pytest.mark.campaign

TOWNS, LONG = 4, 300
FACTS, NESTED = 25, 3
DAYS = 200
GRADED = ("hires", "conversions", "post-changes", "rehires")
BAND = {"dedicated": 2, "member": 4, "deputy": 6, "head": 8}
"""A grade that is open to each post."""

Fact = tuple[Paper, str]
"""A paper, and the command by which it is on record."""


def whole(paper: Paper) -> Paper:
    """The paper with all that the ledger would work out from what it knows that day: else this would be a fact, too."""
    given: dict[str, Any] = {"grade": BAND[paper.fields["post"]]} if paper.path in GRADED else {}
    if paper.path == "rehires":
        given |= {"keeps_years": False, "education": "college"}
    if paper.fields.get("channel") == "legacy":
        given = {}
    return replace(paper, fields={**paper.fields, **given})


def facts_of(office: Office) -> list[Fact]:
    """Accepted papers, no two for one day: on one day the order of recording would be a fact, too."""
    facts: list[Fact] = []
    for _ in range(20 * FACTS):
        paper = whole(office.paper())
        if len(facts) < FACTS and all(paper.day != other.day for other, _ in facts):
            answer = office.take(paper)
            facts += [(paper, answer.json()["command_id"])] if answer.status_code == 201 else []
    return facts


def corrected(office: Office, fact: Fact) -> list[Fact]:
    """The fact is taken back and told in another way; nothing of it where the rules refuse the other way."""
    paper, command_id = fact
    town = office.town
    void = town.send("voids", command(str(paper.day), command_id=command_id, reason="录入错误"))
    if void.status_code != 201:
        return [fact]
    other = replace(whole(office.paper((paper.path,))), day=paper.day, about=paper.about)
    answer = office.send(other)
    return [(other, answer.json()["command_id"])] if answer.status_code == 201 else []


def nested(office: Office, facts: list[Fact]) -> list[Fact]:
    """One fact after the other is corrected, and the correction corrected, three times over."""
    final: list[Fact] = []
    for fact in office.random.sample(facts, len(facts)):
        kept = [fact]
        if fact[0].path != "hires":
            for _ in range(NESTED):
                kept = [after for before in kept for after in corrected(office, before)]
        final += kept
    return final


def told_for_once(town: Town, facts: list[Fact], hired: dict[str, int]) -> list[str]:
    """The facts in the order of their days, all of which are accepted; the workers as they were numbered before."""
    workers = [""] * len(hired)
    for paper, command_id in sorted(facts, key=lambda fact: fact[0].day):
        about = {} if paper.about is None else {"worker_id": workers[paper.about]}
        answer = town.give(paper.path, str(paper.day), **about, **paper.fields)
        if command_id in hired:
            workers[hired[command_id]] = answer["worker_id"]
    return workers


def said(town: Town, workers: list[str]) -> list[Any]:
    """Everybody and every seat on every tenth day."""
    answers: list[Any] = []
    for number in range(0, DAYS + 10, 10):
        day = str(FIRST + timedelta(days=number))
        for worker_id in workers:
            answer = town.ask(f"workers/{worker_id}", effective_on=day)
            standing = answer.json()["worker"] if answer.status_code == 200 else {}
            answers.append((day, {name: value for name, value in standing.items() if name != "worker_id"}))
        answers += [town.seats(place, kind, day) for place in COMMUNITIES for kind in ("committee", "dedicated")]
    return answers


def agree(make: Callable[[str], Town], seed: int) -> None:
    """What the corrected town says is what a town says that heard the final facts only."""
    with closing(make("corrected")) as town:
        office = Office(town, seed, LIFE, DAYS)
        facts = facts_of(office)
        hires = [command_id for paper, command_id in facts if paper.path == "hires"]
        final = nested(office, facts)
        assert {command_id for _, command_id in final} != {command_id for _, command_id in facts}
        expected = said(town, office.workers)
    with closing(make("fresh")) as town:
        workers = told_for_once(town, final, {command_id: number for number, command_id in enumerate(hires)})
        assert said(town, workers) == expected


@pytest.fixture
def make(founded: Path, front: Front, tmp_path: Path) -> Callable[[str], Town]:
    """A founded town under a name."""

    def founded_town(name: str) -> Town:
        shutil.copytree(founded, tmp_path / name)
        return Town(tmp_path / name, front=front)

    return founded_town


@pytest.mark.parametrize("seed", range(TOWNS))
def test_three_nested_corrections_are_the_final_facts(make: Callable[[str], Town], seed: int) -> None:
    """F10: about 25 facts in each of 4 towns."""
    agree(make, seed)


@pytest.mark.prove
@pytest.mark.parametrize("seed", range(TOWNS, LONG))
def test_three_nested_corrections_are_the_final_facts_at_length(make: Callable[[str], Town], seed: int) -> None:
    """F10: 296 towns more."""
    agree(make, seed)
