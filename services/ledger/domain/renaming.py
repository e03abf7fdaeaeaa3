"""Another name 更名 of a community or of one of its grids, from a day on; nothing else of it changes (rule 12)."""

from datetime import date

from ledger.domain.command import Command, Id, Words
from ledger.domain.community import Community, check_exists, check_grid
from shared.events import CommunityRegistered, CommunityRenamed, GridRegistered
from shared.refusal import Refused

# --- command


class RenameCommunity(Command, frozen=True, kw_only=True):
    """From the effective date on the community, or its grid where one is named, is called so."""

    community_id: Id
    grid_id: Id | None = None
    title: Words


# --- state


def title_on(community: Community, day: date, grid_id: str | None = None) -> str | None:
    """What the community, or a grid of it, is called on the day; before it exists, what it was founded as."""
    named = CommunityRegistered if grid_id is None else GridRegistered
    title = None
    for act in community.timeline:
        event = act.event
        about = getattr(event, "grid_id", None) == grid_id
        if about and (isinstance(event, named) or (isinstance(event, CommunityRenamed) and act.effective_date <= day)):
            title = event.title
    return title


# --- decisions


def rename(community: Community, command: RenameCommunity) -> CommunityRenamed:
    """Refused `unknown-place`, `already-there`."""
    day = command.effective_date
    check_exists(community, command.community_id, day)
    check_grid(community, command.grid_id, day)
    if title_on(community, day, command.grid_id) == command.title:
        raise Refused(
            "already-there",
            f"it is already called {command.title} on {day}",
            pointer="/title",
            remedy="nothing needs doing",
        )
    return CommunityRenamed(grid_id=command.grid_id, title=command.title)
