"""The shortest way from the server to a function, for the routes that are called hundreds of times a second."""

from asyncio import get_running_loop
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass
from typing import Any

from fastapi import FastAPI, Request, Response
from starlette.routing import BaseRoute
from starlette.types import Receive, Scope, Send

from shared.refusing import problem_response, refusal_of

THREADS = 80
"""More than the callers that one group of appends takes in, so that it is the group that they wait for."""

_POOL = ThreadPoolExecutor(THREADS, thread_name_prefix="direct")

Guard = Callable[[Request], Awaitable[None]]


@dataclass(frozen=True)
class Direct:
    """A route that is answered without the framework: its guards, in order, then its function in a thread."""

    route: BaseRoute
    guards: tuple[Guard, ...]
    answer: Callable[[Request], Response]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request. A bug is answered and raised, as the framework does."""
        scope["route"] = self.route
        request = Request(scope, receive)
        bug: Exception | None = None
        try:
            for guard in self.guards:
                await guard(request)
            context = copy_context()
            response = await get_running_loop().run_in_executor(_POOL, context.run, self.answer, request)
        except Exception as error:
            refused = refusal_of(error)
            bug = error if refused.code == "internal" else None
            response = problem_response(refused)
        await response(scope, receive, send)
        if bug is not None:
            raise bug


class DirectlyServed(FastAPI):
    """An application whose direct routes are found by their path alone; a request with a query is the framework's."""

    def __init__(self, **rest: Any) -> None:
        super().__init__(**rest)
        self.direct: dict[tuple[str, str], Direct] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """As ASGI."""
        if scope["type"] == "http" and not scope["query_string"]:
            found = self.direct.get((scope["method"], scope["path"].removeprefix(scope.get("root_path", ""))))
            if found is not None:
                scope["app"] = self
                await found(scope, receive, send)
                return
        await super().__call__(scope, receive, send)
