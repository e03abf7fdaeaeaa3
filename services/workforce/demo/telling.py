"""Build the demo's data: a fresh folder, seeded injections, a served system, and the story told to it."""

import shutil
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any

from shared.settings import Settings, SettingsError, from_environment
from workforce.client import Client
from workforce.demo.city import CITY
from workforce.demo.story import Clock, Story
from workforce.demo.table import figures
from workforce.system import Injections, compose, serving
from workforce.tokens import office_tokens

SEED = 20200918
MARK = "demo.json"


def tell(data: Path, policies: Path, say: Callable[[str], None]) -> dict[str, Any]:
    """Tell the story into an empty folder and give its figures. Raises SettingsError in production."""
    settings = from_environment(data=data)
    if settings.production:
        raise SettingsError("the demo injects clock, ids and people; production refuses it")
    _empty(data)
    settings = from_environment(data=data)
    clock = Clock()
    with _served(settings, clock) as base_url:
        client = Client(base_url, office_tokens(settings, CITY), key_prefix="demo")
        story = Story(client, clock, Random(SEED), policies, say)
        story.tell()
        say("reading the figures back")
        found = figures(story)
    (data / MARK).write_text("the demo's data is complete\n", encoding="utf-8")
    return found


@contextmanager
def _served(settings: Settings, clock: Clock) -> Iterator[str]:
    seeded = Random(SEED + 1)

    def new_id() -> str:
        return str(uuid.UUID(bytes=seeded.randbytes(16), version=4))

    system = compose(settings, Injections(clock, seeded.randbytes, new_id))
    try:
        with serving(system) as base_url:
            yield base_url
    finally:
        system.close()


def _empty(data: Path) -> None:
    """Remove an earlier demo, and nothing else. Raises SettingsError when the folder holds something not ours."""
    if data.exists() and any(data.iterdir()):
        if not ((data / MARK).exists() or (data / "keys.json").exists()):
            raise SettingsError(f"{data} is not a folder of the demo; name an empty one")
        shutil.rmtree(data)
