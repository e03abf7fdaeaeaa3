"""What payroll keeps of an event: pure, one function from a recorded event to rows of the tables."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import msgspec

from payroll.engine import EARNED, ENDED, FactKind, day_number
from payroll.run_acts import ACTS
from shared import events
from shared.envelope import Recorded
from shared.policy_document import as_written

Row = tuple[Any, ...]


@dataclass
class Rows:
    """Rows for each table, values in the order of its columns."""

    facts: list[Row] = field(default_factory=list)
    voids: list[Row] = field(default_factory=list)
    rules: list[Row] = field(default_factory=list)
    places: list[Row] = field(default_factory=list)
    runs: list[Row] = field(default_factory=list)


def rows_of(batch: Iterable[Recorded]) -> Rows:
    """All rows of a batch, in any order of its events."""
    rows = Rows()
    for recorded in batch:
        keep = _KEEP.get(type(recorded.event))
        if keep is not None:
            keep(rows, recorded, recorded.event)
    return rows


def kept(recorded: Recorded) -> bool:
    """Whether pay depends on the event: a worker's facts, a void of some, the rules."""
    rows = rows_of([recorded])
    return bool(rows.facts or rows.voids or rows.rules)


Keep = Callable[[Rows, Recorded, Any], None]
Values = Callable[[Any], dict[FactKind, str]]


def _sets(values: Values) -> Keep:
    """Keep one fact per property that the event sets on its worker."""

    def keep(rows: Rows, recorded: Recorded, event: Any) -> None:
        city_id = event.city_id if isinstance(event, events.WorkerHired | events.WorkerRehired) else None
        rows.facts += [
            (
                recorded.position,
                ordinal,
                recorded.command_id,
                recorded.subject_id,
                city_id if kind is FactKind.IN_SERVICE else None,
                int(kind),
                day_number(recorded.effective_date),
                value,
            )
            for ordinal, (kind, value) in enumerate(values(event).items())
        ]

    return keep


def _entry(event: events.WorkerHired | events.WorkerRehired) -> dict[FactKind, str]:
    """With what somebody enters: a diploma, years that count already, the last day of a probation."""
    return {
        FactKind.EDUCATION: event.education.value,
        FactKind.PROBATION: event.probation_until.isoformat() if event.probation_until else "",
        FactKind.SERVED_SINCE: str(event.counted_years),
    }


def _anew(event: events.WorkerRehired) -> dict[FactKind, str]:
    """A new service begins on duty and with one post."""
    return {FactKind.SUSPENDED: "0", FactKind.SECOND_POST: "", **_entry(event)}


def _years(event: events.WorkerConverted) -> dict[FactKind, str]:
    """The years with which somebody enters the new scheme, where they were counted."""
    return {} if event.counted_years is msgspec.UNSET else {FactKind.SERVED_SINCE: str(event.counted_years)}


def _terms(event: events.WorkerHired | events.WorkerRehired | events.WorkerConverted) -> dict[FactKind, str]:
    return {
        FactKind.SCHEME: event.scheme,
        FactKind.POST: event.post.value,
        FactKind.GRADE: str(event.grade or 0),
        FactKind.COMMUNITY: event.community_id,
    }


def _left_behind(event: events.WorkerTransferred | events.WorkerConverted) -> dict[FactKind, str]:
    """A second post stays with the community."""
    return {} if event.from_community_id == event.community_id else {FactKind.SECOND_POST: ""}


def _content(event: events.Event) -> str:
    """The event as JSON, the same for ever: a document says nothing of what its format gained since."""
    plain = msgspec.to_builtins(event, str_keys=True)
    if isinstance(event, events.PolicyEnacted):
        plain["document"] = as_written(event.document)
    return msgspec.json.encode(plain, order="deterministic").decode()


def _keep_void(rows: Rows, recorded: Recorded, event: events.CommandVoided) -> None:
    if recorded.stream.startswith("worker/"):
        rows.voids.append((recorded.position, recorded.subject_id, event.command_id))


def _rule(kind: str) -> Keep:
    def keep(rows: Rows, recorded: Recorded, event: Any) -> None:
        content = _content(event)
        rows.rules.append((recorded.position, recorded.subject_id, recorded.effective_date.isoformat(), kind, content))

    return keep


def _keep_place(rows: Rows, recorded: Recorded, event: events.CommunityRegistered) -> None:
    rows.places.append((recorded.position, event.community_id, event.city_id, event.street_id))


def _act(act: str) -> Keep:
    def keep(rows: Rows, recorded: Recorded, event: Any) -> None:
        jurisdiction, month, sequence = recorded.subject_id.split("/")
        content = _content(event)
        rows.runs.append((recorded.position, jurisdiction, month, int(sequence), act, recorded.actor, content))

    return keep


_KEEP: dict[type[events.Event], Keep] = {
    events.WorkerHired: _sets(lambda event: {FactKind.IN_SERVICE: "1", **_terms(event), **_entry(event)}),
    events.WorkerRehired: _sets(lambda event: {FactKind.IN_SERVICE: "1", **_terms(event), **_anew(event)}),
    events.WorkerConverted: _sets(lambda event: {**_terms(event), **_left_behind(event), **_years(event)}),
    events.ProbationConfirmed: _sets(lambda event: {FactKind.PROBATION: ""}),
    events.WorkerEducated: _sets(lambda event: {FactKind.EDUCATION: f"{EARNED}{event.education.value}"}),
    events.WorkerTransferred: _sets(lambda event: {FactKind.COMMUNITY: event.community_id, **_left_behind(event)}),
    events.WorkerCarried: _sets(lambda event: {FactKind.COMMUNITY: event.community_id}),
    events.PostChanged: _sets(lambda event: {FactKind.POST: event.post.value, FactKind.GRADE: str(event.grade or 0)}),
    events.WorkerRegraded: _sets(lambda event: {FactKind.GRADE: str(event.grade)}),
    events.WorkerQualified: _sets(lambda event: {FactKind.CERTIFICATE: event.certificate.value}),
    events.CertificateEnded: _sets(lambda event: {FactKind.CERTIFICATE: f"{ENDED}{event.certificate.value}"}),
    events.WorkerAppraised: _sets(lambda event: {FactKind.RATING: f"{event.year} {event.rating.value}"}),
    events.AppraisalCorrected: _sets(lambda event: {FactKind.RATING: f"{event.year} {event.rating.value}"}),
    events.WorkerSuspended: _sets(lambda event: {FactKind.SUSPENDED: "1"}),
    events.WorkerReturned: _sets(lambda event: {FactKind.SUSPENDED: "0"}),
    events.SecondPostTaken: _sets(lambda event: {FactKind.SECOND_POST: event.post.value}),
    events.SecondPostLeft: _sets(lambda event: {FactKind.SECOND_POST: ""}),
    events.SpecialDeductionDeclared: _sets(lambda event: {FactKind.SPECIAL_DEDUCTION: str(event.monthly_fen)}),
    events.WorkerSeparated: _sets(lambda event: {FactKind.IN_SERVICE: "0"}),
    events.CommandVoided: _keep_void,
    events.PolicyEnacted: _rule("policy"),
    events.BasePublished: _rule("base"),
    events.PayrollOpened: _rule("opening"),
    events.EngineAdopted: _rule("engine"),
    events.BudgetSet: _rule("budget"),
    events.CommunityRegistered: _keep_place,
    **{kind: _act(act) for act, kind in ACTS.items()},
}
