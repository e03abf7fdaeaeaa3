"""One line of JSON for each thing done: what, where in the log and how long; nothing that anybody wrote in a field."""

import logging
import re
import sys
import traceback
from collections.abc import MutableMapping
from typing import Any, BinaryIO

import msgspec
import structlog

_OURS = ("workforce", "uvicorn", "kafka")
"""Loggers whose sentences hold no content of a request; of others only the sentence without its values is written."""

_FOREIGN = re.compile(r"[^\x20-\x7e]|[0-9]{11,}")
_LONGEST = 500
_FRAMES = 8

Line = MutableMapping[str, Any]
_lines: structlog.typing.FilteringBoundLogger | None = None


def configure(form: str, level: int = logging.INFO, stream: BinaryIO | None = None) -> None:
    """Write lines from now on, `json` or `plain`, those of libraries too."""
    global _lines
    out = stream or sys.stderr.buffer
    render = _json if form == "json" else _plain
    stamp = structlog.processors.TimeStamper("iso")
    _lines = structlog.wrap_logger(
        structlog.BytesLogger(out),
        processors=[structlog.processors.add_log_level, stamp, _safe, render],
        wrapper_class=structlog.make_filtering_bound_logger(level),
    ).bind()
    root = logging.getLogger()
    root.handlers = [_ToLines(_lines)]
    root.setLevel(logging.WARNING)
    for name in _OURS:
        logging.getLogger(name).setLevel(max(level, logging.WARNING if name == "kafka" else level))


def quiet() -> None:
    """Write no line any more; libraries as before `configure`."""
    global _lines
    _lines = None
    logging.getLogger().handlers = []


def wanted() -> bool:
    """Whether a line would be written at all, before its fields are gathered."""
    return _lines is not None


def tell(event: str, **fields: str | int | float | None) -> None:
    """A thing that was done. Fields are ids, positions, counts, codes and durations; None is left out."""
    if _lines is not None:
        _lines.info(event, **fields)


def warn(event: str, **fields: str | int | float | None) -> None:
    """A thing that somebody should look at."""
    if _lines is not None:
        _lines.error(event, **fields)


def places_of(error: BaseException) -> list[str]:
    """Where an exception came from, innermost last, without any of the values there."""
    frames = traceback.extract_tb(error.__traceback__)[-_FRAMES:]
    return [f"{frame.filename.rpartition('services/')[2]}:{frame.lineno} {frame.name}" for frame in frames]


class _ToLines(logging.Handler):
    """What libraries log, in the same form; of an exception its kind and its places, never its text."""

    def __init__(self, lines: structlog.typing.FilteringBoundLogger) -> None:
        super().__init__()
        self._to = lines

    def emit(self, record: logging.LogRecord) -> None:
        """Write the record."""
        ours = record.name.split(".")[0] in _OURS
        said = record.getMessage() if ours else str(record.msg)
        fields: dict[str, Any] = {"logger": record.name}
        if record.exc_info and record.exc_info[1] is not None:
            fields |= {"kind": type(record.exc_info[1]).__name__, "at": " < ".join(places_of(record.exc_info[1]))}
        first, *_ = said.splitlines() or [""]
        self._to.log(record.levelno, _FOREIGN.sub("?", first)[:_LONGEST], **fields)


def _safe(_: Any, __: str, line: Line) -> Line:
    """Without what is None; text cut and with nothing but printed ASCII, so that no name can stand in it."""
    kept: Line = {}
    for name, value in line.items():
        if isinstance(value, str):
            kept[name] = re.sub(r"[^\x20-\x7e]", "?", value[:_LONGEST])
        elif value is not None:
            kept[name] = value
    return kept


def _json(_: Any, __: str, line: Line) -> bytes:
    head = {name: line.pop(name) for name in ("timestamp", "level", "event")}
    return msgspec.json.encode({**head, **line})


def _plain(_: Any, __: str, line: Line) -> bytes:
    head = " ".join(str(line.pop(name)) for name in ("timestamp", "level", "event"))
    return " ".join([head, *(f"{name}={value}" for name, value in line.items())]).encode()
