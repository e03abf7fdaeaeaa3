"""A body that is a file: written to disk as it comes, within bounds, and never held in memory as a whole."""

import asyncio
from collections.abc import AsyncIterator
from hashlib import sha256
from tempfile import TemporaryFile
from typing import BinaryIO

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from shared.refusal import Refused
from shared.watching import let_go

MAX_UPLOAD_BYTES = 48 * 1024 * 1024
"""A sheet of 200,000 people has about 40 MiB as CSV, a third of that as XLSX."""
UPLOAD_SECONDS = 300.0
IDLE_SECONDS = 15.0
MOST_UPLOADS = 4
"""Files that one process keeps at a time, on a disk that other things need, too."""


class Upload:
    """The file of one request, gone when it is closed."""

    _open = 0

    def __init__(self) -> None:
        if Upload._open >= MOST_UPLOADS:
            raise Refused("busy", "too many files at once", remedy="send it again when the others are through")
        self.file: BinaryIO = TemporaryFile()  # noqa: SIM115
        Upload._open += 1

    def digest(self) -> str:
        """SHA-256 of the file, hex; it is at its beginning afterwards."""
        total = sha256()
        while part := self.file.read(2**20):
            total.update(part)
        self.file.seek(0)
        return total.hexdigest()

    def close(self) -> None:
        """Delete it; once more does nothing."""
        if not self.file.closed:
            self.file.close()
            Upload._open -= 1


async def spool(request: Request) -> AsyncIterator[None]:
    """The body as `request.state.upload`, at its beginning, until the request is over, whatever comes of it.

    Refused `body-too-large`, `body-timeout`, `busy`.
    """
    _check_size(int(declared) if (declared := request.headers.get("content-length", "")).isdecimal() else 0)
    upload = Upload()
    try:
        try:
            async with asyncio.timeout(UPLOAD_SECONDS):
                await _write(request, upload.file)
        except TimeoutError:
            raise Refused(
                "body-timeout", "the file did not arrive in time", remedy="send it again, or in parts"
            ) from None
        request.state.upload = upload
        yield
    finally:
        upload.close()


async def _write(request: Request, file: BinaryIO) -> None:
    size = 0
    parts = aiter(request.stream())
    while True:
        async with asyncio.timeout(IDLE_SECONDS):
            part = await anext(parts, None)
        if part is None:
            break
        size += len(part)
        _check_size(size)
        await run_in_threadpool(file.write, part)
        let_go(request.scope, len(part))
    file.seek(0)


def _check_size(size: int) -> None:
    if size > MAX_UPLOAD_BYTES:
        raise Refused(
            "body-too-large", f"the file is larger than {MAX_UPLOAD_BYTES} bytes", remedy="send it in parts, or as XLSX"
        )
