"""Notifications over HTTP: everybody's inbox, and the proof that it follows from the log.

Who may read which recipient's notices, deny by default:

| recipient | read by |
|---|---|
| worker/ID | that worker and nobody else |
| workers/CITY | its workers, each from the day they were recorded there; admin and auditor of the city |
| community/ID | every office role whose scope is the community, its street or its city |
| finance/CITY | finance, approver and auditor of the city |
| city/CITY | admin and supervisor of the city |
| street/ID | every office role whose scope is the street or its city |

Webhooks, which show no notice, are for admin and auditor of the city (`webhook_desk.py`).
"""

from collections.abc import Callable
from datetime import datetime
from threading import Lock
from typing import Annotated

from fastapi import FastAPI, Path, Query, Request, Response
from msgspec import Struct

from notifications.notices import Address, Entry, Page
from notifications.outbox import Outbox, rebuilt
from notifications.redelivery import Redelivery
from notifications.webhook_desk import WebhookDesk
from shared.calendar_day import utc_now
from shared.feed import Feed
from shared.http import Route, answer, principal_of, reached, service_app
from shared.principals import EVERYONE, OFFICE, Principal, Role
from shared.reaching import Reach, ReadingAlong
from shared.refusal import Refused

PREFIX = "/notifications/v1"
MOST_PER_PAGE = 500
_POSITION_HEADER = "Ledger-Position"
_ANNOUNCEMENT_READERS = frozenset({Role.ADMIN, Role.AUDITOR})
_CITY_READERS = frozenset({Role.ADMIN, Role.SUPERVISOR})
_FINANCE_READERS = frozenset({Role.FINANCE, Role.APPROVER, Role.AUDITOR})

After = Annotated[int, Query(ge=-1, le=2**53, description="notices after this position; -1 from the beginning")]
Limit = Annotated[int, Query(ge=1, le=MOST_PER_PAGE, description="about this many notices a page")]
Unread = Annotated[bool, Query(description="only what you have not read")]
NoticeId = Annotated[str, Path(pattern="^[0-9a-f]{64}$", description="the id of a notice")]


class Projection(Struct, frozen=True, kw_only=True):
    """Where the outbox stands: its position in the log, its notices, and the digest of them."""

    position: int
    notices: int
    digest: str


class Rebuild(Struct, frozen=True, kw_only=True):
    """The live outbox beside one built again from the log up to the same position; `sent` is always 0."""

    position: int
    notices: int
    live_digest: str
    rebuilt_digest: str
    equal: bool
    sent: int


def app(
    outbox: Outbox,
    feed: Feed,
    *,
    token_key: bytes,
    now: Callable[[], datetime] = utc_now,
    reach: Reach | None = None,
    redelivery: Redelivery | None = None,
) -> FastAPI:
    """The service over its outbox and the log's feed, to be mounted at /notifications/v1.

    `reach`: how the outbox comes to the head of the log, by default by reading the feed along. `redelivery`: the rows
    of webhooks, by default in the outbox's own database.
    """
    along = ReadingAlong(lambda: outbox.catch_up(feed), lambda: outbox.position)
    desk = _Desk(outbox, feed, now, reach or along)
    webhooks = WebhookDesk(outbox, redelivery or Redelivery(outbox.engine), desk.caught_up)
    routes = (
        Route("GET", "/inbox", EVERYONE, desk.inbox, "What concerns you, oldest first", answer=Page),
        Route("POST", "/inbox/{notice_id}/read", EVERYONE, desk.read, "Mark a notice as read by you", answer=Entry),
        Route("GET", "/projection", OFFICE, desk.projection, "Position and digest of the outbox", answer=Projection),
        Route(
            "POST",
            "/rebuild",
            frozenset({Role.ADMIN, Role.AUDITOR}),
            desk.rebuild,
            "Build everything again from the log and compare; sends nothing",
            answer=Rebuild,
        ),
        *webhooks.routes(),
    )
    return service_app("Workforce Ledger: notifications", PREFIX, routes, token_key=token_key)


def addresses(principal: Principal, outbox: Outbox) -> tuple[Address, ...]:
    """Whose notices the principal may read, by the table above; nobody's where the table is silent."""
    role, kind, place_id = principal.role, principal.scope.kind, principal.scope.place_id
    if role is Role.WORKER:
        own = kind == "worker"
        return (Address(f"worker/{place_id}"), *outbox.audiences_of(place_id)) if own else ()
    if kind == "community":
        return (Address(f"community/{place_id}"),)
    if kind == "street":
        return outbox.offices_in("street", place_id)
    if kind != "city":
        return ()
    announcements = (Address(f"workers/{place_id}"),) if role in _ANNOUNCEMENT_READERS else ()
    control = (Address(f"finance/{place_id}"),) if role in _FINANCE_READERS else ()
    office = (Address(f"city/{place_id}"),) if role in _CITY_READERS else ()
    return (*outbox.offices_in("city", place_id), *announcements, *control, *office)


class _Desk:
    """The endpoints; every one comes as near to the head of the log as it can before it answers."""

    def __init__(self, outbox: Outbox, feed: Feed, now: Callable[[], datetime], reach: Reach) -> None:
        self._reach = reach
        self._outbox = outbox
        self._feed = feed
        self._now = now
        self._rebuilding = Lock()

    def inbox(self, request: Request, after: After = -1, limit: Limit = 100, unread: Unread = False) -> Response:
        principal = self.caught_up(request)
        page = self._outbox.inbox(
            addresses(principal, self._outbox),
            reader=principal.subject,
            after=after,
            limit=limit,
            unread_only=unread,
        )
        return answer(page, headers={_POSITION_HEADER: str(page.position)})

    def read(self, request: Request, notice_id: NoticeId) -> Response:
        principal = self.caught_up(request)
        theirs = addresses(principal, self._outbox)
        entry = self._outbox.mark_read(notice_id, theirs, reader=principal.subject, at=self._now())
        if entry is None:
            raise Refused(
                "not-found",
                "your inbox holds no notice of that id",
                pointer="/path/notice_id",
                remedy="take the id from GET /notifications/v1/inbox",
            )
        return answer(entry, headers={_POSITION_HEADER: str(self._outbox.position)})

    def projection(self, request: Request) -> Response:
        self.caught_up(request)
        position = self._outbox.position
        shown = Projection(
            position=position, notices=self._outbox.count(position), digest=self._outbox.digest(position)
        )
        return answer(shown, headers={_POSITION_HEADER: str(position)})

    def rebuild(self, request: Request) -> Response:
        self.caught_up(request)
        if not self._rebuilding.acquire(blocking=False):
            raise Refused("busy", "a rebuild is under way", remedy="wait for it to end, then ask again")
        try:
            compared = self._compare(self._outbox.position)
        finally:
            self._rebuilding.release()
        return answer(compared, headers={_POSITION_HEADER: str(compared.position)})

    def _compare(self, position: int) -> Rebuild:
        scratch = rebuilt(self._feed, until=position)
        try:
            live_digest, rebuilt_digest = self._outbox.digest(position), scratch.digest(position)
            complete = scratch.position == position
            return Rebuild(
                position=position,
                notices=scratch.count(),
                live_digest=live_digest,
                rebuilt_digest=rebuilt_digest,
                equal=complete and live_digest == rebuilt_digest,
                sent=0,
            )
        finally:
            scratch.close()

    def caught_up(self, request: Request) -> Principal:
        """Come as near to the head of the log as can be; who asks."""
        reached(request.headers, self._reach)
        return principal_of(request)
