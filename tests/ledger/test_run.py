"""Payroll runs: drafted freely, approved by another person, closed once, in order."""

from typing import Any

import pytest
from tests.ledger.given import KEYS, Town, command, problem, seals

from shared.auth import seal

pytestmark = pytest.mark.campaign

DIGEST, OTHER = "a" * 64, "b" * 64
FINANCE, APPROVER = "finance city:chibi fang", "approver city:chibi pan"
WHICH = {"jurisdiction": "chibi", "month": "2020-10", "sequence": 1, "digest": DIGEST}
FIGURES = {"at_position": 7, "engine": "1", "lines": 2, "total_fen": 524_000, "payers": {"city:chibi": 524_000}}


@pytest.fixture
def payroll(town: Town) -> Town:
    town.give("payroll-openings", jurisdiction="chibi", first_month="2020-10")
    return town


def draft(town: Town, **fields: Any) -> dict[str, Any]:
    return town.give("run-drafts", who=FINANCE, **{**WHICH, **FIGURES, "suspense_fen": 0, "blockers": [], **fields})


def approve(town: Town, **fields: Any) -> dict[str, Any]:
    return town.give("run-approvals", **{**WHICH, "who": APPROVER, **fields})


def close(town: Town, **fields: Any) -> dict[str, Any]:
    return town.give("run-closures", who=FINANCE, **{**WHICH, **FIGURES, **fields})


def refuse_close(town: Town, code: str, **fields: Any) -> dict[str, Any]:
    return town.refuse(code, "run-closures", who=FINANCE, **{**WHICH, **FIGURES, **fields})


def closed_month(town: Town, month: str = "2020-10", at_position: int = 7) -> int:
    draft(town, month=month, at_position=at_position)
    approve(town, month=month)
    return int(close(town, month=month, at_position=at_position)["position"])


def test_a_run_is_drafted_approved_and_closed(payroll: Town) -> None:
    closed_month(payroll)
    types = [event["type"] for event in payroll.read("events", limit=500)["events"]]
    assert types[-3:] == ["run.drafted.v1", "run.approved.v1", "run.closed.v1"]


def test_nothing_is_drafted_before_payroll_is_opened(town: Town) -> None:
    fields = {**WHICH, **FIGURES, "suspense_fen": 0, "blockers": []}
    town.refuse("payroll-not-open", "run-drafts", who=FINANCE, **fields)


def test_nothing_is_drafted_before_the_first_month(payroll: Town) -> None:
    fields = {**WHICH, **FIGURES, "month": "2020-09", "suspense_fen": 0, "blockers": []}
    payroll.refuse("months-in-order", "run-drafts", who=FINANCE, **fields)


def test_what_is_not_drafted_is_neither_approved_nor_closed(payroll: Town) -> None:
    payroll.refuse("run-not-drafted", "run-approvals", who=APPROVER, **WHICH)
    refuse_close(payroll, "run-not-drafted")


def test_what_is_not_approved_is_not_closed(payroll: Town) -> None:
    draft(payroll)
    refuse_close(payroll, "run-not-approved")


def test_nobody_approves_their_own_draft(payroll: Town) -> None:
    draft(payroll)
    payroll.refuse("self-approval", "run-approvals", who="approver city:chibi fang", **WHICH)


def test_whoever_drafted_once_does_not_approve_the_next_draft_either(payroll: Town) -> None:
    draft(payroll)
    payroll.give("run-drafts", who="finance city:chibi other", **WHICH, **FIGURES, suspense_fen=0, blockers=[])
    payroll.refuse("self-approval", "run-approvals", who="approver city:chibi fang", **WHICH)
    approve(payroll)


def test_a_draft_is_approved_once(payroll: Town) -> None:
    draft(payroll)
    approve(payroll)
    payroll.refuse("already-there", "run-approvals", who=APPROVER, **WHICH)


def test_an_approval_holds_for_the_digest_that_was_shown(payroll: Town) -> None:
    draft(payroll)
    found = payroll.refuse("run-moved", "run-approvals", who=APPROVER, **WHICH | {"digest": OTHER})
    assert found["extra"]["drafted_digest"] == DIGEST


def test_a_new_draft_takes_the_approval_back(payroll: Town) -> None:
    draft(payroll)
    approve(payroll)
    draft(payroll, digest=OTHER)
    refuse_close(payroll, "run-not-approved", digest=OTHER)


@pytest.mark.parametrize(
    "other",
    [
        {"digest": OTHER},
        {"at_position": 8},
        {"engine": "2"},
        {"lines": 3},
        {"total_fen": 1},
        {"payers": {"city:chibi": 1}},
    ],
)
def test_only_what_was_approved_is_closed(payroll: Town, other: dict[str, Any]) -> None:
    """The close repeats every figure of the approved draft; another one is another draft."""
    draft(payroll)
    approve(payroll)
    refuse_close(payroll, "run-moved", **other)


@pytest.mark.parametrize("wrong", [{"blockers": ["xinhua: no payer for 1,440.90"]}, {"suspense_fen": 144_090}])
def test_what_has_no_payer_keeps_the_month_open(payroll: Town, wrong: dict[str, Any]) -> None:
    draft(payroll, **wrong)
    approve(payroll)
    refuse_close(payroll, "run-blocked")


def test_a_closed_run_never_changes(payroll: Town) -> None:
    """P12: it is neither closed, approved nor drafted again."""
    closed_month(payroll)
    refuse_close(payroll, "run-closed")
    payroll.refuse("run-closed", "run-approvals", who=APPROVER, **WHICH)
    fields = {**WHICH, **FIGURES, "suspense_fen": 0, "blockers": []}
    payroll.refuse("run-closed", "run-drafts", who=FINANCE, **fields)


def test_months_close_in_order(payroll: Town) -> None:
    draft(payroll, month="2020-11")
    approve(payroll, month="2020-11")
    refuse_close(payroll, "months-in-order", month="2020-11")


def test_a_month_is_drafted_after_the_one_before_was_closed(payroll: Town) -> None:
    draft(payroll, month="2020-11")
    approve(payroll, month="2020-11")
    closed_month(payroll)
    refuse_close(payroll, "run-moved", month="2020-11")
    closed_month(payroll, "2020-11")


def test_december_comes_before_january(payroll: Town) -> None:
    position = 7
    for month in ("2020-10", "2020-11", "2020-12", "2021-01"):
        position = closed_month(payroll, month, position)


@pytest.mark.parametrize(
    "wrong",
    [
        {"at_position": 2**70},
        {"lines": -1},
        {"total_fen": 10**30},
        {"payers": {"city:chibi": 10**30}},
        {"engine": "1\x00"},
        {"blockers": ["x\x00"]},
        {"blockers": ["长" * 1001]},
        {"digest": DIGEST + "\n"},
        {"sequence": 0},
    ],
)
def test_figures_no_database_can_hold_are_refused(payroll: Town, wrong: dict[str, Any]) -> None:
    fields = {**WHICH, **FIGURES, "suspense_fen": 0, "blockers": [], **wrong}
    found = payroll.refuse("invalid-body", "run-drafts", who=FINANCE, **fields)
    assert found["pointer"].startswith("/" + next(iter(wrong)))


@pytest.mark.parametrize(
    "headers",
    [
        {"Payroll-Seal": ""},
        {"Payroll-Seal": "0" * 64},
        {"Payroll-Seal": "印"},
        seals("run-approvals", b"{}"),
        {"Payroll-Seal": seal(KEYS.tokens, "/ledger/v1/run-drafts", "", b"{}"), "Payroll-Request": ""},
    ],
    ids=["none", "made up", "no hex", "of another request", "under another key"],
)
@pytest.mark.parametrize("path", ["run-drafts", "run-approvals", "run-closures"])
def test_figures_that_payroll_did_not_seal_are_refused(payroll: Town, path: str, headers: dict[str, str]) -> None:
    """Whoever holds the office: a run with invented figures would stop the payroll of every city for good."""
    head = payroll.store.head()
    fields = command(**WHICH, **FIGURES, suspense_fen=0, blockers=[])
    given = {name: value.encode() for name, value in headers.items()}
    found = problem(payroll.send(path, fields, who=APPROVER if path == "run-approvals" else FINANCE, headers=given))
    assert (found["status"], found["code"]) == (403, "forbidden")
    assert "POST /payroll/v1/runs" in found["remedy"]
    assert payroll.store.head() == head


def test_a_run_is_not_voided(payroll: Town) -> None:
    drafted = draft(payroll)
    payroll.refuse("not-voidable", "voids", command_id=drafted["command_id"], reason="录入错误")
