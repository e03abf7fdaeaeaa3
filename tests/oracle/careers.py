"""The oracle's view of one worker: what holds on one day, read anew from all acts for every day."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from shared import events
from shared.envelope import Recorded

CERTIFICATES = ["assistant", "social_worker", "senior"]
DIPLOMAS = ["high_school", "college", "bachelor", "master", "doctor"]


@dataclass(frozen=True)
class Day:
    """A worker on one day. `certificates` and `diplomas` are those registered so far with the day they count as of.

    `rating` is that of the latest year appraised by the day; `ratings` those of all years, whenever they were given.
    """

    in_service: bool = False
    suspended: bool = False
    scheme: str = ""
    post: str = ""
    second_post: str = ""
    grade: int = 0
    community: str = ""
    rating: str | None = None
    rated_year: int = 0
    ratings: tuple[tuple[int, str], ...] = ()
    certificates: tuple[tuple[date, str], ...] = ()
    diplomas: tuple[tuple[date, str, bool], ...] = ()
    probation_until: date | None = None
    served_since: date | None = None
    deducted_fen: int = 0


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
    appraised = (events.WorkerAppraised, events.AppraisalCorrected)
    ratings = {act.event.year: act.event.rating.value for act in acts if isinstance(act.event, appraised)}
    return replace(state, ratings=tuple(sorted(ratings.items())))


def _after(state: Day, act: Recorded) -> Day:
    match act.event:
        case events.WorkerHired() | events.WorkerRehired() as hired:
            return _entered(state, hired, act.effective_date)
        case events.WorkerConverted() as converted:
            stays = converted.from_community_id == converted.community_id
            state = state if stays else _moved(state, converted)
            state = replace(state, scheme=converted.scheme, community=converted.community_id)
            if isinstance(converted.counted_years, int):
                state = replace(state, served_since=years_later(act.effective_date, -converted.counted_years))
            return replace(state, post=converted.post.value, grade=converted.grade or 0)
        case events.WorkerTransferred() as transferred:
            return _moved(state, transferred)
        case events.WorkerCarried() as moved:
            return replace(state, community=moved.community_id)
        case events.PostChanged() as changed:
            return replace(state, post=changed.post.value, grade=changed.grade or 0)
        case events.WorkerRegraded() as regraded:
            return replace(state, grade=regraded.grade)
        case events.WorkerAppraised() | events.AppraisalCorrected() as appraised if appraised.year >= state.rated_year:
            return replace(state, rating=appraised.rating.value, rated_year=appraised.year)
        case events.WorkerSeparated():
            return replace(state, in_service=False)
    return _circumstances(state, act)


def _circumstances(state: Day, act: Recorded) -> Day:
    match act.event:
        case events.WorkerQualified() as qualified:
            registered = (act.effective_date, qualified.certificate.value)
            return replace(state, certificates=(*state.certificates, registered))
        case events.CertificateEnded() as ended:
            gone = (act.effective_date, f"no {ended.certificate.value}")
            return replace(state, certificates=(*state.certificates, gone))
        case events.WorkerEducated() as educated:
            return replace(state, diplomas=(*state.diplomas, (act.effective_date, educated.education.value, True)))
        case events.WorkerSuspended() | events.WorkerReturned() as event:
            return replace(state, suspended=isinstance(event, events.WorkerSuspended))
        case events.SecondPostTaken() as taken:
            return replace(state, second_post=taken.post.value)
        case events.SecondPostLeft():
            return replace(state, second_post="")
        case events.SpecialDeductionDeclared() as declared:
            return replace(state, deducted_fen=declared.monthly_fen)
        case events.ProbationConfirmed():
            return replace(state, probation_until=None)
    return state


def _entered(state: Day, hired: events.WorkerHired | events.WorkerRehired, day: date) -> Day:
    """Somebody begins to serve; who begins again has one post and is on duty."""
    again = isinstance(hired, events.WorkerRehired)
    return replace(
        state,
        in_service=True,
        suspended=state.suspended and not again,
        second_post="" if again else state.second_post,
        scheme=hired.scheme,
        community=hired.community_id,
        post=hired.post.value,
        grade=hired.grade or 0,
        diplomas=(*state.diplomas, (day, hired.education.value, False)),
        probation_until=hired.probation_until if isinstance(hired.probation_until, date) else None,
        served_since=years_later(day, -hired.counted_years),
    )


def _moved(state: Day, event: events.WorkerTransferred | events.WorkerConverted) -> Day:
    """A second post stays with the community that somebody leaves."""
    stays = event.from_community_id == event.community_id
    return replace(state, community=event.community_id, second_post=state.second_post if stays else "")


def years_later(day: date, years: int) -> date:
    """The same day of another year; 1 March where it has no 29 February."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return date(day.year + years, 3, 1)


def begins_to_count(since: date, starts: str) -> date:
    """The first day on which something of that day counts: itself, the next month's first, the next 1 January."""
    if starts == "next-year":
        return date(since.year + 1, 1, 1)
    if starts == "next-month":
        return (since.replace(day=1) + timedelta(31)).replace(day=1)
    return since


def certificates_on(state: Day, day: date, starts: str) -> list[str]:
    """Those held that count on the day, lowest first."""
    held: set[str] = set()
    for since, name in state.certificates:
        if begins_to_count(since, starts) <= day:
            held = held - {name.removeprefix("no ")} if name.startswith("no ") else held | {name}
    return sorted(held, key=CERTIFICATES.index)


def diplomas_on(state: Day, day: date, starts: str) -> list[str]:
    """Those that count on the day, lowest first; one that was held on entry counts from then on."""
    held = {
        name
        for since, name, in_service in state.diplomas
        if (begins_to_count(since, starts) if in_service else since) <= day
    }
    return sorted(held, key=DIPLOMAS.index)
