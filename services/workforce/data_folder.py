"""An installation's folder is held while a system works on it: its files have one process, or many that only share."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from shared.settings import SettingsError

LOCK = "in-use.lock"
"""It stays when nobody holds it: removed, two could hold two files of that name."""


@contextmanager
def held(data: Path, *, shared: bool = False) -> Iterator[None]:
    """Hold the folder, which is made where there is none, until the context or the process ends.

    `shared`: beside others who share, for a log that is not in the folder. Raises SettingsError when it is held.
    """
    try:
        data.mkdir(parents=True, exist_ok=True)
        file = (data / LOCK).open("a", encoding="utf-8")
    except OSError as error:
        raise SettingsError(f"{data} cannot be the data folder: {error.strerror}") from error
    with file:
        try:
            fcntl.flock(file, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        except BlockingIOError:
            raise SettingsError(f"{data} is in use by a running system; stop it, or name another folder") from None
        yield
