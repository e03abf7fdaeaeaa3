"""How far back acts may be dated: limits by kind of act and by place, and who may go beyond them (F08)."""

from calendar import monthrange
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Annotated

from msgspec import Meta, Struct

from ledger.domain.command import Command, Id
from ledger.domain.policy import Policies
from shared.events import EVENT_TYPES, RetroLimitSet
from shared.patterns import END
from shared.principals import Role, Scope
from shared.refusal import Refused

ALL = "all"
LIFTED_BY = Role.SUPERVISOR
Kind = Annotated[
    str,
    Meta(pattern=r"^[a-z]+(\.[a-z-]+)?" + END, max_length=60, description="`all`, or an event without its version"),
]

# --- command


class SetRetroLimit(Command, frozen=True, kw_only=True):
    """From the effective date on, acts of a kind at a place are dated `not_before` a day and at most `months_back`.

    Without a street or community it is for the whole city; with neither bound a narrower place or kind is free.
    """

    jurisdiction: Id
    kind: Kind = ALL
    street_id: Id | None = None
    community_id: Id | None = None
    not_before: date | None = None
    months_back: Annotated[int, Meta(ge=0, le=600)] | None = None


# --- state


class Place(Struct, frozen=True):
    """Where an act holds; None for what holds in the whole city."""

    street_id: str | None = None
    community_id: str | None = None


Limits = Mapping[tuple[str, Place], RetroLimitSet]


def limits_on(policies: Policies, today: date) -> Limits:
    """The limits that are in force today, by kind and place."""
    return {
        (act.event.kind, Place(act.event.street_id, act.event.community_id)): act.event
        for act in policies.timeline.until(today)
        if isinstance(act.event, RetroLimitSet)
    }


# --- decisions


def set_limit(command: SetRetroLimit) -> RetroLimitSet:
    """The limit as set. Refused `invalid-body` for a kind that no event has."""
    if command.kind != ALL and not any(name.startswith(f"{command.kind}.v") for name in EVENT_TYPES):
        raise Refused(
            "invalid-body",
            f"no event is called {command.kind}",
            pointer="/kind",
            remedy=f"write {ALL}, or the type of an event without its version, e.g. worker.transferred",
        )
    return RetroLimitSet(
        kind=command.kind,
        street_id=command.street_id,
        community_id=command.community_id,
        not_before=command.not_before,
        months_back=command.months_back,
    )


def check_limit(limits: Limits, kind: str, place: Place, day: date, today: date, lifting: Scope | None = None) -> None:
    """Refused `retro-limit` for an act dated further back than the nearest limit allows: that of the community before
    the street's before the city's, and at each place that of the kind before that of all kinds.

    `lifting`: the place whose supervisor gives it, who goes beyond the limits that lie in it.
    """
    limit = next((limits[one] for one in _nearest(kind, place) if one in limits), None)
    earliest = None if limit is None else _earliest(limit, today)
    if limit is None or earliest is None or day >= earliest:
        return
    if lifting is not None and _lies_in(limit, place, lifting):
        return
    where = limit.community_id or limit.street_id or "the whole city"
    raise Refused(
        "retro-limit",
        f"acts ({limit.kind}) at {where} are dated {earliest} or later; this one holds from {day}",
        pointer="/effective_date",
        remedy=f"choose {earliest} or a later day, or have a {LIFTED_BY} of the city give it",
        extra={"kind": limit.kind, "place": where, "earliest": earliest.isoformat(), "lifted_by": LIFTED_BY.value},
    )


def _lies_in(limit: RetroLimitSet, place: Place, scope: Scope) -> bool:
    """Whether the scope covers the whole place that the limit is for; `place` is one in it."""
    if scope.kind == "street":
        return scope.place_id == (place.street_id if limit.community_id else limit.street_id)
    return scope.kind == "community" and scope.place_id == limit.community_id


def _nearest(kind: str, place: Place) -> Sequence[tuple[str, Place]]:
    places = dict.fromkeys((Place(None, place.community_id), Place(place.street_id, None), Place()))
    return [(name, where) for where in places for name in (kind, ALL)]


def _earliest(limit: RetroLimitSet, today: date) -> date | None:
    bounds = [] if limit.not_before is None else [limit.not_before]
    if limit.months_back is not None:
        bounds.append(_months_before(today, limit.months_back))
    return max(bounds, default=None)


def _months_before(day: date, months: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))
