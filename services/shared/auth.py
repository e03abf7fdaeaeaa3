"""Who is asking: bearer tokens, roles, the place a person may act in, and the seal of payroll on a request."""

import hmac
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

import jwt

from shared.refusal import Refused

_ALGORITHM = "HS256"
_ISSUER = "workforce-ledger"
_AUDIENCE = "workforce"
_SEALING = b"workforce-ledger/payroll-seal/1"


class Role(StrEnum):
    """What a person may do, and what another service of ours may; the table of each api.py says where."""

    ADMIN = "admin"
    APPROVER = "approver"
    FINANCE = "finance"
    AUDITOR = "auditor"
    WORKER = "worker"
    SERVICE = "service"


EVERYONE = frozenset(Role) - {Role.SERVICE}
OFFICE = EVERYONE - {Role.WORKER}


@dataclass(frozen=True)
class Scope:
    """The place a principal may see and act in: a city, a street, a community; or one worker; or the whole log."""

    kind: str
    place_id: str

    def __str__(self) -> str:
        return f"{self.kind}:{self.place_id}"


WHOLE_LOG = Scope("log", "all")
SCOPE_KINDS = ("city", "street", "community", "worker", WHOLE_LOG.kind)


@dataclass(frozen=True)
class Principal:
    """A verified person: who, with which role, where. A worker's scope is the worker's own id."""

    subject: str
    role: Role
    scope: Scope


def parse_scope(text: str) -> Scope:
    """`city:chibi` → Scope. Raises ValueError for anything else."""
    kind, _, place_id = text.partition(":")
    if kind not in SCOPE_KINDS or not place_id:
        raise ValueError(f"{text!r} is not a scope; write city:ID, street:ID, community:ID or worker:ID")
    return Scope(kind, place_id)


def mint(principal: Principal, key: bytes, *, now: datetime, lifetime: timedelta = timedelta(hours=12)) -> str:
    """A signed token for the principal, valid from now on for its lifetime."""
    claims = {
        "sub": principal.subject,
        "role": principal.role.value,
        "scope": str(principal.scope),
        "iss": _ISSUER,
        "aud": _AUDIENCE,
        "iat": now,
        "exp": now + lifetime,
    }
    return jwt.encode(claims, key, algorithm=_ALGORITHM)


def verify(header: str | None, key: bytes) -> Principal:
    """The principal behind an Authorization header. Raises Refused `unauthenticated`; never says which part failed."""
    try:
        scheme, _, token = (header or "").partition(" ")
        if scheme.lower() != "bearer":
            raise ValueError("no bearer token")
        claims = jwt.decode(
            token,
            key,
            algorithms=[_ALGORITHM],
            audience=_AUDIENCE,
            issuer=_ISSUER,
            options={"require": ["sub", "role", "scope", "exp", "iat"]},
        )
        return Principal(str(claims["sub"]), Role(claims["role"]), parse_scope(str(claims["scope"])))
    except (jwt.InvalidTokenError, ValueError) as error:
        raise Refused(
            "unauthenticated",
            "the Authorization header carries no valid bearer token",
            remedy="send 'Authorization: Bearer TOKEN'; workforce token mints one in development",
            pointer="/headers/authorization",
        ) from error


def require(principal: Principal, roles: frozenset[Role]) -> None:
    """Let the principal pass or raise Refused `forbidden`."""
    if principal.role not in roles:
        allowed = ", ".join(sorted(roles))
        raise Refused(
            "forbidden", f"the role {principal.role} may not do this", remedy=f"ask somebody with the role: {allowed}"
        )


def sealing_key(token_key: bytes) -> bytes:
    """The key of payroll's seal; its label is no text that a token is signed over."""
    return hmac.digest(token_key, _SEALING, "sha256")


def seal(key: bytes, path: str, asked: str, body: bytes) -> str:
    """Payroll's seal on a request to the ledger: HMAC-SHA256 over path, `Payroll-Request` and body, hex."""
    return hmac.new(key, f"{path}\n{asked}\n".encode() + body, "sha256").hexdigest()


def check_seal(given: str, key: bytes, path: str, asked: str, body: bytes) -> None:
    """Let what payroll sealed pass or raise Refused `forbidden`: the figures of a run come from payroll alone."""
    if not hmac.compare_digest(given.encode(), seal(key, path, asked, body).encode()):
        raise Refused(
            "forbidden",
            "the figures of a run are worked out and sealed by payroll",
            pointer="/headers/payroll-seal",
            remedy="use POST /payroll/v1/runs, and …/approval and …/closure of the run",
        )


def utc_now() -> datetime:
    """The system clock, UTC."""
    return datetime.now(UTC)
