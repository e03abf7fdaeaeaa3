"""Where a recorded grade is not the due one: since when, because of what, and the act that would mend it."""

from datetime import date

from msgspec import Struct

from ledger.domain.advancement import STEP
from ledger.domain.due_grade import SETS_THE_GRADE, Step, derivation
from ledger.domain.policy import Policies
from ledger.domain.timeline import Act
from ledger.domain.worker import Worker, admit
from shared.events import Event, PolicyEnacted, WorkerRegraded
from shared.refusal import Refused


class Difference(Struct, frozen=True, kw_only=True):
    """A recorded grade beside the due one, without a break since a day. `written` recorded it, `earned` made it due."""

    since: date
    recorded: int | None
    due: int | None
    written: Act
    earned: tuple[Act, ...]
    policies: tuple[Act, ...]


def difference(worker: Worker, policies: Policies, day: date) -> Difference | None:
    """None for whoever is out of service, and where the recorded grade is the due one."""
    standing = worker.on(day)
    if standing is None or not standing.in_service:
        return None
    steps = derivation(worker.timeline, policies, day)
    if steps[-1].grade == standing.grade:
        return None
    since = _since(worker, steps, day)
    written = [act for act in worker.timeline.until(since) if isinstance(act.event, SETS_THE_GRADE)][-1]
    then = worker.on(since)
    return Difference(
        since=since,
        recorded=then.grade if then else None,
        due=_due(steps, since),
        written=written,
        earned=tuple(act for step in steps if step.on == since and step.part for act in step.acts),
        policies=tuple(
            act
            for act in policies.timeline.until(day)
            if act.position > written.position
            and isinstance(act.event, PolicyEnacted)
            and act.event.scheme == standing.scheme
        ),
    )


def mending(found: Difference) -> WorkerRegraded | None:
    """The regrade that sets the recorded grade right from the first day on; None where no grade is due."""
    if found.due is None:
        return None
    return WorkerRegraded(from_grade=found.recorded, grade=found.due, reason=STEP)


def in_the_way(worker: Worker, regraded: Event, day: date, policies: Policies) -> Refused | None:
    """Why the regrade would not be taken."""
    try:
        admit(worker, regraded, day, policies)
    except Refused as refused:
        return refused
    return None


def _since(worker: Worker, steps: list[Step], day: date) -> date:
    """The first day of the days up to this one on all of which the grades differ."""
    acts = {act.effective_date for act in worker.timeline.until(day) if isinstance(act.event, SETS_THE_GRADE)}
    since = day
    for turn in sorted(acts | {step.on for step in steps}, reverse=True):
        standing = worker.on(turn)
        if standing is None or not standing.in_service or standing.grade == _due(steps, turn):
            break
        since = turn
    return since


def _due(steps: list[Step], day: date) -> int | None:
    return next((step.grade for step in reversed(steps) if step.on <= day), None)
