"""The engine bench: worker-months a CPU second of the pay engine beside two peers on the same people.

Keys of the result, all whole numbers unless said otherwise:
    bench                                   "engine"
    workers, months                         the population, and the months worked out for it
    worker_months                           months in which somebody is paid
    engine_worker_months_per_cpu_second     the median of `runs`, from facts to every payer's amounts, in chunks
    engine_cpu_seconds                      that median (decimal string)
    fold_cpu_seconds                        what of it is facts folded into stretches of days (decimal string)
    loop_workers, loop_worker_months        the share of the same population that a plain per-worker loop works out
    loop_worker_months_per_cpu_second       the median of `runs`, from facts on as the engine
    loop_cpu_seconds                        that median (decimal string)
    ratio                                   engine against loop (decimal string)
    openfisca_workers, openfisca_worker_months  the share that OpenFisca-core works out, the same rules as its variables
    openfisca_worker_months_per_cpu_second  the median of `runs`, from stretches of days to every payer's amounts
    openfisca_cpu_seconds                   that median (decimal string)
    ratio_openfisca                         engine without its folding against OpenFisca, which cannot fold (decimal
                                            string)
    ratio_openfisca_from_facts              engine with its folding against OpenFisca without any (decimal string)
    runs                                    how often each was timed, in turns
    checksums_equal                         true when both peers agree with the engine on their share, to the fen
    engine_checksums, loop_checksums        of the loop's share: total_fen, payers_fen (by PayerLevel), and mix, which
                                            binds every amount to its worker, month, first day, place, item and payer
    engine_openfisca_checksums, openfisca_checksums  the same of OpenFisca's share
    engine_extra_memory_bytes               the most that the engine held at a time beyond the facts it was given
    peak_memory_bytes                       the most that the process held with the engine, the population included
Not timed: drawing the population, compiling the rules, loading the peers' rules, checksums.
"""

import argparse
import resource
import tracemalloc
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from itertools import pairwise
from statistics import median
from time import process_time
from typing import Any

import numpy as np

from bench import plain_loop
from bench.openfisca_peer import Peer
from bench.options import positive
from bench.population import MONTHS, Column, Population, population
from payroll.engine import Facts, PayerLevel, PolicyTables, Segments, settled
from payroll.engine.lines import CHUNK_WORKERS
from payroll.engine.timeline import stretches

LOOP_SHARE, OPENFISCA_SHARE = 50, 5
_LEAST = 200
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
    """Whether all worked out the same."""
    return bool(result["checksums_equal"])


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Measure all; see the keys above."""
    workers, runs = options.workers, options.runs
    people = population(workers)
    tables = people.tables()
    worker_months = _worker_months(settled(people.facts, tables))
    extra_memory = _extra_memory(people.facts, tables)
    peak_memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    loop = _Loop(people.first(_share(workers, LOOP_SHARE)), tables)
    openfisca = _OpenFisca(people.first(_share(workers, OPENFISCA_SHARE)), tables)
    seconds = _timed(
        {
            "engine": lambda: _consume(settled(people.facts, tables)),
            "fold": lambda: _fold(people.facts, tables),
            "loop": loop.work,
            "openfisca": openfisca.work,
        },
        runs,
    )
    rates = {
        "engine": worker_months / seconds["engine"],
        "unfolded": worker_months / (seconds["engine"] - seconds["fold"]),
        "loop": loop.worker_months / seconds["loop"],
        "openfisca": openfisca.worker_months / seconds["openfisca"],
    }
    return {
        "bench": "engine",
        "workers": workers,
        "months": MONTHS,
        "worker_months": worker_months,
        "engine_worker_months_per_cpu_second": int(rates["engine"]),
        "engine_cpu_seconds": f"{seconds['engine']:.4f}",
        "fold_cpu_seconds": f"{seconds['fold']:.4f}",
        **_measured("loop", loop, seconds, rates),
        "ratio": f"{rates['engine'] / rates['loop']:.1f}",
        **_measured("openfisca", openfisca, seconds, rates),
        "ratio_openfisca": f"{rates['unfolded'] / rates['openfisca']:.1f}",
        "ratio_openfisca_from_facts": f"{rates['engine'] / rates['openfisca']:.1f}",
        "runs": runs,
        "checksums_equal": all(peer.ours == peer.theirs for peer in (loop, openfisca)),
        "engine_checksums": loop.ours,
        "loop_checksums": loop.theirs,
        "engine_openfisca_checksums": openfisca.ours,
        "openfisca_checksums": openfisca.theirs,
        "engine_extra_memory_bytes": extra_memory,
        "peak_memory_bytes": peak_memory,
    }


def _share(workers: int, parts: int) -> int:
    return max(workers // parts, min(workers, _LEAST))


class _Loop:
    """The plain loop on its share."""

    def __init__(self, share: Population, tables: PolicyTables) -> None:
        self.workers, self.worker_months = share.workers, _worker_months(settled(share.facts, tables))
        self._facts, self._rules = plain_loop.facts_of(share), plain_loop.rules_of(share)
        self._months = plain_loop.months_of(2021, MONTHS)
        rows = [
            (each.worker, each.month, each.start, each.community, each.item, each.payer, each.amount_fen)
            for each in plain_loop.paid(self._facts, self._rules, self._months)
        ]
        self.ours = _engine_checksums(share, tables)
        self.theirs = checksums(np.array(rows, dtype=np.int64).reshape(len(rows), 7).T)

    def work(self) -> int:
        return sum(amount.amount_fen for amount in plain_loop.paid(self._facts, self._rules, self._months))


class _OpenFisca:
    """OpenFisca on its share."""

    def __init__(self, share: Population, tables: PolicyTables) -> None:
        self.workers, self.worker_months = share.workers, _worker_months(settled(share.facts, tables))
        peer = Peer(share, plain_loop.months_of(2021, MONTHS))
        self.ours = _engine_checksums(share, tables)
        self.theirs = checksums(peer.rows())
        self.work = peer.total_fen


def _measured(
    name: str, peer: _Loop | _OpenFisca, seconds: Mapping[str, float], rates: Mapping[str, float]
) -> dict[str, Any]:
    return {
        f"{name}_workers": peer.workers,
        f"{name}_worker_months": peer.worker_months,
        f"{name}_worker_months_per_cpu_second": int(rates[name]),
        f"{name}_cpu_seconds": f"{seconds[name]:.4f}",
    }


def _timed(works: Mapping[str, Callable[[], object]], runs: int) -> dict[str, float]:
    """CPU seconds of each, the median of several runs in turns after one that warms up."""
    seconds: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(1 + runs):
        for name, work in works.items():
            begun = process_time()
            work()
            seconds[name].append(process_time() - begun)
    return {name: median(taken[1:]) for name, taken in seconds.items()}


def _fold(facts: Facts, tables: PolicyTables) -> None:
    """What the engine does first, in the same chunks."""
    bounds = np.arange(int(facts.worker[0]), int(facts.worker[-1]) + 1, CHUNK_WORKERS)
    for low, high in pairwise([*np.searchsorted(facts.worker, bounds).tolist(), len(facts)]):
        stretches(facts.take(slice(low, high)), tables)


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
    for name in ("engine", "loop", "openfisca"):
        rate = result[f"{name}_worker_months_per_cpu_second"] / million
        months = result["worker_months" if name == "engine" else f"{name}_worker_months"]
        lines.append(f"{name:24}{rate:>32.3f}{months:>16,}")
    equal = "equal" if result["checksums_equal"] else "DIFFERENT"
    return "\n".join(
        [
            *lines,
            f"{'against the loop':24}{result['ratio']:>32}",
            f"{'against OpenFisca':24}{result['ratio_openfisca']:>32} (from stretches; engine from facts: "
            f"{result['ratio_openfisca_from_facts']})",
            f"checksums {equal}: engine {result['engine_checksums']}, loop {result['loop_checksums']}; "
            f"engine {result['engine_openfisca_checksums']}, OpenFisca {result['openfisca_checksums']}",
            f"memory: engine {result['engine_extra_memory_bytes'] / 2**20:.0f} MiB beyond its facts, "
            f"process {result['peak_memory_bytes'] / 2**20:.0f} MiB",
        ]
    )
