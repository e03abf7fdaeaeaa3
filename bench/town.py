"""A founded town with two communities of its own for every caller, made over HTTP."""

import http.client
import itertools
import json
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from stdnum.cn import ric

from shared.auth import mint
from shared.principals import Principal, Role, parse_scope
from shared.settings import Keys
from workforce.policy_files import read_policy

KEYS = Keys(b"t" * 32, b"f" * 32, b"p" * 32)
BASIS = {"document": "赤政发〔2020〕12号", "date": "2020-09-18", "clause": "第三条"}
_FIRST_BIRTH = date(1990, 1, 1)
_ESTABLISHMENT, _SEATS = 100_000, 90_000


@dataclass(frozen=True)
class Caller:
    """Who sends commands, and the two communities that only this one hires and moves people in."""

    token: str
    number: int
    communities: tuple[str, str]


def token_of(subject: str) -> str:
    """An administrator of the city."""
    principal = Principal(subject, Role.ADMIN, parse_scope("city:chibi"))
    return mint(principal, KEYS.tokens, now=datetime.now(UTC))


def identity_number(ordinal: int) -> str:
    """The valid number of nobody, another for each ordinal."""
    days, sequence = divmod(ordinal, 999)
    number = f"421281{_FIRST_BIRTH + timedelta(days=days):%Y%m%d}{sequence + 1:03d}"
    return number + ric.calc_check_digit(number + "0")


def hiring(community_id: str, ordinal: int) -> dict[str, Any]:
    """The fields of a hire."""
    person = {"name": "李秀英", "identity_number": identity_number(ordinal)}
    kind = {"channel": "exam", "post": "dedicated", "education": "college"}
    return {"community_id": community_id, **kind, "person": person}


class Town:
    """Founds the town over one connection."""

    def __init__(self, url: str) -> None:
        address = urlsplit(url)
        self._connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=30)
        self._headers = {"Authorization": f"Bearer {token_of('founder')}", "If-Match": "*"}
        self._keys = itertools.count()

    def found(self, callers: int) -> list[Caller]:
        """The city, its policies, and for each caller two communities."""
        day = "2018-01-01"
        self._give("cities", day, city_id="chibi", title="赤壁", division_code="421281")
        for category in ("committee", "dedicated"):
            self._give("city-quotas", day, city_id="chibi", category=category, seats=_ESTABLISHMENT)
        for policy, since in (("chibi-legacy", day), ("chibi-2020", "2020-09-18")):
            document = read_policy(Path("policies") / f"{policy}.yaml")
            self._give("policies", since, document=document)
        self._give("streets", day, city_id="chibi", street_id="chimaguan", title="赤马港", kind="street")
        made = [self._caller(number, _SEATS // (2 * callers)) for number in range(callers)]
        self._connection.close()
        return made

    def found_to_fill(self, communities: int, seats: int) -> list[str]:
        """The city, its policies, and so many communities with so many seats each, for whom a sheet brings."""
        self.found(0)
        made = [f"c{number}" for number in range(communities)]
        for place in made:
            self._community(place, seats)
        self._connection.close()
        return made

    def _caller(self, number: int, seats: int) -> Caller:
        places = (f"c{number}-a", f"c{number}-b")
        for place in places:
            self._community(place, seats)
        return Caller(token_of(f"caller-{number}"), number, places)

    def _community(self, place: str, seats: int) -> None:
        size = {"households": 2000, "population": 6000, "compounds": 9}
        where = {"city_id": "chibi", "street_id": "chimaguan", "community_id": place, "title": place}
        self._give("communities", "2018-01-01", **where, **size)
        self._give("community-quotas", "2018-01-01", community_id=place, category="dedicated", seats=seats)

    def _give(self, path: str, day: str, **fields: Any) -> dict[str, Any]:
        body = json.dumps({"effective_date": day, "basis": BASIS, **fields})
        headers = {**self._headers, "Content-Type": "application/json", "Idempotency-Key": f"f-{next(self._keys)}"}
        self._connection.request("POST", f"/ledger/v1/{path}", body.encode(), headers)
        answer = self._connection.getresponse()
        content = answer.read()
        if answer.status != 201:
            raise RuntimeError(f"{path}: {content.decode()}")
        return dict(json.loads(content))
