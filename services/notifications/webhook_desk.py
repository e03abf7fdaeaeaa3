"""Webhooks over HTTP: the endpoints of a city for its admin and auditor, and for nobody else.

An endpoint may get notices of several cities; each city sees, and sends again, its own.
"""

from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import Response

from notifications.outbox import Outbox
from notifications.redelivery import Asked, EndpointState, Queued, Redelivery, Redrive, Replay, asked
from shared.http import Route, answer, body_of
from shared.idempotency import key_of
from shared.principals import Principal, Role
from shared.refusal import Refused

ROLES = frozenset({Role.ADMIN, Role.AUDITOR})
CaughtUp = Callable[[Request], Principal]


class WebhookDesk:
    """The endpoints; `caught_up` brings the outbox to the head of the log and gives who asks."""

    def __init__(self, outbox: Outbox, redelivery: Redelivery, caught_up: CaughtUp) -> None:
        self._outbox = outbox
        self._redelivery = redelivery
        self._caught_up = caught_up

    def routes(self) -> tuple[Route, ...]:
        """The rows of the service's table."""
        return (
            Route(
                "GET",
                "/webhooks",
                ROLES,
                self.webhooks,
                "What each endpoint of your city has still to take",
                answer=tuple[EndpointState, ...],
            ),
            Route(
                "POST",
                "/webhooks/replays",
                ROLES,
                self.replay,
                "Send a range of positions again",
                body=Replay,
                answer=Queued,
            ),
            Route(
                "POST",
                "/webhooks/redrives",
                ROLES,
                self.redrive,
                "Try again what is dead",
                body=Redrive,
                answer=Queued,
            ),
        )

    def webhooks(self, request: Request) -> Response:
        """Every endpoint with a recipient in the asker's city, by name."""
        theirs = self._theirs(self._caught_up(request))
        return self._answer(tuple(self._redelivery.state(name, recipients) for name, recipients in theirs.items()))

    def replay(self, request: Request) -> Response:
        """Queue a range again."""
        replay = body_of(request, Replay)
        recipients, named = self._of(request, replay.endpoint)
        return self._queued(*self._redelivery.replay(replay, recipients, named))

    def redrive(self, request: Request) -> Response:
        """Queue the dead again."""
        redrive = body_of(request, Redrive)
        recipients, named = self._of(request, redrive.endpoint)
        return self._queued(*self._redelivery.redrive(redrive, recipients, named))

    def _of(self, request: Request, endpoint: str) -> tuple[tuple[str, ...], Asked]:
        principal = self._caught_up(request)
        key = key_of(request.headers)
        recipients = self._theirs(principal).get(endpoint)
        if recipients is None:
            raise Refused(
                "not-found",
                "no endpoint of that name gets notices of your city",
                pointer="/endpoint",
                remedy="take the name from GET /notifications/v1/webhooks",
            )
        return recipients, asked(principal.subject, key, request.url.path, request.state.body)

    def _theirs(self, principal: Principal) -> dict[str, tuple[str, ...]]:
        """Endpoint → its recipients in the principal's city; without the endpoints that have none there."""
        if principal.scope.kind != "city":
            return {}
        city_id = principal.scope.place_id
        offices = {one.recipient for one in self._outbox.offices_in("city", city_id)}

        def lies_there(recipient: str) -> bool:
            kind, _, one_id = recipient.partition("/")
            if kind in ("community", "street"):
                return recipient in offices
            if kind == "worker":
                audiences = self._outbox.audiences_of(one_id)
                return f"workers/{city_id}" in {audience.recipient for audience in audiences}
            return one_id == city_id

        found = {name: tuple(filter(lies_there, all_of)) for name, all_of in self._redelivery.recipients().items()}
        return {name: recipients for name, recipients in found.items() if recipients}

    def _queued(self, queued: Queued, replayed: bool) -> Response:
        return self._answer(queued, {"Idempotency-Replayed": "true"} if replayed else {})

    def _answer(self, value: object, headers: dict[str, str] | None = None) -> Response:
        return answer(value, headers={"Ledger-Position": str(self._outbox.position), **(headers or {})})
