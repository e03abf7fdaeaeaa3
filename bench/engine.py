"""The engine bench: worker-months a CPU second of the pay engine beside a plain per-worker loop on the same people.

Keys of the result, all whole numbers unless said otherwise:
    bench                                   "engine"
    workers, months                         the population, and the months worked out for it
    worker_months                           months in which somebody is paid
    engine_worker_months_per_cpu_second     the median of `runs`, from facts to every payer's amounts, in chunks
    engine_cpu_seconds                      that median (decimal string)
    loop_workers, loop_worker_months        the share of the same population that the loop works out
    loop_worker_months_per_cpu_second       the median of `runs`
    loop_cpu_seconds                        that median (decimal string)
    ratio                                   engine against loop (decimal string)
    runs                                    how often each was timed
    checksums_equal                         true when both agree on the loop's share of the population, to the fen
    engine_checksums, loop_checksums        total_fen, payers_fen (by PayerLevel), and mix, which
                                            binds every amount to its worker, month, first day, place, item and payer
    engine_extra_memory_bytes               the most that the engine held at a time beyond the facts it was given
    peak_memory_bytes                       the most that the process held, the population included
Not timed: drawing the population, compiling the rules, checksums.
"""

import argparse
import resource
import tracemalloc
from collections.abc import Callable, Iterator
from decimal import Decimal
from statistics import median
from time import process_time
from typing import Any

import numpy as np

from bench import plain_loop
from bench.options import positive
from bench.population import MONTHS, Column, Population, population
from payroll.engine import Facts, PayerLevel, PolicyTables, Segments, settled

LOOP_SHARE = 50
_FACTORS = tuple(
    int(text, 16)
    for text in (
        "9e3779b97f4a7c15",
        "c2b2ae3d27d4eb4f",
        "165667b19e3779f9",
        "d6e8feb86659fd93",
        "ff51afd7ed558ccd",
        "c4ceb9fe1a85ec53",
    )
)


def add_options(parser: argparse.ArgumentParser) -> None:
    """What this bench can be told."""
    parser.add_argument("--workers", type=positive, default=100_000, help="people in the population (100000)")
    parser.add_argument("--runs", type=positive, default=5, help="timed runs, of which the median counts (5)")


def agrees(result: dict[str, Any]) -> bool:
    """Whether both worked out the same."""
    return bool(result["checksums_equal"])


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Measure both; see the keys above."""
    workers, runs = options.workers, options.runs
    people = population(workers)
    tables = people.tables()
    share = people.first(max(workers // LOOP_SHARE, min(workers, 200)))
    engine_seconds = _timed(lambda: _consume(settled(people.facts, tables)), runs)
    months_worked = _worker_months(settled(people.facts, tables))
    extra_memory = _extra_memory(people.facts, tables)
    peak_memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    ours = _engine_checksums(share, tables)
    theirs, loop_seconds = _loop(share, runs)
    loop_months = _worker_months(settled(share.facts, tables))
    engine_rate, loop_rate = months_worked / engine_seconds, loop_months / loop_seconds
    return {
        "bench": "engine",
        "workers": workers,
        "months": MONTHS,
        "worker_months": months_worked,
        "engine_worker_months_per_cpu_second": int(engine_rate),
        "engine_cpu_seconds": f"{engine_seconds:.4f}",
        "loop_workers": share.workers,
        "loop_worker_months": loop_months,
        "loop_worker_months_per_cpu_second": int(loop_rate),
        "loop_cpu_seconds": f"{loop_seconds:.4f}",
        "ratio": f"{engine_rate / loop_rate:.1f}",
        "runs": runs,
        "checksums_equal": ours == theirs,
        "engine_checksums": ours,
        "loop_checksums": theirs,
        "engine_extra_memory_bytes": extra_memory,
        "peak_memory_bytes": peak_memory,
    }


def _timed(work: Callable[[], object], runs: int) -> float:
    """CPU seconds, the median of several runs after one that warms up."""
    work()
    seconds = []
    for _ in range(runs):
        begun = process_time()
        work()
        seconds.append(process_time() - begun)
    return median(seconds)


def _consume(chunks: Iterator[Segments]) -> int:
    """The sum of all amounts, so that every one of them has been worked out; the loop is asked for the same."""
    return sum(int(segments.amounts.sum()) for segments in chunks)


def _worker_months(chunks: Iterator[Segments]) -> int:
    """Months in which somebody has at least one segment; a month with several counts once."""
    return sum(len(np.unique((segments.worker << 16) + segments.month)) for segments in chunks)


def _extra_memory(facts: Facts, tables: PolicyTables) -> int:
    tracemalloc.start()
    _consume(settled(facts, tables))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


def _loop(share: Population, runs: int) -> tuple[dict[str, Any], float]:
    """The loop's checksums and median CPU seconds on its share."""
    facts, rules = plain_loop.facts_of(share), plain_loop.rules_of(share)
    months = plain_loop.months_of(2021, MONTHS)
    seconds = _timed(lambda: sum(amount.amount_fen for amount in plain_loop.paid(facts, rules, months)), runs)
    rows = [
        (each.worker, each.month, each.start, each.community, each.item, each.payer, each.amount_fen)
        for each in plain_loop.paid(facts, rules, months)
    ]
    return checksums(np.array(rows, dtype=np.int64).reshape(len(rows), 7).T), seconds


def _engine_checksums(share: Population, tables: PolicyTables) -> dict[str, Any]:
    parts = []
    for segments in settled(share.facts, tables):
        row, item, level = np.nonzero(segments.amounts)
        keys = (segments.worker, segments.month, segments.start, segments.community)
        parts.append(np.stack([*(key[row] for key in keys), item, level, segments.amounts[row, item, level]]))
    return checksums(np.concatenate(parts, axis=1))


def checksums(columns: Column) -> dict[str, Any]:
    """Of columns worker, month, first day, community, item, payer, amount in fen: sums, and the mix modulo 2⁶⁴."""
    *keys, amount_fen = columns
    bound = np.zeros(len(amount_fen), dtype=np.uint64)
    for key, factor in zip(keys, _FACTORS, strict=True):
        bound = (bound ^ key.astype(np.uint64)) * np.uint64(factor)
        bound ^= bound >> np.uint64(29)
    mix = int((bound * amount_fen.astype(np.uint64)).sum(dtype=np.uint64))
    payers = [int(amount_fen[keys[-1] == level].sum()) for level in PayerLevel]
    return {"total_fen": int(amount_fen.sum()), "payers_fen": payers, "mix": f"{mix:016x}"}


def table(result: dict[str, Any]) -> str:
    """The result for people."""
    million = Decimal(10**6)
    lines = [
        f"{result['workers']:,} workers × {result['months']} months = {result['worker_months']:,} paid worker-months",
        f"{'':24}{'million worker-months / CPU s':>32}{'worker-months':>16}",
    ]
    for name in ("engine", "loop"):
        rate = result[f"{name}_worker_months_per_cpu_second"] / million
        months = result["worker_months" if name == "engine" else "loop_worker_months"]
        lines.append(f"{name:24}{rate:>32.3f}{months:>16,}")
    equal = "equal" if result["checksums_equal"] else "DIFFERENT"
    return "\n".join(
        [
            *lines,
            f"{'ratio':24}{result['ratio']:>32}",
            f"checksums {equal}: engine {result['engine_checksums']}, loop {result['loop_checksums']}",
            f"memory: engine {result['engine_extra_memory_bytes'] / 2**20:.0f} MiB beyond its facts, "
            f"process {result['peak_memory_bytes'] / 2**20:.0f} MiB",
        ]
    )
