"""A version of the services that is one behind another."""

from collections.abc import Iterator
from contextlib import contextmanager

from shared.events import EVENT_TYPES


@contextmanager
def not_knowing(*names: str) -> Iterator[None]:
    """Inside, this process knows no event of these types; afterwards it knows them all again, in their order."""
    whole = dict(EVENT_TYPES)
    for name in names:
        del EVENT_TYPES[name]
    try:
        yield
    finally:
        EVENT_TYPES.clear()
        EVENT_TYPES.update(whole)
