"""Made-up requests against every operation of the three services: whatever is sent, the answer is a described one."""

import itertools
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from starlette.requests import Request
from starlette.routing import Mount
from starlette.testclient import TestClient
from starlette.types import ASGIApp, Message, Receive, Send
from starlette.types import Scope as Connection
from stdnum.cn import ric

from shared.auth import mint, seal, sealing_key
from shared.principals import WHOLE_LOG, Principal, Role, Scope
from shared.settings import Keys, Settings
from workforce.client import basis
from workforce.ledger_over import Injections
from workforce.policy_files import read_policy
from workforce.system import System, compose

pytestmark = pytest.mark.campaign

ROOT = Path(__file__).parent.parent
SERVICES = ("ledger", "payroll", "notifications")
KEYS = Keys(tokens=b"t" * 32, fingerprints=b"f" * 32, personal=b"p" * 32)
NOW = datetime(2020, 11, 2, 1, 0, tzinfo=UTC)
CITY, MONTH = "chibi", "2020-10"
EXAMPLES = 8
LONG_EXAMPLES = 150
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
PREFERRED = (Role.ADMIN, Role.SUPERVISOR, Role.FINANCE, Role.APPROVER, Role.AUDITOR, Role.WORKER, Role.SERVICE)

OPERATIONS = [
    (service, method, path)
    for service in SERVICES
    for path, methods in json.loads((ROOT / "schemas" / "openapi" / f"{service}.json").read_text("utf-8"))[
        "paths"
    ].items()
    for method in methods
]


@dataclass(frozen=True)
class Town:
    """The composed system with one street, one community, one worker and one drafted month."""

    system: System
    known: Mapping[str, Any]
    schemas: Mapping[str, Any]
    roles: Mapping[tuple[str, str, str], Role]


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """Built over HTTP, as anybody would."""
    where = Settings(data=tmp_path_factory.mktemp("town"), database="", environment="development", keys=KEYS)
    ids = (f"id-{number}" for number in itertools.count(1))
    system = compose(where, Injections(clock=lambda: NOW, new_id=lambda: next(ids)))
    known = built(TestClient(system.app))
    apps = {mount.path.split("/")[1]: mount.app for mount in system.app.routes if isinstance(mount, Mount)}
    schemas = {
        service: schemathesis.openapi.from_asgi(f"/{service}/v1/openapi.json", sealed(system.app))
        for service in SERVICES
    }
    roles = {
        (service, route.method.lower(), route.path): next(role for role in PREFERRED if role in route.roles)
        for service, app in apps.items()
        for route in app.state.table
    }
    yield Town(system, known, schemas, roles)
    system.close()


def sealed(app: ASGIApp) -> ASGIApp:
    """The same application behind payroll's seal, without which no made-up run would reach a rule."""
    key = sealing_key(KEYS.tokens)

    async def sealing(scope: Connection, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith("/ledger/v1/run-"):
            await app(scope, receive, send)
            return
        body = await Request(scope, receive).body()
        headers = [(b"payroll-request", b"fuzz"), (b"payroll-seal", seal(key, scope["path"], "fuzz", body).encode())]

        async def again() -> Message:
            return {"type": "http.request", "body": body}

        await app({**scope, "headers": [*scope["headers"], *headers]}, again, send)

    return sealing


def headers_of(role: Role) -> dict[str, str]:
    """A token for the city in that role, of a service for the whole log."""
    scope = WHOLE_LOG if role is Role.SERVICE else Scope("city", CITY)
    token = mint(Principal(f"the {role}", role, scope), KEYS.tokens, now=datetime.now(UTC))
    return {"Authorization": f"Bearer {token}"}


def built(client: TestClient) -> dict[str, Any]:
    """What is there, by the name under which a request asks for it."""
    sent = iter(range(100))

    def send(path: str, body: Mapping[str, Any], day: str = "2020-09-18", role: Role = Role.ADMIN) -> dict[str, Any]:
        command = {**body, "effective_date": day, "basis": basis("赤政发〔2020〕12号", date(2020, 9, 1))}
        headers = headers_of(role) | {"Idempotency-Key": f"town-{next(sent)}", "If-Match": "*"}
        answer = client.post(path, json=command, headers=headers)
        assert answer.status_code == 201, (path, answer.text)
        return dict(answer.json())

    city, street, community = {"city_id": CITY}, {"street_id": "puqi"}, {"community_id": "xinhua"}
    size = {"households": 2000, "population": 6000, "compounds": 17}
    seats = {"category": "dedicated", "seats": 9}
    send("/ledger/v1/cities", city | {"title": "赤壁市", "division_code": "421281"})
    send("/ledger/v1/streets", city | street | {"title": "蒲圻街道", "kind": "street"})
    send("/ledger/v1/communities", city | street | community | {"title": "新华社区", **size})
    send("/ledger/v1/grids", community | {"grid_id": "xinhua-g01", "title": "第1网格", "households": 300})
    send("/ledger/v1/city-quotas", city | seats)
    send("/ledger/v1/community-quotas", community | seats)
    send("/ledger/v1/policies", {"document": read_policy(ROOT / "policies" / "chibi-2020.yaml")})
    send("/ledger/v1/payroll-openings", {"jurisdiction": CITY, "first_month": MONTH})
    number = "42128119930305001"
    person = {"name": "王建国", "identity_number": number + ric.calc_check_digit(number + "0")}
    work = {"channel": "exam", "post": "dedicated", "education": "bachelor", "counted_years": 0}
    hired = send("/ledger/v1/hires", community | work | {"person": person}, "2020-10-01")
    worker = next(stream.partition("/")[2] for stream in hired["streams"] if stream.startswith("worker/"))
    run = send("/payroll/v1/runs", {"jurisdiction": CITY, "month": MONTH}, "2020-11-01", Role.FINANCE)
    return {
        **city,
        **street,
        **community,
        "grid_id": "xinhua-g01",
        "from_community_id": "xinhua",
        "worker_id": worker,
        "jurisdiction": CITY,
        "month": MONTH,
        "sequence": 1,
        "scheme": "ladder",
        "digest": run["digest"],
        "command_id": hired["command_id"],
        "known_position": 3,
        "known_at": NOW.isoformat(),
        "effective_on": "2020-10-15",
        "effective_date": "2020-10-15",
        "identity_number": person["identity_number"],
    }


def with_known(part: Any, known: Mapping[str, Any]) -> Any:
    """The same request with the ids of what is there, wherever it names such a thing."""
    if isinstance(part, dict):
        return {name: known[name] if name in known else with_known(value, known) for name, value in part.items()}
    return [with_known(one, known) for one in part] if isinstance(part, list) else part


def send(case: Case, headers: Mapping[str, str]) -> None:
    """One request; the answer is none of 500 and above, and is what the document says of it."""
    # A command without a key would never reach a rule.
    given_headers = {} if case.method.upper() == "GET" else {"If-Match": "*", "Idempotency-Key": case.id}
    answer = case.call(headers={**given_headers, **headers})
    case.validate_response(answer, checks=CHECKS)


def fuzz(town: Town, service: str, method: str, path: str, examples: int) -> None:
    """Valid and broken requests to one operation: as they come, and again about what is there."""
    operation = town.schemas[service][path][method.upper()]
    headers = headers_of(town.roles[service, method, path])
    for mode in GenerationMode:

        @seed(20200918)
        @settings(
            max_examples=examples,
            deadline=None,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy(generation_mode=mode))
        def run(case: Case) -> None:
            send(case, headers)
            for container in ("path_parameters", "query", "body"):
                setattr(case, container, with_known(getattr(case, container), town.known))
            send(case, headers)

        run()


@pytest.mark.parametrize(("service", "method", "path"), OPERATIONS)
def test_every_answer_is_one_that_is_described(town: Town, service: str, method: str, path: str) -> None:
    fuzz(town, service, method, path, EXAMPLES)


@pytest.mark.prove
@pytest.mark.timeout(1800)
@pytest.mark.parametrize(("service", "method", "path"), OPERATIONS)
def test_every_answer_is_one_that_is_described_at_length(town: Town, service: str, method: str, path: str) -> None:
    fuzz(town, service, method, path, int(os.environ.get("WORKFORCE_FUZZ_EXAMPLES", LONG_EXAMPLES)))
