"""What a process answers when it is asked how it is: whether it lives, may be sent work, has started; its metrics."""

from collections.abc import Callable, Mapping
from time import monotonic

import anyio
from anyio import to_thread
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from shared.telemetry import MEDIA_TYPE, exposition

SECONDS = 3
"""A check that takes longer has failed."""

Checks = Mapping[str, Callable[[], bool]]
"""Reason code → whether all is well in that respect. A check that raises has failed, and nothing else is told of it."""

LEAVING = "leaving"


class Health:
    """The checks of one process. Those of `live` are quick; `leaving` is set once it is asked to stop."""

    def __init__(self, *, live: Checks, ready: Checks) -> None:
        self._live = live
        self._ready = ready
        self._has_been_ready = False
        self.leaving = False

    def live(self) -> str:
        """Why the process should be started again; empty when it lives."""
        return _first_failing(self._live)

    def ready(self) -> str:
        """Why it should get no work now; empty when it may."""
        if self.leaving:
            return LEAVING
        reason = _first_failing(self._ready)
        self._has_been_ready = self._has_been_ready or not reason
        return reason

    def started(self) -> str:
        """Why it is still starting; once ready, it has started for good."""
        return "" if self._has_been_ready else self.ready()


class Beat:
    """The last step of a loop, and whether it is older than a step may take."""

    def __init__(self, seconds: float, now: Callable[[], float] = monotonic) -> None:
        self._seconds = seconds
        self._now = now
        self._last = now()
        self._steps = 0

    def __call__(self) -> None:
        """A step was made."""
        self._last = self._now()
        self._steps += 1

    def moves(self) -> bool:
        """Whether a step was made not long ago; a loop that begins has as long for its first."""
        return self._now() - self._last <= self._seconds

    def begun(self) -> bool:
        """Whether a step was made at all."""
        return self._steps > 0


def health_routes(health: Health) -> list[Route]:
    """GET /health/live, /health/ready, /health/started and /metrics: outside of tokens, and with nothing secret."""
    threads = anyio.CapacityLimiter(2)  # Of their own: a busy process still says how it is.

    async def live(_: Request) -> Response:
        return _said(health.live())

    def asked(check: Callable[[], str]) -> Callable[[Request], object]:
        async def endpoint(_: Request) -> Response:
            try:
                with anyio.fail_after(SECONDS):
                    return _said(await to_thread.run_sync(check, limiter=threads, abandon_on_cancel=True))
            except TimeoutError:
                return _said("slow")

        return endpoint

    async def metrics(_: Request) -> Response:
        return Response(await to_thread.run_sync(exposition, limiter=threads), media_type=MEDIA_TYPE)

    return [
        Route("/health/live", live),
        Route("/health/ready", asked(health.ready)),
        Route("/health/started", asked(health.started)),
        Route("/metrics", metrics),
    ]


def _said(reason: str) -> Response:
    body = {"status": "failing", "reason": reason} if reason else {"status": "well"}
    return JSONResponse(body, 503 if reason else 200, headers={"Cache-Control": "no-store"})


def _first_failing(checks: Checks) -> str:
    return next((reason for reason, check in checks.items() if not _passes(check)), "")


def _passes(check: Callable[[], bool]) -> bool:
    try:
        return check()
    except Exception:  # The reason is a code; what went wrong may quote an address or a secret.
        return False
