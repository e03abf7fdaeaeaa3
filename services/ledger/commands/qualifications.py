"""Commands on certificates: each writes the worker's stream, and claims the number for the whole ledger."""

import msgspec

from ledger.commands.acting import act, claim_taken
from ledger.desk import Decision, Desk
from ledger.domain import certificates, honours
from ledger.domain.worker import admit
from ledger.event_store import Claim
from ledger.personal import PersonalStore


def qualify_worker(desk: Desk, command: certificates.QualifyWorker) -> Decision:
    """A registered certificate with its end, where that is known, and a claim on its number.

    The number stays the worker's: a certificate that ended is registered again under it.
    """
    worker, day = desk.worker(command.worker_id), command.effective_date
    policies = desk.policies(worker.state.serving(day).city_id).state
    qualified, expiry = certificates.qualify(command), certificates.expiry(command)
    after = admit(worker.state, qualified, day, policies)
    certificates.check_expiry_ahead(worker.state.timeline, command)
    if expiry is not None:
        admit(after, *expiry, policies)
    claim = certificate_claim(desk.personal, command)
    known = desk.held(claim)
    if known and not desk.held_by(claim, worker.stream):
        raise claim_taken("certificate-number-used", "/certificate_number")
    plain = msgspec.json.encode({"certificate_number": command.certificate_number})
    sealed = msgspec.structs.replace(qualified, personal=desk.seal(command.worker_id, plain))
    return Decision(
        worker.stream,
        [worker.with_dated((sealed, day), *([expiry] if expiry else []))],
        claims=[] if known else [claim],
    )


def end_certificate(desk: Desk, command: certificates.EndCertificate) -> Decision:
    """A certificate counts no longer."""
    return act(desk, command, lambda standing, policies: certificates.end(command))


def honour_worker(desk: Desk, command: honours.HonourWorker) -> Decision:
    """An honour on record."""
    return act(desk, command, lambda standing, policies: honours.honour(command))


def certificate_claim(personal: PersonalStore, command: certificates.QualifyWorker) -> Claim:
    """As for an identity number."""
    return Claim("certificate", personal.fingerprint("certificate", command.certificate_number.upper()))
