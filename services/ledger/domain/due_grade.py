"""The grade a worker should have, derived step by step from acts and the policy's clauses (rules 7, 8, 14, 15)."""

from datetime import date
from heapq import heapify, heappop, heappush

from ledger.domain.grade_walk import Step, Walk
from ledger.domain.policy import Policies
from ledger.domain.timeline import Act, Timeline


def derivation(timeline: Timeline, policies: Policies, day: date) -> list[Step]:
    """Every step up to the day, in order; the last one's grade is due on the day, None where there is no grade.

    A rating judges its year whenever it was given; every other act holds from its effective date.
    """
    return _walked(timeline, policies, day).steps


def due_grade(timeline: Timeline, policies: Policies, day: date) -> int | None:
    """The grade that the policy and the acts give on the day."""
    steps = derivation(timeline, policies, day)
    return steps[-1].grade if steps else None


def kept_years(timeline: Timeline, policies: Policies, day: date) -> int:
    """The years of the service before that count, as the rule counts them, for who is out of service on the day."""
    return _walked(timeline, policies, day).kept_years


def _walked(timeline: Timeline, policies: Policies, day: date) -> Walk:
    walk = Walk(policies, timeline)
    acts = [(act.effective_date, 2, act.version, act) for act in timeline.until(day)]
    first = acts[0][0] if acts else day
    occasions: list[tuple[date, int, int, Act | None]] = [(on, 0, 0, None) for on in policies.first_days(first, day)]
    occasions += [(on, 1, 0, None) for on in policies.step_days(first, day)]
    occasions += acts
    heapify(occasions)
    while occasions and occasions[0][0] <= day:
        on, rank, version, act = heappop(occasions)
        if act is None:
            (walk.step_day if rank else walk.new_policy)(on)
        elif rank == 3:
            walk.counts(on, act)
        else:
            later = walk.act(act)
            if later is not None:
                heappush(occasions, (max(later, on), 3, version, act))
    return walk
