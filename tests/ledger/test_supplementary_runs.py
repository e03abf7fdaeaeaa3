"""Payroll in front of the real ledger, after the close: what was moved, supplementary runs, engines, readiness."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import httpx
import pytest
from tests.ledger.given import Town, problem
from tests.ledger.test_payroll_asks import APPROVER, FINANCE, Ask, ask

from payroll import engines
from payroll.engine import ENGINE_VERSION
from payroll.known import Known
from payroll.settlement import Settlement, settle

__all__ = ["ask"]

pytestmark = pytest.mark.campaign

OTHER_FINANCE = "finance city:chibi gao"


class Desk:
    """Everything a payroll office does with runs, over HTTP."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask
        self._keys = iter(range(10_000))

    def act(self, path: str, who: str = FINANCE, **fields: Any) -> httpx.Response:
        return self._ask(path, who, f"key-{next(self._keys)}", **fields)

    def draft(self, month: str = "2020-10", sequence: int = 1, who: str = FINANCE) -> dict[str, Any]:
        answer = self.act("runs", who, jurisdiction="chibi", month=month, sequence=sequence)
        assert answer.status_code == 201, answer.text
        return dict(answer.json())

    def close(self, month: str = "2020-10", sequence: int = 1) -> dict[str, Any]:
        draft, run = self.draft(month, sequence), f"runs/chibi/{month}/{sequence}"
        assert self.act(f"{run}/approval", APPROVER, digest=draft["digest"]).status_code == 201
        closed = self.act(f"{run}/closure")
        assert closed.status_code == 201, closed.text
        return dict(closed.json())

    def reopen(self, month: str = "2020-10", sequence: int = 2) -> None:
        run = f"runs/chibi/{month}/{sequence}"
        proposed = self.act(f"{run}/reopening", reason="漏登记", lapses_on="2020-09-30")
        assert (proposed.status_code, proposed.json()["status"]) == (201, "reopening-proposed"), proposed.text
        confirmed = self.act(f"{run}/reopening-confirmation", APPROVER)
        assert (confirmed.json()["status"], confirmed.json()["allowed"]) == ("open", ["draft"])

    def read(self, path: str, who: str = FINANCE, **parameters: Any) -> dict[str, Any]:
        answer = self._ask(path, who, **parameters)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def blockers(self, month: str = "2020-10", sequence: int = 1) -> list[tuple[str, bool]]:
        found = self.read(f"runs/chibi/{month}/{sequence}/readiness")
        assert found["ready"] == (not any(one["blocks"] for one in found["blockers"]))
        return [(one["kind"], one["blocks"]) for one in found["blockers"]]


@pytest.fixture
def desk(ask: Ask) -> Desk:
    return Desk(ask)


def lines_of(desk: Desk, month: str = "2020-10", sequence: int = 1) -> list[dict[str, Any]]:
    return list(desk.read(f"runs/chibi/{month}/{sequence}/lines", limit=1000)["lines"])


def test_a_supplementary_run_pays_the_differences_of_its_month(town: Town, desk: Desk) -> None:
    """F30, F33: what was closed is the same byte for byte, and the supplement pays who was forgotten."""
    desk.close()
    before = lines_of(desk)
    forgotten = town.hire("jinqiao")
    desk.reopen()
    closed = desk.close(sequence=2)
    assert (closed["status"], closed["allowed"], closed["lapses_on"]) == ("closed", ["hand-over"], "2020-09-30")
    assert {(line["worker_id"], line["amount"]) for line in lines_of(desk, sequence=2)} == {(forgotten, "2620.00")}
    assert lines_of(desk) == before
    slip = desk.read(f"workers/{forgotten}/payslips/2020-10")
    assert (slip["status"], slip["totals"]["total"]) == ("closed", "2620.00")
    november = desk.close("2020-11")
    assert november["total"] == "5240.00"


def test_what_moved_since_it_was_shown_voids_the_approval_and_is_shown(town: Town, desk: Desk) -> None:
    """F37: by payer and by worker."""
    draft = desk.draft()
    late = town.hire("jinqiao")
    found = problem(desk.act("runs/chibi/2020-10/1/approval", APPROVER, digest=draft["digest"]))
    assert (found["code"], found["extra"]["difference"]) == ("run-moved", {"lines": 1, "total": "2620.00"})
    assert (found["extra"]["payers"], found["extra"]["workers"]) == ({"city/chibi": "2620.00"}, {late: "2620.00"})


def test_an_act_that_is_not_open_is_refused_with_those_that_are(desk: Desk) -> None:
    """F26: 409, whatever the stage."""
    found = problem(desk.act("runs/chibi/2020-10/1/closure"))
    assert (found["status"], found["code"], found["extra"]["allowed"]) == (409, "run-not-drafted", ["draft"])
    draft = desk.draft()
    assert draft["allowed"] == ["draft", "approve"]
    assert problem(desk.act("runs/chibi/2020-10/1/closure"))["extra"]["allowed"] == ["draft", "approve"]
    desk.close()
    again = problem(desk.act("runs/chibi/2020-10/1/approval", APPROVER, digest=draft["digest"]))
    assert (again["code"], again["extra"]) == ("run-closed", {"stage": "closed", "allowed": ["hand-over"]})


def mended(known: Known, month: str) -> Settlement:
    """An engine that knows of a fault: every base was a hundred yuan a year too low."""
    bases = [replace(base, average_annual_wage_fen=base.average_annual_wage_fen + 10_000) for base in known.bases]
    return settle(replace(known, bases=bases), month)


@pytest.fixture
def second_engine(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    return lambda: monkeypatch.setitem(engines.ENGINES, "2", mended)  # type: ignore[arg-type]


SUPERVISOR = "supervisor city:chibi gu"


def test_todays_engine_is_one_of_those_that_are_here() -> None:
    assert ENGINE_VERSION in engines.ENGINES


def test_a_mended_fault_shows_as_differences_once_its_engine_is_adopted(
    town: Town, desk: Desk, second_engine: Callable[[], None]
) -> None:
    """A run names its engine; an older one stays runnable, and what it paid stays as it is."""
    town.give("bases", "2020-10-01", jurisdiction="chibi", scheme="ladder", average_annual_wage="54580.00")
    first = desk.close()
    before = lines_of(desk)
    assert problem(desk.act("engines", SUPERVISOR, jurisdiction="chibi", engine="2"))["code"] == "unknown-engine"
    second_engine()
    assert desk.draft("2020-11")["total"] == first["total"] == "2620.00"
    adopted = desk.act("engines", SUPERVISOR, jurisdiction="chibi", engine="2").json()
    assert (adopted["engine"], adopted["engines"]) == ("2", ["1", "2"])
    again = problem(desk.act("engines", SUPERVISOR, jurisdiction="chibi", engine="2"))
    assert again["code"] == "already-there"
    draft = desk.draft("2020-11")
    assert (draft["engine"], draft["total"]) == ("2", "2630.00")
    desk.close("2020-11")
    assert [(line["service_month"], line["amount"]) for line in lines_of(desk, "2020-11")] == [
        ("2020-10", "5.00"),
        ("2020-11", "2625.00"),
    ]
    assert lines_of(desk) == before
    assert desk.read("runs/chibi/2020-10/1")["run"]["engine"] == "1"


def test_a_draft_of_one_engine_is_not_approved_after_another_was_adopted(
    desk: Desk, second_engine: Callable[[], None]
) -> None:
    draft = desk.draft()
    second_engine()
    desk.act("engines", SUPERVISOR, jurisdiction="chibi", engine="2")
    found = problem(desk.act("runs/chibi/2020-10/1/approval", APPROVER, digest=draft["digest"]))
    assert found["code"] == "run-moved"


def test_readiness_names_what_is_in_the_way_step_by_step(town: Town, desk: Desk) -> None:
    """F28."""
    assert desk.blockers() == [("run-not-drafted", True)]
    draft = desk.draft()
    assert desk.blockers() == [("unapproved-act", True)]
    town.hire("jinqiao")
    assert desk.blockers() == [("run-moved", True), ("unapproved-act", True)]
    draft = desk.draft()
    desk.act("runs/chibi/2020-10/1/approval", APPROVER, digest=draft["digest"])
    assert desk.blockers() == []
    town.hire("jinqiao")
    assert desk.blockers() == [("run-moved", False)]
    assert desk.blockers("2020-11")[0] == ("months-in-order", True)
    desk.close()
    assert desk.blockers("2020-11") == [("run-not-drafted", True), ("not-handed-over", False)]


def test_readiness_says_who_has_to_agree_to_a_reopening(desk: Desk) -> None:
    """F28, F31: one person alone keeps nobody from closing; a month that is reopened does."""
    desk.close()
    assert desk.blockers(sequence=2)[0] == ("unapproved-act", True)
    desk.act("runs/chibi/2020-10/2/reopening", reason="漏登记", lapses_on="2020-09-30")
    assert ("unapproved-act", False) in desk.blockers("2020-11")
    desk.act("runs/chibi/2020-10/2/reopening-confirmation", APPROVER)
    assert desk.blockers("2020-11")[0] == ("months-in-order", True)
    town_closed = desk.close(sequence=2)
    assert town_closed["lines"] == 0
    assert ("months-in-order", True) not in desk.blockers("2020-11")


def test_readiness_lists_whose_grade_is_not_the_due_one(town: Town, desk: Desk) -> None:
    """What is recorded is paid: a drift is worth knowing, and does not keep a month open."""
    worker = town.hire("jinqiao")
    town.give("regrades", worker_id=worker, grade=3, reason="step")
    found = desk.read("runs/chibi/2020-10/1/readiness")["blockers"]
    drift = [one for one in found if one["kind"] == "drift"]
    assert [(one["about"]["worker_id"], one["blocks"]) for one in drift] == [(worker, False)]
