"""Where plain values do not have the shape of a policy document: every such place at once, each with its way out.

A document has the shape exactly when it fits `schemas/policy.json`, so that an editor and a check agree.
"""

import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal, InvalidOperation
from difflib import get_close_matches
from typing import Any

import msgspec
from msgspec import inspect

from shared.patterns import END, ID
from shared.policy_check.fault import Fault, in_full
from shared.policy_document import PolicyDocument

FIGURE = r"^[0-9]{1,9}(\.[0-9]{1,10})?" + END
"""An exact figure as text."""
BEYOND = 10**9
"""What a figure without quotes stays below."""

DOCUMENT = inspect.type_info(PolicyDocument)
_FORMS = {ID: "small Latin letters, digits and hyphens, 64 at most: nanhu-2022"}
_A_PART = (dict, list)


class Bare(str):
    """A number with a point as it stands in a file without quotes."""

    __slots__ = ()


def shape_faults(value: Any, kind: inspect.Type = DOCUMENT, pointer: str = "") -> Iterator[Fault]:
    """What keeps the value from being read as the kind."""
    match bare(kind, value):
        case inspect.StructType() as part:
            yield from _fields(part, value, pointer)
        case inspect.DictType() as table:
            yield from _entries(table, value, pointer)
        case inspect.VarTupleType() as listed:
            yield from _listed(listed, value, pointer)
        case leaf:
            if not fits(leaf, value):
                yield _misfit(leaf, value, pointer)


def bare(kind: inspect.Type, value: Any) -> inspect.Type:
    """The kind without its notes, and of an optional one what it is when it is given."""
    if isinstance(kind, inspect.Metadata):
        return bare(kind.type, value)
    if isinstance(kind, inspect.UnionType):
        (given,) = [one for one in kind.types if not isinstance(one, inspect.NoneType)]
        return inspect.NoneType() if value is None else bare(given, value)
    return kind


def fits(leaf: inspect.Type, value: Any) -> bool:
    """Whether a value that holds no others is one of the kind."""
    if isinstance(leaf, inspect.DecimalType):
        return _is_figure(value)
    if isinstance(value, Bare):
        whole = isinstance(leaf, inspect.IntType) and Decimal(value) == Decimal(value).to_integral_value()
        return whole and fits(leaf, int(Decimal(value)))
    if isinstance(value, bool) and not isinstance(leaf, inspect.BoolType):
        return False
    match leaf:
        case inspect.NoneType():
            return value is None
        case inspect.IntType(ge=least, le=most):
            return isinstance(value, int) and (least is None or value >= least) and (most is None or value <= most)
        case inspect.StrType(pattern=pattern):
            return isinstance(value, str) and (pattern is None or re.search(pattern, value) is not None)
        case inspect.BoolType():
            return isinstance(value, bool)
        case inspect.EnumType(cls=words):
            return isinstance(value, str) and value in [str(word.value) for word in words]
    try:
        msgspec.convert(value, date)
    except msgspec.ValidationError:
        return False
    return isinstance(value, str)


def renamed(part: inspect.StructType, value: dict[str, Any]) -> dict[str, str]:
    """Key that the part does not have → the key it is a misspelling of."""
    fields = [field.name for field in part.fields]
    free = [name for name in fields if name not in value]
    close = {name: get_close_matches(name, free, n=1) for name in value if name not in fields}
    return {name: meant[0] for name, meant in close.items() if meant}


def _is_figure(value: Any) -> bool:
    if isinstance(value, Bare) or (isinstance(value, int) and not isinstance(value, bool)):
        return Decimal(value).is_finite() and 0 <= Decimal(value) < BEYOND
    return isinstance(value, str) and re.search(FIGURE, value) is not None


def _fields(part: inspect.StructType, value: Any, pointer: str) -> Iterator[Fault]:
    fields = {field.name: field for field in part.fields}
    if not isinstance(value, dict):
        yield Fault(
            pointer,
            "keys with values stand here",
            f"write a key and its value a line; the keys are {', '.join(fields)}",
        )
        return
    meant = renamed(part, value)
    for name, each in value.items():
        if name in fields:
            yield from shape_faults(each, fields[name].type, f"{pointer}/{name}")
        else:
            remedy = (
                f"do you mean {meant[name]}?"
                if name in meant
                else f"take it out; the keys here are {', '.join(fields)}"
            )
            yield Fault(f"{pointer}/{name}", f"{name} is no key of this part", remedy)
    for name, field in fields.items():
        if field.required and name not in value and name not in meant.values():
            yield Fault(pointer, f"the key {name} is missing", f"add {name} here")


def _entries(table: inspect.DictType, value: Any, pointer: str) -> Iterator[Fault]:
    if not isinstance(value, dict):
        yield Fault(pointer, "keys with values stand here", "write a key and its value a line, or {} for none")
        return
    for key, each in value.items():
        if not fits_key(table, key):
            yield _misfit(bare(table.key_type, key), key, f"{pointer}/{key}")
        yield from shape_faults(each, table.value_type, f"{pointer}/{key}")


def fits_key(table: inspect.DictType, key: str) -> bool:
    """Whether the key of a table is one; a number stands without a sign and without idle zeros."""
    kind = bare(table.key_type, key)
    if isinstance(kind, inspect.IntType):
        return re.fullmatch("[1-9][0-9]{0,8}", key) is not None and fits(kind, int(key))
    return fits(kind, key)


def _listed(listed: inspect.VarTupleType, value: Any, pointer: str) -> Iterator[Fault]:
    if not isinstance(value, list):
        shown = "…" if isinstance(value, _A_PART) else value
        yield Fault(pointer, "a list stands here", f"write [{shown}]" if value is not None else "write [] for none")
        return
    for number, each in enumerate(value):
        yield from shape_faults(each, listed.item_type, f"{pointer}/{number}")
    least, most = listed.min_length or 0, listed.max_length
    if len(value) < least or (most is not None and len(value) > most):
        yield Fault(
            pointer,
            f"the list has {len(value)} entries",
            f"give {least} to {most}" if most else f"give at least {least}",
        )


def _misfit(leaf: inspect.Type, value: Any, pointer: str) -> Fault:
    shown = "nothing" if value is None else "a list or keys" if isinstance(value, _A_PART) else str(value)
    match leaf:
        case inspect.DecimalType():
            return Fault(pointer, f"{shown} is no figure{_why(value)}", _meant(value))
        case inspect.IntType(ge=least, le=most):
            quoted = " without quotes" if isinstance(value, str) else ""
            return Fault(
                pointer,
                f"{shown} is no whole number from {least} to {most}",
                f"write one from {least} to {most}{quoted}",
            )
        case inspect.BoolType():
            return Fault(pointer, f"{shown} is neither true nor false", "write true or false, without quotes")
        case inspect.EnumType(cls=words):
            close = get_close_matches(shown, list(words), n=1)
            meant = f"do you mean {close[0]}? Else " if close else ""
            return Fault(pointer, f"{shown} is none of the words for it", f"{meant}choose one of {', '.join(words)}")
        case inspect.StrType(pattern=pattern):
            if isinstance(value, bool | int | Bare):
                return Fault(
                    pointer, f"{shown} is read as a number or as true or false", f'put it in quotes: "{shown}"'
                )
            return Fault(pointer, f"{shown} has not the form asked for", _form(pattern))
    return Fault(pointer, f"{shown} is no day", 'write a day that the calendar has as "YYYY-MM-DD"')


def _form(pattern: str | None) -> str:
    if pattern is None:
        return "write a text"
    words = re.match(r"\^\(([a-z|]+)\)", pattern)
    if words is not None:
        return f"choose one of {', '.join(words.group(1).split('|'))}"
    return f"write {_FORMS.get(pattern, 'a day in the year as MM-DD, e.g. 07-01')}"


def _why(value: Any) -> str:
    if isinstance(value, _A_PART) or value is None:
        return ""
    try:
        figure = Decimal(str(value))
    except InvalidOperation:
        return ""
    if figure.is_finite() and figure < 0:
        return ": it lies below 0"
    return f": it has to lie from 0 to below {BEYOND} and has at most 10 places" if figure.is_finite() else ""


def _meant(value: Any) -> str:
    """The figure that a text in another notation stands for, where that can be told."""
    text = "" if isinstance(value, _A_PART) or value is None else str(value).strip()
    found = re.fullmatch(r"[¥￥]?([0-9]{1,3}(?:[,，][0-9]{3})+|[0-9]+)(\.[0-9]+)?\s*(%|％|元|yuan)?", text)
    if found is None or found.group(0) == "":
        return 'write digits with a point, in quotes: "0.80"'
    whole, places, unit = found.groups()
    figure = Decimal(re.sub("[,，]", "", whole) + (places or "")) / (100 if unit in ("%", "％") else 1)
    return f'write "{in_full(figure)}"'
