"""One person in one service: the claim on an identity number goes with who left for another city, and nobody else."""

from dataclasses import dataclass
from datetime import date

from ledger.commands.acting import claim_taken
from ledger.commands.persons import identity_claim, person_on
from ledger.desk import Desk, Opened
from ledger.domain.worker import Worker
from ledger.event_store import Change, Claim
from shared.events import WorkerHired, WorkerRehired, WorkerSeparated
from shared.refusal import Refused


@dataclass(frozen=True)
class Taken:
    """What an entry wants to hold, whose claim ends for it, and the life that must not move meanwhile."""

    claims: tuple[Claim, ...] = ()
    releases: tuple[str, ...] = ()
    guards: tuple[Change, ...] = ()


def take_number(desk: Desk, claim: Claim, day: date, *, city_id: str = "", stream: str = "") -> Taken:
    """The claim for a hire in the city, or for the re-hire of the stream.

    Refused `identity-number-used` where somebody of the number is in service on the day or later, and where who left
    served in the same city: they are hired again under their own id.
    """
    pointer = "/worker_id" if stream else "/person/identity_number"
    holder, holding = desk.holder(claim), desk.holding(claim)
    if holder is None and not desk.held(claim):
        return Taken((claim,))
    if stream and holding == stream:
        return Taken()
    if not holder or holding is None or not holding.startswith("worker/"):
        raise claim_taken("identity-number-used", pointer)
    other = desk.open(Worker, holding)
    standing = other.state.on(day)
    if standing is None or standing.city_id == city_id or _serves_from(other.state, day):
        raise claim_taken("identity-number-used", pointer)
    return Taken((claim,), (holder,), (other.with_(),))


def give_back(desk: Desk, worker: Opened[Worker], command_id: str) -> Taken:
    """What a void does to the claim: of a hire it ends; of an exit it is taken anew, so that nobody else has it.

    Refused `void-breaks-later-act` where somebody of the number entered the service of another city since.
    """
    voided = [act.event for act in worker.state.timeline if act.command_id == command_id]
    hired = any(isinstance(event, WorkerHired) for event in voided)
    if not hired and not any(isinstance(event, WorkerSeparated) for event in voided):
        return Taken()
    try:
        claim = identity_claim(desk.personal, person_on(desk, worker.state, date.max))
    except Refused as refused:
        if refused.code in ("erased", "not-found"):
            return Taken()
        raise
    holder, holding = desk.store.claim_holder(claim.kind, claim.key), desk.holding(claim)
    own = holder is not None and desk.store.first_streams([holder]).get(holder) == worker.stream
    if hired:
        return Taken(releases=(holder,) if own and holder is not None else ())
    if holder is not None and not own and holding != worker.stream:
        raise Refused(
            "void-breaks-later-act",
            "the person entered the service of another city after this exit",
            pointer="/command_id",
            remedy="have that city end or void its hire first; nobody is in two services",
            extra={"acts": []},
        )
    return Taken((claim,), (holder,) if holder is not None else ())


def _serves_from(worker: Worker, day: date) -> bool:
    standing = worker.on(day)
    later = (act for act in worker.timeline if act.effective_date > day)
    return (standing is not None and standing.in_service) or any(
        isinstance(act.event, WorkerHired | WorkerRehired) for act in later
    )
