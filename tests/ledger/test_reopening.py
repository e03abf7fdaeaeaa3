"""A closed month is reopened by two people, for a reason, until a day; what is closed stays as it is."""

from datetime import date, timedelta
from typing import Any

import pytest
from tests.ledger.given import Town, command, problem
from tests.ledger.test_run import APPROVER, FIGURES, FINANCE, WHICH, approve, close, closed_month, draft

pytestmark = pytest.mark.campaign

SECOND = {"jurisdiction": "chibi", "month": "2020-10", "sequence": 2}
REASON = {"reason": "漏登记一人的等级", "lapses_on": "2020-09-30"}
DRAFT = {**WHICH, **FIGURES, "suspense_fen": 0, "blockers": [], "sequence": 2}


@pytest.fixture
def closed(town: Town) -> Town:
    """October is closed; today is 20 September 2020 by the town's clock."""
    return with_october_closed(town)


def with_october_closed(town: Town) -> Town:
    town.give("payroll-openings", jurisdiction="chibi", first_month="2020-10")
    closed_month(town)
    return town


def propose(town: Town, **fields: Any) -> dict[str, Any]:
    return town.give("run-reopenings", **{"who": FINANCE, **SECOND, **REASON, **fields})


def confirm(town: Town, **fields: Any) -> dict[str, Any]:
    return town.give("run-reopening-confirmations", **{"who": APPROVER, **SECOND, **fields})


def reopen(town: Town) -> None:
    propose(town)
    confirm(town)


def supplement(town: Town, at_position: int) -> dict[str, Any]:
    draft(town, sequence=2, at_position=at_position)
    approve(town, sequence=2)
    return close(town, sequence=2, at_position=at_position)


def test_a_reopened_month_has_a_second_run_beside_the_first(closed: Town) -> None:
    """F30, F33: the closed run is not touched; the supplementary one goes the whole way by itself."""
    before = closed.store.stream("run/chibi/2020-10/1")
    reopen(closed)
    supplement(closed, closed.store.head())
    types = [recorded.type for recorded in closed.store.stream("run/chibi/2020-10/2")]
    assert types == [
        "run.reopening-proposed.v1",
        "run.reopened.v1",
        "run.drafted.v1",
        "run.approved.v1",
        "run.closed.v1",
    ]
    assert closed.store.stream("run/chibi/2020-10/1") == before


def test_one_person_alone_reopens_nothing(closed: Town) -> None:
    """F30: 403 for whoever proposed it, under whichever role."""
    propose(closed, who="approver city:chibi pan")
    found = closed.refuse("self-approval", "run-reopening-confirmations", who="approver city:chibi pan", **SECOND)
    assert found["status"] == 403
    refused = closed.refuse("not-reopened", "run-drafts", who=FINANCE, **DRAFT)
    assert refused["extra"] == {
        "stage": "reopening-proposed",
        "allowed": ["propose-reopening", "confirm-reopening"],
    }


def test_without_a_reason_nothing_is_reopened(closed: Town) -> None:
    found = closed.refuse("invalid-body", "run-reopenings", who=FINANCE, **SECOND, **REASON | {"reason": ""})
    assert found["pointer"] == "/reason"


def test_what_nobody_proposed_is_neither_confirmed_nor_drafted(closed: Town) -> None:
    closed.refuse("not-reopened", "run-reopening-confirmations", who=APPROVER, **SECOND)
    closed.refuse("not-reopened", "run-drafts", who=FINANCE, **DRAFT)


def test_a_month_that_is_not_closed_is_not_reopened(town: Town) -> None:
    """F31."""
    town.give("payroll-openings", jurisdiction="chibi", first_month="2020-10")
    town.refuse("run-not-closed", "run-reopenings", who=FINANCE, **SECOND, **REASON)
    closed_month(town)
    town.refuse("run-not-closed", "run-reopenings", who=FINANCE, **{**SECOND, "sequence": 1}, **REASON)
    town.refuse("run-not-closed", "run-reopenings", who=FINANCE, **{**SECOND, "sequence": 3}, **REASON)


def test_only_the_last_closed_month_is_reopened(closed: Town) -> None:
    """F31: months are reopened in order, too; before that a late act is a difference of the open month."""
    propose(closed)
    closed_month(closed, "2020-11", closed.store.head())
    closed.refuse("months-in-order", "run-reopening-confirmations", who=APPROVER, **SECOND)
    closed.refuse("months-in-order", "run-reopenings", who=FINANCE, **SECOND, **REASON)


def test_the_next_month_waits_for_the_supplementary_run(closed: Town) -> None:
    """F31: closing a month while the one before is reopened is refused; what the supplement paid must be known."""
    reopen(closed)
    november = {"month": "2020-11", "at_position": closed.store.head()}
    draft(closed, **november)
    approve(closed, month="2020-11")
    closed.refuse("months-in-order", "run-closures", who=FINANCE, **{**WHICH, **FIGURES, **november})
    supplement(closed, closed.store.head())
    closed.refuse("run-moved", "run-closures", who=FINANCE, **{**WHICH, **FIGURES, **november})
    closed_month(closed, "2020-11", closed.store.head())


def test_a_reopening_lapses_at_the_end_of_its_last_day(closed: Town) -> None:
    """F30: by the time at which the next event would be recorded; reopened again, the run begins anew."""
    reopen(closed)
    draft(closed, sequence=2)
    closed.clock.pass_(days=(date(2020, 9, 30) - date(2020, 9, 20)).days)
    approve(closed, sequence=2)
    closed.clock.pass_(days=1)
    found = closed.refuse("not-reopened", "run-closures", who=FINANCE, **{**WHICH, **FIGURES, "sequence": 2})
    assert found["extra"]["stage"] == "shut"
    closed.refuse("reopening-lapsed", "run-reopenings", who=FINANCE, **SECOND, **REASON)
    propose(closed, lapses_on="2020-10-31")
    confirm(closed)
    closed.refuse("run-not-drafted", "run-approvals", who=APPROVER, **{**WHICH, "sequence": 2})
    supplement(closed, closed.store.head())


def test_a_lapsed_reopening_is_in_nobodys_way(closed: Town) -> None:
    reopen(closed)
    closed.clock.pass_(days=30)
    closed_month(closed, "2020-11", closed.store.head())


def test_what_is_decided_on_the_last_day_and_recorded_after_it_is_refused(each_town: Town) -> None:
    """F30: midnight passes between the decision and the append."""
    closed = with_october_closed(each_town)
    reopen(closed)
    last, executing = closed.clock.now.replace(month=9, day=30, hour=15, minute=59), closed.front.executing
    executing.clock = lambda: last
    closed.clock.now = last + timedelta(minutes=2)
    found = problem(closed.send("run-drafts", command(**DRAFT), who=FINANCE))
    executing.clock = closed.clock
    assert found["code"] == "reopening-lapsed"


def test_a_third_run_supplements_the_second(closed: Town) -> None:
    reopen(closed)
    supplement(closed, closed.store.head())
    third = {**SECOND, "sequence": 3}
    propose(closed, **third)
    confirm(closed, **third)
    position = closed.store.head()
    draft(closed, sequence=3, at_position=position)
    approve(closed, sequence=3)
    close(closed, sequence=3, at_position=position)
