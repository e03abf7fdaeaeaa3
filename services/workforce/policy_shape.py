"""Where plain values do not have the shape of a policy document: every such place at once."""

from collections.abc import Iterator
from difflib import get_close_matches
from enum import StrEnum
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin

import msgspec
from msgspec import Struct

Fault = tuple[str, str]
"""(JSON pointer, sentence)"""


def shape_faults(kind: Any, value: Any, pointer: str = "") -> list[Fault]:
    """What keeps the value from being read as the kind, from the inside out."""
    found = list(_inside(kind, value, pointer))
    return found or list(_itself(kind, value, pointer))


def _itself(kind: Any, value: Any, pointer: str) -> Iterator[Fault]:
    try:
        msgspec.convert(value, kind, strict=False)
    except msgspec.ValidationError as error:
        yield pointer, _sentence(kind, str(error).partition(" - at ")[0])


def _inside(kind: Any, value: Any, pointer: str) -> Iterator[Fault]:
    """The faults of what the value consists of, where it consists of something."""
    kind = _bare(kind, value)
    if isinstance(kind, type) and issubclass(kind, Struct):
        yield from _fields(kind, value, pointer)
    elif get_origin(kind) is dict and isinstance(value, dict):
        key_kind, each_kind = get_args(kind)
        for key, each in value.items():
            yield from _itself(key_kind, key, f"{pointer}/{key}")
            yield from shape_faults(each_kind, each, f"{pointer}/{key}")
    elif get_origin(kind) is tuple and isinstance(value, list):
        for number, each in enumerate(value):
            yield from shape_faults(get_args(kind)[0], each, f"{pointer}/{number}")


def _fields(kind: type[Struct], value: Any, pointer: str) -> Iterator[Fault]:
    fields = {field.name: field for field in msgspec.structs.fields(kind)}
    if not isinstance(value, dict):
        yield pointer, f"here stand the keys {', '.join(fields)}"
        return
    for name, each in value.items():
        if name in fields:
            yield from shape_faults(fields[name].type, each, f"{pointer}/{name}")
        else:
            close = get_close_matches(name, fields, n=1)
            meant = f"do you mean {close[0]}?" if close else f"the keys here are {', '.join(fields)}"
            yield f"{pointer}/{name}", f"{name} is no key of this part; {meant}"
    for name, field in fields.items():
        if field.required and name not in value:
            yield pointer, f"the key {name} is missing"


def _bare(kind: Any, value: Any) -> Any:
    """The kind without its notes, and of an optional one what it is when it is given."""
    if get_origin(kind) is Annotated:
        return _bare(get_args(kind)[0], value)
    if get_origin(kind) in (Union, UnionType):
        given = [one for one in get_args(kind) if one is not NoneType]
        return NoneType if value is None or len(given) > 1 else _bare(given[0], value)
    return kind


def _sentence(kind: Any, said: str) -> str:
    """msgspec's own words, with the words to choose from where there are some."""
    bare = _bare(kind, "")
    if isinstance(bare, type) and issubclass(bare, StrEnum):
        return f"choose one of {', '.join(bare)}"
    return f"{said[:1].lower()}{said[1:]}"
