"""Commands on the training of a city: its plans, its classes, and one act for all who attended."""

from ledger.desk import Decision, Desk
from ledger.domain import training_year as rules
from ledger.domain.city import check_city
from ledger.domain.worker import admit
from ledger.event_store import Change
from shared.events import ClassAttended
from shared.refusal import Refused


def plan_training(desk: Desk, command: rules.PlanTraining) -> Decision:
    """What a year asks for."""
    city = desk.city(command.city_id)
    check_city(city.state, command.city_id)
    return Decision(city.stream, [city.with_(rules.plan(command))])


def open_class(desk: Desk, command: rules.OpenClass) -> Decision:
    """A class of the city."""
    city = desk.city(command.city_id)
    check_city(city.state, command.city_id)
    return Decision(city.stream, [city.with_(rules.open_class(city.state, command))])


def attend_class(desk: Desk, command: rules.AttendClass) -> Decision:
    """The class on everybody's own record, in one append. Refused as the first of them is, at their place."""
    city, day = desk.city(command.city_id), command.effective_date
    check_city(city.state, command.city_id)
    held = rules.attended(city.state, command)
    policies = desk.policies(command.city_id).state
    changes: dict[str, Change] = {}
    for number, worker_id in enumerate(command.worker_ids):
        try:
            worker = desk.worker(worker_id)
            worker.state.serving(day)
            trained = rules.completed(worker.state, held, number)
            admit(worker.state, trained, day, policies)
        except Refused as refused:
            raise _at(number, worker_id, refused) from None
        changes[worker.stream] = worker.with_(trained)
    told = ClassAttended(class_id=held.class_id, worker_ids=tuple(dict.fromkeys(command.worker_ids)))
    return Decision(city.stream, [city.with_(told), *changes.values()])


def _at(number: int, worker_id: str, refused: Refused) -> Refused:
    return Refused(
        refused.code,
        f"{worker_id}: {refused.detail}",
        pointer=f"/worker_ids/{number}",
        remedy=refused.remedy,
        extra=refused.extra,
    )
