"""What every act on one worker has in common: it lands in the whole life, and the seat moves with it."""

from collections.abc import Callable
from datetime import date

from ledger.commands.seating import carry_on, seat_changes
from ledger.desk import Decision, Desk, Opened
from ledger.domain.command import WorkerCommand
from ledger.domain.community import check_exists, check_grid
from ledger.domain.policy import Policies
from ledger.domain.stays import stays_of
from ledger.domain.worker import Standing, Worker, admit
from shared.events import Event, WorkerConverted, WorkerTransferred
from shared.refusal import Refused


def act(
    desk: Desk,
    command: WorkerCommand,
    decide: Callable[[Standing, Policies], Event],
    *,
    of: Callable[[Worker, date], Standing] = Worker.serving,
) -> Decision:
    """One act on one worker, and the seat that moves with it. `of`: who it may be about."""
    day = command.effective_date
    worker = desk.worker(command.worker_id)
    before = of(worker.state, day)
    policies = desk.policies(before.city_id).state
    event = decide(before, policies)
    if isinstance(event, WorkerTransferred | WorkerConverted):
        _check_target(desk, event, day)
    return lived(desk, worker, event, day, policies, getattr(command, "successor_id", None))


def lived(
    desk: Desk, worker: Opened[Worker], event: Event, day: date, policies: Policies, successor_id: str | None
) -> Decision:
    """The act, whoever is carried on because of it, and the seats that are taken and freed."""
    after = admit(worker.state, event, day, policies)
    if not isinstance(event, WorkerTransferred | WorkerConverted) and stays_of(after) == stays_of(worker.state):
        return Decision(worker.stream, [worker.with_dated((event, day))])
    after, carried = carry_on(desk, after, policies, successor_id, day)
    seats = seat_changes(desk, worker.state, after, worker.stream.partition("/")[2], day)
    return Decision(worker.stream, [worker.with_dated((event, day), *carried), *seats])


def _check_target(desk: Desk, event: WorkerTransferred | WorkerConverted, day: date) -> None:
    target = desk.community(event.community_id)
    check_exists(target.state, event.community_id, day)
    check_grid(target.state, event.grid_id, day)


def claim_taken(code: str, pointer: str) -> Refused:
    """The refusal for a number that somebody holds; it does not say who."""
    return Refused(code, "that number is already on record", pointer=pointer, remedy=_WAYS_OUT[code])


_WAYS_OUT = {
    "identity-number-used": "compare it; who left is taken in again by a re-hire under their worker_id, not by a hire; "
    "void the mistaken record if somebody was entered twice",
    "candidate-registered": "compare it; go on with the open application, or withdraw it first",
    "certificate-number-used": "compare it with the certificate, which belongs to one worker; where it was registered "
    "for somebody else by mistake, void that registration first",
}
