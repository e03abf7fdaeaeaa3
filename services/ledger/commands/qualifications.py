"""Commands on certificates: each writes the worker's stream, and claims the number for the whole ledger."""

import msgspec

from ledger.commands.acting import check_claim
from ledger.desk import Decision, Desk
from ledger.domain import certificates
from ledger.domain.worker import admit
from ledger.event_store import Claim
from ledger.personal import PersonalStore


def qualify_worker(desk: Desk, command: certificates.QualifyWorker) -> Decision:
    """A registered certificate, with a claim on its number."""
    worker = desk.worker(command.worker_id)
    standing = worker.state.serving(command.effective_date)
    qualified = certificates.qualify(command)
    admit(worker.state, qualified, command.effective_date, desk.policies(standing.city_id).state)
    claim = certificate_claim(desk.personal, command)
    check_claim(desk, claim, "certificate-number-used", "/certificate_number")
    plain = msgspec.json.encode({"certificate_number": command.certificate_number})
    sealed = msgspec.structs.replace(qualified, personal=desk.seal(command.worker_id, plain))
    return Decision(worker.stream, [worker.with_(sealed)], claims=[claim])


def certificate_claim(personal: PersonalStore, command: certificates.QualifyWorker) -> Claim:
    """As for an identity number."""
    return Claim("certificate", personal.fingerprint("certificate", command.certificate_number.upper()))
