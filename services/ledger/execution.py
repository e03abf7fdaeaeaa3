"""From a verified command to an answer: replay, decide, append; again when somebody else was quicker."""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import msgspec
from msgspec import Struct

from ledger.commands.acting import claim_taken
from ledger.commands.places import street_taken
from ledger.decided import check_decided
from ledger.desk import Decision, Desk
from ledger.domain.command import Command, check_day, check_paper
from ledger.domain.reopening import lapsed
from ledger.drift_answers import Drift
from ledger.event_store import (
    Answered,
    AnsweredBefore,
    Appended,
    ClaimTaken,
    EventStore,
    Metadata,
    StoreBusy,
    StoreUnavailable,
    TooLate,
    VersionConflict,
)
from ledger.personal import PersonalStore
from ledger.turns import Turns, too_busy
from shared import telemetry, traces
from shared.calendar_day import calendar_day
from shared.principals import Principal
from shared.refusal import Refused

ATTEMPTS = 100
Decide = Callable[[Desk, Any], Decision]


class PlannedEvent(Struct, frozen=True, kw_only=True):
    """An event that would be appended."""

    stream: str
    type: str
    effective_date: date
    data: dict[str, Any]


class CommandAnswer(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a command did: its id, where its events stand, and the version of each stream it wrote.

    A planned command wrote nothing: `planned` is true and `events` are those it would have written. `held_back` are
    those whom an act for many left out, with the acts to record first.
    """

    command_id: str = ""
    position: int = -1
    recorded_at: datetime | None = None
    streams: dict[str, int] = {}
    worker_id: str = ""
    candidate_id: str = ""
    planned: bool = False
    events: tuple[PlannedEvent, ...] = ()
    held_back: tuple[Drift, ...] = ()


@dataclass(frozen=True)
class Sent:
    """How a command came in: who, under which key, over which version, only to be planned or for real."""

    principal: Principal
    path: str
    body: bytes
    key: str
    if_match: int | None
    planning: bool


@dataclass(frozen=True)
class Outcome:
    """The answer's JSON, the version of the subject, and whether it is the stored answer of an earlier call."""

    body: bytes
    version: int
    position: int
    replayed: bool = False


class Ledger:
    """Executes commands on one store, side by side: each is decided on what it read, and again when that has moved."""

    def __init__(
        self,
        store: EventStore,
        personal: PersonalStore,
        *,
        clock: Callable[[], datetime],
        new_id: Callable[[], str],
    ) -> None:
        self.store = store
        self.personal = personal
        self.clock = clock
        self.new_id = new_id
        self._turns = Turns()

    def execute(self, decide: Decide, command: Command, sent: Sent) -> Outcome:
        """Refused by the rules, or an Outcome. Never half done: events, claims and the answer commit together."""
        check_day(command)
        if sent.planning:
            return self._plan(decide, command, sent)
        fingerprint = self.personal.fingerprint("command", f"{sent.path}\n{sent.body.hex()}")
        subject = sent.principal.subject
        key = f"{len(subject)}:{subject}/{sent.key}"
        lost: set[str] = set()
        for _ in range(ATTEMPTS):
            # Who lost a race waits for a turn on its streams, so that a busy stream starves nobody.
            with self._turns.on(lost):
                try:
                    return self._append(decide, command, sent, key, fingerprint)
                except (Refused, AnsweredBefore, StoreUnavailable) as error:
                    # Perhaps by this very command, sent before: its answer stands.
                    stored = self._stored(key, fingerprint)
                    if stored is not None:
                        return stored
                    if not isinstance(error, AnsweredBefore):
                        raise
                except VersionConflict as conflict:
                    telemetry.CONFLICTS.inc()
                    lost.update(conflict.streams)
        raise too_busy()

    def desk(self, principal: Principal, *, planning: bool = True) -> Desk:
        """The streams as the principal may see them."""
        today = calendar_day(self.clock())
        return Desk(self.store, self.personal, principal, new_id=self.new_id, today=today, planning=planning)

    def _plan(self, decide: Decide, command: Command, sent: Sent) -> Outcome:
        desk = self.desk(sent.principal)
        check_paper(command, desk.today)
        decision = decide(desk, command)
        check_decided(desk, decision, command.effective_date)
        version = _check_version(decision, sent)
        events = planned_events(decision, command.effective_date)
        answer = CommandAnswer(planned=True, events=events, held_back=tuple(decision.held_back))
        return Outcome(msgspec.json.encode(answer), version, self.store.head())

    def _append(self, decide: Decide, command: Command, sent: Sent, key: str, fingerprint: str) -> Outcome:
        with traces.span("decide"):
            desk = self.desk(sent.principal, planning=False)
            check_paper(command, desk.today)
            decision = decide(desk, command)
        metadata = Metadata(
            command_id=self.new_id(),
            actor=sent.principal.subject,
            basis=command.basis.kept,
            effective_date=command.effective_date,
            traceparent=traces.traceparent(),
        )
        try:
            check_decided(desk, decision, command.effective_date)
            _check_version(decision, sent)
            made = {**decision.made, "held_back": tuple(decision.held_back)}
            body = _Answer(metadata.command_id, key, fingerprint, made)
            with traces.span("append"):
                appended = self.store.append(
                    decision.changes,
                    metadata,
                    claims=decision.claims,
                    releases=decision.releases,
                    answered=body,
                    key=key,
                    until=decision.until,
                )
        except BaseException as error:
            # After any other failure of the store the append may have committed: the keys of those in it stay.
            if isinstance(error, StoreBusy) or not isinstance(error, StoreUnavailable):
                for person_id in decision.sealed:
                    self.personal.destroy(person_id)
            if isinstance(error, ClaimTaken):
                raise refused_claim(error) from None
            if isinstance(error, TooLate):
                raise lapsed(error.until) from None
            raise
        return Outcome(body.encoded(appended), appended.versions[decision.subject], appended.last_position)

    def _stored(self, key: str, fingerprint: str) -> Outcome | None:
        stored = self.store.answered(key)
        if stored is None:
            return None
        if not secrets.compare_digest(stored.fingerprint, fingerprint):
            raise Refused(
                "idempotency-key-reused",
                "this Idempotency-Key belongs to another command of yours",
                pointer="/headers/idempotency-key",
                remedy="give every command a key of its own; the same key only repeats the same command",
            )
        version = next(iter(msgspec.json.decode(stored.answer, type=CommandAnswer).streams.values()), 0)
        return Outcome(stored.answer, version, stored.last_position, replayed=True)


def planned_events(decision: Decision, day: date) -> tuple[PlannedEvent, ...]:
    """What a decision for the day would append, in order."""
    return tuple(
        PlannedEvent(
            stream=change.stream,
            type=event.name,
            effective_date=since,
            data=msgspec.to_builtins(event, str_keys=True),
        )
        for change in decision.changes
        for event, since in change.dated(day)
    )


class _Answer:
    """The answer of one command, made under the append lock when its positions are known."""

    def __init__(self, command_id: str, key: str, fingerprint: str, made: Mapping[str, Any]) -> None:
        self.command_id = command_id
        self.key = key
        self.fingerprint = fingerprint
        self.made = made

    def __call__(self, appended: Appended) -> Answered:
        return Answered(self.key, self.fingerprint, self.encoded(appended))

    def encoded(self, appended: Appended) -> bytes:
        """JSON of a CommandAnswer."""
        answer = CommandAnswer(
            command_id=self.command_id,
            position=appended.last_position,
            recorded_at=appended.recorded_at,
            streams=appended.versions,
            **self.made,
        )
        return msgspec.json.encode(answer)


def _check_version(decision: Decision, sent: Sent) -> int:
    """The subject's version. Refused `precondition-required`, `stale-version`."""
    version = next((change.expected_version for change in decision.changes if change.stream == decision.subject), 0)
    if sent.if_match is None or sent.if_match == version:
        return version
    raise Refused(
        "stale-version",
        f"{decision.subject} has version {version}, not {sent.if_match}",
        pointer="/headers/if-match",
        remedy="look at what changed since, then send the command with the current version",
        extra={
            "current_version": version,
            "changes": changes_since(decision.subject, sent.if_match),
        },
    )


def changes_since(stream: str, since: int) -> str:
    """Where a reader finds the events of the stream after the version."""
    kind, _, name = stream.partition("/")
    things = {
        "worker": "workers",
        "community": "communities",
        "city": "cities",
        "policy": "policies",
        "candidate": "candidates",
        "run": "runs",
    }.get(kind)
    return f"/ledger/v1/{things}/{name}/history?after_version={since}" if things else "/ledger/v1/events"


def refused_claim(taken: ClaimTaken) -> Refused:
    """What is said of a claim that somebody else holds."""
    if taken.kind == "identity":
        return claim_taken("identity-number-used", "/person/identity_number")
    if taken.kind == "candidate":
        return claim_taken("candidate-registered", "/person/identity_number")
    if taken.kind == "street":
        return street_taken()
    return claim_taken("certificate-number-used", "/certificate_number")
