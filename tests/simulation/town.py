"""A small town with its rules, founded once by commands and copied for every seed."""

import itertools
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import sqlalchemy
from sqlalchemy.pool import StaticPool
from tests.simulation.databases import KEYS, folder
from tests.simulation.wishes import CITY, COMMUNITIES, GRADES, POSTS, Wish, wish

from ledger.command_table import COMMANDS
from ledger.event_store import EventStore
from ledger.execution import Ledger, Outcome, Sent
from ledger.personal import PersonalStore
from ledger.recorder_sqlite import LedgerSQLiteDatastore, LedgerSQLiteRecorder
from shared.policy_document import PolicyDocument

FOUNDED_AT = datetime(2020, 9, 20, 1, tzinfo=UTC)
STREETS = {"beishan": "puqi", "dongmen": "puqi", "nanhe": "luogang"}
FIRST_MONTH, LAST_MONTH = "2020-10", "2020-11"
_SHAPES = {path: (shape, decide) for path, shape, decide, *_ in COMMANDS}

_SHARED = {"policy_id": "rules", "jurisdiction": CITY, "title": "办法", "sources": []}
DOCUMENTS: dict[str, dict[str, Any]] = {
    "ladder": {
        **_SHARED,
        "scheme": "ladder",
        "open_to": ["exam", "conversion"],
        "ladder": {
            "base": {"average_annual_wage": "54601.50", "share": "0.77", "rounding": {"to": "fen", "mode": "half-up"}},
            "coefficients": {str(grade): f"{0.61 + 0.13 * grade:.2f}" for grade in range(1, GRADES + 1)},
            "full_month_rounding": {"to": "fen", "mode": "half-up"},
        },
        "bands": {post: {"lowest": 1, "highest": GRADES} for post in POSTS},
        "certificate_allowance": {"monthly": {"assistant": "100.01", "social_worker": "200.00", "senior": "300.00"}},
        "performance": {"share": "0.35", "factors": {"excellent": "1.25", "competent": "1", "unfit": "0"}},
        "funding": [
            {
                "posts": ["head", "deputy", "member"],
                "shares": {"city": "0.70"},
                "remainder": {"street": "0.50", "community": "0.50"},
            },
            {"posts": ["dedicated"], "shares": {"city": "0.4", "street": "0.4", "community": "0.2"}},
        ],
    },
    "legacy": {
        **_SHARED,
        "scheme": "legacy",
        "open_to": ["legacy"],
        "flat": {"monthly": {"dedicated": "1300.00"}},
        "funding": [{"posts": ["dedicated"], "shares": {"city": "1"}}],
    },
}


def document(scheme: str) -> PolicyDocument:
    """The rules of a scheme."""
    return msgspec.convert(DOCUMENTS[scheme], PolicyDocument, strict=False)


def execute(ledger: Ledger, wished: Wish, *, known_by: bytes | None = None) -> Outcome:
    """The command as the ledger's HTTP face gives it to the ledger. Raises what `Ledger.execute` raises."""
    path = f"/{wished.path}"
    shape, decide = _SHAPES[path]
    command = msgspec.json.decode(wished.body, type=shape)
    sent = Sent(wished.who, path, wished.body if known_by is None else known_by, wished.key, None, planning=False)
    return ledger.execute(decide, command, sent)


def open_recorder(path: Path) -> LedgerSQLiteRecorder:
    """The recorder over a file."""
    return LedgerSQLiteRecorder(LedgerSQLiteDatastore(path))


@cache
def founded() -> bytes:
    """The file of the log of the founded town."""
    with folder() as data:
        path = data / "ledger.db"
        recorder = open_recorder(path)
        recorder.create_table()
        keys = sqlalchemy.create_engine("sqlite://", poolclass=StaticPool)
        numbers = itertools.count()
        nothing_random: Callable[[int], bytes] = lambda count: b"r" * count  # noqa: E731
        store = EventStore(recorder, clock=lambda: FOUNDED_AT, randomness=nothing_random)
        personal = PersonalStore(keys, *KEYS, nothing_random)
        ledger = Ledger(store, personal, clock=lambda: FOUNDED_AT, new_id=lambda: f"founding-{next(numbers)}")
        for wished in _foundation():
            execute(ledger, wished)
        store.close()
        keys.dispose()
        return path.read_bytes()


def _foundation() -> Iterator[Wish]:
    keys = (f"found-{number}" for number in itertools.count())
    day = "2019-01-01"
    yield wish("cities", next(keys), day, city_id=CITY, title="赤壁", division_code="421281")
    for category in ("committee", "dedicated"):
        yield wish("city-quotas", next(keys), day, city_id=CITY, category=category, seats=20)
    for street in dict.fromkeys(STREETS.values()):
        yield wish("streets", next(keys), day, city_id=CITY, street_id=street, title=street)
    for community in COMMUNITIES:
        size = {"title": community, "households": 2000, "population": 6000, "compounds": 9}
        place = {"city_id": CITY, "street_id": STREETS[community], "community_id": community}
        yield wish("communities", next(keys), day, **place, **size)
        for category, seats in (("committee", 5), ("dedicated", 4)):
            yield wish("community-quotas", next(keys), day, community_id=community, category=category, seats=seats)
    for rules in DOCUMENTS.values():
        yield wish("policies", next(keys), day, document=rules)
    yield wish("payroll-openings", next(keys), f"{FIRST_MONTH}-01", jurisdiction=CITY, first_month=FIRST_MONTH)
