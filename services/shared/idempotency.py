"""The key under which a client sends a command, once and again."""

import re
from collections.abc import Mapping

from shared.refusal import Refused

_KEY = re.compile(r"[\x21-\x7e]{1,200}")


def key_of(headers: Mapping[str, str]) -> str:
    """The Idempotency-Key. Raises Refused `idempotency-key-missing`, `invalid-parameter`."""
    key = headers.get("idempotency-key", "")
    if not key:
        raise Refused(
            "idempotency-key-missing",
            "this command carries no Idempotency-Key",
            pointer="/headers/idempotency-key",
            remedy="send one made for this command, and the same one when you send it again",
        )
    if not _KEY.fullmatch(key):
        raise Refused(
            "invalid-parameter",
            "an Idempotency-Key has 1 to 200 visible ASCII characters",
            pointer="/headers/idempotency-key",
            remedy="send a UUID",
        )
    return key
