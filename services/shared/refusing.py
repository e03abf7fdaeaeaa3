"""What an application answers when it refuses or fails: problem details, whatever went wrong."""

from collections.abc import Awaitable, Callable

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.applications import Starlette
from starlette.exceptions import HTTPException

from shared.database import AWAY, StorageAway
from shared.problems import MEDIA_TYPE, encode
from shared.refusal import Refused
from shared.telemetry import REFUSALS


def add_problem_handlers(app: Starlette) -> None:
    """Answer refusals, wrong parameters and unknown paths with problem details."""

    async def on_parameters(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        first = error.errors()[0]
        where, *rest = (str(part) for part in first["loc"])
        pointer = "/".join(["", "headers" if where == "header" else where, *rest])
        refused = Refused(
            "invalid-parameter", f"{first['msg']}", pointer=pointer, remedy="see the OpenAPI page of this service"
        )
        return problem_response(refused)

    async def on_http(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        if error.status_code == 405:
            refused = Refused(
                "method-not-allowed", f"{request.method} is not offered here", remedy="see the OpenAPI page"
            )
        else:
            refused = Refused("not-found", f"there is nothing at {request.url.path}", remedy="see the OpenAPI page")
        response = problem_response(refused)
        response.headers.update(error.headers or {})
        return response

    async def on_failure(request: Request, error: Exception) -> Response:
        return problem_response(refusal_of(error))

    handlers: dict[type[Exception], Callable[[Request, Exception], Awaitable[Response]]] = {
        Refused: on_failure,
        RequestValidationError: on_parameters,
        HTTPException: on_http,
        **dict.fromkeys((StorageAway, *AWAY, Exception), on_failure),
    }
    for kind, handler in handlers.items():
        app.add_exception_handler(kind, handler)


def refusal_of(error: Exception) -> Refused:
    """What is said about an error: itself when it is a refusal, that the database is away, or that it is our fault."""
    if isinstance(error, Refused):
        return error
    if isinstance(error, (StorageAway, *AWAY)):
        return Refused(
            "storage-unavailable",
            "the database does not answer or cannot write now",
            remedy="send the same request again, a command with the same key",
        )
    return Refused("internal", "something went wrong on our side; nothing was written", remedy="tell the operator")


def problem_response(refused: Refused) -> Response:
    """The refusal as an answer, with the headers its status asks for."""
    status, body = encode(refused)
    REFUSALS.labels(refused.code).inc()
    headers = {401: {"WWW-Authenticate": "Bearer"}, 503: {"Retry-After": "1"}}.get(status, {})
    return Response(body, status, media_type=MEDIA_TYPE, headers=headers)
