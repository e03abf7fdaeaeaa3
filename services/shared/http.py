"""One way to build a service's HTTP face: a table of routes, bodies read with bounds, refusals as problem details."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import fastapi_offline
import msgspec
from fastapi import Depends, FastAPI, Request, Response
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.staticfiles import StaticFiles
from starlette.responses import HTMLResponse

from shared.auth import require, verify
from shared.direct import Direct, DirectlyServed
from shared.principals import Principal, Role
from shared.problems import MEDIA_TYPE, Problem
from shared.reaching import Reach
from shared.refusal import Refused
from shared.refusing import add_problem_handlers
from shared.uploads import spool

MAX_BODY_BYTES = 1024 * 1024
BODY_SECONDS = 15.0
_POSITION = re.compile(r"^(-1|[0-9]{1,18})\Z")
_T = TypeVar("_T")
_PATH = re.compile(r" - at (?:`key` in )?`\$([\w.\[\]]*)`$")
_LONGEST_NAME = 80


@dataclass(frozen=True)
class Route:
    """One row of a service's table: who may call which function, what it takes and what it answers.

    `planned`: with ?mode=plan it answers the same, as 200, and writes nothing. `direct`: the same function for requests
    without a query, which then reach it without the framework. `upload`: the media types of a body that is a file.
    """

    method: str
    path: str
    roles: frozenset[Role]
    endpoint: Callable[..., Response]
    summary: str
    body: Any = None
    answer: Any = None
    status: int = 200
    media: tuple[str, ...] = ("application/json",)
    planned: bool = False
    direct: Callable[[Request], Response] | None = None
    upload: tuple[str, ...] = ()


def service_app(title: str, prefix: str, routes: Sequence[Route], *, token_key: bytes) -> FastAPI:
    """The FastAPI application of one service, to be mounted at `prefix`; deny by default, docs without a network."""
    app = DirectlyServed(
        title=title,
        version="1",
        docs_url=None,
        redoc_url=None,
        openapi_url="/openapi.json",
        servers=[{"url": prefix}],
        root_path_in_servers=False,
    )
    app.state.table = tuple(routes)
    for route in routes:
        guards = (_guard(route.roles, token_key), *((_read_body,) if route.body is not None else ()))
        taking = (spool,) if route.upload else ()
        app.add_api_route(
            route.path,
            route.endpoint,
            methods=[route.method],
            dependencies=[Depends(each) for each in (*guards, *taking)],
            summary=route.summary,
            response_model=None,
            operation_id=_operation_id(route),
        )
        if route.direct is not None:
            app.direct[route.method, route.path] = Direct(app.router.routes[-1], guards, route.direct)
    _add_docs(app, title, prefix)
    add_problem_handlers(app)
    _describe(app, routes)
    return app


def principal_of(request: Request) -> Principal:
    """Who is asking, as verified by the guard of the route."""
    principal = request.state.principal
    assert isinstance(principal, Principal)
    return principal


def body_of(request: Request, shape: type[_T]) -> _T:
    """The request's body as a value of the shape. Raises Refused `malformed-body` or `invalid-body`."""
    return decode(request.state.body, shape)


def decode(body: bytes, shape: type[_T]) -> _T:
    """JSON bytes as a value of the shape. Raises Refused naming the place as a JSON pointer."""
    try:
        return msgspec.json.decode(body, type=shape)
    except msgspec.ValidationError as error:
        detail, pointer = _place(str(error))
        raise Refused(
            "invalid-body", detail, pointer=pointer, remedy="send the shape that the OpenAPI page of this service shows"
        ) from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Refused("malformed-body", f"the body cannot be read: {error}", remedy="send JSON in UTF-8") from None
    except RecursionError:
        raise Refused("malformed-body", "the body is nested too deeply", remedy="send the documented shape") from None


def reached(headers: Mapping[str, str], reach: Reach) -> int:
    """A position not below the caller's X-Min-Position. Refused `busy` where that takes too long."""
    position = reach.near(min_position(headers))
    check_reached(headers, position)
    return position


def check_reached(headers: Mapping[str, str], position: int) -> None:
    """Refused `busy` (503, to be asked again) while the service has not reached the caller's X-Min-Position."""
    wanted = min_position(headers)
    if position < wanted:
        raise Refused("busy", f"the service is at {position}, not yet at {wanted}", remedy="ask again shortly")


def min_position(headers: Mapping[str, str]) -> int:
    """What the caller has seen, -1 for nothing. Refused `invalid-parameter`."""
    wanted = headers.get("x-min-position", "-1")
    if not _POSITION.match(wanted):
        raise Refused(
            "invalid-parameter",
            "X-Min-Position is a position of the log",
            pointer="/headers/x-min-position",
            remedy="send the Ledger-Position of an earlier answer",
        )
    return int(wanted)


def answer(value: Any, *, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """A JSON answer from structs, dictionaries and lists."""
    return Response(msgspec.json.encode(value), status, media_type="application/json", headers=headers)


def _guard(roles: frozenset[Role], token_key: bytes) -> Callable[[Request], Awaitable[None]]:
    async def guard(request: Request) -> None:
        principal = verify(request.headers.get("authorization"), token_key)
        require(principal, roles)
        request.state.principal = principal

    return guard


async def _read_body(request: Request) -> None:
    too_large = Refused(
        "body-too-large",
        f"the body is larger than {MAX_BODY_BYTES} bytes",
        remedy="send it in parts; sheets of people go to /ledger/v1/imports",
    )
    declared = request.headers.get("content-length", "0")
    if declared.isdecimal() and int(declared) > MAX_BODY_BYTES:
        raise too_large
    received = bytearray()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for chunk in request.stream():
                received += chunk
                if len(received) > MAX_BODY_BYTES:
                    raise too_large
    except TimeoutError:
        raise Refused(
            "body-timeout", f"the body did not arrive within {BODY_SECONDS:.0f} s", remedy="send it again"
        ) from None
    request.state.body = bytes(received)


def _place(message: str) -> tuple[str, str]:
    """msgspec's message → (sentence, JSON pointer): 'Object missing required field `x` - at `$.a[0]`' → …, /a/0/x."""
    found = _PATH.search(message)
    path = found.group(1) if found else ""
    sentence = message[: found.start()] if found else message
    pointer = path.replace("[...]", "/*").replace("[", "/").replace("]", "").replace(".", "/")
    if "field `" in sentence and ("missing required" in sentence or "unknown field" in sentence):
        name = sentence.split("`", 1)[1].rpartition("`")[0][:_LONGEST_NAME]
        pointer += "/" + name.replace("~", "~0").replace("/", "~1")
        sentence = f"{sentence.partition('`')[0]}`{name}`"
    if sentence.startswith("Invalid enum value"):
        # The value itself may be somebody's name in the wrong column.
        sentence = "Not one of the values of this field"
    return sentence[0].lower() + sentence[1:], pointer


def _add_docs(app: FastAPI, title: str, prefix: str) -> None:
    static = Path(fastapi_offline.__file__).parent / "static"
    app.mount("/static", StaticFiles(directory=static), name="static")

    @app.get("/docs", include_in_schema=False)
    def docs() -> HTMLResponse:
        return get_swagger_ui_html(
            openapi_url=f"{prefix}/openapi.json",
            title=title,
            swagger_js_url=f"{prefix}/static/swagger-ui-bundle.js",
            swagger_css_url=f"{prefix}/static/swagger-ui.css",
            swagger_favicon_url=f"{prefix}/static/favicon.png",
        )


def _operation_id(route: Route) -> str:
    words = route.path.replace("{", "").replace("}", "").strip("/").replace("/", "_").replace("-", "_")
    return f"{route.method.lower()}_{words}"


def _describe(app: FastAPI, routes: Sequence[Route]) -> None:
    """Fill the OpenAPI document with the shapes of the table."""
    shapes = [Problem, *(shape for route in routes for shape in (route.body, route.answer) if shape is not None)]
    schemas, components = msgspec.json.schema_components(shapes, ref_template="#/components/schemas/{name}")
    schema_of = {id(shape): schema for shape, schema in zip(shapes, schemas, strict=True)}
    plain = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            document = plain()
            found = document.setdefault("components", {})
            found["schemas"] = components
            found["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
            for route in routes:
                _describe_operation(document["paths"][route.path][route.method.lower()], route, schema_of)
        return app.openapi_schema or {}

    app.openapi = openapi  # type: ignore[method-assign]


def _describe_operation(operation: dict[str, Any], route: Route, schema_of: dict[int, Any]) -> None:
    operation["security"] = [{"token": []}]
    operation["description"] = "Roles: " + ", ".join(sorted(route.roles)) + "."
    content = {media: {"schema": {"type": "string"}} for media in route.media}
    if route.answer is not None:
        content["application/json"] = {"schema": schema_of[id(route.answer)]}
    operation["responses"] = {
        str(route.status): {"description": "Done.", "content": content},
        "4XX": {"description": "Refused.", "content": {MEDIA_TYPE: {"schema": schema_of[id(Problem)]}}},
    }
    if route.planned:
        operation["responses"]["200"] = {"description": "Planned: nothing was written.", "content": content}
    if route.upload:
        file = {media: {"schema": {"type": "string", "format": "binary"}} for media in route.upload}
        operation["requestBody"] = {"required": True, "content": file}
    if route.body is not None:
        operation["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": schema_of[id(route.body)]}},
        }
