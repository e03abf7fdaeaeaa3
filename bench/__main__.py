"""Run a bench by its name: `python -m bench engine`, `python -m bench engine --json`.

It prints a table, or with --json one object whose keys the bench's module documents. Exit code 1 when ours and the
peer's results differ, 2 for an unknown name. A bench is a module with `add_options`, `run`, `table` and `agrees`; it is
imported only when it is asked for.
"""

import argparse
import json
import sys
from importlib import import_module

BENCHES = {
    "engine": "pay computed over columns, beside a plain loop and OpenFisca-core",
    "commands": "commands over HTTP by 64 callers, in grouped commits beside ungrouped ones",
    "rebuild": "a projection built anew beside the live one, beside COPY of the same rows",
    "kafka": "working lives through a real broker into payroll's database, beside a bare loop of the client",
    "imports": "a sheet of people through the API into both databases, and the bulk append beside raw COPY",
    "closing": "a month of a city closed on PostgreSQL, from the log to stored lines, beside COPY of the same rows",
    "base": "the differences of a base from January for everybody to eight closed months, beside the engine alone",
    "preview": "what a base published for everybody would change, and a budget of three years, beside the engine alone",
    "latency": "from a command to the payslip that shows it, beside the command alone",
}
"""Name of the module → what it measures beside what."""


def main(arguments: list[str] | None = None) -> int:
    """Run what the command line asks for; the exit code."""
    given = sys.argv[1:] if arguments is None else arguments
    parser = argparse.ArgumentParser(
        prog="python -m bench",
        description="Ours beside a peer, in one run.",
        epilog="; ".join(f"{name}: {what}" for name, what in BENCHES.items()),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("name", help=f"which bench: {', '.join(BENCHES)}")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of a table")
    known, _ = parser.parse_known_args([one for one in given if one not in ("-h", "--help")]) if given else (None, [])
    bench = None
    if known is not None and known.name in BENCHES:
        bench = import_module(f"bench.{known.name}")
        bench.add_options(parser)
    options = parser.parse_args(given)
    if bench is None:
        parser.error(f"no bench is called {options.name!r}; there is: {', '.join(BENCHES)}")
    result = bench.run(options)
    print(json.dumps(result) if options.json else bench.table(result))
    return 0 if bench.agrees(result) else 1


if __name__ == "__main__":
    sys.exit(main())
