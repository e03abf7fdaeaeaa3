"""An older wire form read as today's event."""

from collections.abc import Callable

Upcast = Callable[[bytes], tuple[str, bytes]]

UPCASTS: dict[str, Upcast] = {}
"""Stored name of a superseded form → (its JSON) → (stored name of the next form, its JSON). None is superseded yet."""


def upcast(name: str, data: bytes) -> tuple[str, bytes]:
    """Follow the chain of upcasts to today's form."""
    while (step := UPCASTS.get(name)) is not None:
        name, data = step(data)
    return name, data
