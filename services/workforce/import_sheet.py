"""A sheet sent to a running system, and the verdict it gives for each row."""

from collections.abc import Iterator
from hashlib import file_digest
from pathlib import Path
from typing import Any

from shared.refusal import Refused
from workforce.client import Client

IMPORTS = "/ledger/v1/imports"
_MEDIA = {".csv": "text/csv", ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}


def send_sheet(client: Client, file: Path, kind: str, *, planning: bool, go_on: bool) -> Iterator[dict[str, Any]]:
    """The verdicts in the order of rows, then the summary, as they come.

    The key comes from what the file says, so that the same file again writes only what is not there yet.
    Raises RefusedByServer, and Refused for a file that is no sheet.
    """
    media = _MEDIA.get(file.suffix.lower())
    if media is None:
        raise Refused("broken-row", f"{file} is neither CSV nor XLSX", remedy="save it as .csv or .xlsx")
    params = {"kind": kind, "on_error": "continue" if go_on else "atomic"}
    with file.open("rb") as content:
        key = f"{file_digest(content, 'sha256').hexdigest()}-{'-'.join(params.values())}"
        content.seek(0)
        sent = params | ({"mode": "plan"} if planning else {})
        yield from client.upload(IMPORTS, content, sent, media=media, key=key)
