"""Settings from the environment, and the development keys that are made at first run."""

import json
import os
import secrets
from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Keys:
    """The three secrets of an installation, 32 bytes each.

    `tokens` signs bearer tokens, `fingerprints` keys the HMAC of claims and idempotency, `personal` wraps the keys
    of persons.
    """

    tokens: bytes
    fingerprints: bytes
    personal: bytes


@dataclass(frozen=True)
class Settings:
    """What one installation is told from outside.

    `database`: empty for SQLite files under `data`, else a postgresql:// address.
    """

    data: Path
    database: str
    environment: str
    keys: Keys

    @property
    def production(self) -> bool:
        """In production nothing is injected and no key is made up."""
        return self.environment == "production"

    def sqlite(self, name: str) -> str:
        """The address of one service's own SQLite file."""
        return f"sqlite:///{(self.data / f'{name}.db').resolve()}"


class SettingsError(Exception):
    """The environment says something that cannot be; the message says which variable and what to do."""


def environment_name(environ: Mapping[str, str] = os.environ) -> str:
    """`development` or `production`. Raises SettingsError."""
    environment = environ.get("WORKFORCE_ENVIRONMENT", "development")
    if environment not in ("development", "production"):
        raise SettingsError(f"WORKFORCE_ENVIRONMENT is {environment!r}; it is development or production")
    return environment


def from_environment(
    environ: Mapping[str, str] = os.environ, *, data: Path | None = None, make_keys: bool = True
) -> Settings:
    """Read WORKFORCE_DATA, WORKFORCE_DATABASE, WORKFORCE_ENVIRONMENT and the keys.

    Outside production, keys that are not given are made at first run and kept in DATA/keys.json, readable by the
    owner only; without `make_keys` they must be there. In production WORKFORCE_KEYS (JSON of three base64 values)
    must be given. Raises SettingsError.
    """
    environment = environment_name(environ)
    folder = data or Path(environ.get("WORKFORCE_DATA", "var/data"))
    given = environ.get("WORKFORCE_KEYS")
    if given is None and environment == "production":
        raise SettingsError(
            "WORKFORCE_KEYS is not set; production refuses development keys. Give the three keys as JSON"
        )
    keys = _read_keys(given) if given is not None else _development_keys(folder, make_keys)
    return Settings(data=folder, database=environ.get("WORKFORCE_DATABASE", ""), environment=environment, keys=keys)


def _development_keys(folder: Path, make_keys: bool) -> Keys:
    path = folder / "keys.json"
    try:
        if not path.exists():
            if not make_keys:
                raise SettingsError(f"{folder} holds no keys; start a system there first, or name the folder of one")
            _make_keys(path)
        return _read_keys(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(f"{folder} cannot be the data folder: {error.strerror}") from error


def _make_keys(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    made = {name: b64encode(secrets.token_bytes(32)).decode() for name in ("tokens", "fingerprints", "personal")}
    with open(os.open(path, os.O_CREAT | os.O_WRONLY | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        json.dump(made, file)


def _read_keys(text: str) -> Keys:
    try:
        given = json.loads(text)
        keys = Keys(**{name: b64decode(value, validate=True) for name, value in given.items()})
    except (ValueError, TypeError, AttributeError) as error:
        raise SettingsError("the keys are not JSON of tokens, fingerprints and personal in base64") from error
    if any(len(key) != 32 for key in (keys.tokens, keys.fingerprints, keys.personal)):
        raise SettingsError("each of the three keys has 32 bytes")
    return keys
