"""Commands on workers: each writes the worker's stream and, where seats move, the communities' in the same append."""

import msgspec

from ledger.commands.acting import act, lived
from ledger.commands.candidates import admit_candidate
from ledger.commands.moving_in import take_number
from ledger.commands.persons import identity_claim, person_on
from ledger.commands.seating import carry_on, seat_changes
from ledger.desk import Decision, Desk, Opened
from ledger.domain import career, conversion, probation, rehire, second_post, suspension
from ledger.domain.community import check_exists, check_grid
from ledger.domain.due_grade import kept_years
from ledger.domain.worker import Worker, admit
from ledger.identity import canonical, check_identity_number
from shared.events import WorkerHired


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
    lived, carried = carry_on(desk, admitted, policies, command.successor_id, command.effective_date)
    applied = admit_candidate(desk, command, hired, worker_id, person)
    taken = take_number(desk, identity_claim(desk.personal, person), command.effective_date, city_id=place.city_id)
    seats = seat_changes(desk, Worker(), lived, worker_id, command.effective_date)
    sealed = _seal_new(desk, hired, person)
    worker = Opened(f"worker/{worker_id}", 0, Worker())
    return Decision(
        worker.stream,
        [worker.with_dated((sealed, command.effective_date), *carried), *seats, *applied, *taken.guards],
        claims=taken.claims,
        releases=taken.releases,
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
    person = person_on(desk, worker.state, day)
    birth_date = check_identity_number(person.identity_number, "/worker_id", on=day)
    years = kept_years(worker.state.timeline, policies, day)
    event = rehire.rehire(command, standing, policies, kept_years=years, birth_date=birth_date)
    applied = admit_candidate(desk, command, event, command.worker_id, person)
    decision = lived(desk, worker, event, day, policies, command.successor_id)
    taken = take_number(desk, identity_claim(desk.personal, person), day, stream=worker.stream)
    changes = [*decision.changes, *applied, *taken.guards]
    return Decision(decision.subject, changes, claims=taken.claims, releases=taken.releases)


def confirm_probation(desk: Desk, command: probation.ConfirmProbation) -> Decision:
    """The probation was passed."""
    return act(desk, command, lambda standing, policies: probation.confirm(command))


def convert_worker(desk: Desk, command: conversion.ConvertWorker) -> Decision:
    """From the old scheme to the new, taking a seat where none was held."""
    return act(desk, command, lambda standing, policies: conversion.convert(command, standing, policies))


def transfer_worker(desk: Desk, command: career.TransferWorker) -> Decision:
    """To another community or grid; the seat moves along."""
    return act(desk, command, lambda standing, policies: career.transfer(command, standing))


def change_post(desk: Desk, command: career.ChangePost) -> Decision:
    """To another post; a seat of the other kind is taken where the kind changes."""
    return act(desk, command, lambda standing, policies: career.change_post(command, standing, policies))


def take_second_post(desk: Desk, command: second_post.TakeSecondPost) -> Decision:
    """A second post in the same seat."""
    return act(desk, command, lambda standing, policies: second_post.take(command, standing, policies))


def leave_second_post(desk: Desk, command: second_post.LeaveSecondPost) -> Decision:
    """One post again."""
    return act(desk, command, lambda standing, policies: second_post.leave(command))


def regrade_worker(desk: Desk, command: career.RegradeWorker) -> Decision:
    """Another grade."""
    return act(desk, command, lambda standing, policies: career.regrade(command, standing))


def train_worker(desk: Desk, command: career.TrainWorker) -> Decision:
    """A completed course."""
    return act(desk, command, lambda standing, policies: career.train(command))


def educate_worker(desk: Desk, command: career.EducateWorker) -> Decision:
    """A higher diploma."""
    return act(desk, command, lambda standing, policies: career.educate(command))


def suspend_worker(desk: Desk, command: suspension.SuspendWorker) -> Decision:
    """Off duty; the seat stays taken."""
    return act(desk, command, lambda standing, policies: suspension.suspend(command))


def return_worker(desk: Desk, command: suspension.ReturnWorker) -> Decision:
    """On duty again."""
    return act(desk, command, lambda standing, policies: suspension.take_back(command))


def separate_worker(desk: Desk, command: career.SeparateWorker) -> Decision:
    """The exit; the seat is free from the effective date on."""
    return act(desk, command, lambda standing, policies: career.separate(command))


def _seal_new(desk: Desk, hired: WorkerHired, person: career.Known) -> WorkerHired:
    sealed = desk.seal_first(hired.worker_id, msgspec.json.encode(person))
    return msgspec.structs.replace(hired, personal=sealed)
