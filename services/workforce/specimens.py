"""One recorded event of every type, built from the types themselves: a stored form that must load for ever."""

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import msgspec
from msgspec import inspect
from msgspec.structs import replace

from shared.envelope import Basis, Recorded, to_wire
from shared.events import EVENT_TYPES, Event, PolicyEnacted
from shared.policy_document import digest_of

STREAMS = {
    "city": "city/chibi",
    "street": "city/chibi",
    "community": "community/xinhua",
    "candidate": "candidate/c-1",
    "worker": "worker/w-1",
    "command": "worker/w-1",
    "excellence": "excellence/chibi/2023",
    "policy": "policy/chibi",
    "run": "run/chibi/2020-10/1",
    "vouchers": "vouchers/chibi",
}
"""First word of an event's name → the stream its specimen lies on."""

WORDS = {
    "city_id": "chibi",
    "street_id": "puqi",
    "community_id": "xinhua",
    "from_community_id": "dongzhou",
    "successor_id": "xinhua",
    "successors": "xinhua",
    "predecessors": "dongzhou",
    "opened": "xinhua",
    "grid_id": "xinhua-g01",
    "worker_id": "w-1",
    "policy_id": "chibi-2020",
    "scheme": "ladder",
    "from_scheme": "legacy",
    "title": "新华社区",
    "reason": "录入有误",
    "course": "社区治理基础",
    "division_code": "421281",
    "jurisdiction": "chibi",
    "engine": "1",
    "digest": "0f" * 32,
    "personal": "Y2lwaGVydGV4dA==",
    "payers": "city",
    "payer": "city/chibi",
    "posts": "dedicated",
    "bands": "dedicated",
    "admission": "dedicated",
    "post_changes": "head",
    "paths": "election",
    "open_to": "exam",
    "education": "college",
    "education_steps": "bachelor",
    "factors": "competent",
    "rating": "competent",
    "ratings": "competent",
    "gate_ratings": "competent",
    "uncounted_ratings": "unfit",
    "entry_grades": "dedicated",
    "education_years": "bachelor",
    "certificate_steps": "assistant",
    "city_seats": "dedicated",
    "channels": "exam",
    "monthly": "assistant",
    "budget_items": "ladder",
}
"""What a text field of that name says; any other text is its own name and a number: part → part-1."""

DAYS = {"until": date(2021, 1, 1), "made_up_days": date(2020, 10, 10)}
PATTERNED = ("2020-10", "published", "01-01")
"""What is tried where a text must match a pattern."""

NOT_GIVEN = {"flat", "additive", "by_post", "monthly_amount", "supplement"}
"""Optional parts that would contradict another: a policy document has one kind of pay, a base one origin."""


def specimen(name: str) -> bytes:
    """The wire form of one recorded event of the type, one line; the same for ever as long as the type is the same."""
    recorded = Recorded(
        position=41,
        stream=STREAMS[name.partition(".")[0]],
        version=2,
        effective_date=date(2020, 9, 18),
        recorded_at=datetime(2020, 9, 20, 1, 0, tzinfo=UTC),
        actor="王建国",
        basis=Basis("赤政发〔2020〕12号", date(2020, 9, 18), "第三条"),
        command_id="0190f3a2-6c1e-7b4d-8a55-0123456789ab",
        event=example(EVENT_TYPES[name]),
    )
    return to_wire(recorded) + b"\n"


def example(event_type: type[Event]) -> Event:
    """An event of the type with every field given, in values that are made up."""
    event = msgspec.convert(_value(inspect.type_info(event_type), ""), event_type)
    if isinstance(event, PolicyEnacted):
        return replace(event, digest=digest_of(event.document))
    return event


def _value(kind: inspect.Type, field: str) -> Any:
    match kind:
        case inspect.Metadata():
            return _value(kind.type, field)
        case inspect.StructType():
            return {part.name: _value(part.type, part.name) for part in kind.fields if part.name not in NOT_GIVEN}
        case inspect.UnionType():
            return _value(next(one for one in kind.types if not isinstance(one, inspect.NoneType)), field)
        case inspect.DictType():
            return {_value(kind.key_type, field): _value(kind.value_type, field)}
        case inspect.VarTupleType():
            return (_value(kind.item_type, field),)
        case inspect.EnumType():
            return next(iter(kind.cls)).value
        case inspect.StrType():
            return _text(kind, field)
        case inspect.BoolType():
            return True
        case inspect.IntType():
            return 2020 if field == "year" else 1
        case inspect.DateType():
            return DAYS.get(field, date(2020, 10, 1))
        case inspect.DecimalType():
            return Decimal("1.00")
    raise TypeError(f"no specimen is known for {kind} of {field!r}")


def _text(kind: inspect.StrType, field: str) -> str:
    said = WORDS.get(field, f"{field.replace('_', '-')}-1")
    if kind.pattern is None:
        return said
    return next(text for text in (said, *PATTERNED) if re.search(kind.pattern, text))
