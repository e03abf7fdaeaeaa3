"""What clients wish for: random commands on a few people, in a small town, in three months."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from stdnum.cn import ric
from tests.simulation.chance import Chance
from tests.simulation.mending import WORD

from shared.principals import Principal, Role, parse_scope

CITY = "chibi"
COMMUNITIES = ("beishan", "dongmen", "nanhe")
POSTS = ("head", "deputy", "member", "dedicated")
GRADES = 4
ENOUGH = 7
"""With so many workers nobody is hired any more."""
ADMIN = Principal("admin-1", Role.ADMIN, parse_scope(f"city:{CITY}"))
PAPER = {"document": "赤政发〔2020〕12号", "date": "2020-09-18"}

_FIRST_DAY, _DAYS = date(2020, 9, 25), 64
_TURNS = (date(2020, 10, 1), date(2020, 10, 31), date(2020, 11, 1), date(2020, 11, 30))


@dataclass(frozen=True)
class Wish:
    """A command as a client sends it, again and again under the same key until it is answered."""

    key: str
    path: str
    fields: Mapping[str, Any]
    who: Principal = ADMIN

    @property
    def body(self) -> bytes:
        """The JSON that is sent."""
        return json.dumps(dict(self.fields)).encode()

    @property
    def day(self) -> date:
        """The effective date."""
        return date.fromisoformat(self.fields["effective_date"])


@dataclass
class Staff:
    """What the clients know: since when or until when each worker is on record, and which commands were accepted."""

    workers: dict[str, date] = field(default_factory=dict)
    commands: list[str] = field(default_factory=list)
    watched: str = ""
    """The worker of whom something could not be taken: there is more to come."""


def wish(path: str, key: str, day: date | str, **fields: Any) -> Wish:
    """A command on the usual paper."""
    return Wish(key, path, {"effective_date": str(day), "basis": PAPER, **fields})


def identity_number(sequence: int) -> str:
    """A valid number of nobody."""
    number = f"421281199{sequence // 999:01d}0517{sequence % 999:03d}"
    return str(number + ric.calc_check_digit(number + "0"))


_KINDS: Sequence[tuple[str, float]] = (
    ("hires", 4),
    ("legacy", 0.8),
    ("conversions", 0.7),
    ("transfers", 3),
    ("post-changes", 3),
    ("regrades", 3),
    ("appraisals", 2),
    ("qualifications", 2),
    ("trainings", 1),
    ("educations", 0.7),
    ("separations", 0.7),
    ("voids", 3),
    ("bases", 1),
)
_ALONE = ("hires", "legacy")


def next_wish(chance: Chance, staff: Staff, number: int) -> Wish:
    """A new wish. Some are refused by the rules: that is an answer, too."""
    kinds = _KINDS[len(_ALONE) :] if len(staff.workers) >= ENOUGH else _KINDS
    kind = chance.weighted(kinds if staff.workers else _KINDS[: len(_ALONE)])
    key = f"key-{number}"
    if kind in _ALONE:
        day = _FIRST_DAY + timedelta(days=chance.between(0, _DAYS // 2))
        return wish("hires", key, day, **_person(chance, kind, number))
    if kind == "bases":
        wage = f"{chance.between(54_000, 61_000)}.{chance.between(0, 99):02d}"
        return wish("bases", key, _any_day(chance), jurisdiction=CITY, scheme="ladder", average_annual_wage=wage)
    if kind == "voids" and staff.commands:
        command_id = chance.one_of(staff.commands[-12:])
        return wish("voids", key, _any_day(chance), command_id=command_id, reason="mistake")
    kind = "transfers" if kind == "voids" else kind
    worker_id = _worker(chance, staff)
    return wish(kind, key, _day(chance, staff, worker_id), worker_id=worker_id, **_act(chance, kind, number))


def poisonous(chance: Chance, staff: Staff, number: int) -> Wish:
    """A regrading that consumers will not understand."""
    worker_id = _worker(chance, staff)
    grade = chance.between(1, GRADES)
    day = _day(chance, staff, worker_id)
    return wish("regrades", f"key-{number}", day, worker_id=worker_id, grade=grade, reason=WORD)


def _worker(chance: Chance, staff: Staff) -> str:
    if staff.watched in staff.workers and chance.happens(0.4):
        return staff.watched
    return chance.one_of(list(staff.workers))


def _person(chance: Chance, kind: str, number: int) -> dict[str, Any]:
    person = {"name": "李秀英", "identity_number": identity_number(number)}
    fields = {"community_id": chance.one_of(COMMUNITIES), "education": "college", "person": person}
    if kind == "legacy":
        return {**fields, "channel": "legacy", "post": "dedicated"}
    return {**fields, "channel": "exam", "post": chance.one_of(POSTS), "grade": chance.between(1, GRADES)}


def _act(chance: Chance, kind: str, number: int) -> dict[str, Any]:
    if kind == "conversions":
        return {"post": chance.one_of(POSTS), "grade": chance.between(1, GRADES)}
    if kind == "transfers":
        return {"community_id": chance.one_of(COMMUNITIES)}
    if kind == "post-changes":
        return {"post": chance.one_of(POSTS), "grade": chance.between(1, GRADES)}
    if kind == "regrades":
        return {"grade": chance.between(1, GRADES), "reason": "step"}
    if kind == "appraisals":
        return {"year": chance.between(2018, 2020), "rating": chance.one_of(("excellent", "competent", "unfit"))}
    if kind == "qualifications":
        certificate = chance.one_of(("assistant", "social_worker", "senior"))
        return {"certificate": certificate, "certificate_number": f"NO-{number:06d}"}
    if kind == "trainings":
        return {"course": "first aid", "hours": chance.between(1, 16)}
    if kind == "educations":
        return {"education": chance.one_of(("bachelor", "master"))}
    return {"reason": "resigned"}


def _day(chance: Chance, staff: Staff, worker_id: str) -> date:
    """Mostly a few days after what is known of the worker, at times anywhere."""
    if chance.happens(0.15):
        return _any_day(chance)
    return min(staff.workers[worker_id] + timedelta(days=chance.between(0, 14)), _TURNS[-1])


def _any_day(chance: Chance) -> date:
    if chance.happens(0.25):
        return chance.one_of(_TURNS)
    return _FIRST_DAY + timedelta(days=chance.between(0, _DAYS))
