"""What a request says in its headers and parameters: the key of a command, the position of a question."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from hashlib import sha256
from typing import Annotated

from fastapi import Path, Query, Response

from payroll.ledger_acts import Caller
from payroll.runs import Payroll
from payroll.wishes import Act
from shared.http import answer, reached
from shared.idempotency import key_of
from shared.preconditions import etag, version_of
from shared.refusal import Refused

ID = r"^[a-z0-9][a-z0-9-]{0,63}$"
MONTH = r"^(19[7-9][0-9]|2[01][0-9]{2})-(0[1-9]|1[0-2])$"
Jurisdiction = Annotated[str, Path(pattern=ID, description="the city whose policies and runs these are")]
OfJurisdiction = Annotated[str, Query(pattern=ID, description="the city whose policies and runs these are")]
Month = Annotated[str, Path(pattern=MONTH, description="a calendar month, YYYY-MM")]
Sequence = Annotated[int, Path(ge=1, le=99, description="1, or the number of a supplementary run")]
WorkerId = Annotated[str, Path(pattern=ID, description="the worker's id")]
KnownAt = Annotated[datetime | None, Query(description="as known at this time, with its offset from UTC")]
KnownPosition = Annotated[int | None, Query(ge=0, le=2**53, description="as known at this position of the log")]
RulesAt = Annotated[
    int | None, Query(ge=0, le=2**53, description="by the rules as known at this position; without it, as the facts")
]
_LAST_YEAR = 2199
"""That of `MONTH`."""
_DAWN = datetime(1970, 1, 1, tzinfo=UTC)


def caller_of(path: str, headers: Mapping[str, str], body: bytes, act: Act, *, guarded: bool) -> Caller:
    """On whose behalf an act is asked for, over which version of the run where it is guarded.

    Raises Refused `idempotency-key-missing`, `precondition-required`, `invalid-parameter`.
    """
    key, if_match = key_of(headers), headers.get("if-match")
    version_of(if_match, guarded=guarded)
    asked = sha256(path.encode() + b"\n" + body).hexdigest()
    return Caller(headers["authorization"], key, asked, act.effective_date, act.basis, if_match)


def position_asked(
    payroll: Payroll, headers: Mapping[str, str], known_at: datetime | None, known_position: int | None
) -> int:
    """The position an answer is given at: the one asked for, that of the time asked for, or the latest.

    Raises Refused `unknown-time` for what is still to come, `busy` before `X-Min-Position`, `invalid-parameter`.
    """
    latest = reached(headers, payroll.reach)
    if known_position is not None:
        return written(known_position, latest, "known_position")
    if known_at is None:
        return latest
    if known_at.tzinfo is None:
        raise Refused(
            "invalid-parameter",
            "known_at has no offset from UTC",
            pointer="/query/known_at",
            remedy="write it as 2021-06-18T09:00:00Z",
        )
    if known_at > payroll.clock():
        raise _unknown_time(known_at.isoformat(), "known_at", "that time has not come")
    return payroll.projection.position_at(max(known_at, _DAWN))


def written(position: int, latest: int, parameter: str) -> int:
    """The position that a parameter names. Raises Refused `unknown-time` for one beyond the latest."""
    if position > latest:
        raise _unknown_time(f"position {position}", parameter, f"{latest} is the latest")
    return position


def check_day(day: date, parameter: str) -> None:
    """Raises Refused `invalid-parameter` for a day after the last month of payroll."""
    if day.year > _LAST_YEAR:
        raise Refused(
            "invalid-parameter",
            f"{day} lies beyond {_LAST_YEAR}",
            pointer=f"/query/{parameter}",
            remedy="correct the date",
        )


def at(position: int, value: object, *, status: int = 200, version: int | None = None) -> Response:
    """A JSON answer that names the position it is given at, and the version of the run that it is about."""
    headers = {"Ledger-Position": str(position)}
    if version is not None:
        headers["ETag"] = etag(version)
    return answer(value, status=status, headers=headers)


def _unknown_time(what: str, parameter: str, why: str) -> Refused:
    remedy = "ask for an earlier time, or for none to get the latest"
    return Refused(
        "unknown-time", f"nothing is known as of {what}: {why}", pointer=f"/query/{parameter}", remedy=remedy
    )
