"""F26: at every stage of a run, each act is done or refused (409) with the acts that are open there."""

from collections.abc import Callable
from typing import Any

import pytest
from tests.ledger.given import Town, command, problem
from tests.ledger.test_run import APPROVER, FIGURES, FINANCE, WHICH

from shared.run_stages import ALLOWED, Stage

pytestmark = pytest.mark.campaign

CITY = "city:chibi"
VOUCHER = {
    "payer": CITY,
    "entries": [
        {"account": "30101", "street_id": "puqi", "debit_fen": 524_000, "credit_fen": 0},
        {"account": "payable", "street_id": "", "debit_fen": 0, "credit_fen": 524_000},
    ],
}
BOOKED = [{"entry": 1, "booked_fen": 524_000}, {"entry": 2, "booked_fen": 524_000}]
RUN = {"jurisdiction": "chibi", "month": "2020-10", "sequence": 2}
LINES = {**WHICH, "sequence": 2}
ACTS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "propose-reopening": ("run-reopenings", FINANCE, {**RUN, "reason": "漏登记", "lapses_on": "2020-12-31"}),
    "confirm-reopening": ("run-reopening-confirmations", APPROVER, RUN),
    "draft": ("run-drafts", FINANCE, {**LINES, **FIGURES, "at_position": 40, "suspense_fen": 0, "blockers": []}),
    "approve": ("run-approvals", APPROVER, LINES),
    "close": ("run-closures", FINANCE, {**LINES, **FIGURES, "at_position": 40}),
    "hand-over": ("run-hand-overs", FINANCE, {**LINES, "at_position": 40, "vouchers": [VOUCHER]}),
    "acknowledge": ("run-acknowledgements", FINANCE, {**RUN, "voucher_id": f"2020/1/{CITY}", "entries": BOOKED}),
}
WAY = (
    (Stage.SHUT, "propose-reopening"),
    (Stage.PROPOSED, "confirm-reopening"),
    (Stage.OPEN, "draft"),
    (Stage.DRAFTED, "approve"),
    (Stage.APPROVED, "close"),
    (Stage.CLOSED, "hand-over"),
    (Stage.HANDED_OVER, "acknowledge"),
    (Stage.ACKNOWLEDGED, ""),
)


@pytest.fixture
def send(town: Town) -> Callable[..., Any]:
    """Send an act on the supplementary run of a closed October, planned or in earnest."""
    town.give("payroll-openings", jurisdiction="chibi", first_month="2020-10")
    first = {"sequence": 1}
    for act in ("draft", "approve", "close"):
        path, who, fields = ACTS[act]
        town.give(path, who=who, **{**fields, **first})

    def sent(act: str, *, plan: bool) -> Any:
        path, who, fields = ACTS[act]
        return town.send(path, command(**fields), who=who, plan=plan)

    return sent


def test_at_every_stage_what_is_not_open_is_refused_with_what_is(send: Callable[..., Any]) -> None:
    assert [stage for stage, _ in WAY] == list(Stage)
    for stage, onward in WAY:
        for act in ACTS:
            answer = send(act, plan=True)
            if act in ALLOWED[stage] and (stage, act) != (Stage.ACKNOWLEDGED, "acknowledge"):
                assert answer.status_code == 200, (stage, act, answer.text)
                continue
            found = problem(answer)
            assert found["status"] == 409, (stage, act)
            if act != "acknowledge" or stage is not Stage.ACKNOWLEDGED:
                assert found["extra"] == {"stage": stage.value, "allowed": list(ALLOWED[stage])}, (stage, act)
        if onward:
            assert send(onward, plan=False).status_code == 201, (stage, onward)
