"""The seats 员额 of communities: set for one, or moved from one to another."""

from datetime import date
from typing import Annotated

from msgspec import Meta

from ledger.domain.command import Command, Id
from ledger.domain.community import Community, check_exists
from shared.events import Category, CommunityQuotaSet, Seats
from shared.refusal import Refused

# --- commands


class SetCommunityQuota(Command, frozen=True, kw_only=True):
    """The seats of one category a community has from the effective date on."""

    community_id: Id
    category: Category
    seats: Seats


class MoveSeats(Command, frozen=True, kw_only=True):
    """So many seats of one category go from one community to another, from the effective date on."""

    from_community_id: Id
    community_id: Id
    category: Category
    seats: Annotated[int, Meta(ge=1, le=100_000, description="how many seats move")]


# --- decisions


def set_quota(community: Community, command: SetCommunityQuota) -> CommunityQuotaSet:
    """Refused `unknown-place`, `already-there`, and `quota-below-heads` on any later day."""
    check_exists(community, command.community_id, command.effective_date)
    if community.quota_on(command.category, command.effective_date) == command.seats:
        raise Refused(
            "already-there",
            f"the {command.category} quota of {command.community_id} is already {command.seats}",
            pointer="/seats",
            remedy="nothing needs doing",
        )
    return _lowered(community, command.community_id, command.category, command.seats, command.effective_date)


def move_seats(giver: Community, taker: Community, command: MoveSeats) -> tuple[CommunityQuotaSet, CommunityQuotaSet]:
    """What the giver and the taker have from the day on.

    Refused `unknown-place`, `already-there`, `too-few-seats`, `quota-below-heads` on any later day of the giver, and
    `later-act-in-the-way` where a quota is set for a later day, which the move would not reach.
    """
    day, category = command.effective_date, command.category
    check_exists(giver, command.from_community_id, day, pointer="/from_community_id")
    check_exists(taker, command.community_id, day)
    if command.from_community_id == command.community_id:
        raise Refused(
            "already-there",
            f"the seats of {command.community_id} are already there",
            pointer="/community_id",
            remedy="name another community, or set the quota",
        )
    has = giver.quota_on(category, day)
    if has < command.seats:
        raise Refused(
            "too-few-seats",
            f"{command.from_community_id} has {has} {category} seats on {day}, {command.seats} are to be moved",
            pointer="/seats",
            remedy=f"move {has} seats at most, or choose another day or community",
        )
    _check_last_word(giver, command.from_community_id, command, "/from_community_id")
    _check_last_word(taker, command.community_id, command, "/community_id")
    lowered = _lowered(giver, command.from_community_id, category, has - command.seats, day)
    return lowered, CommunityQuotaSet(category=category, seats=taker.quota_on(category, day) + command.seats)


def _check_last_word(community: Community, community_id: str, command: MoveSeats, pointer: str) -> None:
    for act in community.timeline:
        event = act.event
        if not isinstance(event, CommunityQuotaSet) or event.category is not command.category:
            continue
        if act.effective_date > command.effective_date:
            raise Refused(
                "later-act-in-the-way",
                f"a later act gives {community_id} {event.seats} {command.category} seats from {act.effective_date} on",
                pointer=pointer,
                remedy=f"move the seats on {act.effective_date} or later, or void that act first",
                extra={"acts": [act.command_id]},
            )


def _lowered(community: Community, community_id: str, category: Category, seats: int, day: date) -> CommunityQuotaSet:
    event = CommunityQuotaSet(category=category, seats=seats)
    full = community.with_(event, day).overfull(category, day)
    if full is not None:
        raise Refused(
            "quota-below-heads",
            f"{full.taken} heads hold {category} seats of {community_id} on {full.day}; {seats} would be too few",
            pointer="/seats",
            remedy="end or transfer appointments first, or set the quota to at least the heads",
        )
    return event
