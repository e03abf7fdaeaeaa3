"""The seats 员额 of communities: set for one, or moved from one to another."""

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
    event = CommunityQuotaSet(category=command.category, seats=command.seats)
    full = community.with_(event, command.effective_date).overfull(command.category, command.effective_date)
    if full is not None:
        raise Refused(
            "quota-below-heads",
            f"{full.taken} heads hold {command.category} seats of {command.community_id} on {full.day}; "
            f"{command.seats} would be too few",
            pointer="/seats",
            remedy="end or transfer appointments first, or set the quota to at least the heads",
        )
    return event
