"""Who is asking, shown by what: bearer tokens, and the seal of payroll on a request."""

import hmac
from collections import OrderedDict
from datetime import datetime, timedelta
from threading import Lock

import jwt

from shared.calendar_day import utc_now
from shared.principals import Principal, Role, parse_scope
from shared.refusal import Refused

_ALGORITHM = "HS256"
_ISSUER = "workforce-ledger"
_AUDIENCE = "workforce"
TOKENS_AT_MOST = 1024
_SEALING = b"workforce-ledger/payroll-seal/1"


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


class Verified:
    """Tokens that were found valid, each until it expires; of many, those used last."""

    def __init__(self, at_most: int = TOKENS_AT_MOST) -> None:
        self._at_most = at_most
        self._lock = Lock()
        self._known: OrderedDict[tuple[str, bytes], tuple[Principal, float]] = OrderedDict()

    def find(self, header: str, key: bytes) -> Principal | None:
        """Who it is, when it is known and has not expired."""
        with self._lock:
            found = self._known.get((header, key))
            if found is None:
                return None
            principal, expires_at = found
            if utc_now().timestamp() >= expires_at:
                del self._known[header, key]
                return None
            self._known.move_to_end((header, key))
            return principal

    def keep(self, header: str, key: bytes, principal: Principal, expires_at: float) -> None:
        """Know it until then."""
        with self._lock:
            self._known[header, key] = (principal, expires_at)
            while len(self._known) > self._at_most:
                self._known.popitem(last=False)


_VERIFIED = Verified()


def verify(header: str | None, key: bytes) -> Principal:
    """The principal behind an Authorization header. Raises Refused `unauthenticated`; never says which part failed."""
    known = _VERIFIED.find(header or "", key)
    if known is not None:
        return known
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
        principal = Principal(str(claims["sub"]), Role(claims["role"]), parse_scope(str(claims["scope"])))
        _VERIFIED.keep(header or "", key, principal, float(claims["exp"]))
        return principal
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
