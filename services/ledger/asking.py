"""What a request says beside its body: the key of a command, day and known position of a question."""

from datetime import date, datetime
from typing import Annotated

from fastapi import Depends, Path, Query, Request

from ledger.queries import Queries, not_listed_yet
from shared.http import check_reached
from shared.refusal import Refused

Id = Annotated[str, Path(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")]
IdQuery = Annotated[str, Query(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")]
Limit = Annotated[int, Query(ge=1, le=500)]
AfterVersion = Annotated[int, Query(ge=0, le=2**31)]
LONGEST_KEY = 200


def key_of(given: str | None, *, planning: bool) -> str:
    """The Idempotency-Key. Refused `idempotency-key-missing`; a plan needs none."""
    if given is not None and len(given) > LONGEST_KEY:
        raise Refused(
            "invalid-parameter",
            f"the header has at most {LONGEST_KEY} characters",
            pointer="/headers/idempotency-key",
            remedy="see the OpenAPI page of this service",
        )
    if planning or (given and given.strip()):
        return given or ""
    raise Refused(
        "idempotency-key-missing",
        "the command carries no Idempotency-Key",
        pointer="/headers/idempotency-key",
        remedy="send a key of your own with every command, and the same key again when you repeat it",
    )


def _day(
    request: Request,
    effective_on: Annotated[date | None, Query(description="the day the answer is about; today without it")] = None,
) -> date:
    return effective_on or _queries(request).today()


def _known(
    request: Request,
    known_at: Annotated[datetime | None, Query(description="as known at this time (with zone); now without it")] = None,
    known_position: Annotated[int | None, Query(ge=-1, le=2**62, description="as known at this position")] = None,
) -> int:
    _head(request)
    return _queries(request).known(known_at, known_position)


def _head(request: Request) -> int:
    head = _queries(request).store.head()
    check_reached(request.headers, head)
    return head


def _listed(request: Request) -> int:
    reached = _queries(request).listed()
    check_reached(request.headers, reached)
    return reached


def _known_listed(
    request: Request,
    known_at: Annotated[datetime | None, Query(description="as known at this time (with zone); now without it")] = None,
    known_position: Annotated[int | None, Query(ge=-1, le=2**62, description="as known at this position")] = None,
) -> int:
    if known_at is None and known_position is None:
        return _listed(request)
    known = _queries(request).known(known_at, known_position)
    reached = _listed(request)
    if known > reached:
        raise not_listed_yet(known, reached)
    return known


def _queries(request: Request) -> Queries:
    queries = request.app.state.queries
    assert isinstance(queries, Queries)
    return queries


Day = Annotated[date, Depends(_day)]
Known = Annotated[int, Depends(_known)]
Head = Annotated[int, Depends(_head)]
"""The last position of the log, not below the caller's X-Min-Position: what is answered is at least as new."""
Listed = Annotated[int, Depends(_listed)]
"""The last position that lists are complete up to: the head, or an earlier one while the database cannot write."""
KnownListed = Annotated[int, Depends(_known_listed)]
