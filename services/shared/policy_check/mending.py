"""A document whose misshapen places are put right in several ways, so that what is wrong besides can be told."""

import re
from typing import Any

import msgspec
from msgspec import inspect

from shared.policy_check.shape import DOCUMENT, Bare, bare, fits, fits_key, renamed, shape_faults
from shared.policy_document import PolicyDocument

WAYS = ("least", "most", "left out")
"""How a misshapen value is put right: by the least or the most it can be, or by leaving it out where that may be."""
_TEXTS = ("x", "01-01", "published"), ("y", "12-31", "assumed")
_DAYS = "2000-01-01", "2100-01-01"
_FIGURES = "0", "1"
_WHOLE = 0, 99


def readings(value: Any) -> list[PolicyDocument]:
    """The document, or where it is misshapen one for each way to put that right: what all have in common is sure."""
    sound = next(shape_faults(value), None) is None
    ways = WAYS[:1] if sound else WAYS
    return [msgspec.convert(_mended(DOCUMENT, value, way), PolicyDocument, strict=True, str_keys=True) for way in ways]


def _mended(kind: inspect.Type, value: Any, way: str) -> Any:
    match bare(kind, value):
        case inspect.StructType() as part:
            return _fields(part, value if isinstance(value, dict) else {}, way)
        case inspect.DictType() as table:
            entries = value if isinstance(value, dict) else {}
            return {
                key: _mended(table.value_type, each, way)
                for key, each in entries.items()
                if fits_key(table, key) and not _is_left_out(table.value_type, each, way)
            }
        case inspect.VarTupleType() as listed:
            given = [_mended(listed.item_type, each, way) for each in (value if isinstance(value, list) else [])]
            missing = (listed.min_length or 0) - len(given)
            return [*given, *(_mended(listed.item_type, _NOTHING, way) for _ in range(missing))][: listed.max_length]
        case leaf:
            return _plain(leaf, value) if fits(leaf, value) else _made_up(leaf, way)


_NOTHING = object()
"""A value that fits nowhere."""


def _fields(part: inspect.StructType, value: dict[str, Any], way: str) -> dict[str, Any]:
    meant = renamed(part, value)
    given = {meant.get(name, name): each for name, each in value.items()}
    return {
        field.encode_name: _mended(field.type, given.get(field.name, _NOTHING), way)
        for field in part.fields
        if field.required or (field.name in given and not _is_left_out(field.type, given[field.name], way))
    }


def _is_left_out(kind: inspect.Type, value: Any, way: str) -> bool:
    """Whether a value that may be left out is: it is misshapen itself, not only in what it holds."""
    return way == WAYS[-1] and any(not fault.pointer for fault in shape_faults(value, kind))


def _plain(leaf: inspect.Type, value: Any) -> Any:
    return (
        int(value.partition(".")[0])
        if isinstance(leaf, inspect.IntType) and isinstance(value, Bare)
        else _unbared(value)
    )


def _unbared(value: Any) -> Any:
    return str(value) if isinstance(value, Bare) else value


def _made_up(leaf: inspect.Type, way: str) -> Any:
    which = 1 if way == "most" else 0
    match leaf:
        case inspect.DecimalType():
            return _FIGURES[which]
        case inspect.IntType(ge=least, le=most):
            bound = (least, most)[which]
            return _WHOLE[which] if bound is None else bound
        case inspect.StrType(pattern=pattern):
            return next(text for text in _TEXTS[which] if pattern is None or re.search(pattern, text))
        case inspect.BoolType():
            return bool(which)
        case inspect.EnumType(cls=words):
            return list(words)[-which].value
    return _DAYS[which]
