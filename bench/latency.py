"""From a command to the payslip that shows it, through Kafka, at a steady rate, beside the command alone.

PostgreSQL, Kafka, the ledger, the relay, payroll's consumers and payroll's API run as processes of their own. Clerks
send commands at a fixed rate; of some of them the time is taken from sending the command until the worker's payslip is
answered at its position (`X-Min-Position`). Keys of the result:

`bench`, `rate` commands wanted per second, `seconds`, `commands` answered, `commands_per_second`, `samples`;
`command_p50_ms`, `command_p99_ms` the command alone; `payslip_p50_ms`, `payslip_p99_ms` from the command to the payslip
that shows it; `ratio` of the two medians; `not_shown`: payslips that came without what was commanded, which must be 0.
"""

import argparse
import random
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import httpx

from bench.options import positive

sys.path[:0] = [str(Path(__file__).parents[1] / "tests")]

CLERKS = 8
SAMPLE_EVERY = 12
MONTH = "2021-06"


def add_options(parser: argparse.ArgumentParser) -> None:
    """What this bench can be told."""
    parser.add_argument("--rate", type=positive, default=100, help="commands a second (100)")
    parser.add_argument("--seconds", type=positive, default=20, help="how long (20)")


def agrees(result: dict[str, Any]) -> bool:
    """Whether every payslip showed what was commanded."""
    return result["not_shown"] == 0 and result["samples"] > 0


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Measure; see the keys above."""
    from tests.chaos.cluster import cluster

    with tempfile.TemporaryDirectory(prefix="workforce-bench-") as folder, cluster(Path(folder)) as town:
        clerks = [_Clerk(number, town.ledger.url, town.payroll.url) for number in range(CLERKS)]
        for clerk in clerks:
            clerk.hire()
        interval = CLERKS / options.rate
        began = time.monotonic()
        threads = [
            threading.Thread(target=clerk.work, args=(began + number * interval / CLERKS, interval, options.seconds))
            for number, clerk in enumerate(clerks)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        elapsed = time.monotonic() - began
    return _result(options, clerks, elapsed)


def table(result: dict[str, Any]) -> str:
    """The result for people."""
    return "\n".join(
        [
            f"{result['commands']:,} commands at {result['commands_per_second']:.0f}/s (wanted {result['rate']}/s)",
            f"{'':28}{'p50 ms':>10}{'p99 ms':>10}",
            f"{'command answered':28}{result['command_p50_ms']:>10.0f}{result['command_p99_ms']:>10.0f}",
            f"{'payslip shows it':28}{result['payslip_p50_ms']:>10.0f}{result['payslip_p99_ms']:>10.0f}",
            f"{result['samples']} samples, {result['not_shown']} payslips without it; ratio {result['ratio']:.1f}",
        ]
    )


class _Clerk:
    """One caller with a connection of its own to either service, and a worker of its own."""

    def __init__(self, number: int, ledger_url: str, payroll_url: str) -> None:
        from tests.ledger.given import bearer

        self.number = number
        self.commands: list[float] = []
        self.payslips: list[float] = []
        self.not_shown = 0
        self._ledger = httpx.Client(
            base_url=ledger_url, timeout=30, headers={"Authorization": bearer("admin city:chibi")}
        )
        finance = {"Authorization": bearer("finance city:chibi")}
        self._payroll = httpx.Client(base_url=payroll_url, timeout=30, headers=finance)
        self._randomness = random.Random(number)
        self._sent = 0
        self._worker_id = ""

    def hire(self) -> None:
        """Somebody to record things about."""
        from tests.ledger.given import identity_number

        person = {"name": "李秀英", "identity_number": identity_number(f"1990-03-{1 + self.number:02d}")}
        terms = {"community_id": "xinhua", "channel": "exam", "post": "dedicated", "education": "college"}
        self._worker_id = self._send("hires", {**terms, "person": person}, "2021-01-01")["worker_id"]

    def work(self, begin: float, interval: float, seconds: int) -> None:
        """A command every interval, whatever the last one took."""
        for number in range(int(seconds / interval)):
            time.sleep(max(0.0, begin + number * interval - time.monotonic()))
            grade = 1 + (number + self.number) % 12
            sampled = number % SAMPLE_EVERY == SAMPLE_EVERY - 1
            fields: dict[str, Any] = {"worker_id": self._worker_id, "course": "网格管理", "hours": 8}
            if sampled:
                fields = {"worker_id": self._worker_id, "grade": grade, "reason": "核定"}
            sent = time.monotonic()
            answer = self._send("regrades" if sampled else "trainings", fields, f"{MONTH}-01")
            self.commands.append(time.monotonic() - sent)
            if sampled:
                self._look(answer["position"], sent)

    def _look(self, position: int, sent: float) -> None:
        path = f"/payroll/v1/workers/{self._worker_id}/payslips/{MONTH}"
        while True:
            answer = self._payroll.get(path, headers={"X-Min-Position": str(position)})
            if answer.status_code != 503:
                break
        self.payslips.append(time.monotonic() - sent)
        shown = answer.json()
        self.not_shown += shown.get("known_position", -1) < position or not shown["lines"]

    def _send(self, path: str, fields: dict[str, Any], day: str) -> dict[str, Any]:
        from tests.ledger.given import PAPER

        self._sent += 1
        headers = {"Idempotency-Key": f"bench-{self.number}-{self._sent}", "If-Match": "*"}
        body = {"effective_date": day, "basis": PAPER, **fields}
        answer = self._ledger.post(f"/ledger/v1/{path}", json=body, headers=headers)
        if answer.status_code != 201 and answer.json()["code"] != "already-there":
            raise RuntimeError(answer.text)
        position = int(answer.headers["Ledger-Position"]) if answer.status_code == 201 else 0
        return {"position": position, **answer.json()}


def _result(options: argparse.Namespace, clerks: list[_Clerk], elapsed: float) -> dict[str, Any]:
    commands = sorted(one for clerk in clerks for one in clerk.commands)
    payslips = sorted(one for clerk in clerks for one in clerk.payslips)
    return {
        "bench": "latency",
        "rate": options.rate,
        "seconds": options.seconds,
        "commands": len(commands),
        "commands_per_second": len(commands) / elapsed,
        "samples": len(payslips),
        "command_p50_ms": _percentile(commands, 50),
        "command_p99_ms": _percentile(commands, 99),
        "payslip_p50_ms": _percentile(payslips, 50),
        "payslip_p99_ms": _percentile(payslips, 99),
        "ratio": _percentile(payslips, 50) / _percentile(commands, 50),
        "not_shown": sum(clerk.not_shown for clerk in clerks),
    }


def _percentile(ordered: list[float], percent: int) -> float:
    """In milliseconds; of an ordered list."""
    return 1000 * ordered[min(len(ordered) - 1, len(ordered) * percent // 100)] if ordered else float("nan")
