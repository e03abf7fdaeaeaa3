"""Questions to the ledger, each answered for two dates: what held on one day, as known at one position."""

from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime

import msgspec
from sqlalchemy import create_engine
from sqlalchemy.pool import StaticPool

from ledger.answers import (
    AllotmentAnswer,
    CityAnswer,
    CommandHistory,
    CommunityAnswer,
    EnactedAnswer,
    HistoryPage,
    LogAnswer,
    PersonalAnswer,
    PoliciesAnswer,
    RebuildAnswer,
    SeatsAnswer,
    WorkerAnswer,
    WorkerPage,
)
from ledger.commands.persons import person_on
from ledger.desk import Desk
from ledger.directory import Directory
from ledger.domain.appraisal import appraisal_rules
from ledger.domain.city import City
from ledger.domain.community import Community
from ledger.domain.exits import exits_to_decide
from ledger.domain.policy import Policies
from ledger.domain.renaming import title_on
from ledger.domain.timeline import fold
from ledger.domain.worker import Standing, Worker
from ledger.event_store import EventStore
from shared.calendar_day import calendar_day
from shared.envelope import Recorded, plain
from shared.events import (
    Category,
    CommandVoided,
    CommunityRegistered,
    WorkerHired,
    WorkerQualified,
)
from shared.refusal import Refused


class Queries:
    """Answers from the log itself; the directory says which streams a list is made of."""

    def __init__(self, store: EventStore, directory: Directory, clock: Callable[[], datetime]) -> None:
        self.store = store
        self.directory = directory
        self.clock = clock

    def known(self, known_at: datetime | None, known_position: int | None) -> int:
        """The position a question is asked at; the head without one. Refused `unknown-time`."""
        head = self.store.head()
        if known_position is not None:
            if not -1 <= known_position <= head:
                raise _unknown_time(f"position {known_position} is not written yet; the head is {head}", "position")
            return known_position
        if known_at is None:
            return head
        if known_at.tzinfo is None:
            raise _unknown_time("a time needs its zone, e.g. 2021-06-19T00:00:00Z", "at")
        if known_at >= self.clock():
            # What is written within this very moment would still be known at it.
            raise _unknown_time(f"{known_at.isoformat()} has not passed", "at")
        return self.store.position_at(known_at)

    def listed(self) -> int:
        """The position that the directory is complete up to: the head, unless it cannot be written now."""
        return self.directory.catch_up(self.store)

    def today(self) -> date:
        """The calendar date in the jurisdictions (China, UTC+8 without daylight saving)."""
        return calendar_day(self.clock())

    def worker(self, desk: Desk, worker_id: str, effective_on: date, known: int) -> WorkerAnswer:
        """Refused `not-found`: unknown, out of scope, or not hired by then as known then."""
        then = desk.open(Worker, desk.worker(worker_id).stream, upto=known)
        standing = then.state.on(effective_on)
        if standing is None:
            raise desk.unseen("worker", worker_id, "/worker_id")
        policies = desk.open(Policies, desk.policies(standing.city_id).stream, upto=known).state
        return WorkerAnswer(
            effective_on=effective_on,
            known_position=known,
            version=then.version,
            worker=standing,
            exits_to_decide=exits_to_decide(standing, appraisal_rules(standing, effective_on, policies)),
        )

    def workers(
        self, desk: Desk, city_id: str, community_id: str | None, effective_on: date, known: int, after: str, limit: int
    ) -> WorkerPage:
        """Those in the principal's scope who had been hired by the day, as known then; `known` is one of `listed`."""
        found: list[Standing] = []
        start = f"worker/{after}"
        while True:
            streams = self.directory.streams(city_id, WorkerHired.name, upto=known, after=start, limit=limit)
            for stream in streams:
                start = stream
                standing = self._visible(desk, stream, effective_on, known)
                if standing is not None and community_id in (None, standing.community_id):
                    found.append(standing)
                if len(found) == limit:
                    return _page(found, effective_on, known, found[-1].worker_id)
            if len(streams) < limit:
                return _page(found, effective_on, known, None)

    def community(self, desk: Desk, community_id: str, effective_on: date, known: int) -> CommunityAnswer:
        """Refused `not-found`."""
        then = desk.open(Community, desk.community(community_id).stream, upto=known)
        place = then.state.registered
        if place is None:
            raise desk.unseen("community", community_id, "/community_id")
        return community_answer(place, then.state, then.version, effective_on, known)

    def city(self, desk: Desk, city_id: str, effective_on: date, known: int) -> CityAnswer:
        """Refused `not-found`."""
        then = desk.open(City, desk.city(city_id).stream, upto=known)
        city = then.state
        if city.registered is None:
            raise desk.unseen("city", city_id, "/city_id")
        return CityAnswer(
            effective_on=effective_on,
            known_position=known,
            version=then.version,
            city_id=city_id,
            title=city.registered.title,
            division_code=city.registered.division_code,
            streets={street_id: street.title for street_id, street in city.streets_on(effective_on).items()},
            communities=city.communities_on(effective_on),
            establishment={
                kind.value: _allotment(city.quota_on(kind, effective_on), city.allotted_on(kind, effective_on))
                for kind in Category
            },
        )

    def policies(self, desk: Desk, jurisdiction: str, known: int) -> PoliciesAnswer:
        """Refused `not-found`."""
        desk.city(jurisdiction)
        then = desk.open(Policies, desk.policies(jurisdiction).stream, upto=known)
        if then.version == 0:
            raise desk.unseen("policy", jurisdiction, "/jurisdiction")
        enacted = then.state
        return PoliciesAnswer(
            jurisdiction=jurisdiction,
            known_position=known,
            version=then.version,
            first_month=enacted.first_month,
            enacted=[
                EnactedAnswer(
                    position=act.position,
                    effective_date=act.effective_date,
                    type=act.event.name,
                    data=msgspec.to_builtins(act.event, str_keys=True),
                )
                for act in enacted.timeline
            ],
        )

    def history(self, stream: str, after_version: int, known: int) -> HistoryPage:
        """The events of one stream that the desk has already let the principal see."""
        events = [recorded for recorded in self.store.stream(stream, upto=known) if recorded.version > after_version]
        return HistoryPage(events=[plain(one) for one in events], next_after=None, head=known)

    def command(self, desk: Desk, city_id: str, command_id: str, listed: int) -> CommandHistory:
        """What a command of the city wrote, what it voids, and what voided it. Refused `not-found`."""
        events = self.store.events_of(command_id)
        if events and events[-1].position > listed:
            raise not_listed_yet(events[-1].position, listed)
        if not events or self.directory.city_of(events[0].stream) != city_id:
            raise desk.unseen("command", command_id, "/command_id")
        voided = (one.event.command_id for one in events if isinstance(one.event, CommandVoided))
        later = self.store.stream(events[0].stream)
        voiding = (one for one in later if isinstance(one.event, CommandVoided) and one.event.command_id == command_id)
        return CommandHistory(
            command_id=command_id,
            events=[plain(recorded) for recorded in events],
            voids=next(voided, None),
            voided_by=next((one.command_id for one in voiding), None),
        )

    def feed(self, city_id: str, document: str | None, after: int, limit: int) -> list[Recorded]:
        """The city's events in position order, or those that rest on one document, as far as they are `listed`."""
        if document is None:
            positions = self.directory.in_city(city_id, after=after, limit=limit)
        else:
            positions = self.directory.by_document(city_id, document, after=after, limit=limit)
        return list(self._at(positions))

    def personal(self, desk: Desk, worker_id: str, effective_on: date, known: int) -> PersonalAnswer:
        """Name, numbers and certificates in the clear, as corrected by the day. Refused `not-found`, `erased`."""
        worker = desk.open(Worker, desk.worker(worker_id).stream, upto=known).state
        if not any(isinstance(act.event, WorkerHired) for act in worker.timeline):
            raise desk.unseen("worker", worker_id, "/worker_id")
        person = person_on(desk, worker, effective_on)
        certificates = [
            msgspec.json.decode(desk.personal.open(worker_id, act.event.personal))["certificate_number"]
            for act in worker.timeline
            if isinstance(act.event, WorkerQualified)
        ]
        numbers = list(dict.fromkeys(certificates))
        return PersonalAnswer(worker_id=worker_id, certificate_numbers=numbers, **msgspec.structs.asdict(person))

    def log(self, listed: int) -> LogAnswer:
        """The digests at a position."""
        digest = self.store.digest(upto=listed)
        return LogAnswer(position=listed, digest=digest, directory_digest=self.directory.digest(upto=listed))

    def rebuild(self, position: int) -> RebuildAnswer:
        """Build the directory again beside the live one, up to a position, and compare."""
        engine = create_engine("sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False})
        scratch = Directory(engine)
        scratch.catch_up(self.store, upto=position)
        live, rebuilt = self.directory.digest(upto=position), scratch.digest(upto=position)
        engine.dispose()
        return RebuildAnswer(position=position, live_digest=live, rebuilt_digest=rebuilt, equal=live == rebuilt)

    def _visible(self, desk: Desk, stream: str, effective_on: date, known: int) -> Standing | None:
        recorded = self.store.stream(stream)
        worker = Worker(fold(recorded))
        if not desk.sees_worker(worker, stream.partition("/")[2]):
            return None
        return Worker(fold(one for one in recorded if one.position <= known)).on(effective_on)

    def _at(self, positions: Sequence[int]) -> Iterator[Recorded]:
        """The events at these ascending positions, read in runs."""
        start = 0
        while start < len(positions):
            stop = start
            while stop + 1 < len(positions) and positions[stop + 1] == positions[stop] + 1:
                stop += 1
            yield from self.store.read(positions[start] - 1, stop - start + 1)
            start = stop + 1


def _page(found: list[Standing], effective_on: date, known: int, next_after: str | None) -> WorkerPage:
    return WorkerPage(effective_on=effective_on, known_position=known, workers=found, next_after=next_after)


def community_answer(
    place: CommunityRegistered, community: Community, version: int, effective_on: date, known: int
) -> CommunityAnswer:
    """A community on a day."""
    return CommunityAnswer(
        effective_on=effective_on,
        known_position=known,
        version=version,
        community_id=place.community_id,
        city_id=place.city_id,
        street_id=place.street_id,
        title=title_on(community, effective_on) or place.title,
        exists=community.exists_on(effective_on),
        households=place.households,
        population=place.population,
        compounds=place.compounds,
        predecessors=place.predecessors,
        grids=list(community.grids_on(effective_on)),
        workers=list(community.workers_on(effective_on)),
        establishment={
            kind.value: _seats(community.quota_on(kind, effective_on), community.heads_on(kind, effective_on))
            for kind in Category
        },
    )


def _seats(seats: int, heads: int) -> SeatsAnswer:
    return SeatsAnswer(seats=seats, heads=heads, vacant=seats - heads)


def _allotment(seats: int, allotted: int) -> AllotmentAnswer:
    return AllotmentAnswer(seats=seats, allotted=allotted, free=seats - allotted)


def not_listed_yet(wanted: int, listed: int) -> Refused:
    """The refusal of a list while its table cannot be written."""
    return Refused(
        "storage-unavailable",
        f"lists go up to {listed}, not yet to {wanted}: the database cannot write now",
        remedy="ask again shortly, or as known at a position listed already",
    )


def _unknown_time(detail: str, which: str) -> Refused:
    return Refused(
        "unknown-time",
        detail,
        pointer=f"/query/known_{which}",
        remedy="ask as known at a time or position that has passed; without one the answer is as known now",
    )
