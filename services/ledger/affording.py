"""Whether those who would pay for a decision still can: acts that the policy refuses while a year is exceeded (F21)."""

from collections.abc import Iterator
from datetime import date

from ledger.desk import Decision, Desk
from ledger.domain.bearing import bearers
from ledger.domain.budgets import Budgets
from ledger.domain.community import Community
from ledger.domain.standing import Standing, evolve
from ledger.domain.timeline import Act
from ledger.domain.worker import Worker
from ledger.event_store import Change
from shared.events import (
    CommunityRegistered,
    Event,
    SecondPostTaken,
    WorkerCarried,
    WorkerConverted,
    WorkerHired,
    WorkerRehired,
)
from shared.policy_document import CostlyAct
from shared.refusal import Refused

_COSTLY: dict[type[Event], CostlyAct] = {
    WorkerHired: CostlyAct.HIRE,
    WorkerRehired: CostlyAct.REHIRE,
    WorkerConverted: CostlyAct.CONVERSION,
    SecondPostTaken: CostlyAct.SECOND_POST,
}


def check_budgets(desk: Desk, decision: Decision, day: date) -> None:
    """Refused `budget-exceeded`: the policy refuses the act while a year from its day on comes to more than there is.

    The year is that of a payer who would bear it, in the community of the act and in those it is carried on to.
    """
    for change in decision.changes:
        for event, since in change.dated(day) if change.stream.startswith("worker/") else ():
            act = _COSTLY.get(type(event))
            if act is not None:
                _check(desk, change, event, since, act)


def _check(desk: Desk, change: Change, event: Event, since: date, act: CostlyAct) -> None:
    before = None if isinstance(event, WorkerHired) else desk.open(Worker, change.stream).state.on(since)
    standing = evolve(before, Act(since, 0, "", event))
    assert standing is not None
    policies = desk.policies(standing.city_id).state
    exceeded = [one for one in Budgets(policies).exceeded if one.year >= since.year]
    document = policies.for_scheme(standing.scheme, since) if exceeded else None
    if document is None or act not in document.overspending.refuses:
        return
    bear: set[str] = set()
    for place in _places(desk, change, standing):
        bear.update(bearers(document, act, standing, place, since))
    stopping = sorted((one.payer, one.year) for one in exceeded if one.payer in bear)
    if stopping:
        raise _refused(act, document.policy_id, stopping)


def _places(desk: Desk, change: Change, standing: Standing) -> Iterator[CommunityRegistered]:
    carried = [event.community_id for event in change.events if isinstance(event, WorkerCarried)]
    for community_id in (standing.community_id, *carried):
        place = desk.open(Community, f"community/{community_id}").state.founded
        if place is not None:
            yield place


def _refused(act: CostlyAct, policy_id: str, stopping: list[tuple[str, int]]) -> Refused:
    payer, year = stopping[0]
    return Refused(
        "budget-exceeded",
        f"{payer} has less for {year} than the year comes to, and {policy_id} refuses a {act} that it would pay",
        pointer="/effective_date",
        remedy=f"set a higher budget of {payer} for {year}, or draft the month again once the year comes to less",
        extra={"exceeded": [{"payer": payer, "year": year} for payer, year in stopping]},
    )
