"""The base bench: a base enacted in June from January for everybody, the differences to eight closed months.

Keys of the result, whole numbers unless said otherwise:
    bench                   "base"
    workers, months         the population, and the closed months that the base reaches back to
    paid_entries            amounts under their keys that the closed months paid, a run a month
    differing_entries       those under which there is now a difference
    due_cpu_seconds         the months worked out anew, with every payer (decimal string, as all seconds)
    differences_cpu_seconds due less paid, merged on their keys
    cpu_seconds             both, the median of `runs`
    settled_cpu_seconds     the peer: the engine's amounts alone, without keys
    runs                    how often each was timed
    sums_equal              true when all differences are the new due less the old, to the fen
    peak_memory_bytes       the most that the process held
From columns in memory: reading and coding are measured by the bench "preview", which also sums who is touched.
"""

import argparse
import resource
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from statistics import median
from time import process_time
from typing import Any, TypeVar

import numpy as np

from bench.options import positive
from bench.population import Population, population
from payroll.engine import (
    EnactedPolicy,
    Entries,
    PolicyTables,
    PublishedBase,
    compile_policies,
    differences,
    due,
    month_number,
    settled,
)

FIRST_MONTH, LAST_MONTH = "2023-01", "2023-08"
WAGE_FEN = 6_300_000
_T = TypeVar("_T")


def add_options(parser: argparse.ArgumentParser) -> None:
    """What this bench can be told."""
    parser.add_argument("--workers", type=positive, default=100_000, help="people in the population (100000)")
    parser.add_argument("--runs", type=positive, default=3, help="timed runs, of which the median counts (3)")


def agrees(result: dict[str, Any]) -> bool:
    """Whether the differences add up."""
    return bool(result["sums_equal"])


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Measure; see the keys above."""
    people = population(options.workers)
    raised = PublishedBase(date(2023, 1, 1), 9, "ladder", WAGE_FEN)
    rules = _rules(replace(people, bases=(*people.bases, raised)))
    paid = _by_run(due(people.facts, _rules(people)).entries)
    taken: list[tuple[float, float, float]] = []
    for _ in range(options.runs):
        now, working_out = _timed(lambda: due(people.facts, rules).entries)
        found, merging = _timed(lambda entries=now: differences(entries, paid))
        taken.append((working_out + merging, working_out, merging))
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    _, alone = _timed(lambda: [int(one.amounts.sum()) for one in settled(people.facts, rules)])
    both, working_out, merging = (median(column) for column in zip(*taken, strict=True))
    return {
        "bench": "base",
        "workers": options.workers,
        "months": month_number(LAST_MONTH) - month_number(FIRST_MONTH) + 1,
        "paid_entries": len(paid),
        "differing_entries": len(found),
        "due_cpu_seconds": f"{working_out:.2f}",
        "differences_cpu_seconds": f"{merging:.2f}",
        "cpu_seconds": f"{both:.2f}",
        "settled_cpu_seconds": f"{alone:.2f}",
        "runs": options.runs,
        "sums_equal": int(found.amount_fen.sum()) == int(now.amount_fen.sum()) - int(paid.amount_fen.sum()),
        "peak_memory_bytes": memory,
    }


def table(result: dict[str, Any]) -> str:
    """The result for people."""
    equal = "equal" if result["sums_equal"] else "DIFFERENT"
    return "\n".join(
        [
            f"{result['workers']:,} workers × {result['months']} closed months: {result['paid_entries']:,} paid, "
            f"{result['differing_entries']:,} differ",
            f"due {result['due_cpu_seconds']} s, differences {result['differences_cpu_seconds']} s, together "
            f"{result['cpu_seconds']} s of CPU; the engine's amounts alone {result['settled_cpu_seconds']} s",
            f"sums {equal}; at most {result['peak_memory_bytes'] / 2**20:.0f} MiB",
        ]
    )


def _rules(people: Population) -> PolicyTables:
    enacted = EnactedPolicy(date(2019, 1, 1), 0, people.document)
    months = (month_number(FIRST_MONTH), month_number(LAST_MONTH))
    return compile_policies([enacted], people.bases, people.tables().vocabulary, *months)


def _by_run(entries: Entries) -> Entries:
    """As they would be read: run after run, each in the order of its keys."""
    keys = (entries.payer, entries.community, entries.post, entries.item, entries.worker, entries.service_month)
    return entries.take(np.lexsort(keys))


def _timed(work: Callable[[], _T]) -> tuple[_T, float]:
    """(what came of it, CPU seconds)."""
    began = process_time()
    return work(), process_time() - began
