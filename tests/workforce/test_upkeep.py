"""The commands for an operator of projections: what is parked, its release, the rebuild, the nightly comparison."""

import json
from base64 import b64encode
from collections.abc import Mapping
from typing import Any

import psycopg
import pytest
from click.testing import Result
from tests.ledger.given import KEYS
from tests.shared.versions import not_knowing
from tests.workforce.conftest import Run, Served, one_object

from shared import database
from shared.telemetry import PARKED_EVENTS, PROJECTION_DRIFT
from workforce.needs import Reader
from workforce.projections import KINDS, measure

pytestmark = [pytest.mark.campaign, pytest.mark.postgres]

POISON = "community.registered.v1"
FORGED = {"payroll": "payroll_places SET street_id = 'x'", "notifications": "notice_located SET street_id = 'x'"}


@pytest.fixture
def settings(served: Served, postgres_address: str) -> dict[str, str]:
    """The environment of such a command."""
    keys = {name: b64encode(getattr(KEYS, name)).decode() for name in KEYS.__dataclass_fields__}
    return {
        "WORKFORCE_ENVIRONMENT": "production",
        "WORKFORCE_DATABASE": postgres_address,
        "WORKFORCE_KEYS": json.dumps(keys),
        "WORKFORCE_LEDGER_URL": served.url,
    }


@pytest.fixture
def said(run: Run, settings: Mapping[str, str]) -> Any:
    """The command's answer as an object."""

    def said(*arguments: str, exit_code: int = 0) -> dict[str, Any]:
        result: Result = run(*arguments, "--json", env=settings)
        assert result.exit_code == exit_code, result.output
        return one_object(result)

    return said


@pytest.mark.parametrize("service", FORGED)
def test_the_nightly_comparison_exits_1_on_drift_until_a_rebuild_and_an_equal_one(
    service: str, said: Any, served: Served, postgres_address: str
) -> None:
    """F77."""
    assert said("rebuild", service) == {"service": service, "position": served.head()}
    assert said("shadow", service)["equal"] is True
    with psycopg.connect(postgres_address) as connection:
        assert connection.execute(f"UPDATE {FORGED[service]}").rowcount > 0
    found = said("shadow", service, exit_code=1)
    assert (found["position"], found["equal"]) == (served.head(), False)
    assert found["live_digest"] != found["rebuilt_digest"]
    assert metrics(service, postgres_address) == (0, 1)
    said("rebuild", service)
    assert said("shadow", service)["live_digest"] == found["rebuilt_digest"]
    assert metrics(service, postgres_address) == (0, 0)


@pytest.mark.parametrize("service", FORGED)
def test_what_is_parked_is_named_with_its_reason_and_released_once_that_is_mended(
    service: str, said: Any, run: Run, settings: Mapping[str, str]
) -> None:
    """P16."""
    with not_knowing(POISON):
        said("rebuild", service)
        parked = said("parked", service)["parked"]
        first = parked[0]
        assert first["reason"] == f"LookupError: no event is stored under the name '{POISON}'"
        assert first.keys() == {"position", "stream", "version", "type", "reason"}
        assert first["stream"] in run("parked", service, env=settings).stdout
        assert metrics(service, settings["WORKFORCE_DATABASE"]) == (len(parked), 0)
        still = said("release", service, first["stream"], exit_code=1)
        assert (still["released"], still["stuck"]["position"]) == (0, first["position"])
    for stream in dict.fromkeys(one["stream"] for one in parked):
        count = sum(one["stream"] == stream for one in parked)
        assert said("release", service, stream) == {"stream": stream, "released": count, "stuck": None}
    assert said("parked", service) == {"parked": []}
    assert said("shadow", service)["equal"] is True
    assert said("release", service, first["stream"], exit_code=1)["code"] == "not-found"


@pytest.mark.parametrize("command", ["rebuild", "shadow"])
def test_a_rebuild_beside_another_is_refused(command: str, said: Any, postgres_address: str) -> None:
    with psycopg.connect(postgres_address) as connection:
        connection.execute("SELECT pg_advisory_lock(hashtext('rebuild payroll'))")
        assert said(command, "payroll", exit_code=1)["code"] == "busy"
    said(command, "payroll")


def test_a_command_without_its_database_or_its_ledger_says_so(run: Run, settings: dict[str, str]) -> None:
    assert "WORKFORCE_LEDGER_URL" in run("rebuild", "payroll", env={**settings, "WORKFORCE_LEDGER_URL": ""}).stderr
    nobody = {**settings, "WORKFORCE_DATABASE": "postgresql://somebody:secret@127.0.0.1:1/payroll"}
    refused = run("parked", "payroll", env=nobody)
    assert refused.exit_code == 1
    assert "WORKFORCE_DATABASE: the database does not answer" in refused.stderr
    assert "secret" not in refused.stderr


def metrics(service: str, address: str) -> tuple[float, float]:
    """Parked events and drift, as measured from the database."""
    engine = database.engine(address, service)
    reader = Reader(service)
    measure(reader, KINDS[reader].opened(engine))
    engine.dispose()
    return PARKED_EVENTS.labels(service)._value.get(), PROJECTION_DRIFT.labels(service)._value.get()
