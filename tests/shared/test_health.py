"""A process says how it is, by a code, and nothing more."""

import time
from collections.abc import Callable
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from shared import health as module
from shared.health import Beat, Health, health_routes


def asked(health: Health, path: str) -> tuple[int, dict[str, Any]]:
    """Status and body of a probe."""
    answer = TestClient(Starlette(routes=health_routes(health))).get(path)
    assert answer.headers["cache-control"] == "no-store"
    return answer.status_code, answer.json()


def no() -> bool:
    return False


def raising() -> bool:
    raise OSError("postgresql://ledger:canary@db")


def test_a_process_that_is_well_says_so() -> None:
    health = Health(live={"stalled": lambda: True}, ready={"database-away": lambda: True})
    for probe in ("live", "ready", "started"):
        assert asked(health, f"/health/{probe}") == (200, {"status": "well"})


@pytest.mark.parametrize("check", [no, raising])
def test_what_fails_is_named_by_its_code_and_nothing_else(check: Callable[[], bool]) -> None:
    """P25."""
    failing = {"status": "failing", "reason": "database-away"}
    unready = Health(live={}, ready={"slow-disk": lambda: True, "database-away": check, "other": no})
    assert asked(unready, "/health/ready") == (503, failing)
    assert asked(unready, "/health/started") == (503, failing)
    assert asked(unready, "/health/live") == (200, {"status": "well"})
    assert asked(Health(live={"database-away": check}, ready={}), "/health/live") == (503, failing)


def test_a_process_that_is_leaving_is_not_ready_but_lives() -> None:
    """P21."""
    health = Health(live={}, ready={})
    assert health.ready() == ""
    health.leaving = True
    assert asked(health, "/health/ready") == (503, {"status": "failing", "reason": "leaving"})
    assert asked(health, "/health/live")[0] == 200


def test_what_has_started_once_has_started() -> None:
    states = iter([False, True, False])
    health = Health(live={}, ready={"schema-behind": lambda: next(states)})
    assert [health.started(), health.started(), health.ready(), health.started()] == [
        "schema-behind",
        "",
        "schema-behind",
        "",
    ]


def test_a_check_that_does_not_come_back_has_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SECONDS", 0.05)
    health = Health(live={}, ready={"database-away": lambda: time.sleep(0.5) is None})
    assert asked(health, "/health/ready") == (503, {"status": "failing", "reason": "slow"})


def test_a_loop_that_makes_no_step_for_too_long_has_stalled() -> None:
    now = [0]
    beat = Beat(30, lambda: now[0])
    assert (beat.moves(), beat.begun()) == (True, False)
    now[0] = 31
    assert not beat.moves()
    beat()
    assert (beat.moves(), beat.begun()) == (True, True)
    now[0] = 62
    assert not beat.moves()


def test_metrics_are_shown_as_prometheus_reads_them() -> None:
    answer = TestClient(Starlette(routes=health_routes(Health(live={}, ready={})))).get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert "# TYPE workforce_commands_total counter" in answer.text
