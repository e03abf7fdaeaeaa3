"""Random logs for the properties of pay: few people, few places, many kinds of act, dates near the turns of months."""

from datetime import date, timedelta

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy
from msgspec import UNSET, UnsetType
from tests.oracle.documents import FLATS, LADDERS, anything
from tests.oracle.logs import CITY, STREETS, Log

from shared import events
from shared.events import OUTSIDE, Certificate, Channel, Education, Post, Rating, SeparationReason

MONTHS = ("2020-09", "2020-10", "2020-11", "2020-12", "2021-01", "2021-02")
WORKERS = ("an", "bo", "cai")
SCHEMES = ("ladder", "ladder", "ladder", "legacy", OUTSIDE)
WAGES_FEN = (5_458_000, 5_460_015, 6_111_107)
YEARS = st.integers(2018, 2021)
_FIRST, _LAST = date(2020, 8, 1), date(2021, 3, 31)


def _days() -> SearchStrategy[date]:
    """Dates around the open months, often the first or last of one."""
    turns = [date(2020 + month // 12, month % 12 + 1, 1) for month in range(7, 15)]
    near = st.builds(lambda turn, shift: turn + timedelta(shift), st.sampled_from(turns), st.integers(-2, 1))
    return st.one_of(st.dates(_FIRST, _LAST), near)


def _probations() -> SearchStrategy[date | UnsetType]:
    """The last day of a probation, or none."""
    return st.just(UNSET) | _days()


def _acts() -> SearchStrategy[events.Event]:
    posts, grades, places = st.sampled_from(Post), st.integers(1, 18), st.sampled_from(sorted(STREETS))
    schemes, diplomas = st.sampled_from(SCHEMES), st.sampled_from(Education)
    return st.one_of(
        st.builds(events.WorkerTransferred, from_community_id=st.just("") | places, community_id=places),
        st.builds(events.WorkerCarried, from_community_id=st.just(""), community_id=places),
        st.builds(events.PostChanged, from_post=posts, post=posts, grade=st.none() | grades),
        st.builds(events.WorkerRegraded, from_grade=st.none(), grade=grades, reason=st.just("")),
        st.builds(events.WorkerAppraised, year=YEARS, rating=st.sampled_from(Rating)),
        st.builds(events.WorkerQualified, certificate=st.sampled_from(Certificate), personal=st.just("")),
        st.builds(
            events.CertificateEnded,
            certificate=st.sampled_from(Certificate),
            reason=st.sampled_from(events.CertificateEnd),
        ),
        st.builds(
            events.WorkerRehired,
            city_id=st.just(CITY),
            community_id=places,
            channel=st.just(Channel.EXAM),
            scheme=schemes,
            post=posts,
            grade=st.none() | grades,
            education=diplomas,
            keeps_years=st.just(False),
            counted_years=st.integers(0, 9),
            probation_until=_probations(),
        ),
        st.builds(events.ProbationConfirmed),
        st.builds(events.WorkerEducated, education=diplomas),
        st.builds(events.SecondPostTaken, post=posts),
        st.builds(events.SecondPostLeft),
        st.builds(events.WorkerSuspended, reason=st.just("")),
        st.builds(events.WorkerReturned),
        st.builds(events.WorkerSeparated, reason=st.sampled_from(SeparationReason)),
        st.builds(
            events.WorkerConverted,
            from_scheme=st.just(""),
            scheme=schemes,
            from_community_id=st.just("") | places,
            community_id=places,
            post=posts,
            grade=grades,
            counted_years=st.just(UNSET) | st.integers(0, 9),
        ),
    )


DAYS, ACTS = _days(), _acts()
_WORKERS, _POSTS, _GRADES = st.sampled_from(WORKERS), st.sampled_from(Post), st.integers(1, 18)
_PLACES, _SCHEMES, _WAGES = st.sampled_from(sorted(STREETS)), st.sampled_from(SCHEMES), st.sampled_from(WAGES_FEN)
_LADDERS = st.sampled_from(LADDERS) | anything() | anything()
_DOCUMENTS, _FIRST_RULES = _LADDERS | st.sampled_from(FLATS), st.tuples(_LADDERS, st.sampled_from(FLATS))
_EDUCATIONS, _PROBATIONS = st.sampled_from(Education), _probations()
_KINDS = st.sampled_from(["hire", "act", "act", "act", "act", "act", "policy", "base", "void"])


def hire(draw: st.DrawFn, log: Log) -> None:
    """Somebody is hired, or hired again."""
    log.hire(
        draw(_WORKERS),
        draw(DAYS),
        draw(_POSTS).value,
        draw(_GRADES),
        draw(_PLACES),
        draw(_SCHEMES),
        education=draw(_EDUCATIONS),
        counted_years=draw(st.integers(0, 9)),
        probation_until=draw(_PROBATIONS),
    )


def happen(draw: st.DrawFn, log: Log) -> None:
    """One more thing happens: to somebody, to the rules, or a command is voided."""
    kind = draw(_KINDS)
    if kind == "hire":
        hire(draw, log)
    elif kind == "act":
        log.act(draw(_WORKERS), draw(ACTS), draw(DAYS))
    elif kind == "policy":
        log.enact(draw(_DOCUMENTS), draw(DAYS))
    elif kind == "base":
        log.publish(draw(_WAGES), draw(DAYS), draw(st.sampled_from(["ladder", "legacy"])))
    else:
        commands = [done.command_id for done in log.events if done.stream.startswith("worker/")]
        log.void(draw(st.sampled_from(commands)))


@st.composite
def histories(draw: st.DrawFn, most: int = 14) -> Log:
    """A log of one city: places, rules, an open payroll, then up to `most` acts in any order of their dates."""
    log = Log()
    log.places()
    ladder, flat = draw(_FIRST_RULES)
    log.enact(ladder, draw(st.sampled_from([_FIRST, date(2020, 9, 18)])))
    log.enact(flat, _FIRST)
    log.open_payroll(MONTHS[0])
    hire(draw, log)
    for _ in range(draw(st.integers(1, most))):
        happen(draw, log)
    return log
