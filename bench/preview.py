"""The preview bench: a base published in June from January for everybody, and a budget of three years.

Keys of the result, all whole numbers unless said otherwise:
    bench                                   "preview"
    preview, budget                         of each of the two questions:
        workers, months, facts              the people, the service months asked for, the facts that are known of them
        events                              what would be written
        touched                             people whose due would differ
        read_seconds                        from payroll's tables (SQLite) to what is known (decimal string)
        code_seconds                        from there to columns and compiled rules (decimal string)
        compute_seconds                     both sides worked out and summed (decimal string)
        compute_cpu_seconds                 the same by the CPU (decimal string)
        answer_seconds                      to the answer's JSON, a page of 200 rows and 100 people, with what the years
                                            come to by their ends (decimal string)
        worker_months_per_cpu_second        worked out, both sides counted, by that CPU time
        settled_cpu_seconds                 the peer: the engine alone on both sides, without sums (decimal string)
        sums_equal                          true when the sums of both sides are the engine's, and who is touched is
                                            who stands in the merge of all differences
        peak_memory_bytes                   the most that the process held so far
Not timed: drawing the population, filling the tables, and the ledger, which decides one command.
"""

import argparse
import resource
import tempfile
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from time import perf_counter, process_time
from typing import Any, TypeVar

import msgspec
import numpy as np
from sqlalchemy import Engine

from bench.options import positive
from bench.population import COMMUNITIES, Population, population
from payroll.comparison import ScenarioQuestion, comparison_of
from payroll.engine import (
    BASELINE,
    CERTIFICATES,
    POSTS,
    RATINGS,
    SCENARIO,
    FactKind,
    differences,
    due,
    settled,
)
from payroll.engine.comparing import Comparison, compare
from payroll.projection import Projection
from payroll.scenarios import CommandToTry, Compared, Drafted, Fork, fork_of
from payroll.tables import FACTS, PLACES, RULES
from shared import database
from shared.events import BasePublished, PayrollOpened, PolicyEnacted
from shared.policy_document import digest_of
from shared.taking import put

_T = TypeVar("_T")
_ANY = CommandToTry(path="/bases", body=msgspec.Raw(b"{}"))
_JUNE = ("2023-01", "2023-08")
_YEARS = ("2024-01", "2026-12")


def add_options(parser: argparse.ArgumentParser) -> None:
    """What this bench can be told."""
    parser.add_argument("--workers", type=positive, default=100_000, help="people of the preview (100000)")
    parser.add_argument("--budgeted", type=positive, default=10_000, help="people of the budget (10000)")


def agrees(result: dict[str, Any]) -> bool:
    """Whether both questions were answered as the engine says."""
    return bool(result["preview"]["sums_equal"] and result["budget"]["sums_equal"])


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Measure both; see the keys above."""
    with tempfile.TemporaryDirectory() as folder:
        budget = _asked(Path(folder) / "budget.db", population(options.budgeted), _YEARS, ["2024", "2025", "2026"])
        preview = _asked(Path(folder) / "preview.db", population(options.workers), _JUNE, ["2023"])
    return {"bench": "preview", "preview": preview, "budget": budget}


def table(result: dict[str, Any]) -> str:
    """The result for people."""
    phases = ("read", "code", "compute", "answer")
    heads = "".join(f"{f'{phase} s':>11}" for phase in phases)
    lines = [f"{'':10}{'workers':>10}{'months':>8}{'touched':>9}{heads}"]
    for name in ("preview", "budget"):
        one = result[name]
        seconds = "".join(f"{one[f'{phase}_seconds']:>11}" for phase in phases)
        lines.append(f"{name:10}{one['workers']:>10,}{one['months']:>8}{one['touched']:>9,}{seconds}")
        equal = "equal" if one["sums_equal"] else "DIFFERENT"
        memory = one["peak_memory_bytes"] / 2**20
        lines.append(
            f"{'':10}computing {one['compute_cpu_seconds']} s of CPU, the engine alone {one['settled_cpu_seconds']}; "
            f"sums {equal}; at most {memory:.0f} MiB"
        )
    return "\n".join(lines)


def _asked(file: Path, people: Population, months: tuple[str, str], years: list[str]) -> dict[str, Any]:
    tables = database.engine(f"sqlite:///{file}", "payroll")
    projection = Projection(tables)
    head = _fill(tables, people)
    drafted = _drafted(head, years)
    fork, reading, _ = _timed(lambda: fork_of(projection, "chibi", drafted))
    columns, coding, _ = _timed(lambda: _coded(fork, months))
    sums, computing, cpu = _timed(lambda: compare(*columns))
    names = columns[3][SCENARIO].vocabulary
    question = ScenarioQuestion(jurisdiction="chibi", commands=(_ANY,))
    compared = Compared(sums, (names, names), fork)
    shown, answering, _ = _timed(lambda: comparison_of(question, drafted, compared, months))
    _, encoding, _ = _timed(lambda: msgspec.json.encode(shown))
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    _, _, alone = _timed(lambda: _settled(columns))
    projection.close()
    return {
        "workers": people.workers,
        "months": sums.heads.shape[1],
        "facts": len(people.facts),
        "events": len(drafted.events),
        "touched": shown.touched,
        "read_seconds": f"{reading:.2f}",
        "code_seconds": f"{coding:.2f}",
        "compute_seconds": f"{computing:.2f}",
        "compute_cpu_seconds": f"{cpu:.2f}",
        "answer_seconds": f"{answering + encoding:.2f}",
        "worker_months_per_cpu_second": int(sums.heads.sum() / cpu),
        "settled_cpu_seconds": f"{alone:.2f}",
        "sums_equal": _equal(sums, columns),
        "peak_memory_bytes": memory,
    }


def _coded(fork: Fork, months: tuple[str, str]) -> Any:
    """What `compare` is given, as `scenarios.compared` gives it."""
    rules = tuple(side.tables(*months, fork.names) for side in (fork.baseline, fork.scenario))
    return *fork.columns, fork.voided, rules


def _settled(columns: Any) -> list[int]:
    """The sum of each side by the engine alone."""
    facts, _, _, tables = columns
    return [sum(int(one.amounts.sum()) for one in settled(facts, rules)) for rules in tables]


def _equal(sums: Comparison, columns: Any) -> bool:
    """Against the engine's own sums, and the merge of all that is due on both sides, in ten parts."""
    facts, _, _, tables = columns
    workers = len(tables[BASELINE].vocabulary.workers)
    touched: set[int] = set()
    for low in range(0, workers, max(workers // 10, 1)):
        rows = slice(*np.searchsorted(facts.worker, [low, low + max(workers // 10, 1)]).tolist())
        was, will = (due(facts.take(rows), rules).entries for rules in tables)
        touched |= set(differences(will, was).worker.tolist())
    return [int(side.sum()) for side in sums.payer_fen] == _settled(columns) and sorted(touched) == sums.touched()


def _timed(work: Callable[[], _T]) -> tuple[_T, float, float]:
    """(what came of it, seconds, CPU seconds)."""
    began, cpu_began = perf_counter(), process_time()
    return work(), perf_counter() - began, process_time() - cpu_began


def _drafted(head: int, years: list[str]) -> Drafted:
    """A base from each January, as the ledger would write it."""
    events = [
        {
            "command": number,
            "stream": "policy/chibi",
            "type": BasePublished.name,
            "effective_date": f"{year}-01-01",
            "data": {"scheme": "ladder", "average_annual_wage_fen": 6_300_000 + 150_000 * number},
        }
        for number, year in enumerate(years)
    ]
    answer = {"digest": "0" * 64, "at_position": head, "events": events}
    return msgspec.json.decode(msgspec.json.encode(answer), type=Drafted)


def _fill(tables: Engine, people: Population) -> int:
    """Payroll's tables as they would be of these people; the last position."""
    places = [(number, f"c{number:04d}", "chibi", f"s{number % 20:02d}") for number in range(COMMUNITIES)]
    document = people.document
    enacted = PolicyEnacted(policy_id="bench", scheme="ladder", digest=digest_of(document), document=document)
    contents: list[tuple[date, str, Any]] = [
        (date(2019, 1, 1), "policy", enacted),
        (date(2019, 1, 1), "opening", PayrollOpened(first_month="2019-01")),
    ]
    for one in people.bases:
        published = BasePublished(scheme="ladder", average_annual_wage_fen=one.average_annual_wage_fen)
        contents.append((one.effective_date, "base", published))
    rules = [
        (COMMUNITIES + number, "chibi", day.isoformat(), kind, msgspec.json.encode(event).decode())
        for number, (day, kind, event) in enumerate(contents)
    ]
    first = COMMUNITIES + len(rules)
    with tables.begin() as connection:
        put(connection, PLACES, places)
        put(connection, RULES, rules)
        facts = list(_fact_rows(people, first))
        for at in range(0, len(facts), 10_000):
            put(connection, FACTS, facts[at : at + 10_000])
    return first + len(people.facts)


def _fact_rows(people: Population, first: int) -> Iterator[tuple[Any, ...]]:
    facts = people.facts
    names: dict[int, Callable[[Any], str]] = {
        FactKind.SCHEME: lambda _: "ladder",
        FactKind.POST: lambda code: POSTS[code].value,
        FactKind.COMMUNITY: lambda code: f"c{code:04d}",
        FactKind.CERTIFICATE: lambda code: CERTIFICATES[code].value,
    }
    columns = (facts.worker, facts.kind, facts.day, facts.position, facts.value)
    rows = zip(*(column.tolist() for column in columns), strict=True)
    for ordinal, (worker, kind, day, position, value) in enumerate(rows):
        if kind == FactKind.RATING:
            text = f"{2020 + (day - 18_628) // 365} {RATINGS[value].value}"
        else:
            text = names.get(kind, str)(value)
        city = "chibi" if kind == FactKind.IN_SERVICE and value else None
        yield first + position, 0, f"k{ordinal}", f"w{worker:08d}", city, kind, day, text
