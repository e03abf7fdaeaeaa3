"""The oracle's view of one worker: what holds on one day, read anew from all acts for every day."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from shared import events
from shared.envelope import Recorded

CERTIFICATES = ["assistant", "social_worker", "senior"]


@dataclass(frozen=True)
class Day:
    """A worker on one day. `certificates` are those registered so far with their dates."""

    in_service: bool = False
    suspended: bool = False
    scheme: str = ""
    post: str = ""
    grade: int = 0
    community: str = ""
    rating: str | None = None
    rated_year: int = 0
    certificates: tuple[tuple[date, str], ...] = ()


def known(log: Sequence[Recorded], at_position: int) -> list[Recorded]:
    """What the log says up to a position, without the commands voided by then on the same stream.

    In the order in which it holds: by effective date, acts of one date as they were recorded.
    """
    prefix = [recorded for recorded in log if recorded.position <= at_position]
    voided = {
        (recorded.stream, recorded.event.command_id)
        for recorded in prefix
        if isinstance(recorded.event, events.CommandVoided)
    }
    valid = [recorded for recorded in prefix if (recorded.stream, recorded.command_id) not in voided]
    return sorted(valid, key=lambda recorded: (recorded.effective_date, recorded.position))


def on_day(acts: Sequence[Recorded], day: date) -> Day:
    """The worker on a day: all acts that hold by then, one after the other, as `known` orders them."""
    state = Day()
    for act in acts:
        if act.effective_date <= day:
            state = _after(state, act)
    return state


def _after(state: Day, act: Recorded) -> Day:
    match act.event:
        case events.WorkerHired() | events.WorkerRehired() as hired:
            suspended = state.suspended and isinstance(hired, events.WorkerHired)
            state = replace(
                state, in_service=True, suspended=suspended, scheme=hired.scheme, community=hired.community_id
            )
            return replace(state, post=hired.post.value, grade=hired.grade or 0)
        case events.WorkerConverted() as converted:
            state = replace(state, scheme=converted.scheme, community=converted.community_id)
            return replace(state, post=converted.post.value, grade=converted.grade or 0)
        case events.WorkerTransferred() | events.WorkerCarried() as moved:
            return replace(state, community=moved.community_id)
        case events.PostChanged() as changed:
            return replace(state, post=changed.post.value, grade=changed.grade or 0)
        case events.WorkerRegraded() as regraded:
            return replace(state, grade=regraded.grade)
        case events.WorkerAppraised() | events.AppraisalCorrected() as appraised if appraised.year >= state.rated_year:
            return replace(state, rating=appraised.rating.value, rated_year=appraised.year)
        case events.WorkerQualified() as qualified:
            registered = (act.effective_date, qualified.certificate.value)
            return replace(state, certificates=(*state.certificates, registered))
        case events.CertificateEnded() as ended:
            gone = (act.effective_date, f"no {ended.certificate.value}")
            return replace(state, certificates=(*state.certificates, gone))
        case events.WorkerSuspended() | events.WorkerReturned() as event:
            return replace(state, suspended=isinstance(event, events.WorkerSuspended))
        case events.WorkerSeparated():
            return replace(state, in_service=False)
    return state


def highest_certificate(state: Day, day: date, starts: str) -> str | None:
    """The highest certificate that is paid for on the day, under a rule that pays from a month or a day on."""
    if starts == "next-month":
        counted = [name for since, name in state.certificates if (since.year, since.month) < (day.year, day.month)]
    else:
        counted = [name for since, name in state.certificates if since <= day]
    held: set[str] = set()
    for name in counted:
        held = held - {name.removeprefix("no ")} if name.startswith("no ") else held | {name}
    return max(held, key=CERTIFICATES.index, default=None)
