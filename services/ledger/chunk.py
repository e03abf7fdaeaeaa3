"""Many commands decided one after the other, each on what those before it would leave; only then is one written."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import date

import msgspec

from ledger.decided import check_decided
from ledger.desk import Decision, Desk, Opened, State
from ledger.domain.timeline import Timeline, fold
from ledger.event_store import Change, Claim, EventStore
from ledger.personal import PersonalStore, Prepared
from shared.events import CommandVoided, Event
from shared.principals import Principal
from shared.refusal import Refused

Dated = tuple[Event, date, str]
"""An event, the day from which it holds, and its command."""


class ChunkDesk(Desk):
    """A desk that carries on what was decided at it, as the log would if each command were written at once.

    It keeps what changed, not what it read, so that a plan of a whole file stays small; a stream is read again in the
    next chunk, but for those that every command guards, of which there are few. Whether a claim is held is known of
    those that `begin` asked for.
    """

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
        super().__init__(store, personal, principal, new_id=new_id, today=today, planning=planning)
        self._held: dict[bytes, str] = {}
        self._moved: defaultdict[str, list[Dated]] = defaultdict(list)
        self._prepared: list[Prepared] = []
        self._carried: dict[bytes, str] = {}

    def begin(self, claims: Iterable[Claim], *, guarded: str = "") -> None:
        """A chunk whose commands will want these claims: one question for all of them.

        `guarded`: how the streams begin that each command writes, so that one that moved is found out when it is
        appended; these are not read again.
        """
        self._read = {
            (stream, upto): timeline
            for (stream, upto), timeline in self._read.items()
            if guarded and upto is None and stream.startswith(guarded)
        }
        for claim, command_id in self.store.claim_holders(claims).items():
            self.hold(claim, command_id)

    def open(self, kind: type[State], stream: str, *, upto: int | None = None) -> Opened[State]:
        """As `Desk.open`, with what was carried on."""
        if upto is None and (stream, None) not in self._read:
            self._read[stream, None] = _after(self.history(stream), self._moved.get(stream, ()))
        return super().open(kind, stream, upto=upto)

    def history(self, stream: str) -> Timeline:
        """The stream as the log has it."""
        return fold(self.store.stream(stream))

    def check_decided(self, decision: Decision, day: date) -> None:
        """Refused as `decided` says; then nothing was sealed for anybody."""
        try:
            check_decided(self, decision, day)
        except Refused:
            self._prepared = [each for each in self._prepared if each.person_id not in decision.sealed]
            raise

    def carry(self, decision: Decision, claims: Sequence[Claim], day: date, command_id: str) -> None:
        """The command was decided and will be written, or would be: what comes after it finds it done."""
        for change in decision.changes:
            self._carry(change, day, command_id)
        if decision.releases:
            self._held = {short: one for short, one in self._held.items() if one not in decision.releases}
        for claim in (*decision.claims, *claims):
            self._held[_short(claim)] = command_id
            self._carried[_short(claim)] = decision.subject

    def held(self, claim: Claim) -> bool:
        """As `Desk.held`, of the claims that `begin` was told of."""
        return _short(claim) in self._held

    def holding(self, claim: Claim) -> str | None:
        """As `Desk.holding`, of the claims that `begin` was told of."""
        return self._carried.get(_short(claim)) or super().holding(claim)

    def hold(self, claim: Claim, command_id: str) -> None:
        """The command holds the claim, as the log says."""
        self._held.setdefault(_short(claim), command_id)

    def holder(self, claim: Claim) -> str | None:
        """The command that holds the claim, None for nobody."""
        return self._held.get(_short(claim))

    def seal_first(self, person_id: str, plain: bytes) -> str:
        """As `Desk.seal_first`; the key is kept with those of the whole chunk."""
        if self.planning:
            return ""
        prepared = self.personal.prepared(person_id, plain)
        self._prepared.append(prepared)
        return prepared.sealed

    def written(self) -> None:
        """The chunk is in the log: what was carried on is to be read there."""
        self._held.clear()
        self._carried.clear()
        self._moved.clear()
        self._prepared.clear()

    def keep_keys(self) -> None:
        """Keep the keys of the chunk, before anything that is sealed under them is written."""
        self.personal.keep(self._prepared)

    def destroy_keys(self) -> None:
        """The chunk was not written."""
        if self._prepared:
            self.personal.destroy(*(prepared.person_id for prepared in self._prepared))

    def _carry(self, change: Change, day: date, command_id: str) -> None:
        if not change.events:
            return
        dated = [(event, since, command_id) for event, since in change.dated(day)]
        self._moved[change.stream] += dated
        timeline = self._read.get((change.stream, None))
        if timeline is not None:
            self._read[change.stream, None] = _after(timeline, dated)


def _after(timeline: Timeline, dated: Iterable[Dated]) -> Timeline:
    """As a fold would have it with these events behind."""
    for event, day, command_id in dated:
        if isinstance(event, CommandVoided):
            kept = timeline.without(event.command_id)
            timeline = msgspec.structs.replace(kept, version=timeline.version + 1)
        else:
            timeline = timeline.with_([event], day, command_id)
    return timeline


def _short(claim: Claim) -> bytes:
    """A claim in a few bytes where its key is a fingerprint in hex; a street's is its id."""
    key = claim.key.encode() if claim.kind == "street" else bytes.fromhex(claim.key)
    return claim.kind[:1].encode() + key
