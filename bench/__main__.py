"""Run a bench by its name: `python -m bench engine`, `python -m bench engine --json`.

It prints a table, or with --json one object whose keys the bench's module documents. Exit code 1 when ours and the
peer's checksums differ, 2 for an unknown name.
"""

import argparse
import json
import sys

from bench import engine

BENCHES = {"engine": engine}


def main(arguments: list[str] | None = None) -> int:
    """Run what the command line asks for; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m bench", description="Ours beside a peer, in one run.")
    parser.add_argument("name", help=f"which bench: {', '.join(BENCHES)}")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of a table")
    parser.add_argument("--workers", type=_positive, default=100_000, help="people in the population (100000)")
    parser.add_argument("--runs", type=_positive, default=5, help="timed runs, of which the median counts (5)")
    options = parser.parse_args(arguments)
    if options.name not in BENCHES:
        parser.error(f"no bench is called {options.name!r}; there is: {', '.join(BENCHES)}")
    bench = BENCHES[options.name]
    result = bench.run(options.workers, options.runs)
    print(json.dumps(result) if options.json else bench.table(result))
    return 0 if result["checksums_equal"] else 1


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number above zero")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
