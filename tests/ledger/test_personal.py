"""Personal data is sealed under a key per person, and gone when the key is."""

import random
from base64 import b64decode, b64encode
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy
from sqlalchemy.exc import IntegrityError

from ledger.personal import PersonalStore
from shared.refusal import Refused

KEK, HMAC_KEY = bytes(range(32)), bytes(range(32, 64))
SECRET = '{"name":"李秀英","identity_number":"42230119850203451X"}'.encode()


@pytest.fixture
def engine(each_database: str, tmp_path: Path):
    address = each_database.replace("postgresql://", "postgresql+psycopg://") or f"sqlite:///{tmp_path / 'keys.db'}"
    engine = sqlalchemy.create_engine(address)
    yield engine
    engine.dispose()


@pytest.fixture
def personal(engine: sqlalchemy.Engine) -> PersonalStore:
    store = PersonalStore(engine, KEK, HMAC_KEY, random.Random(1).randbytes)
    store.new_key("li")
    store.new_key("wu")
    return store


def refused(code: str):
    return pytest.raises(Refused, match=f"^{code}:")


def test_what_is_sealed_is_opened_again_in_a_later_process(personal: PersonalStore, engine: sqlalchemy.Engine) -> None:
    sealed = personal.seal("li", SECRET)
    assert "李秀英".encode() not in b64decode(sealed)
    assert PersonalStore(engine, KEK, HMAC_KEY, random.Random(2).randbytes).open("li", sealed) == SECRET


def test_the_same_words_are_sealed_differently_each_time(personal: PersonalStore) -> None:
    assert personal.seal("li", SECRET) != personal.seal("li", SECRET)


def test_a_seed_gives_the_same_ciphertext(tmp_path: Path) -> None:
    """P14: the demo run twice gives the same log."""

    def sealed(file: str) -> str:
        engine = sqlalchemy.create_engine(f"sqlite:///{tmp_path / file}")
        store = PersonalStore(engine, KEK, HMAC_KEY, random.Random(1).randbytes)
        store.new_key("li")
        answer = store.seal("li", SECRET)
        engine.dispose()
        return answer

    assert sealed("one.db") == sealed("two.db")


def test_ciphertext_of_one_person_does_not_open_for_another(personal: PersonalStore) -> None:
    with pytest.raises(ValueError, match="somebody else"):
        personal.open("wu", personal.seal("li", SECRET))


@pytest.mark.parametrize("place", [0, 12, -1])
def test_altered_ciphertext_does_not_open(personal: PersonalStore, place: int) -> None:
    altered = bytearray(b64decode(personal.seal("li", SECRET)))
    altered[place] ^= 1
    with pytest.raises(ValueError, match="altered"):
        personal.open("li", b64encode(altered).decode())


def test_another_key_encryption_key_opens_nothing(personal: PersonalStore, engine: sqlalchemy.Engine) -> None:
    sealed = personal.seal("li", SECRET)
    with pytest.raises(ValueError, match="altered"):
        PersonalStore(engine, bytes(32), HMAC_KEY, random.Random(1).randbytes).open("li", sealed)


def test_a_wrapped_key_moved_to_another_person_does_not_open(
    personal: PersonalStore, engine: sqlalchemy.Engine
) -> None:
    """The person's id is bound into the wrapping, so a row cannot be swapped."""
    with engine.begin() as connection:
        connection.exec_driver_sql(
            "UPDATE person_keys SET wrapped = (SELECT wrapped FROM person_keys WHERE person_id = 'wu') "
            "WHERE person_id = 'li'"
        )
    with pytest.raises(ValueError, match="altered"):
        personal.seal("li", SECRET)


def test_an_unknown_person_has_no_key(personal: PersonalStore) -> None:
    with refused("not-found"):
        personal.seal("zhao", SECRET)
    with refused("not-found"):
        personal.open("zhao", personal.seal("li", SECRET))
    personal.destroy("zhao")


def test_a_destroyed_key_opens_and_seals_nothing_and_never_comes_back(personal: PersonalStore) -> None:
    """P24: the tombstone stays, others are not touched, and destroying again changes nothing."""
    sealed, other = personal.seal("li", SECRET), personal.seal("wu", SECRET)
    personal.destroy("li")
    personal.destroy("li")
    with refused("erased"):
        personal.open("li", sealed)
    with refused("erased"):
        personal.seal("li", SECRET)
    with pytest.raises(IntegrityError):
        personal.new_key("li")
    assert personal.open("wu", other) == SECRET


def test_keys_of_many_are_kept_at_once_or_not_at_all(personal: PersonalStore) -> None:
    """F62: what was prepared is opened once it is kept; one person with a key already keeps all of them out."""
    people = [personal.prepared(f"person-{number}", SECRET) for number in range(1000)]
    with refused("not-found"):
        personal.open("person-7", people[7].sealed)
    with pytest.raises(IntegrityError):
        personal.keep([*people, personal.prepared("li", SECRET)])
    with refused("not-found"):
        personal.open("person-7", people[7].sealed)
    personal.keep(people)
    personal.keep([])
    assert personal.open("person-7", people[7].sealed) == SECRET
    personal.destroy("person-1", "person-7", "zhao")
    for person_id in ("person-1", "person-7"):
        with refused("erased"):
            personal.open(person_id, people[7].sealed)
    assert personal.open("person-8", people[8].sealed) == SECRET


def test_the_bytes_of_a_destroyed_key_are_in_no_file(tmp_path: Path) -> None:
    """P24: neither the key nor its wrapped form, with other connections open and rows around it."""
    engine = sqlalchemy.create_engine(f"sqlite:///{tmp_path / 'keys.db'}")
    drawn: list[bytes] = []
    dice = random.Random(3)

    def randomness(count: int) -> bytes:
        drawn.append(dice.randbytes(count))
        return drawn[-1]

    store = PersonalStore(engine, KEK, HMAC_KEY, randomness)
    people = [f"person-{number}" for number in range(200)]
    for person_id in people:
        store.new_key(person_id)
    with engine.connect() as connection:
        rows = connection.exec_driver_sql("SELECT person_id, wrapped FROM person_keys").all()
        wrapped: dict[str, bytes] = {row.person_id: row.wrapped for row in rows}
    doomed = people[::7]

    def held(needle: bytes) -> bool:
        return any(needle in file.read_bytes() for file in tmp_path.iterdir())

    assert all(held(wrapped[person_id]) for person_id in people)
    with closing(engine.connect()) as reader:
        reader.exec_driver_sql("SELECT 1").all()
        for person_id in doomed:
            store.destroy(person_id)
    for person_id in doomed:
        # A row is nonce, wrapped key and tag: any run of 12 bytes of it would tell.
        assert not any(held(wrapped[person_id][start : start + 12]) for start in range(0, 48, 12))
    assert not any(held(key) for key in drawn if len(key) == 32)
    assert all(held(wrapped[person_id]) for person_id in people if person_id not in doomed)
    engine.dispose()


def test_a_fingerprint_is_keyed_and_says_its_kind(personal: PersonalStore, engine: sqlalchemy.Engine) -> None:
    number = "42230119850203451X"
    other = PersonalStore(engine, KEK, bytes(32), random.Random(1).randbytes)
    prints = {
        personal.fingerprint("identity", number),
        personal.fingerprint("certificate", number),
        personal.fingerprint("identity4", number[1:]),
        other.fingerprint("identity", number),
    }
    assert len(prints) == 4
    assert personal.fingerprint("identity", number) in prints
    assert {len(value) for value in prints} == {64}
