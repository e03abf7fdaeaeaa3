"""What others build on, written from the code into schemas/: `python -m workforce.schemas [--check]`."""

import argparse
import json
import re
import sys
import tempfile
from inspect import cleandoc
from pathlib import Path
from typing import Any

import msgspec
from starlette.applications import Starlette
from starlette.routing import Mount

from notifications.webhooks import Payload
from payroll.batch import Batch
from shared.envelope import Wire
from shared.events import EVENT_TYPES
from shared.policy_check.shape import BEYOND, FIGURE
from shared.policy_document import PolicyDocument
from shared.settings import Keys, Settings
from workforce import asyncapi, refusals
from workforce.specimens import specimen
from workforce.system import compose

FOLDER = Path("schemas")
DIALECT = "https://json-schema.org/draft/2020-12/schema"
SPECIMENS = "specimens/"


def documents() -> dict[str, bytes]:
    """Path under schemas/ → content, of everything that follows from the code of today."""
    made = {f"events/{name}.json": schema_of(kind, f"event:{name}") for name, kind in EVENT_TYPES.items()}
    made["envelope.json"] = _envelope()
    made["policy.json"] = _with_figures(schema_of(PolicyDocument, "policy"))
    made["hand-over.json"] = schema_of(Batch, "hand-over:1")
    made["webhook.json"] = schema_of(Payload, "webhook")
    made["problems.json"] = refusals.published()
    made["asyncapi.json"] = asyncapi.document()
    made |= {f"openapi/{service}.json": document for service, document in _openapi().items()}
    return {path: _bytes(document) for path, document in made.items()}


def specimens() -> dict[str, bytes]:
    """Path under schemas/ → a recorded event, for every type. What is checked in is never written again."""
    return {f"{SPECIMENS}{name}.json": specimen(name) for name in EVENT_TYPES}


def drift(folder: Path) -> list[str]:
    """The paths under the folder that are missing, superfluous or other than the code says; empty when in order."""
    wanted = documents()
    there = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*.json")}
    stored = {path for path in there if path.startswith(SPECIMENS)}
    differing = {path for path, content in wanted.items() if there.get(path) != content}
    superfluous = set(there) - stored - set(wanted)
    return sorted(differing | superfluous | (set(specimens()) - stored))


def write(folder: Path) -> list[str]:
    """Bring the folder in order; the paths that were written or removed. A specimen is only ever added."""
    changed = drift(folder)
    made = documents() | specimens()
    for path in changed:
        target = folder / path
        if path in made:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(made[path])
        else:
            target.unlink()
    return changed


def schema_of(kind: Any, name: str) -> dict[str, Any]:
    """The JSON Schema of a type, its own keywords at the top."""
    schema = _clean(msgspec.json.schema(kind))
    parts = schema.pop("$defs")
    top = parts.pop(schema.pop("$ref").rpartition("/")[2])
    return {"$schema": DIALECT, "$id": f"urn:workforce:{name}", **top, **({"$defs": parts} if parts else {})}


def _with_figures(schema: Any) -> Any:
    """The same where a figure is a text or a number without quotes, as a file may have it; a check says the same."""
    if isinstance(schema, dict):
        figure = {"type": ["string", "number"], "pattern": FIGURE, "minimum": 0, "exclusiveMaximum": BEYOND}
        rest = {key: _with_figures(value) for key, value in schema.items()}
        return rest | figure if schema.get("format") == "decimal" else rest
    return [_with_figures(part) for part in schema] if isinstance(schema, list) else schema


def _envelope() -> dict[str, Any]:
    schema = schema_of(Wire, "envelope")
    schema["properties"]["type"] |= {"enum": sorted(EVENT_TYPES)}
    schema["properties"]["data"] = {"description": "the event itself; its schema is urn:workforce:event:TYPE"}
    schema["properties"]["recorded_at"] |= {"format": "date-time"}
    return schema


def _openapi() -> dict[str, Any]:
    """Service → its OpenAPI document, asked of the composed system over a folder that is thrown away."""
    with tempfile.TemporaryDirectory() as folder:
        keys = Keys(tokens=bytes(32), fingerprints=bytes(32), personal=bytes(32))
        system = compose(Settings(data=Path(folder), database="", environment="development", keys=keys))
        try:
            assert isinstance(system.app, Starlette)
            mounts = [route for route in system.app.routes if isinstance(route, Mount)]
            return {mount.path.split("/")[1]: _clean(mount.app.openapi()) for mount in mounts}  # type: ignore[attr-defined]
        finally:
            system.close()


def _clean(schema: Any) -> Any:
    """The same with the indentation of docstrings taken out of descriptions."""
    if isinstance(schema, dict):
        return {key: _description(value) if key == "description" else _clean(value) for key, value in schema.items()}
    return [_clean(part) for part in schema] if isinstance(schema, list) else schema


def _description(value: Any) -> Any:
    return re.sub(r"\n +", "\n", cleandoc(value)) if isinstance(value, str) else _clean(value)


def _bytes(document: Any) -> bytes:
    return (json.dumps(document, ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode()


def main(arguments: list[str]) -> int:
    """Write schemas/, or with --check only say what differs. The exit code is 1 when something differed on --check."""
    parser = argparse.ArgumentParser(prog="workforce.schemas", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--check", action="store_true", help="write nothing; name the files that differ")
    only_check = parser.parse_args(arguments).check
    changed = [f"{FOLDER}/{path}" for path in (drift(FOLDER) if only_check else write(FOLDER))]
    changed += [] if only_check else refusals.write()
    for path in changed:
        print(f"{path}: {'differs from the code; run make schemas' if only_check else 'written'}")
    return 1 if only_check and changed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
