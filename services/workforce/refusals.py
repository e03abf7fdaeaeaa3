"""Every refusal as others read it: a JSON document, and the page docs/refusals.md."""

from http import HTTPStatus
from pathlib import Path

from shared.problems import CATALOGUE
from shared.remedies import REMEDIES

PAGE = Path("docs/refusals.md")
_HEAD = """# Refusals

Every answer of 400 and above is `application/problem+json` (RFC 9457): `code` never changes its meaning, `detail` says
what is wrong this time, `pointer` where, `remedy` the nearest way out, `extra` the figures. Made by `make schemas`.

| code | status | what is wrong | what to do |
|---|---|---|---|
"""


def published() -> dict[str, dict[str, object]]:
    """Code → status, title, and what to do in general."""
    return {
        code: {"status": status, "title": title, "remedy": REMEDIES[code]}
        for code, (status, title) in CATALOGUE.items()
    }


def page() -> str:
    """The page, in Markdown."""
    rows = [
        f"| `{code}` | {status} {HTTPStatus(status).phrase} | {title} | {REMEDIES[code]} |\n"
        for code, (status, title) in CATALOGUE.items()
    ]
    return _HEAD + "".join(rows)


def write() -> list[str]:
    """Bring the page in order; its path where it was written."""
    if PAGE.is_file() and PAGE.read_text(encoding="utf-8") == page():
        return []
    PAGE.write_text(page(), encoding="utf-8")
    return [str(PAGE)]
