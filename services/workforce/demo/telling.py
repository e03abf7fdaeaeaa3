"""Build the demo's data: a fresh folder, seeded injections, a served system, and the story told to it."""

import shutil
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any

from shared.settings import Settings, SettingsError, environment_name, from_environment
from workforce.client import Client
from workforce.data_folder import LOCK, held
from workforce.demo.city import CITY
from workforce.demo.story import Clock, Story
from workforce.demo.table import figures
from workforce.ledger_over import Injections
from workforce.serving import serving
from workforce.system import compose
from workforce.tokens import office_tokens

SEED = 20200918
MARK, BEGUN, COMPLETE = "demo.json", "the demo's data is being made\n", "the demo's data is complete\n"
"""The demo's own mark, which says so from the first moment on: a folder without it is never emptied."""


def is_complete(data: Path) -> bool:
    """Whether the story was told to its end into the folder."""
    return _mark(data) == COMPLETE


def tell(data: Path, policies: Path, say: Callable[[str], None]) -> dict[str, Any]:
    """Tell the story into an empty folder, or one of the demo, and give its figures.

    Raises SettingsError in production, for another folder, and for a log that is not empty.
    """
    if environment_name() == "production":
        raise SettingsError("the demo injects clock, ids and people; production refuses it")
    begin(data)
    settings = from_environment(data=data)
    clock = Clock()
    with _served(settings, clock) as base_url:
        client = Client(base_url, office_tokens(settings, CITY), key_prefix="demo")
        story = Story(client, clock, Random(SEED), policies, say)
        story.tell()
        say("reading the figures back")
        found = figures(story)
    (data / MARK).write_text(COMPLETE, encoding="utf-8")
    return found


@contextmanager
def _served(settings: Settings, clock: Clock) -> Iterator[str]:
    seeded = Random(SEED + 1)

    def new_id() -> str:
        return str(uuid.UUID(bytes=seeded.randbytes(16), version=4))

    system = compose(settings, Injections(clock, seeded.randbytes, new_id))
    try:
        if system.store.head() >= 0:
            raise SettingsError("the database of WORKFORCE_DATABASE holds a log already; name an empty one")
        with serving(system) as base_url:
            yield base_url
    finally:
        system.close()


def begin(data: Path) -> None:
    """Mark the folder as the demo's and empty it. Raises SettingsError when it holds something else, or is in use."""
    if data.exists() and not _is_ours(data):
        raise SettingsError(f"{data} is not a folder of the demo; name an empty one")
    with held(data):
        (data / MARK).write_text(BEGUN, encoding="utf-8")
        for path in data.iterdir():
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            elif path.name not in (MARK, LOCK):
                path.unlink()


def _is_ours(data: Path) -> bool:
    """Whether there is nothing in the folder, or the demo's mark."""
    return _mark(data) in (BEGUN, COMPLETE) or not any(path.name != LOCK for path in data.iterdir())


def _mark(data: Path) -> str:
    path = data / MARK
    return path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""
