"""Given–when–then for the ledger: states from events for the pure rules, and a town of real streams behind HTTP."""

import itertools
import json
import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeVar

import httpx
import pytest
import sqlalchemy
import uuid_utils
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.testclient import TestClient
from stdnum.cn import ric

import ledger.api
from ledger.directory import Directory
from ledger.domain.timeline import fold
from ledger.event_store import open_store
from ledger.execution import Ledger
from ledger.personal import PersonalStore
from ledger.queries import Queries
from shared.auth import mint, seal, sealing_key
from shared.database import engine
from shared.envelope import Basis, Recorded
from shared.events import Event
from shared.principals import Principal, Role, parse_scope
from shared.refusal import Refused
from shared.settings import Keys, Settings
from workforce.policy_files import read_policy

State = TypeVar("State")
PAPER = {"document": "赤政发〔2020〕12号", "date": "2020-09-18", "clause": "第三条"}
BASIS = Basis(document="赤政发〔2020〕12号", date=date(2020, 9, 18))
KEYS = Keys(tokens=b"t" * 32, fingerprints=b"f" * 32, personal=b"p" * 32)
POLICIES = Path("policies")
ADMIN = "admin city:chibi"

# --- pure rules


def given(kind: Callable[..., State], *happened: tuple[str, Event]) -> State:
    """The state after (effective date, event) in the order of writing; each event is a command of its own."""
    return kind(fold(_recorded(number, day, event) for number, (day, event) in enumerate(happened, 1)))


@contextmanager
def refused(code: str, pointer: str | None = None) -> Iterator[pytest.ExceptionInfo[Refused]]:
    """What happens inside is refused with the code, at the pointer, with a way out."""
    with pytest.raises(Refused) as caught:
        yield caught
    assert caught.value.code == code, caught.value
    assert caught.value.detail
    assert caught.value.remedy
    if pointer is not None:
        assert caught.value.pointer == pointer


def _recorded(version: int, day: str, event: Event) -> Recorded:
    return Recorded(
        position=version - 1,
        stream="given/one",
        version=version,
        effective_date=date.fromisoformat(day),
        recorded_at=datetime(2020, 9, 18, tzinfo=UTC),
        actor="clerk",
        basis=BASIS,
        command_id=f"command-{version}",
        event=event,
    )


# --- people


def identity_number(born: str = "1990-01-01", sequence: int = 1, division: str = "421281") -> str:
    """A valid number of nobody, born on that day."""
    number = f"{division}{born.replace('-', '')}{sequence:03d}"
    return number + ric.calc_check_digit(number + "0")


def number_ending_in_x() -> str:
    """A valid number whose check digit is X."""
    numbers = (identity_number(sequence=sequence) for sequence in range(100, 200))
    return next(number for number in numbers if number.endswith("X"))


# --- a town behind HTTP


class Clock:
    """It stands until it is moved."""

    def __init__(self, now: datetime = datetime(2020, 9, 20, 1, tzinfo=UTC)) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def pass_(self, **time: float) -> datetime:
        """Let time pass; answers a moment of the pause, to ask as known at."""
        pause = self.now + timedelta(microseconds=1)
        self.now += timedelta(**time)
        return pause


class Front:
    """The HTTP face, made once and set before one town's stores after the other; making it takes longer than a test."""

    def __init__(self, town: "Town") -> None:
        new_id = lambda: str(uuid_utils.uuid7())  # noqa: E731
        self.executing = Ledger(town.store, town.personal, clock=town.clock, new_id=new_id)
        self.queries = Queries(town.store, town.directory, town.clock)
        self.service = ledger.api.app(self.executing, self.queries, token_key=KEYS.tokens)
        mounted = Starlette(routes=[Mount(ledger.api.PREFIX, self.service)])
        self.client = TestClient(mounted, base_url="http://ledger", raise_server_exceptions=False)
        self.client.__enter__()

    def set_before(self, town: "Town") -> "Front":
        """Serve this town from now on."""
        self.executing.store = self.queries.store = town.store
        self.executing.clock = self.queries.clock = town.clock
        self.executing.personal, self.queries.directory = town.personal, town.directory
        return self

    def close(self) -> None:
        self.client.__exit__(None, None, None)


class Town:
    """A ledger on its own stores, and whoever speaks HTTP to it."""

    def __init__(self, data: Path, database: str = "", clock: Clock | None = None, front: Front | None = None) -> None:
        self.data = data
        self.clock = clock or Clock()
        settings = Settings(data=data, database=database, environment="development", keys=KEYS)
        self.store = open_store(settings, clock=self.clock)
        self._engines = [_engine(settings, name) for name in ("keys", "directory")]
        self.personal = PersonalStore(self._engines[0], KEYS.personal, KEYS.fingerprints, secrets.token_bytes)
        self.directory = Directory(self._engines[1])
        self._own_front = front is None
        self.front = Front(self) if front is None else front.set_before(self)
        self.client, self.service = self.front.client, self.front.service
        self._people = itertools.count(1)

    def close(self) -> None:
        if self._own_front:
            self.front.close()
        self.store.close()
        for opened in self._engines:
            opened.dispose()

    # --- requests

    def send(
        self,
        path: str,
        body: Mapping[str, Any] | bytes,
        *,
        who: str = ADMIN,
        key: str | None = "",
        if_match: str | None = "*",
        plan: bool = False,
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        """One command over HTTP; without a key of its own it gets a fresh one, with None none."""
        content = body if isinstance(body, bytes) else json.dumps(dict(body)).encode()
        sent = {"Authorization": bearer(who), "Content-Type": "application/json", **seals(path, content)}
        sent |= headers or {}
        if key is not None:
            sent["Idempotency-Key"] = key or secrets.token_hex(8)
        if if_match is not None:
            sent["If-Match"] = if_match
        params = {"mode": "plan"} if plan else {}
        return self.client.post(f"/ledger/v1/{path}", headers=sent, params=params, content=content)

    def give(self, path: str, /, day: str = "2020-10-01", **fields: Any) -> dict[str, Any]:
        """A command that is done; its answer."""
        who = fields.pop("who", ADMIN)
        response = self.send(path, command(day, **fields), who=who)
        assert response.status_code == 201, response.text
        return dict(response.json())

    def refuse(self, code: str, path: str, /, day: str = "2020-10-01", **fields: Any) -> dict[str, Any]:
        """A command that is refused, planned and in earnest alike, and appends nothing; its problem details."""
        who = fields.pop("who", ADMIN)
        head = self.store.head()
        planned = self.send(path, command(day, **fields), who=who, plan=True)
        response = self.send(path, command(day, **fields), who=who)
        found = problem(response)
        assert found["code"] == code, response.text
        verdict = ("status", "code", "pointer", "remedy")
        assert [problem(planned)[part] for part in verdict] == [found[part] for part in verdict]
        assert self.store.head() == head
        return found

    def read(self, path: str, *, who: str = ADMIN, **params: Any) -> dict[str, Any]:
        """An answer to a question."""
        response = self.ask(path, who=who, **params)
        assert response.status_code == 200, response.text
        return dict(response.json())

    def ask(self, path: str, *, who: str = ADMIN, **params: Any) -> httpx.Response:
        """A question over HTTP."""
        given = {name: value.isoformat() if hasattr(value, "isoformat") else value for name, value in params.items()}
        return self.client.get(f"/ledger/v1/{path}", headers={"Authorization": bearer(who)}, params=given or None)

    def worker(self, worker_id: str, day: str = "2020-12-31", **params: Any) -> dict[str, Any]:
        """The worker on the day."""
        return dict(self.read(f"workers/{worker_id}", effective_on=day, **params)["worker"])

    def seats(self, community_id: str, category: str = "dedicated", day: str = "2020-12-31") -> tuple[int, int]:
        """(seats, heads) of the community on the day."""
        found = self.read(f"communities/{community_id}", effective_on=day)["establishment"][category]
        return found["seats"], found["heads"]

    def version(self, stream: str) -> int:
        return self.store.version(stream)

    # --- people and places

    def person(self, **fields: Any) -> dict[str, str]:
        """A new person with a number of their own."""
        days, sequence = divmod(next(self._people), 999)
        number = identity_number(str(date(1990, 5, 17) + timedelta(days=days)), sequence + 1)
        return {"name": "李秀英", "identity_number": number, **fields}

    def hiring(self, community_id: str = "xinhua", **fields: Any) -> dict[str, Any]:
        """The fields of a dedicated worker's hire by exam."""
        given = {"channel": "exam", "post": "dedicated", "education": "college"}
        return {"community_id": community_id, **given, "person": self.person(), **fields}

    def hire(self, community_id: str = "xinhua", day: str = "2020-10-01", **fields: Any) -> str:
        """Somebody is hired; their id."""
        return str(self.give("hires", day, **self.hiring(community_id, **fields))["worker_id"])

    def found(self) -> "Town":
        """Chibi with three communities in two streets and room for two more seats of each kind; Jinzhou beside it."""
        for city_id in ("chibi", "jinzhou"):
            who = f"admin city:{city_id}"
            code = "421281" if city_id == "chibi" else "210700"
            self.give("cities", "2018-01-01", city_id=city_id, title=city_id, division_code=code, who=who)
            for category in ("committee", "dedicated"):
                self.give("city-quotas", "2018-01-01", city_id=city_id, category=category, seats=12, who=who)
            for policy in ("chibi-legacy", "chibi-2020"):
                document = read_policy(POLICIES / f"{policy}.yaml") | {"jurisdiction": city_id}
                day = "2018-01-01" if policy == "chibi-legacy" else "2020-09-18"
                self.give("policies", day, document=document, who=who)
        self._communities("chibi", "chimaguan", "xinhua", "jinqiao")
        self._communities("chibi", "pufang", "huangjia")
        self._communities("jinzhou", "guta", "tianan")
        return self

    def _communities(self, city_id: str, street_id: str, *community_ids: str) -> None:
        who = f"admin city:{city_id}"
        self.give("streets", "2018-01-01", city_id=city_id, street_id=street_id, title=street_id, who=who)
        for community_id in community_ids:
            place = {"city_id": city_id, "street_id": street_id, "community_id": community_id, "title": community_id}
            size = {"households": 2000, "population": 6000, "compounds": 9}
            self.give("communities", "2018-01-01", **place, **size, who=who)
            for category, seats in (("committee", 3), ("dedicated", 2)):
                quota = {"community_id": community_id, "category": category, "seats": seats}
                self.give("community-quotas", "2018-01-01", **quota, who=who)
            grid = {
                "community_id": community_id,
                "grid_id": f"{community_id}-g1",
                "title": "第一网格",
                "households": 400,
            }
            self.give("grids", "2018-01-01", **grid, who=who)


def command(day: str = "2020-10-01", **fields: Any) -> dict[str, Any]:
    """A command's body on the usual paper."""
    return {"effective_date": day, "basis": PAPER, **fields}


def bearer(who: str, *, subject: str = "", key: bytes = KEYS.tokens) -> str:
    """The Authorization header of `role scope`, or of `role scope subject`, for longer than all tests take."""
    role, scope, *named = who.split()
    principal = Principal(subject or (named[0] if named else f"{role}-1"), Role(role), parse_scope(scope))
    return "Bearer " + mint(principal, key, now=datetime.now(UTC), lifetime=timedelta(hours=8))


def seals(path: str, body: bytes) -> dict[str, str]:
    """Payroll's seal, where the ledger asks for it."""
    if not path.startswith("run-"):
        return {}
    asked = sha256(body).hexdigest()
    sealed = seal(sealing_key(KEYS.tokens), f"/ledger/v1/{path}", asked, body)
    return {"Payroll-Request": asked, "Payroll-Seal": sealed}


def problem(response: httpx.Response) -> dict[str, Any]:
    """F58: the problem details of a refusal, whole and in the right form."""
    assert response.status_code >= 400, response.text
    assert response.headers["content-type"] == "application/problem+json", response.text
    found = dict(response.json())
    assert found["type"] == f"urn:workforce:problem:{found['code']}"
    assert found["status"] == response.status_code
    assert found["detail"]
    assert found["remedy"]
    assert found["title"]
    assert found["pointer"] == "" or found["pointer"].startswith("/")
    return found


def _engine(settings: Settings, name: str) -> sqlalchemy.Engine:
    return engine(settings.database or settings.sqlite(name), name)
