"""Commands on workers: each writes the worker's stream and, where seats move, the communities' in the same append."""

from collections.abc import Callable
from datetime import date

import msgspec

from ledger.commands.seating import carry_on, seat_changes
from ledger.desk import Decision, Desk, Opened
from ledger.domain import career, probation, rehire, suspension
from ledger.domain.command import WorkerCommand
from ledger.domain.community import check_exists, check_grid
from ledger.domain.policy import Policies
from ledger.domain.worker import Standing, Worker, admit
from ledger.event_store import Claim
from ledger.identity import canonical, check_identity_number
from ledger.personal import PersonalStore
from shared.events import Event, WorkerConverted, WorkerHired, WorkerTransferred
from shared.refusal import Refused


def hire_worker(desk: Desk, command: career.HireWorker) -> Decision:
    """A new worker with a key of their own, a seat of the community, and a claim on their identity number."""
    community = desk.community(command.community_id)
    check_exists(community.state, command.community_id, command.effective_date)
    check_grid(community.state, command.grid_id, command.effective_date)
    place = community.state.registered
    assert place is not None
    person = msgspec.structs.replace(command.person, identity_number=canonical(command.person.identity_number))
    birth_date = check_identity_number(person.identity_number, "/person/identity_number", on=command.effective_date)
    policies = desk.policies(place.city_id).state
    worker_id = desk.new_id()
    hired = career.hire(command, policies, worker_id=worker_id, city_id=place.city_id, birth_date=birth_date)
    admitted = admit(Worker(), hired, command.effective_date, policies)
    lived, carried = carry_on(desk, admitted, policies, command.successor_id)
    claim = identity_claim(desk.personal, person)
    _check_claim(desk, claim, "identity-number-used", "/person/identity_number")
    seats = seat_changes(desk, Worker(), lived, worker_id, command.effective_date)
    sealed = _seal_new(desk, hired, person)
    worker = Opened(f"worker/{worker_id}", 0, Worker())
    return Decision(
        worker.stream,
        [worker.with_dated((sealed, command.effective_date), *carried), *seats],
        claims=[claim],
        made={"worker_id": worker_id},
        sealed=[worker_id],
    )


def rehire_worker(desk: Desk, command: rehire.RehireWorker) -> Decision:
    """Who left enters service again, with a seat of the community; the person and the identity number are known."""
    day = command.effective_date
    worker = desk.worker(command.worker_id)
    standing = rehire.former(worker.state.on(day), day)
    community = desk.community(command.community_id)
    check_exists(community.state, command.community_id, day)
    check_grid(community.state, command.grid_id, day)
    policies = desk.policies(standing.city_id).state
    birth_date = _birth_date(desk, worker, day)
    event = rehire.rehire(command, standing, policies, city_id=standing.city_id, birth_date=birth_date)
    return _lived(desk, worker, event, day, policies, command.successor_id)


def confirm_probation(desk: Desk, command: probation.ConfirmProbation) -> Decision:
    """The probation was passed."""
    return _act(desk, command, lambda standing, policies: probation.confirm(command))


def convert_worker(desk: Desk, command: career.ConvertWorker) -> Decision:
    """From the old scheme to the new, taking a seat where none was held."""
    return _act(desk, command, lambda standing, policies: career.convert(command, standing, policies))


def transfer_worker(desk: Desk, command: career.TransferWorker) -> Decision:
    """To another community or grid; the seat moves along."""
    return _act(desk, command, lambda standing, policies: career.transfer(command, standing))


def change_post(desk: Desk, command: career.ChangePost) -> Decision:
    """To another post; a seat of the other kind is taken where the kind changes."""
    return _act(desk, command, lambda standing, policies: career.change_post(command, standing, policies))


def regrade_worker(desk: Desk, command: career.RegradeWorker) -> Decision:
    """Another grade."""
    return _act(desk, command, lambda standing, policies: career.regrade(command, standing))


def appraise_worker(desk: Desk, command: career.AppraiseWorker) -> Decision:
    """The appraisal of a year."""
    return _act(desk, command, lambda standing, policies: career.appraise(command))


def train_worker(desk: Desk, command: career.TrainWorker) -> Decision:
    """A completed course."""
    return _act(desk, command, lambda standing, policies: career.train(command))


def educate_worker(desk: Desk, command: career.EducateWorker) -> Decision:
    """A higher diploma."""
    return _act(desk, command, lambda standing, policies: career.educate(command))


def suspend_worker(desk: Desk, command: suspension.SuspendWorker) -> Decision:
    """Off duty; the seat stays taken."""
    return _act(desk, command, lambda standing, policies: suspension.suspend(command))


def return_worker(desk: Desk, command: suspension.ReturnWorker) -> Decision:
    """On duty again."""
    return _act(desk, command, lambda standing, policies: suspension.take_back(command))


def separate_worker(desk: Desk, command: career.SeparateWorker) -> Decision:
    """The exit; the seat is free from the effective date on."""
    return _act(desk, command, lambda standing, policies: career.separate(command))


def qualify_worker(desk: Desk, command: career.QualifyWorker) -> Decision:
    """A registered certificate, with a claim on its number."""
    worker = desk.worker(command.worker_id)
    standing = worker.state.serving(command.effective_date)
    qualified = career.qualify(command)
    admit(worker.state, qualified, command.effective_date, desk.policies(standing.city_id).state)
    claim = certificate_claim(desk.personal, command)
    _check_claim(desk, claim, "certificate-number-used", "/certificate_number")
    plain = msgspec.json.encode({"certificate_number": command.certificate_number})
    sealed = msgspec.structs.replace(qualified, personal=desk.seal(command.worker_id, plain))
    return Decision(worker.stream, [worker.with_(sealed)], claims=[claim])


def identity_claim(personal: PersonalStore, person: career.Person) -> Claim:
    """What keeps a number from being used twice; the number itself is in no claim."""
    return Claim("identity", personal.fingerprint("identity", canonical(person.identity_number)))


def certificate_claim(personal: PersonalStore, command: career.QualifyWorker) -> Claim:
    """As for an identity number."""
    return Claim("certificate", personal.fingerprint("certificate", command.certificate_number.upper()))


def _act(desk: Desk, command: WorkerCommand, decide: Callable[[Standing, Policies], Event]) -> Decision:
    """One act on one worker, and the seat that moves with it."""
    day = command.effective_date
    worker = desk.worker(command.worker_id)
    before = worker.state.serving(day)
    policies = desk.policies(before.city_id).state
    event = decide(before, policies)
    if isinstance(event, WorkerTransferred | WorkerConverted):
        _check_target(desk, event, day)
    return _lived(desk, worker, event, day, policies, getattr(command, "successor_id", None))


def _lived(
    desk: Desk, worker: Opened[Worker], event: Event, day: date, policies: Policies, successor_id: str | None
) -> Decision:
    """The act, whoever is carried on because of it, and the seats that are taken and freed."""
    lived, carried = carry_on(desk, admit(worker.state, event, day, policies), policies, successor_id)
    seats = seat_changes(desk, worker.state, lived, worker.stream.partition("/")[2], day)
    return Decision(worker.stream, [worker.with_dated((event, day), *carried), *seats])


def _birth_date(desk: Desk, worker: Opened[Worker], day: date) -> date:
    """Of the person sealed at the hire. Refused `erased`."""
    hired = next(act.event for act in worker.state.timeline if isinstance(act.event, WorkerHired))
    person = msgspec.json.decode(desk.personal.open(hired.worker_id, hired.personal), type=career.Person)
    return check_identity_number(person.identity_number, "/worker_id", on=day)


def _check_target(desk: Desk, event: WorkerTransferred | WorkerConverted, day: date) -> None:
    target = desk.community(event.community_id)
    check_exists(target.state, event.community_id, day)
    check_grid(target.state, event.grid_id, day)


def _check_claim(desk: Desk, claim: Claim, code: str, pointer: str) -> None:
    if desk.held(claim):
        raise claim_taken(code, pointer)


def claim_taken(code: str, pointer: str) -> Refused:
    """The refusal for a number that somebody holds; it does not say who."""
    return Refused(
        code,
        "that number is already on record",
        pointer=pointer,
        remedy="compare it; who left is taken in again by a re-hire under their worker_id, not by a hire; void "
        "the mistaken record if somebody was entered twice",
    )


def _seal_new(desk: Desk, hired: WorkerHired, person: career.Person) -> WorkerHired:
    sealed = desk.seal_first(hired.worker_id, msgspec.json.encode(person))
    return msgspec.structs.replace(hired, personal=sealed)
