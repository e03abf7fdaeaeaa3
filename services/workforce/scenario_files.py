"""A file of commands that are not sent yet, YAML or JSON, read without a float in between."""

from pathlib import Path
from typing import Any

import yaml

from workforce.policy_files import read_policy
from workforce.policy_places import placed


class ScenarioFileError(ValueError):
    """The file cannot be read as a list of commands; the message says what it should look like."""


def read_scenario(path: Path) -> list[dict[str, Any]]:
    """Its commands, each a `path` and a `body`; a `document` given as text is a policy file beside this one.

    Raises ScenarioFileError, PolicyFileError, OSError, UnicodeDecodeError.
    """
    try:
        found = placed(path.read_text(encoding="utf-8")).value
    except yaml.YAMLError as error:
        raise ScenarioFileError(f"{path}: this is neither YAML nor JSON: {error}") from None
    commands = found.get("commands") if isinstance(found, dict) else None
    if not isinstance(commands, list) or not commands or not all(map(_is_command, commands)):
        raise ScenarioFileError(f"{path}: it holds `commands:`, a list of which each has a `path` and a `body`")
    return [{"path": one["path"], "body": _with_document(one["body"], path.parent)} for one in commands]


def _is_command(one: Any) -> bool:
    return isinstance(one, dict) and set(one) == {"path", "body"} and isinstance(one["body"], dict)


def _with_document(body: dict[str, Any], folder: Path) -> dict[str, Any]:
    named = body.get("document")
    return {**body, "document": read_policy(folder / named)} if isinstance(named, str) else body
