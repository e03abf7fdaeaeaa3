"""What is checked in under schemas/: it follows from the code, and every stored form can still be read."""

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest
import schemathesis
import yaml

from ledger.stored_form import recorded as read_stored
from shared.envelope import from_wire, plain, to_wire
from shared.events import EVENT_TYPES, PolicyEnacted
from shared.policy_check import shape_faults
from shared.policy_document import as_written, digest_of
from shared.problems import CATALOGUE
from shared.remedies import REMEDIES
from shared.upcasts import UPCASTS
from workforce import refusals
from workforce.schemas import documents, drift, specimens, write

pytestmark = pytest.mark.campaign

ROOT = Path(__file__).parent.parent
SCHEMAS = ROOT / "schemas"
SPECIMENS = sorted((SCHEMAS / "specimens").glob("*.json"))
SERVICES = ("ledger", "payroll", "notifications")

every_specimen = pytest.mark.parametrize("path", SPECIMENS, ids=lambda path: path.stem)


def read(name: str) -> dict[str, Any]:
    """A checked-in document."""
    found = json.loads((SCHEMAS / name).read_text(encoding="utf-8"))
    assert isinstance(found, dict)
    return found


def check(instance: object, schema: dict[str, Any]) -> None:
    """Hold the instance against the schema; dates and the like included."""
    kind = jsonschema.Draft202012Validator
    kind.check_schema(schema)
    kind(schema, format_checker=kind.FORMAT_CHECKER).validate(instance)


def test_what_is_checked_in_follows_from_the_code() -> None:
    differing = drift(SCHEMAS)
    assert not differing, f"run make schemas and commit schemas/: {', '.join(differing)}"


def test_generating_twice_gives_the_same_bytes() -> None:
    assert documents() == documents()
    assert specimens() == specimens()


def test_every_document_ends_with_a_line_end_and_says_nothing_of_the_machine() -> None:
    for path, content in (documents() | specimens()).items():
        assert content.endswith(b"\n"), path
        assert b"/tmp" not in content, path
        assert str(ROOT).encode() not in content, path


def test_drift_names_a_changed_a_missing_and_a_superfluous_file(tmp_path: Path) -> None:
    write(tmp_path)
    assert drift(tmp_path) == []
    (tmp_path / "problems.json").write_text("{}\n")
    (tmp_path / "specimens" / "worker.hired.v1.json").unlink()
    (tmp_path / "events" / "worker.vanished.v1.json").write_text("{}\n")
    assert drift(tmp_path) == ["events/worker.vanished.v1.json", "problems.json", "specimens/worker.hired.v1.json"]


def test_a_specimen_is_added_but_never_written_again(tmp_path: Path) -> None:
    old = tmp_path / "specimens" / "worker.hired.v1.json"
    old.parent.mkdir()
    old.write_text("as it was written years ago\n")
    write(tmp_path)
    assert old.read_text() == "as it was written years ago\n"
    assert {path.name for path in old.parent.iterdir()} == {f"{name}.json" for name in EVENT_TYPES}


def test_every_event_type_has_a_schema_and_the_other_way_round() -> None:
    assert {path.stem for path in (SCHEMAS / "events").iterdir()} == set(EVENT_TYPES)


def test_every_event_type_and_every_superseded_one_has_a_specimen_and_the_other_way_round() -> None:
    """F63, P15: a form that was ever stored stays here, also when an upcast now reads it."""
    assert {path.stem for path in SPECIMENS} == set(EVENT_TYPES) | set(UPCASTS)


@every_specimen
def test_a_stored_form_loads_for_ever(path: Path) -> None:
    """F63, P15."""
    line = path.read_bytes()
    recorded = from_wire(line)
    assert from_wire(to_wire(recorded)) == recorded
    stored_name = json.loads(line)["type"]
    assert stored_name == path.stem
    assert recorded.type == stored_name or stored_name in UPCASTS


@every_specimen
def test_a_stored_form_keeps_every_value_it_was_written_with(path: Path) -> None:
    """F63: a field that is no longer read would be lost on the way, and nobody would see it."""
    written = json.loads(path.read_bytes())
    if written["type"] not in UPCASTS:
        assert kept(written, plain(from_wire(path.read_bytes())))


@every_specimen
def test_the_ledger_reads_a_stored_row_of_every_form(path: Path) -> None:
    """F63, P15: the bytes of the store, as they were laid down with a nonce beside the event."""
    wire = json.loads(path.read_bytes())
    state = {"nonce": "bm9uY2Vub25jZW5vbmNlIQ==", **wire}
    for column in ("position", "stream", "version", "type"):
        state.pop(column)
    row = (wire["position"], wire["stream"], wire["version"], wire["type"], json.dumps(state).encode())
    assert read_stored(row) == from_wire(path.read_bytes())


@every_specimen
def test_a_specimen_fits_its_schema_and_the_envelope(path: Path) -> None:
    written = json.loads(path.read_bytes())
    recorded = plain(from_wire(path.read_bytes()))
    check(recorded, read("envelope.json"))
    check(recorded["data"], read(f"events/{recorded['type']}.json"))
    if written["type"] not in UPCASTS:
        check(written["data"], read(f"events/{written['type']}.json"))


@every_specimen
def test_a_schema_refuses_a_field_it_does_not_know(path: Path) -> None:
    recorded = plain(from_wire(path.read_bytes()))
    with pytest.raises(jsonschema.ValidationError, match="unheard"):
        check(recorded["data"] | {"unheard": "of"}, read(f"events/{recorded['type']}.json"))


def test_the_specimen_of_a_policy_has_the_shape_of_one_and_its_own_digest() -> None:
    enacted = from_wire(specimens()["specimens/policy.enacted.v1.json"]).event
    assert isinstance(enacted, PolicyEnacted)
    assert list(shape_faults(as_written(enacted.document))) == []
    assert digest_of(enacted.document) == enacted.digest


def test_every_schema_says_what_it_is() -> None:
    for name, event_type in EVENT_TYPES.items():
        schema = read(f"events/{name}.json")
        assert schema["$id"] == f"urn:workforce:event:{name}"
        assert schema["title"] == event_type.__name__
        assert schema["description"]


@pytest.mark.parametrize("path", sorted((ROOT / "policies").glob("*.yaml")), ids=lambda path: path.stem)
def test_a_policy_file_fits_the_schema_an_editor_uses(path: Path) -> None:
    given = json.loads(json.dumps(yaml.safe_load(path.read_text(encoding="utf-8"))))
    check(given, read("policy.json"))


def test_an_editor_can_explain_every_key_of_a_policy() -> None:
    """Each key has words of its own, or those of the part that stands there."""
    schema = read("policy.json")
    for name, part in {**schema["$defs"], "policy": schema}.items():
        assert part["description"], name
        for key, said in part.get("properties", {}).items():
            assert '"description"' in json.dumps(said) or '"$ref"' in json.dumps(said), (name, key)


@pytest.mark.parametrize("service", SERVICES)
def test_an_openapi_document_is_valid_and_every_operation_is_described(service: str) -> None:
    document = read(f"openapi/{service}.json")
    schemathesis.openapi.from_dict(document).validate()
    assert document["servers"] == [{"url": f"/{service}/v1"}]
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            assert operation["summary"], (method, path)
            assert "4XX" in operation["responses"], (method, path)
            assert operation["security"] == [{"token": []}], (method, path)


def test_the_topic_has_a_message_for_every_event_whose_schemas_are_there() -> None:
    document = read("asyncapi.json")
    messages = document["components"]["messages"]
    assert list(document["channels"]["events"]["messages"]) == sorted([*EVENT_TYPES, "watermark"])
    for name, message in messages.items():
        if name == "watermark":
            continue
        envelope, data = message["payload"]["schema"]["allOf"]
        assert (SCHEMAS / envelope["$ref"]).is_file()
        assert data["properties"]["data"]["$ref"] == f"events/{name}.json"
        assert (SCHEMAS / data["properties"]["data"]["$ref"]).is_file()


def test_the_catalogue_of_problems_is_published() -> None:
    assert read("problems.json") == refusals.published()
    assert list(REMEDIES) == list(CATALOGUE)


def test_the_page_of_refusals_lists_every_code_with_its_way_out() -> None:
    page = (ROOT / refusals.PAGE).read_text(encoding="utf-8")
    assert page == refusals.page()
    for code, (status, title) in CATALOGUE.items():
        assert re.search(rf"^\| `{code}` \| {status} [^|]+ \| {re.escape(title)} \| [^|]{{15,}} \|$", page, re.M), code


def test_an_unknown_stored_name_is_an_error_and_not_a_guess() -> None:
    line = (SCHEMAS / "specimens" / "worker.hired.v1.json").read_bytes()
    with pytest.raises(LookupError, match=r"worker\.hired\.v9"):
        from_wire(line.replace(b"worker.hired.v1", b"worker.hired.v9"))
    with pytest.raises(msgspec.ValidationError):
        from_wire(line.replace(b'"grade":1', b'"grade":"one"'))


def kept(written: object, read_again: object) -> bool:
    """Whether everything in the first stands in the second; the second may have gained fields with a default."""
    if isinstance(written, dict) and isinstance(read_again, dict):
        return all(key in read_again and kept(value, read_again[key]) for key, value in written.items())
    if isinstance(written, list) and isinstance(read_again, list):
        return len(written) == len(read_again) and all(map(kept, written, read_again))
    return written == read_again
