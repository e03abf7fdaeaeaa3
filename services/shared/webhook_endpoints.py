"""Where notices are sent over HTTP: the endpoints that an operator configures, each checked before anything is sent."""

from base64 import b64decode
from typing import Annotated
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta, Struct

SECRET_BYTES = range(24, 65)
"""Standard Webhooks: between 192 and 512 bits."""

_PREFIX = "whsec_"
_AT_MOST = 100

Name = Annotated[str, Meta(pattern=r"\A[a-z0-9][a-z0-9-]{0,62}\Z")]
Recipient = Annotated[str, Meta(pattern=r"\A(worker|workers|community|street|city|finance)/[a-z0-9][a-z0-9-]{0,63}\Z")]


class Endpoint(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One receiver: its name for good, its address, what it is signed with, and whose notices it gets.

    `secret`: `whsec_` and base64 of 24 to 64 bytes; two of them with a space between while one replaces the other.
    """

    name: Name
    url: Annotated[str, Meta(min_length=1, max_length=2000)]
    secret: Annotated[str, Meta(min_length=1, max_length=500)]
    recipients: Annotated[tuple[Recipient, ...], Meta(min_length=1, max_length=1000)]

    @property
    def secrets(self) -> tuple[str, ...]:
        """Every secret a message is signed with."""
        return tuple(self.secret.split(" "))

    def __repr__(self) -> str:
        # Neither the secret nor an address, which may hold a token, belongs in a log.
        return f"Endpoint({self.name!r})"


def read_endpoints(text: str) -> tuple[Endpoint, ...]:
    """The endpoints of a JSON list, none of an empty text. Raises ValueError, which names the place and no value."""
    try:
        endpoints = msgspec.json.decode(text or "[]", type=tuple[Endpoint, ...])
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise ValueError(_said(error)) from None
    if len(endpoints) > _AT_MOST:
        raise ValueError(f": more than {_AT_MOST} endpoints")
    names: set[str] = set()
    for number, endpoint in enumerate(endpoints):
        if endpoint.name in names:
            raise ValueError(f"[{number}].name: another endpoint has this name")
        names.add(endpoint.name)
        _check(endpoint, f"[{number}]")
    return endpoints


def _check(endpoint: Endpoint, place: str) -> None:
    if not _is_address(endpoint.url):
        raise ValueError(f"{place}.url: not an http or https address without user, password and fragment")
    if not all(map(_is_secret, endpoint.secrets)):
        raise ValueError(f"{place}.secret: not {_PREFIX} followed by base64 of 24 to 64 bytes")
    if len(set(endpoint.recipients)) < len(endpoint.recipients):
        raise ValueError(f"{place}.recipients: one of them stands there twice")


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        sound = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port is None or parts.port > 0)
        return (
            sound
            and url.isascii()
            and url.isprintable()
            and " " not in url
            and "@" not in parts.netloc
            and "#" not in url
        )
    except ValueError:
        return False


def _is_secret(text: str) -> bool:
    try:
        return text.startswith(_PREFIX) and len(b64decode(text.removeprefix(_PREFIX), validate=True)) in SECRET_BYTES
    except ValueError:
        return False


def _said(error: Exception) -> str:
    """msgspec's message with the place first: 'Expected `str`, got `int` - at `$[0].url`' → '[0].url: expected …'."""
    if not isinstance(error, msgspec.ValidationError):
        return ": not JSON"
    sentence, _, place = str(error).partition(" - at `$")
    return f"{place.removesuffix('`')}: {sentence[0].lower()}{sentence[1:]}"
