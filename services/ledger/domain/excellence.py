"""优秀名额: how many of a place may be rated excellent for a year, and who is (rule 9)."""

from collections.abc import Iterator
from datetime import date
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Decimal
from itertools import groupby

from msgspec import Struct

from ledger.domain.timeline import Timeline
from shared.events import ExcellentFreed, ExcellentTaken
from shared.policy_document import ExcellentQuota, Mode, QuotaPlace
from shared.refusal import Refused

_ROUNDING = {Mode.DOWN: ROUND_FLOOR, Mode.UP: ROUND_CEILING, Mode.HALF_UP: ROUND_HALF_UP}

# --- state


class Excellence(Struct, frozen=True):
    """Who of a city is rated excellent for one year, published or final, from which day to which."""

    timeline: Timeline = Timeline()

    def held_by(self, worker_id: str, day: date) -> bool:
        """Whether the worker holds a place on the day."""
        held = False
        for act in self.timeline.until(day):
            if isinstance(act.event, ExcellentTaken | ExcellentFreed) and act.event.worker_id == worker_id:
                held = isinstance(act.event, ExcellentTaken)
        return held

    def without(self, after: "Excellence") -> set[str]:
        """Those whose place moves no longer where it did."""
        kept = {act.version for act in after.timeline}
        gone = (act.event for act in self.timeline if act.version not in kept)
        return {event.worker_id for event in gone if isinstance(event, ExcellentTaken | ExcellentFreed)}

    def days(self) -> Iterator[tuple[date, dict[str, ExcellentTaken]]]:
        """Each day on which a place moves, and who then holds one where; the one dictionary moves on."""
        held: dict[str, ExcellentTaken] = {}
        for day, acts in groupby(self.timeline, key=lambda act: act.effective_date):
            for act in acts:
                if isinstance(act.event, ExcellentTaken):
                    held[act.event.worker_id] = act.event
                elif isinstance(act.event, ExcellentFreed):
                    held.pop(act.event.worker_id, None)
            yield day, held

    def most_taken(self, of: QuotaPlace, place_id: str, worker_id: str, before: "Excellence") -> int:
        """The most places taken there on one of the days on which the worker holds one now, and did not before."""
        counts = [
            sum(placed(of, one) == place_id for one in held.values())
            for day, held in self.days()
            if worker_id in held and not before.held_by(worker_id, day)
        ]
        return max(counts, default=0)


# --- decisions


def placed(of: QuotaPlace, taken: ExcellentTaken) -> str:
    """The place whose quota it counts on; empty for the city."""
    return {QuotaPlace.STREET: taken.street_id, QuotaPlace.COMMUNITY: taken.community_id}.get(of, "")


def check_excellent(quota: ExcellentQuota, taken: int, people: int, place: str) -> None:
    """Refused `excellent-quota-full` where so many of so many people are more than the share."""
    most = int((quota.share * Decimal(people)).to_integral_value(_ROUNDING[quota.rounding]))
    if taken > most:
        raise Refused(
            "excellent-quota-full",
            f"{most} of the {people} people of {place} may be rated excellent, and all these places are taken",
            pointer="/rating",
            remedy="give another rating, or correct somebody else's first",
            extra={"people": people, "places": most, "taken": taken - 1},
        )
