"""Where two answers about one stream differ, and which of its events that comes from."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from msgspec import Struct

from ledger.domain.timeline import Act, Timeline

Fields = Mapping[str, Any]
View = Callable[[Timeline], Fields]
"""What an answer says on its day, from the acts that hold by then."""


class Difference(Struct, frozen=True, kw_only=True):
    """A field that the two answers do not say alike; None where there is none. `causes`: versions of events."""

    field: str
    before: Any
    after: Any
    causes: tuple[int, ...]


def differences(before: Timeline, after: Timeline, view_before: View, view_after: View) -> list[Difference]:
    """Every field that differs, in the order of the fields, with the acts that only one of the answers rests on and
    without which that answer would say something else there. Where none is so by itself, all of them are named.
    """
    was, will = view_before(before), view_after(after)
    differing = [name for name in {**was, **will} if was.get(name) != will.get(name)]
    if not differing:
        return []
    lost, gained = _only_in(before, after), _only_in(after, before)
    without = [(act, was, view_before(_leaving_out(before, act))) for act in lost]
    without += [(act, will, view_after(_leaving_out(after, act))) for act in gained]
    found = []
    for name in differing:
        alone = [act for act, with_it, without_it in without if with_it.get(name) != without_it.get(name)]
        causes = sorted(act.version for act in alone or [*lost, *gained])
        found.append(Difference(field=name, before=was.get(name), after=will.get(name), causes=tuple(causes)))
    return found


def _only_in(one: Timeline, other: Timeline) -> Sequence[Act]:
    known = {act.version for act in other}
    return [act for act in one if act.version not in known]


def _leaving_out(timeline: Timeline, left_out: Act) -> Timeline:
    return timeline.only(act for act in timeline if act is not left_out)
