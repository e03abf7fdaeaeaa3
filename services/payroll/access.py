"""Who may see whose pay: a city sees itself, a street or community its own lines and workers, a worker their own."""

from collections.abc import Callable
from datetime import date

from payroll.engine import FactKind, day_number
from payroll.known import Known
from payroll.projection import Projection
from payroll.soundness import check_hire_taken, check_worker_taken
from shared.principals import Principal, Role, Scope
from shared.refusal import Refused

_LINE_COLUMN = {"street": "street_id", "community": "community_id"}


def check_city(principal: Principal, jurisdiction: str) -> None:
    """Only the city itself. Raises Refused `not-found`."""
    if (principal.scope.kind, principal.scope.place_id) != ("city", jurisdiction):
        raise not_found(f"nothing to see of {jurisdiction}")


def lines_within(principal: Principal, jurisdiction: str, projection: Projection) -> dict[str, str]:
    """Which lines of the jurisdiction are in scope, as column = value; none for all. Raises Refused `not-found`."""
    scope = principal.scope
    if (scope.kind, scope.place_id) == ("city", jurisdiction):
        return {}
    for community_id, street_id, city_id in projection.cities_of_places():
        here = scope.place_id in {"street": (street_id,), "community": (community_id,)}.get(scope.kind, ())
        if here and city_id == jurisdiction:
            return {_LINE_COLUMN[scope.kind]: scope.place_id}
    raise not_found(f"nothing to see of {jurisdiction}")


def worker_in_scope(
    principal: Principal, worker_id: str, at_position: int, projection: Projection, today: Callable[[], date]
) -> Known:
    """What is known of a worker the principal may see. Raises Refused `not-found`, also for somebody else's worker.

    Raises `stream-parked` while an event of the worker waits; where it is the hire, nobody knows of which place yet.
    """
    city_id = projection.city_of(worker_id, at_position)
    if city_id is None:
        if _may_ask_of(principal, worker_id):
            check_hire_taken(projection, worker_id, at_position)
        raise _no_worker(worker_id)
    known = projection.known(city_id, at_position, worker_id)
    if principal.scope not in _seen_by(principal.role, worker_id, city_id, _community_of(known, today()), known):
        raise _no_worker(worker_id)
    check_worker_taken(projection, worker_id, city_id, at_position)
    return known


def _may_ask_of(principal: Principal, worker_id: str) -> bool:
    """Whether somebody could see the worker if that were in the right place."""
    if principal.role is Role.WORKER:
        return principal.scope == Scope("worker", worker_id)
    return principal.scope.kind != "worker"


def _seen_by(role: Role, worker_id: str, city_id: str, community_id: str, known: Known) -> list[Scope]:
    """Whose token may look: a worker's own, and of the offices those of the places the worker belongs to."""
    if role is Role.WORKER:
        return [Scope("worker", worker_id)]
    street_id = known.street_of.get(community_id, "")
    return [Scope("city", city_id), Scope("street", street_id), Scope("community", community_id)]


def not_found(detail: str) -> Refused:
    """Nothing there, or not for you: the same answer."""
    return Refused("not-found", detail, remedy="check the id, and that it lies in the place your token is for")


def _no_worker(worker_id: str) -> Refused:
    return not_found(f"there is no worker {worker_id} here")


def _community_of(known: Known, day: date) -> str:
    """The worker's community on a day, or the first one when service has not begun by then; else empty."""
    moves = [fact for fact in known.facts if fact.kind == FactKind.COMMUNITY]
    so_far = [fact for fact in moves if fact.day <= day_number(day)] or moves[:1]
    latest = max(so_far, key=lambda fact: (fact.day, fact.position, fact.ordinal), default=None)
    return latest.value if latest else ""
