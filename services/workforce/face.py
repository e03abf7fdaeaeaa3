"""One application over those of the services: their prefixes, the probes, the metrics, and what every request meets."""

import contextlib
from collections.abc import Callable, Mapping
from typing import Any

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Mount, Route
from starlette.types import ASGIApp

from shared.health import Health, health_routes
from shared.refusing import add_problem_handlers
from shared.watching import Watched


def face(
    apps: Mapping[str, ASGIApp], health: Health, running: Callable[[], contextlib.AbstractContextManager[object]]
) -> Starlette:
    """One application over those under their prefixes, with probes and metrics; `running` is open while it serves."""

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> Any:
        with running():
            yield

    def index(_: Request) -> JSONResponse:
        return JSONResponse({"services": {prefix: f"{prefix}/docs" for prefix in apps}})

    routes = [*(Mount(prefix, app) for prefix, app in apps.items()), Route("/", index), *health_routes(health)]
    app = Starlette(routes=routes, lifespan=lifespan, middleware=[Middleware(Watched, health=health)])
    add_problem_handlers(app)
    return app
