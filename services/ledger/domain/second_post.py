"""Two posts in one hand 一肩挑: a second post beside the first, in the same seat of the same community (rule 22)."""

from datetime import date

from msgspec import UNSET

from ledger.domain.admission import check_path
from ledger.domain.command import WorkerCommand
from ledger.domain.policy import Policies
from ledger.domain.standing import Standing
from shared.events import Post, PostPath, SecondPostLeft, SecondPostTaken
from shared.refusal import Refused

# --- commands


class TakeSecondPost(WorkerCommand, frozen=True, kw_only=True):
    """A second post from the effective date on; it takes no second seat. `path` as of a change of post."""

    post: Post
    path: PostPath | None = None


class LeaveSecondPost(WorkerCommand, frozen=True, kw_only=True):
    """The effective date is the first day without the second post."""


# --- decisions


def take(command: TakeSecondPost, standing: Standing, policies: Policies) -> SecondPostTaken:
    """The second post as taken on. Refused as `check_path` says."""
    document = policies.for_scheme(standing.scheme, command.effective_date)
    if document is not None:
        check_path(document, standing, command.post, command.path)
    return SecondPostTaken(post=command.post, path=command.path or UNSET)


def leave(command: LeaveSecondPost) -> SecondPostLeft:
    """The second post as given up."""
    return SecondPostLeft()


def check_taken(standing: Standing, event: SecondPostTaken, day: date, policies: Policies) -> None:
    """Refused `two-posts-held` for a third post, and for the post that is held already."""
    if standing.second_post is not None:
        raise _held(f"the worker holds a {standing.post} and a {standing.second_post}", "give up the second post first")
    if event.post is standing.post:
        raise _held(f"the worker is {event.post} already", "name another post than the one that is held")


def check_left(standing: Standing, event: SecondPostLeft, day: date, policies: Policies) -> None:
    """Refused `no-second-post`."""
    if standing.second_post is None:
        raise Refused(
            "no-second-post",
            f"the worker holds one post on {day}",
            pointer="/effective_date",
            remedy="nothing needs doing, or choose a day on which a second post is held; a move to another community "
            "and an exit end it by themselves",
        )


def check_free(standing: Standing, post: Post) -> None:
    """Refused `two-posts-held` where the first post would become the one that is held as the second."""
    if post is standing.second_post:
        raise _held(f"the worker holds the post {post} as the second one", "give up the second post first")


def _held(detail: str, remedy: str) -> Refused:
    return Refused("two-posts-held", detail, pointer="/post", remedy=remedy)
