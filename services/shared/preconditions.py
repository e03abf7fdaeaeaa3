"""The version a command was decided on, as If-Match says it."""

import re

from shared.refusal import Refused

LONGEST_ETAG = 100
_ETAG = re.compile(r'^(?:W/)?"([0-9]{1,18})"$')


def version_of(given: str | None, *, guarded: bool) -> int | None:
    """The version in If-Match; None for `*` and where none is needed. Refused `precondition-required`."""
    if given is not None and len(given) > LONGEST_ETAG:
        raise _no_etag(f"the header has at most {LONGEST_ETAG} characters", "see the OpenAPI page of this service")
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
        raise _no_etag("If-Match is an ETag of this service or *", 'send it as it was read, e.g. "7"')
    return int(found.group(1))


def etag(version: int) -> str:
    """The ETag of a stream's version."""
    return f'"{version}"'


def _no_etag(detail: str, remedy: str) -> Refused:
    return Refused("invalid-parameter", detail, pointer="/headers/if-match", remedy=remedy)
