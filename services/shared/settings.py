"""Settings from the environment, and the development keys that are made at first run."""

import json
import os
import re
import secrets
from base64 import b64decode, b64encode
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from shared.webhook_endpoints import Endpoint, read_endpoints

VARIABLES: dict[str, str] = {
    "WORKFORCE_ENVIRONMENT": "`development` (default) or `production`, which refuses development keys, tokens and the "
    "demo",
    "WORKFORCE_DATA": "the installation's folder, `var/demo` without it: SQLite files, `keys.json` in development; one "
    "server at a time on SQLite; separate processes need none",
    "WORKFORCE_DATABASE": "a `postgresql://` address instead of the SQLite files; in a separate process its own",
    "WORKFORCE_KEYS_DATABASE": "the ledger: where the keys of persons live, `WORKFORCE_DATABASE` without it",
    "WORKFORCE_KEYS": "the three keys as JSON, in production",
    "WORKFORCE_LEDGER_URL": "payroll, notifications and their consumers: the ledger's base address",
    "WORKFORCE_KAFKA": "relay, consumers and `topic`: bootstrap servers as `host:port`, comma between them",
    "WORKFORCE_TOPIC": "the topic's name, `workforce.events` without it",
    "WORKFORCE_APP_ROLE": "`migrate`: the database role that the service logs in with; it gets its grants",
    "WORKFORCE_WEBHOOKS": "`deliver` and the one-process system: JSON list of `name`, `url`, `secret` (`whsec_…`), "
    "`recipients`; see `docs/webhooks.md`",
    "WORKFORCE_HOST": "separate processes: the address to listen on, `127.0.0.1` without it",
    "WORKFORCE_LOG": "`plain` or `json`, one object a line; without it json in production",
    "WORKFORCE_URL": "commands that speak HTTP: where the system runs",
    "WORKFORCE_TOKEN": "commands that speak HTTP: the bearer token",
    "OTEL_EXPORTER_OTLP_ENDPOINT": "where traces are sent; none without it",
}
"""Every variable that is read, with its line in README's table."""

TOPIC = "workforce.events"
_TOPIC_NAME = re.compile(r"[a-zA-Z0-9._-]{1,249}\Z")
_SERVER = re.compile(r"(\[[0-9a-fA-F:]+\]|[a-zA-Z0-9._-]+):([0-9]{1,5})\Z")
_DATABASE_ROLE = re.compile(r"[a-zA-Z_][a-zA-Z0-9_-]{0,62}\Z")


@dataclass(frozen=True)
class Keys:
    """The three secrets of an installation, 32 bytes each.

    `tokens` signs bearer tokens, `fingerprints` keys the HMAC of claims and idempotency, `personal` wraps the keys
    of persons.
    """

    tokens: bytes
    fingerprints: bytes
    personal: bytes


NO_KEYS = Keys(b"", b"", b"")
"""Of a process that neither reads a token nor a person's data."""


@dataclass(frozen=True)
class Settings:
    """What one process is told from outside.

    `database`: empty for SQLite files under `data`, else a postgresql:// address; `keys_database` where the keys of
    persons live, empty for the same. `kafka`: bootstrap servers, each host:port. `log`: plain or json.
    `group_size`: how many appends at most share a commit, 1 for each its own.
    """

    data: Path
    database: str
    environment: str
    keys: Keys
    keys_database: str = ""
    ledger_url: str = ""
    kafka: tuple[str, ...] = ()
    topic: str = TOPIC
    app_role: str = ""
    webhooks: tuple[Endpoint, ...] = ()
    log: str = "plain"
    group_size: int = 64

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
    environ: Mapping[str, str] = os.environ,
    *,
    data: Path | None = None,
    make_keys: bool = True,
    needed: Collection[str] = ("WORKFORCE_KEYS",),
) -> Settings:
    """Read every variable of `VARIABLES` that says something to this process.

    Those `needed` are given or have a default. Outside production, keys that are not given are made at first run and
    kept in DATA/keys.json, readable by the owner only; without `make_keys` they must be there. In production
    WORKFORCE_KEYS (JSON of three base64 values) must be given. Raises SettingsError, which never repeats a secret.
    """
    environment = environment_name(environ)
    missing = [name for name in needed if not environ.get(name) and name != "WORKFORCE_KEYS"]
    if missing:
        raise SettingsError(f"{' and '.join(missing)} must be set for this process; {_meaning(missing[0])}")
    folder = data or Path(environ.get("WORKFORCE_DATA", "var/data"))
    return Settings(
        data=folder,
        database=_database(environ, "WORKFORCE_DATABASE"),
        environment=environment,
        keys=_keys(environ, folder, make_keys) if "WORKFORCE_KEYS" in needed else NO_KEYS,
        keys_database=_database(environ, "WORKFORCE_KEYS_DATABASE"),
        ledger_url=_ledger_url(environ.get("WORKFORCE_LEDGER_URL", "")),
        kafka=_servers(environ.get("WORKFORCE_KAFKA")),
        topic=_matching(_TOPIC_NAME, environ, "WORKFORCE_TOPIC", "letters, digits, points, _ and -") or TOPIC,
        app_role=_matching(_DATABASE_ROLE, environ, "WORKFORCE_APP_ROLE", "the name of a database role"),
        webhooks=_webhooks(environ.get("WORKFORCE_WEBHOOKS", "")),
        log=_log(environ, environment),
    )


def _meaning(name: str) -> str:
    return f"{name}: {VARIABLES[name]}"


def _database(environ: Mapping[str, str], name: str) -> str:
    address = environ.get(name, "")
    if address and not address.startswith("postgresql://"):
        raise SettingsError(f"{name} is not a postgresql:// address")
    return address


def _ledger_url(text: str) -> str:
    try:
        url = urlsplit(text)
        sound = url.scheme in ("http", "https") and bool(url.hostname) and (url.port or 1) > 0
        plain = not (url.query or url.fragment or url.username or url.password) and url.path in ("", "/")
    except ValueError:
        sound = plain = False
    if text and not (sound and plain):
        raise SettingsError("WORKFORCE_LEDGER_URL is not a base address such as http://ledger:8000")
    return text.rstrip("/")


def _servers(text: str | None) -> tuple[str, ...]:
    servers = tuple(server.strip() for server in (text or "").split(",") if server.strip())
    if text is not None and not servers:
        raise SettingsError("WORKFORCE_KAFKA names no server; write host:port, comma between several")
    for server in servers:
        match = _SERVER.match(server)
        if match is None or not 0 < int(match.group(2)) <= 65535:
            raise SettingsError(f"WORKFORCE_KAFKA: {server!r} is not host:port")
    return servers


def _matching(pattern: re.Pattern[str], environ: Mapping[str, str], name: str, what: str) -> str:
    text = environ.get(name, "")
    if text and not pattern.match(text):
        raise SettingsError(f"{name} is {text!r}; it is {what}")
    return text


def _webhooks(text: str) -> tuple[Endpoint, ...]:
    try:
        return read_endpoints(text)
    except ValueError as error:
        raise SettingsError(f"WORKFORCE_WEBHOOKS{error}") from None


def _log(environ: Mapping[str, str], environment: str) -> str:
    form = environ.get("WORKFORCE_LOG") or ("json" if environment == "production" else "plain")
    if form not in ("json", "plain"):
        raise SettingsError(f"WORKFORCE_LOG is {form!r}; it is json or plain")
    return form


def _keys(environ: Mapping[str, str], folder: Path, make_keys: bool) -> Keys:
    given = environ.get("WORKFORCE_KEYS")
    if given is not None:
        return _read_keys(given)
    if environment_name(environ) == "production":
        raise SettingsError(
            "WORKFORCE_KEYS is not set; production refuses development keys. Give the three keys as JSON"
        )
    return _development_keys(folder, make_keys)


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
