"""Who a worker is stands nowhere in plain text but in the answer that opens it with the person's own key."""

import json
import logging
from base64 import b16encode, b64encode
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
import pytest
from psycopg.sql import SQL, Identifier
from tests.ledger.given import ADMIN, Town, bearer, command, identity_number, problem

NAME, NUMBER = "欧阳锦绣", identity_number("1987-06-05", 419)
PHONE, ACCOUNT = "13987654321", "6217003320098765432"
CERTIFICATE = "SW20190612345"
PLANTED = (NAME, NUMBER, PHONE, ACCOUNT, CERTIFICATE)
PERSON = {"name": NAME, "identity_number": NUMBER, "phone": PHONE, "bank_account": ACCOUNT}


def written(text: str) -> dict[str, bytes]:
    """The ways in which the text could stand in a file."""
    found: dict[str, bytes] = {}
    for encoding in ("utf-8", "utf-16-le", "gb18030"):
        raw = text.encode(encoding)
        found[encoding] = raw
        found[f"{encoding}, hex"] = b16encode(raw).lower()
        found[f"{encoding}, HEX"] = b16encode(raw)
        for shift in range(3):
            # The part of a base64 text that does not depend on what stands around it.
            coded = b64encode(b"\0" * shift + raw)
            found[f"{encoding}, base64, {shift}"] = coded[4 if shift else 0 : len(coded) - 4]
    found["JSON"] = json.dumps(text).strip('"').encode()
    found["URL"] = quote(text).encode()
    found["repr"] = repr(text.encode())[2:-1].encode()
    return found


def plain_in(stored: bytes) -> set[str]:
    """Which of the planted texts stand in the bytes, and how."""
    return {f"{text}: {how}" for text in PLANTED for how, form in written(text).items() if form in stored}


def test_the_search_finds_what_is_there() -> None:
    """A search that cannot find is worse than none."""
    for text in PLANTED:
        for how, form in written(text).items():
            assert f"{text}: {how}" in plain_in(b"\x00before" + form + b"after")
        for before in (b"", b"a", b"ab"):
            assert any("base64" in found for found in plain_in(b64encode(before + text.encode() + b"after all")))


def a_life(town: Town) -> str:
    """Hired, certified, with refused and malformed tries before and after; asked about in every way."""
    hiring = town.hiring(person=PERSON)
    for wrong in (
        {"education": "high_school"},
        {"grade": 99},
        {"grade": 13},
        {"community_id": "nowhere"},
        {"community_id": NUMBER},
        {"channel": NAME},
        {"person": {**PERSON, "identity_number": NUMBER[:-1] + "0"}},
        {"person": {**PERSON, "nickname": NAME}},
        {"person": {**PERSON, "name": NAME + "\x00"}},
    ):
        problem(town.send("hires", command(**{**hiring, **wrong})))
    body = json.dumps(command(**hiring), ensure_ascii=False)
    for broken in (body[:-1].encode(), body.encode("gb18030"), body.encode() + b"}", b"[" + body.encode() + b"]"):
        problem(town.send("hires", broken))
    assert town.send("hires", command(**hiring), plan=True).status_code == 200
    worker_id = str(town.give("hires", **hiring)["worker_id"])
    town.refuse("identity-number-used", "hires", **town.hiring(person=PERSON))
    certificate = {"certificate": "assistant", "certificate_number": CERTIFICATE}
    town.give("qualifications", worker_id=worker_id, **certificate)
    town.refuse("certificate-number-used", "qualifications", worker_id=town.hire(), **certificate)
    return worker_id


def answers(town: Town, worker_id: str) -> bytes:
    """Everything an admin is told but the personal answer."""
    told = b""
    for path, params in (
        (f"workers/{worker_id}", {"effective_on": "2020-12-31"}),
        (f"workers/{worker_id}/history", {}),
        ("workers", {"city_id": "chibi", "effective_on": "2020-12-31"}),
        ("communities/xinhua", {"effective_on": "2020-12-31"}),
        ("communities/xinhua/history", {}),
        ("cities/chibi", {}),
        ("events", {"limit": 500}),
        ("events", {"limit": 500, "format": "lines"}),
        ("log", {}),
    ):
        response = town.ask(path, **params)
        assert response.status_code == 200
        told += response.content + str(dict(response.headers)).encode()
    return told


def files_of(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_planted_person_stands_nowhere_in_plain_text(
    town: Town, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    """P25: every file of the data folder, every log, every answer, byte by byte."""
    caplog.set_level(logging.DEBUG)
    worker_id = a_life(town)
    told = answers(town, worker_id)
    files = files_of(town.data)
    assert {"ledger.db", "ledger.db-wal", "keys.db", "directory.db"} <= set(files)
    logged = caplog.text + "".join(capfd.readouterr())
    assert {name: plain_in(stored) for name, stored in files.items() if plain_in(stored)} == {}
    assert plain_in(told) == set()
    assert plain_in(logged.encode()) == set()


def test_the_person_is_told_in_one_place(town: Town) -> None:
    worker_id = a_life(town)
    assert town.read(f"workers/{worker_id}/personal") == {
        "worker_id": worker_id,
        **PERSON,
        "certificate_numbers": [CERTIFICATE],
    }


@pytest.mark.postgres
def test_a_planted_person_stands_in_no_table(postgres_address: str, tmp_path: Path) -> None:
    """P25, on PostgreSQL: every row of every table, as text and as bytes."""
    town = Town(tmp_path / "data", postgres_address).found()
    answers(town, a_life(town))
    town.close()
    with psycopg.connect(postgres_address) as connection:
        tables = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        assert len(tables) >= 7
        for (table,) in tables:
            with connection.cursor(binary=True) as cursor:
                rows = cursor.execute(SQL("SELECT * FROM {}").format(Identifier(table))).fetchall()
            stored = b"\n".join(
                value if isinstance(value, bytes) else str(value).encode() for row in rows for value in row
            )
            assert plain_in(stored) == set(), table


def test_after_erasure_the_log_is_read_and_the_person_is_gone(town: Town) -> None:
    """P24: the key is destroyed; history and standing stay, the person's data is 410."""
    worker_id = a_life(town)
    before = answers(town, worker_id)
    digest = town.store.digest()
    town.personal.destroy(worker_id)
    assert answers(town, worker_id) == before
    assert town.store.digest() == digest
    found = problem(town.ask(f"workers/{worker_id}/personal"))
    assert (found["status"], found["code"]) == (410, "erased")
    fields = {"worker_id": worker_id, "certificate": "senior", "certificate_number": "SW-NEW"}
    town.refuse("erased", "qualifications", **fields)
    town.give("regrades", worker_id=worker_id, grade=2, reason="晋级")
    restarted = Town(town.data)
    assert problem(restarted.ask(f"workers/{worker_id}/personal"))["code"] == "erased"
    restarted.close()


def test_an_erased_number_is_still_taken(town: Town) -> None:
    """The claim is a keyed fingerprint: it knows the number again without holding it."""
    worker_id = a_life(town)
    town.personal.destroy(worker_id)
    town.refuse("identity-number-used", "hires", **town.hiring(person=PERSON))


def test_equal_people_of_two_ledgers_have_nothing_in_common(town: Town) -> None:
    """Ciphertext, nonce and key differ; only the keyed claim tells that it is the same number."""
    from shared.envelope import plain

    first = town.give("hires", **town.hiring(person=PERSON))
    town.give("voids", command_id=first["command_id"], reason="录入错误")
    second = town.give("hires", **town.hiring(person=PERSON))
    sealed: list[Any] = [
        plain(town.store.stream(f"worker/{one['worker_id']}")[0])["data"]["personal"] for one in (first, second)
    ]
    assert sealed[0][:16] != sealed[1][:16]


def test_a_key_in_the_header_and_a_number_in_the_address_are_not_logged(
    town: Town, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.INFO, logger="ledger")
    town.client.get("/ledger/v1/workers", params={"city_id": NUMBER}, headers={"Authorization": bearer(ADMIN)})
    town.client.get(f"/ledger/v1/people/{NUMBER}", headers={"Authorization": bearer(ADMIN)})
    ours = "".join(record.getMessage() for record in caplog.records if not record.name.startswith("httpx"))
    assert NUMBER not in ours + "".join(capfd.readouterr())


def test_a_name_that_was_typed_wrongly_is_corrected_from_a_day_on_and_stands_nowhere_in_the_log(town: Town) -> None:
    """Rules 2 and 9: phone and account, too; as known before, and on days before, the old one is told."""
    wrong = town.person(name="欧阳锦秀", phone="13900000000")
    worker_id = town.hire(person=wrong)
    before = town.store.head()
    right = {"name": NAME, "bank_account": ACCOUNT, "reason": f"证件为{NAME}"}
    town.give("person-corrections", "2020-10-15", worker_id=worker_id, **right)

    def told(**asked: Any) -> tuple[str, str, str]:
        found = town.read(f"workers/{worker_id}/personal", **asked)
        return found["name"], found["phone"], found["bank_account"]

    assert told(effective_on="2020-10-15") == (NAME, "13900000000", ACCOUNT)
    assert told(effective_on="2020-10-14") == ("欧阳锦秀", "13900000000", "")
    assert told(effective_on="2020-10-15", known_position=before) == ("欧阳锦秀", "13900000000", "")
    town.refuse("already-there", "person-corrections", "2020-10-16", worker_id=worker_id, name=NAME, reason="重复")
    found = town.refuse("invalid-body", "person-corrections", "2020-10-16", worker_id=worker_id, reason="空")
    assert "voiding the hire" in found["remedy"]
    history = json.dumps(town.read(f"workers/{worker_id}/history"), ensure_ascii=False)
    assert (NAME in history, ACCOUNT in history) == (False, False)
    town.give("separations", "2020-11-01", worker_id=worker_id, reason="resigned")
    town.give("person-corrections", "2020-11-02", worker_id=worker_id, phone=PHONE, reason="换号")
    assert told(effective_on="2020-11-02")[1] == PHONE
    town.personal.destroy(worker_id)
    town.refuse("erased", "person-corrections", "2020-11-03", worker_id=worker_id, phone="1", reason="换号")
