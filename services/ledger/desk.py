"""One command at work: the streams it opens, within the principal's scope, and what it decides to write."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Generic, TypeVar

from ledger.domain.candidate import Candidate
from ledger.domain.city import City
from ledger.domain.community import Community
from ledger.domain.excellence import Excellence
from ledger.domain.policy import Policies
from ledger.domain.run import Run
from ledger.domain.timeline import Timeline, fold
from ledger.domain.voucher_book import VoucherBook
from ledger.domain.worker import Worker
from ledger.drift_answers import Drift
from ledger.event_store import Change, Claim, EventStore
from ledger.personal import PersonalStore
from shared.envelope import Recorded
from shared.events import Event
from shared.principals import Principal, Role, Scope
from shared.refusal import Refused

State = TypeVar("State", City, Community, Worker, Candidate, Policies, Run, VoucherBook, Excellence)


@dataclass(frozen=True)
class Opened(Generic[State]):
    """A stream as it was read: its version guards what is decided on it."""

    stream: str
    version: int
    state: State

    def with_(self, *events: Event) -> Change:
        """These events, to be appended behind the version that was read."""
        return Change(self.stream, self.version, events)

    def with_dated(self, *events: tuple[Event, date]) -> Change:
        """The same for events that hold from days of their own."""
        return Change(self.stream, self.version, [event for event, _ in events], [day for _, day in events])


@dataclass(frozen=True)
class Decision:
    """What a command wants written, whole or not at all; `made`: ids for the caller, `sealed`: whose keys are new.

    `held_back`: whom an act for many left out, since the grades on record have to be set right first.
    `until`: the last day on which it may be recorded.
    """

    subject: str
    changes: Sequence[Change]
    claims: Sequence[Claim] = ()
    releases: Sequence[str] = ()
    until: date | None = None
    made: Mapping[str, str] = field(default_factory=dict)
    sealed: Sequence[str] = ()
    held_back: Sequence[Drift] = ()


class Desk:
    """Opens streams for one command. A subject outside the principal's scope is as if it did not exist."""

    def __init__(
        self,
        store: EventStore,
        personal: PersonalStore,
        principal: Principal,
        *,
        new_id: Callable[[], str],
        today: date,
        planning: bool,
    ) -> None:
        self.store = store
        self.personal = personal
        self.principal = principal
        self.new_id = new_id
        self.today = today
        self.planning = planning
        self._read: dict[tuple[str, int | None], Timeline] = {}

    def open(self, kind: type[State], stream: str, *, upto: int | None = None) -> Opened[State]:
        """The stream folded, unchecked; an unknown stream is an empty one. Read once, whoever opens it again."""
        timeline = self._read.get((stream, upto))
        if timeline is None:
            timeline = self._read[stream, upto] = fold(self.store.stream(stream, upto=upto))
        return Opened(stream, timeline.version, kind(timeline))

    def city(self, city_id: str) -> Opened[City]:
        """The city, for an act on it: only a principal of that city."""
        if self.principal.scope != Scope("city", city_id):
            raise self.unseen("city", city_id, "/city_id")
        return self.open(City, f"city/{city_id}")

    def community(self, community_id: str, pointer: str = "/community_id") -> Opened[Community]:
        """The community; an unknown one is open to be registered, another's is not to be seen."""
        opened = self.open(Community, f"community/{community_id}")
        place = opened.state.founded
        if place is not None and not self.sees_place(place.city_id, place.street_id, community_id):
            raise self.unseen("community", community_id, pointer)
        return opened

    def worker(self, worker_id: str) -> Opened[Worker]:
        """The worker. Refused `not-found` when unknown or outside the scope."""
        opened = self.open(Worker, f"worker/{worker_id}")
        if not self.sees_worker(opened.state, worker_id):
            raise self.unseen("worker", worker_id, "/worker_id")
        return opened

    def candidate(self, candidate_id: str) -> Opened[Candidate]:
        """The candidate. Refused `not-found` when unknown or of another city."""
        opened = self.open(Candidate, f"candidate/{candidate_id}")
        founded = opened.state.founded
        if founded is None or self.principal.scope != Scope("city", founded.city_id):
            raise self.unseen("candidate", candidate_id, "/candidate_id")
        return opened

    def policies(self, jurisdiction: str) -> Opened[Policies]:
        """The policies of a jurisdiction, as rules to decide by."""
        return self.open(Policies, f"policy/{jurisdiction}")

    def sees_place(self, city_id: str, street_id: str, community_id: str) -> bool:
        """Whether the place lies in the principal's scope."""
        here = {"city": city_id, "street": street_id, "community": community_id}
        scope = self.principal.scope
        return here.get(scope.kind) == scope.place_id

    def sees_worker(self, worker: Worker, worker_id: str) -> bool:
        """Whether the worker is known, and the principal's own self or today in a place of their scope."""
        standing = worker.placed_on(self.today)
        if standing is None:
            return False
        scope = self.principal.scope
        if self.principal.role is Role.WORKER or scope.kind == "worker":
            return scope == Scope("worker", worker_id)
        if scope.kind == "city":
            return scope.place_id == standing.city_id
        if scope.kind == "community":
            return scope.place_id == standing.community_id
        place = self.open(Community, f"community/{standing.community_id}").state.founded
        return place is not None and place.street_id == scope.place_id

    def held(self, claim: Claim) -> bool:
        """Whether a command that holds has the claim."""
        return self.store.claim_holder(claim.kind, claim.key) is not None

    def holder(self, claim: Claim) -> str | None:
        """The command that holds the claim, None for nobody."""
        return self.store.claim_holder(claim.kind, claim.key)

    def held_by(self, claim: Claim, stream: str) -> bool:
        """Whether the claim is held by a command on that stream."""
        return self.holding(claim) == stream

    def holding(self, claim: Claim) -> str | None:
        """The stream that the command which holds the claim wrote first."""
        holder = self.holder(claim)
        return None if holder is None else self.store.first_streams([holder]).get(holder)

    def written_by(self, command_id: str) -> list[Recorded]:
        """All events of a command, over all its streams; empty for an unknown one."""
        return self.store.events_of(command_id)

    def seal_first(self, person_id: str, plain: bytes) -> str:
        """Ciphertext under a key that is made for the person; none is made while planning."""
        return "" if self.planning else self.personal.seal_first(person_id, plain)

    def seal(self, person_id: str, plain: bytes) -> str:
        """Ciphertext under the person's key, shown to nobody while planning. Refused `erased`."""
        sealed = self.personal.seal(person_id, plain)
        return "" if self.planning else sealed

    def unseen(self, kind: str, thing_id: str, pointer: str) -> Refused:
        """The answer for what is not there and for what is not yours: the same."""
        return Refused(
            "not-found",
            f"there is no {kind} {thing_id} in your scope",
            pointer=pointer,
            remedy="check the id; a token for the place that holds it sees it",
        )
