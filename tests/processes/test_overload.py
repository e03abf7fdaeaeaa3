"""P19: ten times as many callers as a process takes in; each is answered, and the memory of the process has an end."""

import itertools
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.ledger.given import bearer, command, identity_number
from tests.processes.apart import Apart, Process, wait_until
from tests.processes.crowd import Answer, Call, Heard, Turn, always, posting, wave

pytestmark = [pytest.mark.campaign, pytest.mark.postgres]

CALLERS = 640
SECONDS = 7.0
MOST_MEBIBYTES = 256
GROWTH_MEBIBYTES = 12
"""From the second wave to the third: the streams kept in memory, whose end is tried elsewhere, and fragments."""
MOST_BODY = 1024 * 1024
WORKERS = 64
LARGE = 64 * MOST_BODY
SENT = {"Content-Type": "application/json", "If-Match": "*", "Idempotency-Key": "large"}
ADMIN, AUDITOR, SERVICE = bearer("admin city:chibi clerk"), bearer("auditor city:chibi"), bearer("service log:all")


def memory(process: Process, line: str) -> float:
    """MiB of the process: VmHWM the most there ever was, VmRSS what there is."""
    text = Path(f"/proc/{process.running.pid}/status").read_text(encoding="ascii")
    found = re.search(rf"^{line}:\s+(\d+) kB", text, re.MULTILINE)
    assert found is not None
    return int(found.group(1)) / 1024


def hired(apart: Apart) -> list[str]:
    """Dedicated workers of Xinhua; Huangjia has its two as well."""
    found = []
    for number in range(WORKERS + 2):
        person = {"name": "李秀英", "identity_number": identity_number("1991-05-17", number + 1)}
        fields = {"channel": "exam", "post": "dedicated", "education": "college", "person": person}
        body = command("2020-10-01", community_id="xinhua" if number < WORKERS else "huangjia", **fields)
        done = apart.act("/ledger/v1/hires", "admin city:chibi clerk", body, f"overload-{number}")
        assert done.status_code == 201, done.text
        found.append(str(done.json()["worker_id"]))
    return found[:WORKERS]


def training(worker_id: str, name: str) -> Iterator[Call]:
    """Courses without end."""
    for number in itertools.count():
        body = command("2020-11-01", worker_id=worker_id, course=f"{name}-{number}", hours=8)
        yield posting("/ledger/v1/trainings", ADMIN, f"{name}-{number}", body)


def refused(name: str) -> Iterator[Call]:
    """Hires into a community that has no seat left."""
    for number in itertools.count():
        person = {"name": "王芳", "identity_number": identity_number("1993-05-17", number % 900 + 1)}
        fields = {"channel": "exam", "post": "dedicated", "education": "college", "person": person}
        body = command("2020-10-01", community_id="huangjia", **fields)
        yield posting("/ledger/v1/hires", ADMIN, f"{name}-{number}", body)


def asking(*paths: str) -> Iterator[Call]:
    """These questions, again and again."""
    return (Call("GET", f"/ledger/v1/{path}", AUDITOR) for path in itertools.cycle(paths))


def reading_the_feed() -> Turn:
    """Page after page to the end of the log, and again from the beginning."""

    def turn(answer: Answer | None) -> Call:
        lines = answer.content.splitlines() if answer is not None and answer.status == 200 else []
        after = json.loads(lines[-1])["position"] if lines else -1
        return Call("GET", f"/ledger/v1/feed?after={after}&limit=500", SERVICE)

    return turn


def too_much(number: int) -> Iterator[Call]:
    """64 MiB, said before or only found out on the way."""
    much: dict[str, Any] = {"content": bytes(LARGE)} if number % 2 else {"chunks": LARGE // (64 * 1024)}
    return (Call("POST", "/ledger/v1/trainings", ADMIN, SENT, **much) for _ in itertools.count())


def crowd(workers: list[str], name: str) -> Iterator[tuple[Turn, bool]]:
    """Who asks what: half give commands, the others read; every tenth opens a connection for each call."""
    for number in range(CALLERS):
        worker_id, own = workers[number % len(workers)], f"{name}-{number}"
        if number < 4:
            turn = always(too_much(number))
        elif number < 12:
            turn = reading_the_feed()
        elif number % 16 == 0:
            turn = always(refused(own))
        elif number % 2:
            turn = always(training(worker_id, own))
        else:
            day = "effective_on=2020-12-31"
            pages = (f"workers?city_id=chibi&{day}", "events?limit=500", "log")
            one = (f"workers/{worker_id}?{day}", f"workers/{worker_id}/history", f"communities/xinhua?{day}")
            turn = always(asking(*one, pages[number % 3]))
        yield turn, number % 10 != 9


def check(heard: Heard, process: Process, *, done: set[str]) -> None:
    """Everybody was answered, with what is done, a refusal of a rule, or that they come again; memory has an end."""
    assert heard.failures == []
    assert heard.without_retry_after == []
    unforeseen = {said for said in heard.answers if said[0] == "5" and not said.startswith("503 busy")}
    assert not unforeseen, heard.answers
    assert done <= {said.partition(" ")[0] for said in heard.answers}, heard.answers
    assert memory(process, "VmHWM") <= MOST_MEBIBYTES


def test_ten_times_the_load_is_answered_and_has_an_end_in_memory(alone: Apart) -> None:
    """P19: three waves of commands, questions, the feed to its end, and bodies of 64 MiB; then all is as before."""
    ledger, projector = alone.processes["ledger"], alone.projector
    assert projector is not None
    projector.stop()
    workers = hired(alone)
    head = alone.feed.head()
    question = f"/ledger/v1/workers?city_id=chibi&effective_on=2020-12-31&known_position={head}"
    before = alone.ask(question, "auditor city:chibi").json()
    waves, resident = [], []
    for number in range(3):
        waves.append(wave(ledger.port, crowd(workers, f"wave{number}"), SECONDS))
        resident.append(memory(ledger, "VmRSS"))
        check(waves[-1], ledger, done={"200", "201", "409", "413", "503"})
    told = [f"{sum(heard.answers.values())} answers, the slowest after {heard.slowest:.1f} s" for heard in waves]
    print(f"\n{CALLERS} callers: {'; '.join(told)}; {resident} MiB, {memory(ledger, 'VmHWM'):.0f} at most")
    assert resident[2] - resident[1] <= GROWTH_MEBIBYTES
    assert alone.ask(question, "auditor city:chibi").json() == before
    assert alone.feed.head() == head + sum(heard.answers["201"] for heard in waves), "a course is one event"


def test_large_bodies_that_stop_before_their_end_are_no_more_than_the_process_holds(alone: Apart) -> None:
    """P19: a mebibyte each, all but its last byte, from everybody at once."""
    ledger = alone.processes["ledger"]
    body = json.dumps(command("2020-11-01", worker_id="li", course="x" * MOST_BODY, hours=8)).encode()[-MOST_BODY:]
    calls = (Call("POST", "/ledger/v1/trainings", ADMIN, SENT, body, pause=2.0) for _ in range(CALLERS))
    heard = wave(ledger.port, ((always(iter([call])), True) for call in calls), 3.0)
    print(f"\n{heard.answers.most_common()}; {memory(ledger, 'VmHWM'):.0f} MiB at most")
    check(heard, ledger, done={"400", "503"})


def test_pages_that_are_asked_for_and_not_read_are_no_more_than_the_process_holds(alone: Apart) -> None:
    """P19: the feed's largest page for everybody at once, who read it only seconds later, to its end."""
    ledger = alone.processes["ledger"]
    calls = (Call("GET", "/ledger/v1/feed?limit=500", SERVICE, pause=3.0) for _ in range(CALLERS))
    heard = wave(ledger.port, ((always(iter([call])), True) for call in calls), 2.0)
    print(f"\n{heard.answers.most_common()}; {memory(ledger, 'VmHWM'):.0f} MiB at most")
    check(heard, ledger, done={"200", "503"})


def test_an_export_that_everybody_asks_payroll_for_at_once(alone: Apart) -> None:
    """P19: 64 callers for the lines of a month, on a draft, which is worked out again for each."""
    payroll, projector = alone.processes["payroll"], alone.projector
    assert projector is not None
    projector.go_on()
    head = alone.feed.head()
    wait_until(
        lambda: alone.ask("/payroll/v1/projection", "auditor city:chibi").json()["position"] >= head, "it is there"
    )
    body = {"jurisdiction": "chibi", "month": "2020-10", **command("2020-10-31")}
    drafted = alone.act("/payroll/v1/runs", "finance city:chibi", body, "export")
    assert drafted.status_code == 201, drafted.text
    export = Call("GET", "/payroll/v1/runs/chibi/2020-10/1/lines?format=csv", AUDITOR)
    heard = wave(payroll.port, ((always(itertools.repeat(export)), True) for _ in range(64)), 5.0)
    print(f"\n{heard.answers.most_common()}; {memory(payroll, 'VmHWM'):.0f} MiB at most")
    check(heard, payroll, done={"200"})
