"""A log for benches: communities, then working lives of five events each, one after the other."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

from shared import events
from shared.envelope import Basis, Recorded
from shared.events import Certificate, Channel, Education, Post, Rating

COMMUNITIES = 40
EVENTS_OF_A_LIFE = 5
_BASIS = Basis("bench", date(2020, 1, 1))
_BEGINNING = datetime(2020, 1, 1, tzinfo=UTC)


def lives(count: int) -> Iterator[Recorded]:
    """A log of so many events."""
    for position in range(count):
        number = position - COMMUNITIES
        worker, act = divmod(number, EVENTS_OF_A_LIFE)
        stream = f"worker/w-{worker:07d}" if number >= 0 else f"community/c-{position:02d}"
        yield Recorded(
            position=position,
            stream=stream,
            version=act + 1 if number >= 0 else 1,
            effective_date=date(2020, 10, 1) + timedelta(days=act * 100),
            recorded_at=_BEGINNING + timedelta(seconds=position),
            actor="clerk@chibi",
            basis=_BASIS,
            command_id=f"0190{position:028x}",
            event=_act(act, worker) if number >= 0 else _community(position),
        )


def _community(number: int) -> events.Event:
    return events.CommunityRegistered(
        community_id=f"c-{number:02d}",
        city_id="chibi",
        street_id=f"s-{number % 5}",
        title=f"社区 {number}",
        households=1,
        population=1,
        compounds=1,
    )


def _act(act: int, worker: int) -> events.Event:
    home, next_home = f"c-{worker % COMMUNITIES:02d}", f"c-{(worker + 1) % COMMUNITIES:02d}"
    if act == 0:
        return events.WorkerHired(
            worker_id=f"w-{worker:07d}",
            city_id="chibi",
            community_id=home,
            channel=Channel.EXAM,
            scheme="ladder",
            post=Post.DEDICATED,
            grade=1 + worker % 9,
            education=Education.COLLEGE,
            counted_years=0,
            personal="",
        )
    others = (
        events.WorkerQualified(certificate=Certificate.SENIOR, personal=""),
        events.WorkerAppraised(year=2020, rating=Rating.EXCELLENT),
        events.WorkerTransferred(from_community_id=home, community_id=next_home),
        events.WorkerRegraded(from_grade=1, grade=2, reason="step"),
    )
    return others[act - 1]
