"""The list of drifts: whose recorded grade was not the due one, page by page, each with the acts that would mend it."""

from datetime import date

from msgspec import Struct

from ledger.desk import Desk
from ledger.domain.community import Community
from ledger.domain.drift import difference
from ledger.domain.policy import Policies
from ledger.domain.timeline import fold
from ledger.domain.worker import Worker
from ledger.drift_answers import Drift, told_drift
from ledger.grade_answers import DriftPage
from ledger.queries import Queries
from shared.events import WorkerHired

LOOKED_AT = 500
"""How many workers one page looks at: each is derived from their whole life."""


class Asked(Struct, frozen=True, kw_only=True):
    """Which place, on which day, as known where, and which page."""

    city_id: str
    street_id: str | None
    community_id: str | None
    effective_on: date
    known: int
    after: str
    limit: int


def drifts(queries: Queries, desk: Desk, asked: Asked) -> DriftPage:
    """Those in the principal's scope, as known then. Refused `not-found` for another city."""
    if desk.principal.scope.kind == "city":
        desk.city(asked.city_id)
    policies = desk.open(Policies, desk.policies(asked.city_id).stream, upto=asked.known).state
    start = f"worker/{asked.after}"
    found: list[Drift] = []
    streams = queries.directory.streams(asked.city_id, WorkerHired.name, upto=asked.known, after=start, limit=LOOKED_AT)
    for stream in streams:
        drift = _drift(desk, stream, policies, asked)
        if drift is not None:
            found.append(drift)
        if len(found) == asked.limit:
            return _page(found, asked, found[-1].worker_id)
    return _page(found, asked, streams[-1].partition("/")[2] if len(streams) == LOOKED_AT else None)


def _page(found: list[Drift], asked: Asked, next_after: str | None) -> DriftPage:
    return DriftPage(effective_on=asked.effective_on, known_position=asked.known, drifts=found, next_after=next_after)


def _drift(desk: Desk, stream: str, policies: Policies, asked: Asked) -> Drift | None:
    worker_id = stream.partition("/")[2]
    recorded = desk.store.stream(stream)
    if not desk.sees_worker(Worker(fold(recorded)), worker_id):
        return None
    known = [one for one in recorded if one.position <= asked.known]
    worker = Worker(fold(known))
    standing = worker.on(asked.effective_on)
    if standing is None or not _lies_there(desk, standing.community_id, asked):
        return None
    found = difference(worker, policies, asked.effective_on)
    if found is None:
        return None
    return told_drift(worker_id, found, known, worker, policies, asked.effective_on)


def _lies_there(desk: Desk, community_id: str, asked: Asked) -> bool:
    if asked.community_id is not None and community_id != asked.community_id:
        return False
    if asked.street_id is None:
        return True
    place = desk.open(Community, f"community/{community_id}").state.founded
    return place is not None and place.street_id == asked.street_id
