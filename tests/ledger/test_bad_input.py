"""Bad input gets a clear refusal that names the place, and nothing is appended."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from tests.ledger.given import ADMIN, Town, bearer, command, problem

pytestmark = pytest.mark.campaign

NAME, NUMBER = "欧阳锦绣", "421281199001010016"


def street(**fields: Any) -> dict[str, Any]:
    return command(city_id="chibi", street_id="new", title="新街道", **fields)


def refused_body(town: Town, body: bytes, path: str = "hires", **headers: str) -> dict[str, Any]:
    head = town.store.head()
    found = problem(town.send(path, body, headers=headers))
    assert town.store.head() == head
    assert 400 <= found["status"] < 500
    return found


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b'{"title": NaN}',
        b"\xef\xbb\xbf{}",
        b"effective_date=2020-10-01",
        json.dumps(street()).encode("utf-16"),
        json.dumps(street(), ensure_ascii=False).encode("gb18030"),
        '{"title": "café"}'.encode("latin-1"),
        b'{"title": "\\ud800"}',
        b'{"title": "\xed\xa0\x80"}',
    ],
)
def test_what_is_not_json_in_utf_8_is_malformed(town: Town, body: bytes) -> None:
    assert refused_body(town, body, "streets")["code"] == "malformed-body"


@pytest.mark.parametrize("body", [b"[]", b"null", b"null,", b"7", b'"text"', b"[" * 500_000, b'{"x":' * 150_000])
def test_another_shape_is_invalid_however_deep(town: Town, body: bytes) -> None:
    assert refused_body(town, body)["code"] in ("invalid-body", "malformed-body")


def test_a_deep_value_of_a_known_field_is_refused(town: Town) -> None:
    body = b'{"document":' + b'{"ladder":' * 50_000 + b"1" + b"}" * 50_001
    assert refused_body(town, body, "policies")["code"] in ("invalid-body", "malformed-body")


@pytest.mark.parametrize(
    ("wrong", "pointer"),
    [
        ({"recorded_at": "2020-10-01T00:00:00Z"}, "/recorded_at"),
        ({"effective_date": "2021-02-30"}, "/effective_date"),
        ({"effective_date": "2021-2-3"}, "/effective_date"),
        ({"effective_date": "2020-10-01T00:00:00"}, "/effective_date"),
        ({"effective_date": "0001-01-01"}, "/effective_date"),
        ({"effective_date": "9999-12-31"}, "/effective_date"),
        ({"effective_date": 20201001}, "/effective_date"),
        ({"basis": None}, "/basis"),
        ({"basis": {"date": "2020-01-01"}}, "/basis/document"),
        ({"basis": {"document": "赤政发"}}, "/basis/date"),
        ({"basis": {"document": "", "date": "2020-01-01"}}, "/basis/document"),
        ({"basis": {"document": " ", "date": "2020-01-01"}}, "/basis/document"),
        ({"basis": {"document": "\u3000", "date": "2020-01-01"}}, "/basis/document"),
        ({"basis": {"document": "\u200b\xa0", "date": "2020-01-01"}}, "/basis/document"),
        ({"basis": {"document": "a", "date": "2020-09-21"}}, "/basis/date"),
        ({"basis": {"document": "a", "date": "2099-01-01"}}, "/basis/date"),
        ({"basis": {"document": "a\x00b", "date": "2020-01-01"}}, "/basis/document"),
        ({"basis": {"document": "a\n", "date": "2020-01-01"}}, "/basis/document"),
        ({"basis": {"document": "a", "date": "2020-01-01", "clause": "\x07"}}, "/basis/clause"),
        ({"basis": {"document": "a", "date": "2020-02-30"}}, "/basis/date"),
        ({"basis": {"document": "a", "date": "2020-01-01", "page": 3}}, "/basis/page"),
        ({"a/b~c": 1}, "/a~1b~0c"),
        ({"street_id": "new\n"}, "/street_id"),
        ({"street_id": "../x"}, "/street_id"),
        ({"street_id": "NEW"}, "/street_id"),
        ({"street_id": "x" * 65}, "/street_id"),
        ({"title": ""}, "/title"),
        ({"title": "x\x00"}, "/title"),
        ({"title": "新街道\n"}, "/title"),
        ({"title": "长" * 101}, "/title"),
        ({"kind": "village"}, "/kind"),
    ],
)
def test_a_wrong_field_is_refused_at_its_place(town: Town, wrong: dict[str, Any], pointer: str) -> None:
    """F01: recorded_at is set by the server. F38: no act without its document, date and clause."""
    found = refused_body(town, json.dumps({**street(), **wrong}).encode(), "streets")
    assert (found["status"], found["code"], found["pointer"]) == (422, "invalid-body", pointer)


@pytest.mark.parametrize("missing", ["effective_date", "basis", "city_id", "street_id", "title"])
def test_a_missing_field_is_named(town: Town, missing: str) -> None:
    """F38: a command without a basis is refused."""
    body = street()
    del body[missing]
    found = refused_body(town, json.dumps(body).encode(), "streets")
    assert (found["code"], found["pointer"]) == ("invalid-body", f"/{missing}")


@pytest.mark.parametrize("number", ["1" + "0" * 30, "1" + "0" * 5000, "-1", "1.5", "1e3", "true"])
def test_a_number_no_quota_can_have_is_refused(town: Town, number: str) -> None:
    body = json.dumps(command(community_id="xinhua", category="dedicated", seats=0)).replace(": 0", f": {number}")
    found = refused_body(town, body.encode(), "community-quotas")
    assert (found["code"], found["pointer"]) == ("invalid-body", "/seats")


@pytest.mark.parametrize("chunked", [False, True])
def test_ten_megabytes_are_too_large_with_and_without_a_declared_length(town: Town, chunked: bool) -> None:
    sent = 0

    def chunks() -> Iterator[bytes]:
        nonlocal sent
        for _ in range(160):
            sent += 1
            yield b" " * 65_536

    head = town.store.head()
    headers = {"Authorization": bearer(ADMIN), "Idempotency-Key": "large", "If-Match": "*"}
    content: Any = chunks() if chunked else b" " * 160 * 65_536
    response = town.client.post("/ledger/v1/hires", content=content, headers=headers)
    assert ("content-length" in response.request.headers) is not chunked
    found = problem(response)
    assert (response.status_code, found["code"], town.store.head()) == (413, "body-too-large", head)


def test_a_body_of_a_megabyte_is_still_read(town: Town) -> None:
    body = json.dumps(street()).encode()
    assert town.send("streets", body + b" " * (1024 * 1024 - len(body))).status_code == 201


def test_a_body_that_does_not_arrive_is_given_up(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    """uvicorn waits for ever for a half-sent request; the service does not."""
    import asyncio

    import shared.http

    monkeypatch.setattr(shared.http, "BODY_SECONDS", 0.05)
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        await asyncio.sleep(5)
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": "POST",
        "path": "/hires",
        "raw_path": b"/hires",
        "query_string": b"",
        "root_path": "",
        "scheme": "http",
        "headers": [(b"authorization", bearer(ADMIN).encode()), (b"idempotency-key", b"slow")],
    }
    asyncio.run(town.service(scope, receive, send))
    assert sent[0]["status"] == 408
    assert json.loads(sent[1]["body"])["code"] == "body-timeout"


@pytest.mark.parametrize(
    ("parameters", "pointer"),
    [
        ({"effective_on": "2021-02-30"}, "/query/effective_on"),
        ({"known_at": "yesterday"}, "/query/known_at"),
        ({"known_at": "2020-09-20T00:00:00"}, "/query/known_at"),
        ({"known_at": "9999-12-31T23:59:59-23:59"}, "/query/known_at"),
        ({"known_position": "-2"}, "/query/known_position"),
        ({"known_position": "1" + "0" * 40}, "/query/known_position"),
        ({"known_position": "10000"}, "/query/known_position"),
    ],
)
def test_a_wrong_question_is_refused_at_its_parameter(town: Town, parameters: dict[str, str], pointer: str) -> None:
    found = problem(town.ask("communities/xinhua", **parameters))
    assert (found["status"], found["pointer"]) == (422, pointer)


@pytest.mark.parametrize("worker_id", ["A", "x" * 65, "a%0A", "a%00", "..%2f", "%20"])
def test_an_id_that_cannot_be_is_refused(town: Town, worker_id: str) -> None:
    assert problem(town.ask(f"workers/{worker_id}"))["status"] in (404, 422)


def test_an_unknown_path_and_an_unknown_method_are_problems_too(town: Town) -> None:
    """F58: every 4xx has type, code, detail, pointer and remedy."""
    assert problem(town.ask("nothing"))["code"] == "not-found"
    assert problem(town.client.delete("/ledger/v1/hires"))["code"] == "method-not-allowed"
    assert problem(town.client.get("/ledger/v1/hires"))["code"] == "method-not-allowed"
    assert problem(town.ask("static/nothing.js"))["code"] == "not-found"


BROKEN: list[dict[str, Any]] = [
    {"person": {"name": NAME, "identity_number": "421281199001010017"}},
    {"person": {"name": NAME + "\x00", "identity_number": NUMBER}},
    {"person": {"name": NAME, "identity_number": NUMBER + "0"}},
    {"person": {"name": NAME, "identity_number": NUMBER, "phone": NAME}},
    {"person": [NAME, NUMBER]},
    {"education": NAME},
    {"channel": NUMBER},
    {"community_id": "nowhere"},
    {"grid_id": "nowhere"},
    {"grade": 13},
    {"education": "high_school"},
    {"counted_years": NUMBER},
    {"effective_date": NAME},
]


@pytest.mark.parametrize("wrong", BROKEN, ids=str)
def test_an_error_never_repeats_who_is_meant(town: Town, wrong: dict[str, Any]) -> None:
    """P25: nothing of the person stands in a problem, even where it came in the wrong column."""
    person = {"name": NAME, "identity_number": NUMBER}
    body = command(**town.hiring(person=person)) | wrong
    for plan in (False, True):
        response = town.send("hires", body, plan=plan)
        problem(response)
        assert NAME not in response.text
        assert NUMBER not in response.text
        assert "421281199001010017" not in response.text
