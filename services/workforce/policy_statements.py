"""A policy document as statements: what is spoken of, in words, and what the document says of it."""

from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import Struct

from shared.policy_document import (
    Band,
    ExitTrigger,
    LaterShare,
    LegacyScheme,
    PolicyDocument,
    Rounding,
    Source,
    Span,
    TaxBracket,
)
from workforce.policy_words import WORDS

NOTHING = "nothing"
Path = tuple[str, ...]
_NAMED_BY: dict[Any, str] = {
    Source: "part",
    LaterShare: "from_date",
    LegacyScheme: "scheme",
    ExitTrigger: "rating",
    TaxBracket: "above",
}
"""Entries of a list that are told apart by what they are for."""
_LISTS_OF_PARTS = {"sources", "later_shares", "legacy", "exits", "brackets"}
_NEVER = {"rounding": "never", "full_month_rounding": "never", "total_rounding": "never", "until": "no last day"}
"""What is said where no value is the rule."""


def statements(document: PolicyDocument) -> dict[str, str]:
    """Words → what is said of it, in the order of the document."""
    return {_in_words(pattern, names): said for pattern, names, said in _leaves(document, (), ())}


def _leaves(part: Any, pattern: Path, names: Path) -> Iterator[tuple[Path, Path, str]]:
    """(pattern of the path, the names in it, what is said) of all that is no funding rule."""
    if isinstance(part, Struct) and not isinstance(part, Band | Span | Rounding):
        for name in part.__struct_fields__:
            if name != _NAMED_BY.get(type(part)):
                yield from _leaves(getattr(part, name), (*pattern, name), names)
    elif isinstance(part, Mapping):
        for name, each in part.items():
            yield from _leaves(each, (*pattern, "*"), (*names, str(name)))
    elif pattern[-1] == "funding":
        return
    elif pattern[-1] in _LISTS_OF_PARTS:
        seen: dict[str, int] = {}
        for each in part:
            name = str(getattr(each, _NAMED_BY[type(each)]))
            seen[name] = seen.get(name, 0) + 1
            number = f" ({seen[name]})" if seen[name] > 1 else ""
            yield from _leaves(each, (*pattern, "*"), (*names, f"{name}{number}"))
    elif part is not None or pattern[-1] in _NEVER:
        yield pattern, names, shown(part, _NEVER.get(pattern[-1], NOTHING))


def _in_words(pattern: Path, names: Path) -> str:
    if pattern[:1] == ("districts",) and pattern[2:3] == ("performance",):
        return f"{WORDS['/'.join(pattern[2:])].format(*names[1:])} in the district {names[0]}"
    return WORDS["/".join(pattern)].format(*names)


def shown(value: Any, nothing: str = NOTHING) -> str:
    """A value as it is said."""
    match value:
        case None | () | "":
            return nothing
        case bool():
            return "yes" if value else "no"
        case Band():
            return f"grades {value.lowest} to {value.highest}"
        case Span():
            return f"{value.least} to {value.most}"
        case Rounding():
            return f"to the {value.to}, {value.mode}"
        case tuple():
            return ", ".join(map(str, value))
    return str(value)
