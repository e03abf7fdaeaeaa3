"""P20: on a disk that is really full writes are refused whole, questions answered, and all goes on with room."""

import os
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from tests.ledger.given import ADMIN, Town, bearer, problem
from tests.ledger.test_postgres_killed import WRITERS, Figures, Writer, check

import postgres

pytestmark = [pytest.mark.postgres, pytest.mark.campaign]

MEBIBYTES = 200
TRIES = 8
"""How often each writer is refused with one and the same command before the disk counts as full."""
SECONDS = 30.0
AUDITOR = "auditor city:chibi"


@contextmanager
def small_disk() -> Iterator[Path]:
    """A file system of its own in memory, which holds data, write-ahead log and lines of a server."""
    with tempfile.TemporaryDirectory(prefix="workforce-disk-") as folder:
        size = f"size={MEBIBYTES}m,mode=755"
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", size, "workforce", folder], capture_output=True)
        assert mounted.returncode == 0, f"this test mounts a small tmpfs, which takes root's rights: {mounted.stderr!r}"
        try:
            yield Path(folder)
        finally:
            subprocess.run(["umount", "--lazy", folder], check=True)


def fill(disk: Path) -> Path:
    """Write a file until not one byte more is taken; the file."""
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as file:
        for size in (1 << 20, 1 << 12):
            with suppress(OSError):
                while file.write(bytes(size)):
                    pass
    assert os.statvfs(disk).f_bavail == 0
    return ballast


@dataclass
class Crowd:
    """Writers at work on one town, each with one command after the other, sent until it is done."""

    town: Town
    figures: Figures
    writers: Sequence[Writer]
    workers: Sequence[str]

    def all_refused(self) -> bool:
        return all(writer.refused >= TRIES for writer in self.writers)

    def done(self) -> int:
        return len(self.figures.acknowledged)


@contextmanager
def at_work(town: Town) -> Iterator[Crowd]:
    """Ten writers for as long as the context lasts; then each brings its last command to its end."""
    figures, stop, raised = Figures(), threading.Event(), []
    quota = {"community_id": "huangjia", "category": "dedicated"}
    town.give("city-quotas", "2018-01-02", city_id="chibi", category="dedicated", seats=100_000)
    town.give("community-quotas", "2018-01-02", **quota, seats=90_000)
    workers = [town.hire("huangjia") for _ in range(WRITERS)]
    writers = [Writer(town, f"full-{n}", worker_id, figures) for n, worker_id in enumerate(workers)]

    def write(writer: Writer) -> None:
        try:
            writer.write(stop)
        except BaseException as error:
            raised.append(error)

    threads = [threading.Thread(target=write, args=(writer,)) for writer in writers]
    for thread in threads:
        thread.start()
    try:
        yield Crowd(town, figures, writers, workers)
    finally:
        stop.set()
        for thread in threads:
            thread.join(SECONDS)
    assert raised == []
    assert not any(thread.is_alive() for thread in threads)


@contextmanager
def served() -> Iterator[tuple[Path, postgres.Dedicated, str, Town]]:
    """A founded town on a server of its own on a small disk; the address of its database."""
    with (
        small_disk() as disk,
        postgres.dedicated(disk) as server,
        postgres.database(server.address) as address,
        tempfile.TemporaryDirectory() as data,
    ):
        town = Town(Path(data), f"{address}?connect_timeout=1").found()
        try:
            yield disk, server, address, town
        finally:
            town.close()


def wait_until(true: Callable[[], bool], what: str) -> float:
    """Wait for it, but not for ever; the seconds it took."""
    began = time.monotonic()
    while not true():
        assert time.monotonic() - began < SECONDS, f"after {SECONDS:.0f} s still not: {what}"
        time.sleep(0.02)
    return time.monotonic() - began


def checkpoint(server: postgres.Dedicated) -> None:
    """Have everything written so far in its place, and a segment of the write-ahead log before us."""
    with psycopg.connect(server.address, autocommit=True) as owner:
        owner.execute("SELECT pg_switch_wal()")
        owner.execute("CHECKPOINT")


HALF_DONE = """
SELECT (SELECT count(*) FROM log_claims WHERE command_id NOT IN (SELECT command_id FROM log_commands)),
       (SELECT count(*) FROM log_commands FULL JOIN log_answers USING (first_position, last_position)
        WHERE key IS NULL OR command_id IS NULL),
       (SELECT next_position FROM log_head) - (SELECT count(*) FROM stored_events),
       (SELECT next_position FROM log_head) - (SELECT sum(last_position - first_position + 1) FROM log_commands)
"""
"""Claims of no command, commands without an answer or answers without a command, and what the head counts too many."""


def half_done(address: str) -> list[int]:
    """What is there of commands that are not there, in one look at the tables."""
    with psycopg.connect(address) as reader:
        return [int(number) for number in reader.execute(HALF_DONE).fetchall()[0]]


def questions(crowd: Crowd) -> list[tuple[str, dict[str, str]]]:
    """Of one thing, and of lists, which stand in a table of their own."""
    command_id = next(iter(crowd.figures.acknowledged.values()))["command_id"]
    day = {"effective_on": "2020-12-31"}
    return [
        ("communities/huangjia", day),
        ("cities/chibi", day),
        (f"workers/{crowd.workers[0]}", day),
        (f"workers/{crowd.workers[0]}/history", {}),
        ("workers", {"city_id": "chibi", "limit": "500", **day}),
        ("events", {"limit": "500"}),
        (f"commands/{command_id}", {}),
        ("log", {}),
    ]


def test_a_full_disk_refuses_every_write_whole_and_answers_every_question() -> None:
    """P20, P3, P4: nothing of a refused command is there; lists go up to where their table came; when there is room
    again, every refused command is done once under its key, unaided."""
    with served() as (disk, server, address, town):
        with at_work(town) as crowd:
            wait_until(lambda: crowd.done() >= 5 * WRITERS, "some commands are done")
            town.read("workers", city_id="chibi")
            wait_until(lambda: crowd.done() >= 10 * WRITERS, "and more that no list has yet")
            checkpoint(server)
            ballast = fill(disk)
            seconds = wait_until(crowd.all_refused, "every writer is refused")
            assert half_done(address) == [0, 0, 0, 0]
            done, head = crowd.done(), town.store.head()
            answered = {path: town.ask(path, who=AUDITOR, **params) for path, params in questions(crowd)}
            assert {path: answer.status_code for path, answer in answered.items()} == dict.fromkeys(answered, 200)
            listed = answered["workers"]
            assert int(listed.headers["ledger-position"]) == listed.json()["known_position"] < head
            check_too_new(town, head)
            assert not server.ended()
            ballast.unlink()
            back = wait_until(lambda: crowd.done() >= done + 5 * WRITERS, "writes go on")
        assert half_done(address) == [0, 0, 0, 0]
        check(town, crowd.figures)
        check_lists(town, listed.json())
    print(
        f"\ndisk full {seconds:.1f} s after it began to be filled: {crowd.figures.unknown} commands refused, 0 half",
        f"done, {len(answered)} questions answered; {5 * WRITERS} commands done {back:.1f} s after there was room",
    )


def check_too_new(town: Town, head: int) -> None:
    """What the lists do not have yet is not denied, but to be asked for again."""
    for headers, params in (({"X-Min-Position": str(head)}, {}), ({}, {"known_position": head})):
        sent = {"Authorization": bearer(AUDITOR), **headers}
        answer = town.client.get("/ledger/v1/workers", headers=sent, params={"city_id": "chibi", **params})
        assert problem(answer)["status"] == 503
        assert answer.headers["retry-after"] == "1"


def check_lists(town: Town, while_full: dict[str, object]) -> None:
    """The answer given while the disk was full is that of its position for ever; now the list has everybody."""
    question = {"city_id": "chibi", "limit": "500", "effective_on": "2020-12-31"}
    assert town.read("workers", **question, known_position=str(while_full["known_position"])) == while_full
    assert town.ask("workers", **question).headers["ledger-position"] == str(town.store.head())
    rebuilt = town.client.post("/ledger/v1/rebuild", headers={"Authorization": bearer(ADMIN)})
    assert rebuilt.json()["equal"] is True


@pytest.mark.parametrize("asked", ["CHECKPOINT", "SELECT pg_switch_wal()"], ids=["checkpoint", "write-ahead log"])
def test_a_database_that_gives_up_on_its_full_disk_comes_back_whole_and_the_ledger_goes_on(asked: str) -> None:
    """P20, P2, P6: PostgreSQL loses every connection where it cannot write a checkpoint, and ends where it cannot write
    its own log; nothing acknowledged is lost, and the ledger needs no restart."""
    with served() as (disk, server, address, town):
        with at_work(town) as crowd:
            wait_until(lambda: crowd.done() >= 5 * WRITERS, "some commands are done")
            checkpoint(server)
            with psycopg.connect(server.address, autocommit=True) as owner:
                ballast = fill(disk)
                wait_until(crowd.all_refused, "every writer is refused")
                wait_until(lambda: gives_up(owner, asked), "PostgreSQL gives up")
            time.sleep(1)
            question = town.ask("communities/huangjia", who=AUDITOR)
            assert question.status_code == 200 or problem(question)["code"] == "storage-unavailable"
            done, ended = crowd.done(), server.ended()
            ballast.unlink()
            if ended:
                server.start()
            back = wait_until(lambda: crowd.done() >= done + 5 * WRITERS, "writes go on")
        assert half_done(address) == [0, 0, 0, 0]
        check(town, crowd.figures)
    print(
        f"\nPostgreSQL {'ended' if ended else 'lost every connection'} at {asked}: {done} commands acknowledged",
        f"before, 0 lost; {5 * WRITERS} more {back:.1f} s after there was room",
    )


def gives_up(owner: psycopg.Connection, asked: str) -> bool:
    """Whether all connections are lost after the server was asked to write what only it writes."""
    with suppress(psycopg.Error):
        owner.execute(asked.encode())
    return owner.closed
