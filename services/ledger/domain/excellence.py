"""优秀名额: how many of a place may be rated excellent for a year, and who is (rule 9)."""

from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Decimal

from msgspec import Struct

from ledger.domain.timeline import Timeline
from shared.events import ExcellentFreed, ExcellentTaken
from shared.policy_document import ExcellentQuota, Mode, QuotaPlace
from shared.refusal import Refused

_ROUNDING = {Mode.DOWN: ROUND_FLOOR, Mode.UP: ROUND_CEILING, Mode.HALF_UP: ROUND_HALF_UP}

# --- state


class Excellence(Struct, frozen=True):
    """Who of a city is rated excellent for one year, published or final, in the order of writing."""

    timeline: Timeline = Timeline()

    def holders(self) -> dict[str, ExcellentTaken]:
        """Worker → the place they take."""
        held: dict[str, ExcellentTaken] = {}
        for act in sorted(self.timeline, key=lambda act: act.version):
            if isinstance(act.event, ExcellentTaken):
                held[act.event.worker_id] = act.event
            elif isinstance(act.event, ExcellentFreed):
                held.pop(act.event.worker_id, None)
        return held

    def taken_in(self, of: QuotaPlace, place_id: str) -> int:
        """How many of the place are."""
        if of is QuotaPlace.CITY:
            return len(self.holders())
        return sum(place_id == placed(of, one) for one in self.holders().values())


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
