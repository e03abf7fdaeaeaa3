"""What the command line writes: text exactly as it was recorded, or one JSON object."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import msgspec
import typer
from rich.console import Console

from shared.problems import problem
from shared.refusal import Refused
from shared.settings import SettingsError

screen = Console(markup=False, emoji=False)
stderr = Console(stderr=True, markup=False, emoji=False)
"""No markup: a document's number may well hold square brackets."""


def print_json(found: Any) -> None:
    """One JSON object on the standard output."""
    json.dump(found, sys.stdout, ensure_ascii=False, indent=2)
    print()


def print_fields(found: dict[str, Any], as_json: bool) -> None:
    """An answer, field by field."""
    if as_json:
        print_json(found)
        return
    for name, value in found.items():
        text = value if isinstance(value, str | int) else json.dumps(value, ensure_ascii=False)
        screen.print(f"{name}: {text}")


@contextmanager
def refusals(as_json: bool = False) -> Iterator[None]:
    """Say what was refused and the way out, as one line or as a JSON object, and leave with code 1."""
    import httpx

    from workforce.client import RefusedByServer

    try:
        yield
    except RefusedByServer as refused:
        said, line = refused.problem, f"refused: {refused}"
    except Refused as refused:
        said = msgspec.to_builtins(problem(refused))
        line = f"refused: {refused.code}: {refused.detail}. {refused.remedy}"
    except (SettingsError, ValueError, httpx.InvalidURL) as error:
        said, line = _local("settings", str(error)), f"refused: {error}"
    except httpx.HTTPError as error:
        remedy = "start it with make run"
        said = _local("no-answer", f"the system does not answer: {error}", remedy)
        line = f"the system does not answer: {error}; {remedy}"
    except OSError as error:
        detail = ": ".join(str(part) for part in (error.filename, error.strerror) if part) or str(error)
        said, line = _local("settings", detail), f"refused: {detail}"
    else:
        return
    if as_json:
        print_json(said)
    else:
        stderr.print(" ".join(line.split()), style="red", soft_wrap=True)
    raise typer.Exit(1)


def _local(code: str, detail: str, remedy: str = "") -> dict[str, Any]:
    """A refusal of this side, in the fields that a server's problem has, too."""
    return {"code": code, "detail": detail, "pointer": "", "remedy": remedy}
