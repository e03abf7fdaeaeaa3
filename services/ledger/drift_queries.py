"""The list of drifts: whose recorded grade is not the due one, page by page, each with the act that would mend it."""

from collections.abc import Sequence
from datetime import date

from msgspec import Struct

from ledger.desk import Desk
from ledger.domain.community import Community
from ledger.domain.drift import Difference, difference, in_the_way, mending
from ledger.domain.explanation import Cause, cause_of
from ledger.domain.policy import Policies
from ledger.domain.timeline import fold
from ledger.domain.worker import Worker
from ledger.grade_answers import Drift, DriftPage, Proposal, ProposedBody
from ledger.queries import Queries
from shared.envelope import Recorded
from shared.events import (
    AppraisalCorrected,
    CommandVoided,
    PostChanged,
    WorkerAppraised,
    WorkerEducated,
    WorkerHired,
    WorkerQualified,
)

LOOKED_AT = 500
"""How many workers one page looks at: each is derived from their whole life."""

_MOVES_THE_RULE = (WorkerAppraised, AppraisalCorrected, WorkerEducated, WorkerQualified, PostChanged, CommandVoided)


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
    causes = _causes(found, known)
    return Drift(
        worker_id=worker_id,
        community_id=standing.community_id,
        since=found.since,
        recorded_grade=found.recorded,
        due_grade=found.due,
        causes=causes,
        proposed=_proposed(worker_id, worker, found, causes, known, policies),
    )


def _lies_there(desk: Desk, community_id: str, asked: Asked) -> bool:
    if asked.community_id is not None and community_id != asked.community_id:
        return False
    if asked.street_id is None:
        return True
    place = desk.open(Community, f"community/{community_id}").state.founded
    return place is not None and place.street_id == asked.street_id


def _causes(found: Difference, known: Sequence[Recorded]) -> list[Cause]:
    """What was written since the grade was, and what earned the due one; else the act that wrote the grade."""
    since = [
        Cause(position=one.position, event=one.type, effective_date=one.effective_date, command_id=one.command_id)
        for one in known
        if one.version > found.written.version and isinstance(one.event, _MOVES_THE_RULE)
    ]
    causes = [*since, *(cause_of(act) for act in (*found.earned, *found.policies))] or [cause_of(found.written)]
    by_position = {cause.position: cause for cause in causes}
    return [by_position[position] for position in sorted(by_position)]


def _proposed(
    worker_id: str,
    worker: Worker,
    found: Difference,
    causes: list[Cause],
    known: Sequence[Recorded],
    policies: Policies,
) -> Proposal | None:
    regraded = mending(found)
    if regraded is None:
        return None
    caused = {cause.position for cause in causes}
    basis = next((one.basis for one in reversed(known) if one.position in caused), known[0].basis)
    refused = in_the_way(worker, regraded, found.since, policies)
    acts = refused.extra.get("acts") if refused else None
    return Proposal(
        path="/ledger/v1/regrades",
        body=ProposedBody(
            worker_id=worker_id,
            effective_date=found.since,
            grade=regraded.grade,
            reason=regraded.reason,
            basis=basis,
        ),
        refused=refused.detail if refused else "",
        acts=tuple(str(act) for act in acts) if isinstance(acts, list) else (),
    )
