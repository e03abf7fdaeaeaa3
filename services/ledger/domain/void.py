"""Whether a whole command can be voided: the timelines that would result must still be possible."""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Annotated

from msgspec import Meta

from ledger.domain import candidate as candidates
from ledger.domain.candidate import Candidate
from ledger.domain.city import City
from ledger.domain.command import Command, Words
from ledger.domain.community import TOLD, Community
from ledger.domain.establishment import check_community_seats, size_of
from ledger.domain.excellence import Excellence
from ledger.domain.policy import Policies
from ledger.domain.timeline import Act
from ledger.domain.training_year import without_class
from ledger.domain.worker import Worker, violations
from shared.events import (
    Category,
    CityRegistered,
    CommunityListed,
    CommunityQuotaSet,
    CommunityRegistered,
    QuotaAllotted,
    StaysRestated,
)
from shared.patterns import END
from shared.refusal import Refused

# --- command


class VoidCommand(Command, frozen=True, kw_only=True):
    """Everything that command wrote, on all its streams, no longer holds from now on; what was known before stays."""

    command_id: Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[a-z0-9-]+" + END)]
    reason: Words


# --- decisions

Voidable = Worker | Community | City | Candidate | Excellence


def check_without(state: Voidable, after: Voidable, command_id: str, policies: Policies) -> None:
    """Refused `already-voided`, `void-breaks-later-act` naming the later acts, unless the command can be taken out.

    `after`: what is left of the stream, with what is written along with the void.
    """
    if command_id in state.timeline.voided:
        raise already_voided(command_id)
    _check_whole(_written_since(command_id, state, list(_broken(state, after, policies))))


def told(state: Community, command_id: str, retold: Sequence[StaysRestated]) -> Community:
    """The community without the command, told these stays anew."""
    return Community(state.timeline.without(command_id).with_(retold, date.min))


def _check_whole(broken: list[tuple[Act, str]]) -> None:
    if broken:
        named = "; ".join(f"{_named(act)} ({why})" for act, why in broken[:5])
        raise Refused(
            "void-breaks-later-act",
            f"{len(broken)} later act(s) rest on it: {named}",
            pointer="/command_id",
            remedy="void the later acts first, latest first",
            extra={"acts": list(dict.fromkeys(act.command_id for act, _ in broken if act.command_id))},
        )


def _named(act: Act) -> str:
    if isinstance(act.event, StaysRestated) and act.event.stays:
        return f"the service of {act.event.worker_id} from {act.event.stays[0].since}"
    return f"{act.event.name} of {act.effective_date}"


def already_voided(command_id: str) -> Refused:
    """The refusal for a second void."""
    return Refused(
        "already-voided",
        f"the command {command_id} is already voided",
        pointer="/command_id",
        remedy="nothing needs doing",
    )


def _written_since(command_id: str, state: Voidable, broken: list[tuple[Act, str]]) -> list[tuple[Act, str]]:
    """Of the acts that cannot all stay, those written after the command: the ones to void before it."""
    written = min((act.version for act in state.timeline if act.command_id == command_id), default=0)
    return [(act, why) for act, why in broken if act.version > written] or broken


def _broken(before: Voidable, after: Voidable, policies: Policies) -> Iterator[tuple[Act, str]]:
    if isinstance(after, Worker):
        assert isinstance(before, Worker)
        as_before = {act.version for act, _ in violations(before, policies)}
        yield from (
            (act, refused.detail) for act, refused in violations(after, policies) if act.version not in as_before
        )
    elif isinstance(after, Candidate):
        yield from ((act, refused.detail) for act, refused in candidates.violations(after, policies))
    elif isinstance(after, Community):
        yield from _unfounded([act for act in after.timeline if not isinstance(act.event, TOLD)], CommunityRegistered)
        yield from ((move.act, "the worker would not have been here") for move in after.unmatched())
        for category in Category:
            yield from _too_many(after, category)
        assert isinstance(before, Community)
        yield from _outside_establishment(before, after, policies)
        stranded = after.stranded
        if stranded is not None:
            yield stranded[0], "somebody would be left in it"
    elif isinstance(after, City):
        yield from _unfounded(after.timeline.acts, CityRegistered)
        yield from _without_street(after)
        yield from without_class(after)
        for category in Category:
            yield from _too_generous(after, category)


def _unfounded(
    timeline: Sequence[Act], founding: type[CityRegistered | CommunityRegistered]
) -> Iterator[tuple[Act, str]]:
    if not any(isinstance(act.event, founding) for act in timeline):
        yield from ((act, "the place would not exist") for act in timeline)


def _without_street(city: City) -> Iterator[tuple[Act, str]]:
    for act in city.timeline:
        if isinstance(act.event, CommunityListed) and act.event.street_id not in city.streets_on(act.effective_date):
            yield act, f"{act.event.community_id} would lie in no street"


def _too_generous(city: City, category: Category) -> Iterator[tuple[Act, str]]:
    over = city.overallotted(category)
    if over is None:
        return
    allotted = (act for act in city.timeline if isinstance(act.event, QuotaAllotted) and act.event.category is category)
    yield from ((act, f"{over.taken} seats given of {over.seats} on {over.day}") for act in allotted)


def _outside_establishment(before: Community, after: Community, policies: Policies) -> Iterator[tuple[Act, str]]:
    """Quotas that were within the policy's establishment by what goes, such as a grid, and no longer are."""
    for act in after.timeline:
        event = act.event
        if isinstance(event, CommunityQuotaSet) and not _outside(before, event, act, policies):
            why = _outside(after, event, act, policies)
            if why is not None:
                yield act, why


def _outside(community: Community, event: CommunityQuotaSet, act: Act, policies: Policies) -> str | None:
    place, day = community.registered, act.effective_date
    if place is None:
        return None
    size = size_of(community, day)
    try:
        check_community_seats(policies, size, event.category, event.seats, day, where=place.community_id)
    except Refused as refused:
        return refused.detail
    return None


def _too_many(community: Community, category: Category) -> Iterator[tuple[Act, str]]:
    full = community.overfull(category)
    if full is None:
        return
    why = f"{full.taken} heads for {full.seats} seats on {full.day}"
    joined = [move for move in community.movements() if move.arrives and move.seat is category]
    yield from ((move.act, why) for move in joined if move.day <= full.day and move.act.command_id)
