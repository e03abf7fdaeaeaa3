"""A scenario made real: all its commands in one append, decided on the log of its position, or none of them."""

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from ledger.desk import Decision
from ledger.drafting import Digest, Drafted, Scenario, Wish, check_fit, drafted
from ledger.event_store import (
    Answered,
    Appended,
    Change,
    ClaimTaken,
    EventStore,
    Metadata,
    VersionConflict,
)
from ledger.execution import Ledger, changes_since, refused_claim
from shared import traces
from shared.principals import Principal
from shared.refusal import Refused


class PromoteScenario(Scenario, frozen=True, kw_only=True):
    """The commands of a scenario as they were drafted: at this position, under this digest."""

    digest: Digest
    at_position: Annotated[int, Meta(ge=-1, le=2**53)]


class Promoted(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A command as it was written; its id begins with the digest of the scenario."""

    command: int
    path: str
    command_id: str
    worker_id: str = ""
    candidate_id: str = ""


class PromotionAnswer(Struct, frozen=True, kw_only=True):
    """The commands of the scenario in the log, the last of their events at `position`."""

    digest: str
    at_position: int
    position: int
    recorded_at: datetime
    commands: list[Promoted]


def promote(ledger: Ledger, principal: Principal, wanted: PromoteScenario) -> tuple[bytes, int, bool]:
    """(a PromotionAnswer as JSON, the position, whether it was written before). The digest is the key of the act.

    Raises Refused `scenario-changed` for other commands than the digest's, `scenario-refused`, and `scenario-moved`
    where a stream that was looked at has moved since.
    """
    planned = drafted(ledger, principal, wanted, papers=True)
    if planned.digest != wanted.digest:
        raise Refused(
            "scenario-changed",
            "these commands at this position have another digest",
            pointer="/digest",
            remedy="ask what they would do as they are now, and promote that",
        )
    check_fit(planned.verdicts)
    key = f"scenario/{planned.digest}"
    stored = ledger.store.answered(key)
    if stored is None:
        try:
            _check_unmoved(ledger.store, planned)
            return *_append(ledger, principal, wanted, key), False
        except (VersionConflict, ClaimTaken, Refused) as overtaken:
            stored = ledger.store.answered(key)
            if stored is None:
                _check_unmoved(ledger.store, planned)
                raise (refused_claim(overtaken) if isinstance(overtaken, ClaimTaken) else overtaken) from None
    return stored.answer, stored.last_position, True


def _append(ledger: Ledger, principal: Principal, wanted: PromoteScenario, key: str) -> tuple[bytes, int]:
    """Decided once more, with personal data sealed, and written in one transaction that guards all that was read."""
    real = drafted(ledger, principal, wanted, planning=False)
    check_fit(real.verdicts)
    guards = dict(real.desk.versions)
    last = len(real.fit) - 1

    def answered(appended: Appended) -> Answered:
        return Answered(key, real.digest, msgspec.json.encode(_answer(real, appended)))

    wishes = []
    for number, (command_id, wish, decision) in enumerate(real.fit):
        changes = [*decision.changes, *_guards(guards, decision)]
        guards = {}
        wishes.append(
            ledger.store.wish(
                changes,
                _metadata(principal, command_id, wish),
                claims=decision.claims,
                releases=decision.releases,
                answered=answered if number == last else None,
                key=key if number == last else "",
            )
        )
    appended = ledger.store.append_all(wishes)[-1]
    return msgspec.json.encode(_answer(real, appended)), appended.last_position


def _guards(versions: dict[str, int], decision: Decision) -> list[Change]:
    """What the first command does not write, but some command looked at: it must not have moved either."""
    written = {change.stream for change in decision.changes}
    return [Change(stream, version, ()) for stream, version in versions.items() if stream not in written]


def _metadata(principal: Principal, command_id: str, wish: Wish) -> Metadata:
    assert wish.command is not None
    command = wish.command
    return Metadata(command_id, principal.subject, command.basis.kept, command.effective_date, traces.traceparent())


def _answer(real: Drafted, appended: Appended) -> PromotionAnswer:
    commands = [
        Promoted(command=wish.number, path=wish.path, command_id=command_id, **decision.made)
        for command_id, wish, decision in real.fit
    ]
    return PromotionAnswer(
        digest=real.digest,
        at_position=real.at_position,
        position=appended.last_position,
        recorded_at=appended.recorded_at,
        commands=commands,
    )


def _moved(store: EventStore, planned: Drafted) -> list[tuple[str, int, int]]:
    """(stream, its version at the position, its version now) of those that moved."""
    versions = planned.desk.versions.items()
    now = [(stream, version, store.version(stream)) for stream, version in versions]
    return [one for one in now if one[1] != one[2]]


def _check_unmoved(store: EventStore, planned: Drafted) -> None:
    moved = _moved(store, planned)
    if not moved:
        return
    stream, version, now = moved[0]
    raise Refused(
        "scenario-moved",
        f"{len(moved)} stream(s) moved since position {planned.at_position}, first {stream}: {now - version} event(s)",
        pointer="/at_position",
        remedy="look at what changed, ask for the scenario again at the head, and promote that",
        extra={
            "head": store.head(),
            "moved": [
                {
                    "stream": name,
                    "version": then,
                    "current_version": current,
                    "changes": changes_since(name, then),
                }
                for name, then, current in moved
            ],
        },
    )
