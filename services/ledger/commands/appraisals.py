"""Commands on the yearly appraisal: each writes the worker's stream, and that of the excellent where a place moves."""

from collections.abc import Callable
from datetime import date

from ledger.commands.acting import act
from ledger.commands.staff import staff_count
from ledger.desk import Decision, Desk
from ledger.domain import appraisal
from ledger.domain.community import Community
from ledger.domain.excellence import Excellence, check_excellent, placed
from ledger.domain.policy import Policies
from ledger.domain.standing import Standing
from ledger.domain.worker import Worker
from ledger.event_store import Change
from shared.events import (
    AppraisalCorrected,
    AppraisalPublished,
    Event,
    ExcellentFreed,
    ExcellentTaken,
    Rating,
    WorkerAppraised,
)
from shared.policy_document import ExcellentQuota
from shared.refusal import Refused

OfAYear = (
    appraisal.ProposeAppraisal
    | appraisal.PublishAppraisal
    | appraisal.RequestReview
    | appraisal.AppraiseWorker
    | appraisal.CorrectAppraisal
)
Rates = AppraisalPublished | WorkerAppraised | AppraisalCorrected


def propose_appraisal(desk: Desk, command: appraisal.ProposeAppraisal) -> Decision:
    """A rating is proposed; no place is taken by it."""
    return _of_a_year(desk, command, lambda standing, policies: appraisal.propose(command))


def publish_appraisal(desk: Desk, command: appraisal.PublishAppraisal) -> Decision:
    """What was proposed is made known. Refused `excellent-quota-full`."""
    return _rated(desk, command, lambda standing: appraisal.publish(command, standing))


def request_review(desk: Desk, command: appraisal.RequestReview) -> Decision:
    """Another look is asked for."""
    return _of_a_year(desk, command, lambda standing, policies: appraisal.request_review(command))


def appraise_worker(desk: Desk, command: appraisal.AppraiseWorker) -> Decision:
    """The final result of a year. Refused `excellent-quota-full`."""
    return _rated(desk, command, lambda standing: appraisal.appraise(command))


def correct_appraisal(desk: Desk, command: appraisal.CorrectAppraisal) -> Decision:
    """Another result takes the place of a final one. Refused `excellent-quota-full`."""
    return _rated(desk, command, lambda standing: appraisal.correct(command, standing))


def check_places(desk: Desk, stream: str, before: Excellence, after: Excellence, policies: Policies) -> None:
    """Refused `excellent-quota-full` where a void would give back more places than there are."""
    _, city_id, year = stream.split("/")
    last = date(int(year), 12, 31)
    held = {worker_id: taken for _, holders in after.days() for worker_id, taken in holders.items()}
    for worker_id in held.keys() & before.without(after):
        standing = desk.worker(worker_id).state.on(last)
        quota = _quota(standing, last, policies) if standing else None
        if quota is not None:
            _check_quota(desk, quota, city_id, held[worker_id], before, after, last)


def _of_a_year(desk: Desk, command: OfAYear, decide: Callable[[Standing, Policies], Event]) -> Decision:
    """Of a year that was served, also by somebody who left since. Refused `not-in-service`."""
    worker = desk.worker(command.worker_id).state
    worker.known(command.effective_date)
    if not worker.served_in(command.year):
        raise Refused(
            "not-in-service",
            f"the worker was not in service on any day of {command.year}",
            pointer="/year",
            remedy="name a year in which the worker served",
        )
    return act(desk, command, decide, of=Worker.known)


def _rated(desk: Desk, command: OfAYear, decide: Callable[[Standing], Rates]) -> Decision:
    """The act, and the place among the excellent that it takes or frees."""
    made: list[Rates] = []

    def decided(standing: Standing, policies: Policies) -> Rates:
        made.append(decide(standing))
        return made[0]

    decision = _of_a_year(desk, command, decided)
    standing = desk.worker(command.worker_id).state.known(command.effective_date)
    moved = _places(desk, standing, made[0], command.effective_date)
    return Decision(decision.subject, [*decision.changes, *moved])


def _places(desk: Desk, standing: Standing, event: Rates, day: date) -> list[Change]:
    opened = desk.open(Excellence, f"excellence/{standing.city_id}/{event.year}")
    held = opened.state.held_by(standing.worker_id, day)
    wanted = event.rating is Rating.EXCELLENT
    if held and not wanted:
        return [opened.with_(ExcellentFreed(worker_id=standing.worker_id))]
    quota = _quota(standing, day, desk.policies(standing.city_id).state)
    if held or not wanted or quota is None:
        return []
    place = desk.open(Community, f"community/{standing.community_id}").state.founded
    taken = ExcellentTaken(
        worker_id=standing.worker_id,
        street_id=place.street_id if place else "",
        community_id=standing.community_id,
    )
    after = Excellence(opened.state.timeline.with_([taken], day))
    _check_quota(desk, quota, standing.city_id, taken, opened.state, after, min(day, date(event.year, 12, 31)))
    return [opened.with_(taken)]


def _check_quota(
    desk: Desk,
    quota: ExcellentQuota,
    city_id: str,
    taken: ExcellentTaken,
    before: Excellence,
    after: Excellence,
    day: date,
) -> None:
    """Whether the place has room, of whoever serves there on the last day of the year, or today where it still runs."""
    place_id = placed(quota.of, taken)
    people = staff_count(desk, city_id, quota.of, place_id, day)
    most = after.most_taken(quota.of, place_id, taken.worker_id, before)
    check_excellent(quota, most, people, place_id or city_id)


def _quota(standing: Standing, day: date, policies: Policies) -> ExcellentQuota | None:
    rules = appraisal.appraisal_rules(standing, day, policies)
    return rules.excellent_quota if rules else None
