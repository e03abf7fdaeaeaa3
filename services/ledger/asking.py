"""What a command's headers say: its idempotency key, and the version it was decided on."""

import re

from shared.refusal import Refused

_ETAG = re.compile(r'^(?:W/)?"(\d{1,18})"$')


def key_of(given: str | None, *, planning: bool) -> str:
    """The Idempotency-Key. Refused `idempotency-key-missing`; a plan needs none."""
    if given or planning:
        return given or ""
    raise Refused(
        "idempotency-key-missing",
        "the command carries no Idempotency-Key",
        pointer="/headers/idempotency-key",
        remedy="send a key of your own with every command, and the same key again when you repeat it",
    )


def version_of(given: str | None, *, guarded: bool) -> int | None:
    """The version in If-Match; None for `*` and where none is needed. Refused `precondition-required`."""
    if given is None or given.strip() == "*":
        if guarded and given is None:
            raise Refused(
                "precondition-required",
                "this command needs If-Match with the version it was decided on",
                pointer="/headers/if-match",
                remedy="read the subject and send its ETag; If-Match: * acts on whatever version is there",
            )
        return None
    found = _ETAG.match(given.strip())
    if found is None:
        raise Refused(
            "invalid-parameter",
            "If-Match is an ETag of this service or *",
            pointer="/headers/if-match",
            remedy='send it as it was read, e.g. "7"',
        )
    return int(found.group(1))
