"""F61: what a plan says is what happens, for every paper that an office can be sent."""

from typing import Any

import httpx
import pytest
from tests.ledger.given import Town, problem
from tests.ledger.papers import LIFE, PLACES, Office

pytestmark = pytest.mark.campaign

TOWNS, LONG = 12, 400
PAPERS = 60
OWN = ("worker_id", "personal")
"""What is made anew each time: ids, and what is sealed under a key of its own."""


def planned(answer: httpx.Response) -> list[Any]:
    """The events of a plan in the order in which they would be written."""
    return [
        (_stream(event["stream"]), event["type"], event["effective_date"], _said(event["data"]))
        for event in answer.json()["events"]
    ]


def written(town: Town, answer: httpx.Response) -> list[Any]:
    """The events of a command as the log has them."""
    found = town.read(f"commands/{answer.json()['command_id']}")["events"]
    return [(_stream(event["stream"]), event["type"], event["effective_date"], _said(event["data"])) for event in found]


def _said(data: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in data.items() if name not in OWN}


def _stream(stream: str) -> str:
    return stream.partition("/")[0] if stream.startswith("worker/") else stream


def agree(town: Town, seed: int) -> None:
    """Every paper is planned first; the verdict is the same, to the last event and the last word of a refusal."""
    office = Office(town, seed, (*LIFE, *PLACES, "voids", "voids"))
    for _ in range(PAPERS):
        paper = office.paper()
        head = town.store.head()
        plan = office.send(paper, plan=True)
        assert town.store.head() == head
        real = office.take(paper)
        if real.status_code == 201:
            assert plan.status_code == 200, plan.text
            assert planned(plan) == written(town, real)
        else:
            assert problem(plan) == problem(real)
    assert office.done
    assert office.refused


@pytest.mark.parametrize("seed", range(TOWNS))
def test_a_plan_and_the_act_itself_have_one_verdict(town: Town, seed: int) -> None:
    """F61: 60 papers each on 12 towns."""
    agree(town, seed)


@pytest.mark.prove
@pytest.mark.parametrize("seed", range(TOWNS, LONG))
def test_a_plan_and_the_act_itself_have_one_verdict_at_length(town: Town, seed: int) -> None:
    """F61: the same on 388 towns more."""
    agree(town, seed)
