"""Questions about grades: how one is derived, and whose recorded grade is not the due one."""

from datetime import date

from ledger.desk import Desk
from ledger.domain.due_grade import derivation
from ledger.domain.explanation import told
from ledger.domain.policy import Policies
from ledger.domain.worker import Worker
from ledger.grade_answers import GradeExplained


def explain_grade(desk: Desk, worker_id: str, grade_on: date, known: int) -> GradeExplained:
    """Every step from the entry to the day, as known then. Refused `not-found` as a worker is."""
    then = desk.open(Worker, desk.worker(worker_id).stream, upto=known)
    standing = then.state.on(grade_on)
    if standing is None:
        raise desk.unseen("worker", worker_id, "/worker_id")
    policies = desk.open(Policies, desk.policies(standing.city_id).stream, upto=known).state
    steps = derivation(then.state.timeline, policies, grade_on)
    due, recorded = steps[-1].grade, standing.grade if standing.in_service else None
    return GradeExplained(
        worker_id=worker_id,
        grade_on=grade_on,
        known_position=known,
        version=then.version,
        steps=told(steps),
        due_grade=due,
        recorded_grade=recorded,
        differs=due != recorded,
    )
