"""Re-hire: who left enters service again on the conditions of a hire, with or without the years before (rule 23)."""

from datetime import date

from msgspec import UNSET

from ledger.domain.career import Brought, Entry, terms
from ledger.domain.command import Id
from ledger.domain.policy import Policies
from ledger.domain.registered import diplomas_on_entry
from ledger.domain.standing import Standing
from shared.events import Education, WorkerRehired
from shared.refusal import Refused

# --- command


class RehireWorker(Entry, frozen=True, kw_only=True):
    """Who left enters service again under the same id. `keeps_years`: the years of the service before count on.

    Without `education` the diploma is the recorded one.
    """

    worker_id: Id
    education: Education | None = None
    keeps_years: bool


# --- decisions


def former(standing: Standing | None, day: date) -> Standing:
    """What somebody out of service was. Refused `not-in-service` before the hire, `already-there` in service."""
    if standing is None:
        raise Refused(
            "not-in-service",
            f"the worker is not hired by {day}, so nobody is hired again",
            pointer="/effective_date",
            remedy="choose a day after the exit",
        )
    if standing.in_service:
        raise Refused(
            "already-there",
            f"the worker is in service on {day}",
            pointer="/effective_date",
            remedy="nothing needs doing, or choose a day after the exit",
        )
    return standing


def rehire(
    command: RehireWorker, standing: Standing, policies: Policies, *, kept_years: int, birth_date: date
) -> WorkerRehired:
    """`kept_years`: those that the rule counts of the service before.

    Refused as a hire is: `channel-not-open`, `too-old`, `diploma-too-low`, `no-policy`,
    `probation-over`, `probation-too-long`.
    """
    education = command.education or standing.education
    years = kept_years if command.keeps_years else 0
    diplomas = diplomas_on_entry(standing.diplomas, education)
    brought = Brought(diplomas, standing.certificates, years, again=True)
    on = terms(command, policies, brought, birth_date)
    return WorkerRehired(
        city_id=standing.city_id,
        community_id=command.community_id,
        grid_id=command.grid_id,
        channel=command.channel,
        scheme=on.scheme,
        post=command.post,
        grade=on.grade,
        education=education,
        keeps_years=command.keeps_years,
        counted_years=years,
        probation_until=on.probation_until or UNSET,
    )
