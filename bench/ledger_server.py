"""The ledger as `workforce serve ledger` serves it, with commits of a given group size: PORT DATABASE GROUP_SIZE.

DATABASE is an address of PostgreSQL, or a folder for SQLite.
"""

import sys
from dataclasses import replace
from pathlib import Path

from bench.town import KEYS
from shared.settings import Settings
from workforce.needs import Api
from workforce.processes import process
from workforce.serving import listening, serve


def main(port: int, database: str, group_size: int) -> None:
    """Serve until SIGTERM."""
    postgres = database if "://" in database else ""
    folder = Path() if postgres else Path(database)
    settings = replace(Settings(folder, postgres, "development", KEYS), group_size=group_size)
    with listening("127.0.0.1", port) as listener:
        served = process(Api.LEDGER, settings)
        print(listener.getsockname()[1], flush=True)
        try:
            serve(served, listener)
        finally:
            served.close()


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
