"""A follower survives whatever its projection meets with."""

import logging
import threading

import pytest

from workforce.following import LONGEST_WAIT, SHORTEST_WAIT, follow, following


class Looks(threading.Event):
    """A stop that comes after so many looks, without the waits between them, which it keeps."""

    def __init__(self, count: int) -> None:
        super().__init__()
        self.count = count
        self.waits: list[float | None] = []

    def wait(self, timeout: float | None = None) -> bool:
        self.waits.append(timeout)
        return len(self.waits) > self.count


def test_a_failing_projection_is_tried_again_ever_more_slowly_and_then_as_before() -> None:
    looks = Looks(12)

    def catch_up() -> None:
        if len(looks.waits) <= 9:
            raise OSError("the disk is full")

    follow("payroll", catch_up, looks)
    assert looks.waits[:4] == [SHORTEST_WAIT, 1.0, 2.0, 4.0]
    assert looks.waits[9] == LONGEST_WAIT
    assert looks.waits[10:] == [SHORTEST_WAIT] * 3


def test_a_failure_is_logged_once_per_kind_and_without_its_text(caplog: pytest.LogCaptureFixture) -> None:
    looks = Looks(6)

    def catch_up() -> None:
        raise (ValueError if len(looks.waits) % 2 else KeyError)("张三")

    with caplog.at_level(logging.ERROR):
        follow("payroll", catch_up, looks)
    assert [record.getMessage().partition("(")[2].partition(")")[0] for record in caplog.records] == [
        "ValueError",
        "KeyError",
    ]
    assert "张三" not in caplog.text


def test_one_failing_projection_does_not_keep_another_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workforce.following.SHORTEST_WAIT", 0.001)
    seen = threading.Event()

    def fails() -> None:
        raise RuntimeError

    with following({"payroll": fails, "notifications": seen.set}):
        assert seen.wait(10)
