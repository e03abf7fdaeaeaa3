"""The services as processes of their own, started, killed, frozen and started again."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from base64 import b64encode
from collections.abc import Callable, Mapping
from pathlib import Path

import httpx

from shared.settings import Keys

START_SECONDS = 120.0


def free_port() -> int:
    """A port of this machine that nobody has now."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def keys_text(keys: Keys) -> str:
    """WORKFORCE_KEYS."""
    named = {name: getattr(keys, name) for name in ("tokens", "fingerprints", "personal")}
    return json.dumps({name: b64encode(key).decode() for name, key in named.items()})


def workforce(arguments: list[str], environment: Mapping[str, str]) -> str:
    """A command that ends, and what it printed; it has to succeed."""
    command = [sys.executable, "-m", "workforce", *arguments]
    done = subprocess.run(command, env={**os.environ, **environment}, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, f"{arguments}: {done.stdout}{done.stderr}"
    return done.stdout


class Process:
    """One `workforce` command. It is started again whenever it has ended, until it is stopped for good."""

    def __init__(
        self, name: str, arguments: list[str], environment: Mapping[str, str], folder: Path, port: int = 0
    ) -> None:
        self.name = name
        self.port = port or free_port()
        self.deaths = 0
        self._arguments = [*arguments, "--port", str(self.port)]
        self._environment = {**os.environ, **environment}
        self._log = (folder / f"{name.replace(' ', '-')}.log").open("ab")
        self._lock = threading.Lock()
        self._running: subprocess.Popen[bytes] | None = None
        self._wanted = True
        self.start()

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it unless it runs."""
        with self._lock:
            if self._wanted and (self._running is None or self._running.poll() is not None):
                self.deaths += self._running is not None
                command = [sys.executable, "-m", "workforce", *self._arguments]
                self._running = subprocess.Popen(
                    command, env=self._environment, stdin=subprocess.DEVNULL, stdout=self._log, stderr=self._log
                )

    def send(self, number: signal.Signals) -> None:
        """A signal to the process as it runs now."""
        with self._lock:
            if self._running is not None and self._running.poll() is None:
                self._running.send_signal(number)

    def stop(self, seconds: float = 20.0) -> int:
        """Ask it to end, wait, and answer its exit code; it is not started again."""
        with self._lock:
            self._wanted = False
            running = self._running
        if running is None:
            return 0
        running.send_signal(signal.SIGCONT)
        running.terminate()
        try:
            return running.wait(seconds)
        except subprocess.TimeoutExpired:
            running.kill()
            return running.wait()
        finally:
            self._log.close()

    def ready(self) -> bool:
        """Whether it says so."""
        try:
            return httpx.get(f"{self.url}/health/ready", timeout=2).status_code == 200
        except httpx.HTTPError:
            return False

    def log_tail(self) -> str:
        """What it wrote last."""
        return Path(self._log.name).read_text(encoding="utf-8", errors="replace")[-2_000:]


class Keeper:
    """Starts again whatever has ended, as a cluster would."""

    def __init__(self, processes: list[Process]) -> None:
        self.processes = processes
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._keep, daemon=True)
        self._thread.start()

    def _keep(self) -> None:
        while not self._stop.wait(0.2):
            for process in self.processes:
                process.start()

    def close(self) -> dict[str, int]:
        """End all of them; the exit code of each."""
        self._stop.set()
        self._thread.join(5)
        return {process.name: process.stop() for process in self.processes}


def wait_until(true: Callable[[], bool], what: str, seconds: float = START_SECONDS) -> float:
    """Wait for it, and say how long it took."""
    began = time.monotonic()
    while not true():
        assert time.monotonic() - began < seconds, f"after {seconds:.0f} s still not: {what}"
        time.sleep(0.1)
    return time.monotonic() - began
