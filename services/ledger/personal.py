"""A key per person, kept apart from the log: what is sealed under it can be read until the key is destroyed."""

import hmac
from base64 import b64decode, b64encode
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from hashlib import sha256
from typing import NamedTuple

import sqlalchemy
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import BigInteger, Column, LargeBinary, MetaData, Table, Text, event, select, update

from shared.database import create_on_sqlite
from shared.refusal import Refused

KEY_BYTES = 32
NONCE_BYTES = 12

METADATA = MetaData()
_KEYS = Table(
    "person_keys",
    METADATA,
    Column("person_id", Text, primary_key=True),
    Column("wrapped", LargeBinary, nullable=False),
    Column("destroyed_at", BigInteger),
)
"""`wrapped`: nonce and ciphertext of the key; empty once destroyed, with the time in seconds since 1970."""


class Prepared(NamedTuple):
    """What was sealed for somebody new, base64, and their wrapped key, which is nowhere kept yet."""

    person_id: str
    sealed: str
    wrapped: bytes


class PersonalStore:
    """Keys of persons. `kek` wraps them, `hmac_key` keys the fingerprints; both have 32 bytes."""

    def __init__(
        self, engine: sqlalchemy.Engine, kek: bytes, hmac_key: bytes, randomness: Callable[[int], bytes]
    ) -> None:
        # Each statement by itself: a transaction about one statement is two more journeys to the database.
        self._alone = engine.execution_options(isolation_level="AUTOCOMMIT")
        self._together = engine
        self._kek = AESGCM(kek)
        self._hmac_key = hmac_key
        self._randomness = randomness
        if engine.dialect.name == "sqlite":
            event.listen(engine, "connect", _overwrite_what_is_deleted)
        create_on_sqlite(METADATA, engine)

    def new_key(self, person_id: str) -> AESGCM:
        """Make the person's key. Raises sqlalchemy.exc.IntegrityError when there is one, or was."""
        key = self._randomness(KEY_BYTES)
        wrapped = self._sealed(self._kek, key, person_id)
        with self._alone.connect() as connection:
            connection.execute(_KEYS.insert(), {"person_id": person_id, "wrapped": wrapped})
        return AESGCM(key)

    def seal_first(self, person_id: str, plain: bytes) -> str:
        """Make the person's key and seal under it, as `new_key` and `seal` would."""
        return b64encode(self._sealed(self.new_key(person_id), plain, person_id)).decode()

    def seal_anew(self, person_id: str, plain: bytes) -> str:
        """As `seal_first`, under the key that there is from an earlier attempt; one that was destroyed is `erased`."""
        with suppress(sqlalchemy.exc.IntegrityError):
            self.new_key(person_id)
        return self.seal(person_id, plain)

    def prepared(self, person_id: str, plain: bytes) -> "Prepared":
        """As `seal_first`, with a key that can be read once `keep` was told of it."""
        key = self._randomness(KEY_BYTES)
        sealed = b64encode(self._sealed(AESGCM(key), plain, person_id)).decode()
        return Prepared(person_id, sealed, self._sealed(self._kek, key, person_id))

    def keep(self, prepared: Sequence["Prepared"]) -> None:
        """Keep all these keys, in one transaction. Raises sqlalchemy.exc.IntegrityError when one is there, or was."""
        if prepared:
            with self._together.begin() as connection:
                rows = [{"person_id": each.person_id, "wrapped": each.wrapped} for each in prepared]
                connection.execute(_KEYS.insert(), rows)

    def seal(self, person_id: str, plain: bytes) -> str:
        """Ciphertext under the person's key, base64. Raises Refused `not-found`, `erased`."""
        return b64encode(self._sealed(self._key(person_id), plain, person_id)).decode()

    def open(self, person_id: str, sealed: str) -> bytes:
        """What was sealed for this person. Raises Refused `not-found`, `erased`; ValueError when it is not theirs."""
        return _opened(self._key(person_id), b64decode(sealed, validate=True), person_id)

    def destroy(self, *person_ids: str) -> None:
        """Make everything sealed for the persons unreadable for ever; a destroyed or unknown key stays as it is."""
        ended = update(_KEYS).where(_KEYS.c.person_id.in_(person_ids), _KEYS.c.destroyed_at.is_(None))
        now = int(datetime.now(UTC).timestamp())
        with self._alone.connect() as connection:
            connection.execute(ended.values(wrapped=b"", destroyed_at=now))

    def fingerprint(self, kind: str, value: str) -> str:
        """Keyed HMAC-SHA256, hex; the same value under another kind gives another one."""
        return hmac.new(self._hmac_key, f"{len(kind)}:{kind}{value}".encode(), sha256).hexdigest()

    def _key(self, person_id: str) -> AESGCM:
        with self._alone.connect() as connection:
            row = connection.execute(select(_KEYS).where(_KEYS.c.person_id == person_id)).one_or_none()
        if row is None:
            raise Refused("not-found", f"there is no key for {person_id}", remedy="check the id")
        if row.destroyed_at is not None:
            raise Refused(
                "erased",
                f"the personal data of {person_id} was erased",
                remedy="nothing brings it back; what pay depends on is still in the log",
            )
        return AESGCM(_opened(self._kek, row.wrapped, person_id))

    def _sealed(self, key: AESGCM, plain: bytes, person_id: str) -> bytes:
        nonce = self._randomness(NONCE_BYTES)
        return nonce + key.encrypt(nonce, plain, person_id.encode())


def _opened(key: AESGCM, sealed: bytes, person_id: str) -> bytes:
    try:
        return key.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], person_id.encode())
    except InvalidTag:
        raise ValueError("the ciphertext was altered or belongs to somebody else") from None


def _overwrite_what_is_deleted(connection: sqlalchemy.engine.interfaces.DBAPIConnection, _: object) -> None:
    # No write-ahead log: it would keep pages with keys that are destroyed.
    cursor = connection.cursor()
    for setting in ("journal_mode = DELETE", "synchronous = FULL", "secure_delete = ON", "busy_timeout = 30000"):
        cursor.execute(f"PRAGMA {setting}")
    cursor.close()
