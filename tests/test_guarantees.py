"""What GUARANTEES.md and ARCHITECTURE.md say of this repository is so."""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ID = re.compile(r"\bP\d+\b")
NAMED = re.compile(r"`([\w./-]+)`")
COLUMNS = 5


def rows() -> Iterator[tuple[str, list[str]]]:
    """(id, cells) of each promise."""
    for line in (ROOT / "GUARANTEES.md").read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if ID.fullmatch(cells[0]):
            yield cells[0], cells


@cache
def ids_in(path: Path) -> frozenset[str]:
    """The promises a test file names."""
    return frozenset(ID.findall(path.read_text(encoding="utf-8")))


PROMISED = [(promise, name) for promise, cells in rows() for name in NAMED.findall(cells[2])]


@pytest.mark.parametrize(("promise", "name"), PROMISED, ids=lambda part: str(part))
def test_each_file_named_for_a_promise_says_that_it_tries_it(promise: str, name: str) -> None:
    assert (ROOT / name).is_file()
    assert promise in ids_in(ROOT / name)


def test_every_promise_has_tests_trials_and_a_last_figure() -> None:
    assert len(PROMISED) > 30
    assert [promise for promise, cells in rows() if len(cells) != COLUMNS or not all(cells)] == []


def test_every_promise_that_a_test_names_is_listed_with_that_test() -> None:
    tests = {path: ids_in(path) for path in sorted((ROOT / "tests").rglob("test_*.py")) if path != Path(__file__)}
    named = {(promise, path.relative_to(ROOT).as_posix()) for path, ids in tests.items() for promise in ids}
    assert sorted(named - set(PROMISED)) == []


def rooms() -> Iterator[str]:
    """Every module that the table of rooms names, as a path below services/."""
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    for folders, modules in re.findall(r"^\| ((?:`[\w/]+/`(?:, )?)+) \| ([^|]*)\|", text, flags=re.MULTILINE):
        for folder in NAMED.findall(folders):
            yield from (f"{folder}{module}" for module in NAMED.findall(modules) if module.endswith(".py"))


def test_the_table_of_rooms_names_every_module_and_no_other() -> None:
    modules = (path.relative_to(ROOT / "services").as_posix() for path in (ROOT / "services").rglob("*.py"))
    assert sorted(rooms()) == sorted(module for module in modules if not module.endswith("__init__.py"))


def test_every_file_that_the_architecture_names_exists() -> None:
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    files = ["/" + path.relative_to(ROOT).as_posix() for path in ROOT.glob("[!.]*/**/*.*")]
    named = {name for name in NAMED.findall(text) if re.search(r"\.(py|yaml|md)$", name)}
    assert [name for name in sorted(named) if not any(file.endswith(f"/{name}") for file in files)] == []
