"""One thing that is wrong with a policy document: at which key, what, and the way out."""

import re
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from difflib import get_close_matches
from typing import NamedTuple

from msgspec import Struct


class Fault(NamedTuple):
    """A JSON pointer, a sentence, and what to write instead."""

    pointer: str
    detail: str
    remedy: str


def figures_of(part: object, pointer: str) -> Iterator[tuple[str, Decimal]]:
    """Every exact figure of a part under its pointer."""
    if isinstance(part, Decimal):
        yield pointer, part
    for name, each in parts_of(part):
        yield from figures_of(each, f"{pointer}/{name}")


def parts_of(part: object) -> Iterable[tuple[object, object]]:
    """What stands right below a part: (name, key or number; value)."""
    if isinstance(part, Struct):
        return [(name, getattr(part, name)) for name in part.__struct_fields__]
    if isinstance(part, Mapping):
        return list(part.items())
    return list(enumerate(part)) if isinstance(part, tuple) else []


def too_much(pointer: str, figure: Decimal, most: int, what: str) -> Iterator[Fault]:
    """A ratio above the most it can sensibly be; one that reads as percent is said to be written so."""
    if figure > most:
        hundredth = figure / 100
        remedy = f"lower it to {most} at most"
        if most < figure and hundredth <= most:
            remedy = f'if {figure:f} % is meant, write "{in_full(hundredth)}"; else {remedy}'
        yield Fault(
            pointer, f"{figure:f} would be {in_full(figure * 100)} %; {what} is {most} ({most * 100} %) at most", remedy
        )


def repeated(pointer: str, words: Iterable[object]) -> Iterator[Fault]:
    """Entries of a list that stand there before."""
    seen: list[object] = []
    for number, word in enumerate(words):
        if word in seen:
            yield Fault(f"{pointer}/{number}", f"{word} stands in the list twice", "take the second out")
        seen.append(word)


def chosen(pointer: str, word: str, words: Iterable[str], named: str = "") -> Iterator[Fault]:
    """A word that is none of those to choose from; `named` says whose they are."""
    known = [str(each) for each in words]
    if word not in known:
        close = get_close_matches(word, known, n=1)
        remedy = f"do you mean {close[0]}? Else choose" if close else "choose"
        yield Fault(
            pointer, f"{word} is not {named or 'one of ' + ', '.join(known)}", f"{remedy} one of {', '.join(known)}"
        )


def in_full(figure: Decimal) -> str:
    """The figure as digits with a point, without idle zeros but with two places for a part of one."""
    text = f"{figure:f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return f"{figure:.2f}" if re.fullmatch(r"\d+\.\d", text) else text
