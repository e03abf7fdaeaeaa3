"""Commands on who somebody is: sealed under the person's key, and opened with it."""

from datetime import date

import msgspec

from ledger.commands.acting import act
from ledger.desk import Decision, Desk
from ledger.domain import personal_part
from ledger.domain.career import Known
from ledger.domain.worker import Worker
from ledger.event_store import Claim
from ledger.identity import canonical
from ledger.personal import PersonalStore
from shared.events import PersonCorrected, WorkerHired


def correct_person(desk: Desk, command: personal_part.CorrectPerson) -> Decision:
    """Name, phone or account as they are right, of somebody in service or not. Refused `erased`."""
    worker = desk.worker(command.worker_id).state
    worker.known(command.effective_date)
    said = personal_part.corrected(command, person_on(desk, worker, command.effective_date))
    sealed = PersonCorrected(personal=desk.seal(command.worker_id, msgspec.json.encode(said)))
    return act(desk, command, lambda standing, policies: sealed, of=Worker.known)


def identity_claim(personal: PersonalStore, person: Known) -> Claim:
    """What keeps a number from being used twice; the number itself is in no claim."""
    return Claim("identity", personal.fingerprint("identity", canonical(person.identity_number)))


def person_on(desk: Desk, worker: Worker, day: date) -> Known:
    """Who it is: as sealed at the hire, with what was corrected by the day. Refused `erased`."""
    hired = next(act.event for act in worker.timeline if isinstance(act.event, WorkerHired))
    person = msgspec.json.decode(desk.personal.open(hired.worker_id, hired.personal), type=Known)
    for act_ in worker.timeline.until(day):
        if isinstance(act_.event, PersonCorrected):
            sealed = desk.personal.open(hired.worker_id, act_.event.personal)
            said = msgspec.json.decode(sealed, type=personal_part.Corrected)
            person = personal_part.with_correction(person, said)
    return person
