"""What can be asked over HTTP about two answers: where they differ, and which events that comes from."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Any, NamedTuple

import msgspec
from fastapi import Depends, Query, Request, Response
from msgspec import Struct

from ledger.asking import Day, Id, Known
from ledger.desk import Desk
from ledger.domain.community import Community
from ledger.domain.differences import Difference, Fields, View, differences
from ledger.domain.timeline import Timeline, fold
from ledger.domain.worker import Worker
from ledger.execution import Ledger
from ledger.queries import Queries, community_answer
from shared.envelope import Recorded
from shared.events import CommandVoided, StaysRestated
from shared.http import Route, answer, principal_of
from shared.principals import EVERYONE, OFFICE

_ASKED = ("effective_on", "known_position", "version")
"""What an answer says of the question."""


class Question(Struct, frozen=True, kw_only=True):
    """One of the two answers: about which day, as known at which position."""

    effective_on: date
    known_position: int


class VoidedBy(Struct, frozen=True, kw_only=True):
    """The act that took an event out."""

    position: int
    recorded_at: datetime
    command_id: str
    actor: str
    reason: str


class Cause(Struct, frozen=True, kw_only=True):
    """An event that only one of the answers rests on; `in_force`: in which, `before` or `after`."""

    position: int
    type: str
    effective_date: date
    recorded_at: datetime
    command_id: str
    actor: str
    document: str
    in_force: str
    voided_by: VoidedBy | None = None


class FieldDifference(Struct, frozen=True, kw_only=True):
    """A field, what either answer says there, null for nothing, and what that comes from."""

    field: str
    before: Any
    after: Any
    causes: list[Cause]


class Differences(Struct, frozen=True, kw_only=True):
    """Where two answers about the same subject differ; an empty list where they say the same."""

    subject: str
    before: Question
    after: Question
    fields: list[FieldDifference]


class _Side(NamedTuple):
    question: Question
    timeline: Timeline
    view: View


def _against(
    request: Request,
    day: Day,
    against_effective_on: Annotated[date | None, Query(description="the day of the other answer; the same")] = None,
    against_known_at: Annotated[datetime | None, Query(description="the other as known at this time; now")] = None,
    against_known_position: Annotated[int | None, Query(ge=-1, le=2**62, description="or at this position")] = None,
) -> Question:
    queries = request.app.state.queries
    assert isinstance(queries, Queries)
    known = queries.known(against_known_at, against_known_position)
    return Question(effective_on=against_effective_on or day, known_position=known)


Against = Annotated[Question, Depends(_against)]


def difference_reads(ledger: Ledger, queries: Queries) -> list[Route]:
    """The table of questions about two answers."""

    def of_worker(request: Request, worker_id: Id, day: Day, known: Known, against: Against) -> Response:
        desk = ledger.desk(principal_of(request))
        stream = desk.worker(worker_id).stream
        return _answered(queries, desk, stream, Question(effective_on=day, known_position=known), against)

    def of_community(request: Request, community_id: Id, day: Day, known: Known, against: Against) -> Response:
        desk = ledger.desk(principal_of(request))
        stream = desk.community(community_id).stream
        return _answered(queries, desk, stream, Question(effective_on=day, known_position=known), against)

    told = "Where two answers differ, and the events that this comes from"
    return [
        Route("GET", "/workers/{worker_id}/differences", EVERYONE, of_worker, told, answer=Differences),
        Route("GET", "/communities/{community_id}/differences", OFFICE, of_community, told, answer=Differences),
    ]


def _answered(queries: Queries, desk: Desk, stream: str, before: Question, after: Question) -> Response:
    recorded = queries.store.stream(stream)
    sides = [_side(recorded, stream, question) for question in (before, after)]
    if not any(side.timeline.acts for side in sides):
        kind, _, name = stream.partition("/")
        raise desk.unseen(kind, name, f"/{kind}_id")
    found = differences(sides[0].timeline, sides[1].timeline, sides[0].view, sides[1].view)
    fields = [_told(difference, recorded, sides[0].timeline) for difference in found]
    whole = Differences(subject=stream, before=before, after=after, fields=fields)
    return answer(whole, headers={"Ledger-Position": str(max(before.known_position, after.known_position))})


def _side(recorded: Sequence[Recorded], stream: str, question: Question) -> _Side:
    """The acts that the answer rests on, and how they are read; stays told anew are of days of their own."""
    known = fold(one for one in recorded if one.position <= question.known_position)
    acts = (act for act in known if act.effective_date <= question.effective_on or isinstance(act.event, StaysRestated))
    timeline = known.only(acts)
    read = _worker_on if stream.startswith("worker/") else _community_on
    return _Side(question, timeline, lambda acts: read(acts, question.effective_on))


def _worker_on(timeline: Timeline, day: date) -> Fields:
    standing = Worker(timeline).on(day)
    return {} if standing is None else _plain(standing)


def _community_on(timeline: Timeline, day: date) -> Fields:
    community = Community(timeline)
    place = community.registered
    return {} if place is None else _plain(community_answer(place, community, 0, day, 0))


def _plain(struct: Struct) -> Fields:
    fields = msgspec.to_builtins(struct, str_keys=True)
    return {name: value for name, value in fields.items() if name not in _ASKED}


def _told(difference: Difference, recorded: Sequence[Recorded], before: Timeline) -> FieldDifference:
    of_before = {act.version for act in before}
    causes = [
        _cause(recorded, recorded[version - 1], "before" if version in of_before else "after")
        for version in difference.causes
    ]
    return FieldDifference(field=difference.field, before=difference.before, after=difference.after, causes=causes)


def _cause(recorded: Sequence[Recorded], one: Recorded, in_force: str) -> Cause:
    return Cause(
        position=one.position,
        type=one.type,
        effective_date=one.effective_date,
        recorded_at=one.recorded_at,
        command_id=one.command_id,
        actor=one.actor,
        document=one.basis.document,
        in_force=in_force,
        voided_by=next((_void(void) for void in recorded if _voids(void, one)), None),
    )


def _voids(void: Recorded, one: Recorded) -> bool:
    return isinstance(void.event, CommandVoided) and void.event.command_id == one.command_id


def _void(void: Recorded) -> VoidedBy:
    assert isinstance(void.event, CommandVoided)
    return VoidedBy(
        position=void.position,
        recorded_at=void.recorded_at,
        command_id=void.command_id,
        actor=void.actor,
        reason=void.event.reason,
    )
