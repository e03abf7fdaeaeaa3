"""A line says what was done and never what somebody wrote."""

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest

from shared import logs


class Written:
    """The lines so far."""

    def __init__(self) -> None:
        self.stream = io.BytesIO()

    @property
    def text(self) -> str:
        return self.stream.getvalue().decode()

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.text.splitlines()]


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> Iterator[Written]:
    """JSON lines for one test; the loggers are afterwards as they were, whoever served in this process before."""
    monkeypatch.setattr(logging.getLogger("uvicorn"), "propagate", True)
    root, level = logging.getLogger(), logging.getLogger().level
    kept, taken = list(root.handlers), Written()
    logs.configure("json", stream=taken.stream)
    yield taken
    logs.quiet()
    root.handlers, root.level = kept, level


def test_a_line_is_one_object_with_its_time_level_and_event(written: Written) -> None:
    logs.tell("batch", service="payroll", events=3, lag=None)
    (line,) = written.lines
    assert line.pop("timestamp").endswith("Z")
    assert line == {"level": "info", "event": "batch", "service": "payroll", "events": 3}


def test_text_that_could_be_a_name_is_not_written(written: Written) -> None:
    """P25."""
    logs.warn("stopped", reason="张三 and a line\nmore", long="x" * 2000)
    (line,) = written.lines
    assert line["reason"] == "?? and a line?more"
    assert len(line["long"]) == 500


def test_an_exception_is_its_kind_and_its_places(written: Written) -> None:
    """P25: neither its text nor that of what it came from."""
    try:
        raise ValueError("canary-in-error")
    except ValueError:
        logging.getLogger("uvicorn.error").exception("Exception in ASGI application\n")
    (line,) = written.lines
    assert (line["event"], line["kind"], line["logger"]) == (
        "Exception in ASGI application",
        "ValueError",
        "uvicorn.error",
    )
    assert "test_an_exception_is_its_kind_and_its_places" in line["at"]
    assert "canary" not in written.text


def test_of_other_libraries_the_sentence_is_written_without_its_values(written: Written) -> None:
    """P25."""
    logging.getLogger("sqlalchemy.pool").error("cannot reset %r", "canary")
    logging.getLogger("asyncio").error("张三 has 421281199001010016\ncanary")
    assert [line["event"] for line in written.lines] == ["cannot reset %r", "?? has ?"]
    assert "canary" not in written.text


def test_what_libraries_tell_in_passing_is_not_written(written: Written) -> None:
    """P25: an HTTP client tells whole addresses."""
    logging.getLogger("httpx").info("HTTP Request: GET http://ledger/canary")
    logging.getLogger("kafka").info("joined")
    assert written.lines == []


def test_without_being_set_up_nothing_is_written(capfd: pytest.CaptureFixture[str]) -> None:
    logs.tell("batch", events=1)
    logs.warn("stopped", events=1)
    assert capfd.readouterr() == ("", "")


def test_a_plain_line_is_read_by_people() -> None:
    taken, root = Written(), logging.getLogger()
    kept, level = list(root.handlers), root.level
    logs.configure("plain", stream=taken.stream)
    logs.tell("batch", events=3, service="payroll")
    logs.quiet()
    root.handlers, root.level = kept, level
    assert taken.text.endswith("info batch events=3 service=payroll\n")
