"""A folder belongs to one running system, and the demo empties no folder but its own."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tests.ledger.given import KEYS

from shared.settings import Settings, SettingsError
from workforce.demo.telling import BEGUN, COMPLETE, MARK, begin, is_complete, tell
from workforce.system import compose

pytestmark = pytest.mark.campaign

POLICIES = Path(__file__).parents[2] / "policies"


def settings(data: Path, database: str = "") -> Settings:
    return Settings(data, database, "development", KEYS)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_folder_in_use_is_refused_to_a_second_system_until_the_first_closes(tmp_path: Path) -> None:
    first = compose(settings(tmp_path))
    with pytest.raises(SettingsError, match="in use"):
        compose(settings(tmp_path))
    first.close()
    compose(settings(tmp_path)).close()


def test_a_folder_in_use_by_another_process_is_free_again_when_that_is_killed(founded: Path, tmp_path: Path) -> None:
    data = shutil.copytree(founded, tmp_path / "town")
    serving = [sys.executable, "-m", "workforce", "run", "--data", str(data), "--port", "0"]
    with subprocess.Popen(serving, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        assert "serving on" in process.stderr.readline()
        with pytest.raises(SettingsError, match="in use"):
            compose(settings(data))
        process.kill()
    compose(settings(data)).close()


@pytest.mark.postgres
def test_systems_on_one_postgresql_share_a_folder_that_no_demo_may_empty(tmp_path: Path, postgres_address: str) -> None:
    (tmp_path / MARK).write_text(COMPLETE, encoding="utf-8")
    first, second = (compose(settings(tmp_path, postgres_address)) for _ in range(2))
    with pytest.raises(SettingsError, match="in use"):
        begin(tmp_path)
    first.close()
    second.close()


def test_a_system_that_could_not_be_composed_lets_go_of_its_folder(tmp_path: Path) -> None:
    (tmp_path / "ledger.db").mkdir()
    with pytest.raises(SettingsError, match="does not answer or cannot write"):
        compose(settings(tmp_path))
    (tmp_path / "ledger.db").rmdir()
    compose(settings(tmp_path)).close()


@pytest.mark.parametrize("names", [["keys.json", "ledger.db"], ["letter.txt"], [MARK]])
def test_the_demo_empties_no_folder_without_its_mark(tmp_path: Path, names: list[str]) -> None:
    for name in names:
        (tmp_path / name).write_text("ours", encoding="utf-8")
    before = contents(tmp_path)
    with pytest.raises(SettingsError, match="not a folder of the demo"):
        tell(tmp_path, POLICIES, lambda line: None)
    assert contents(tmp_path) == before


def test_the_demo_empties_no_installation(founded: Path, tmp_path: Path) -> None:
    data = shutil.copytree(founded, tmp_path / "town")
    compose(settings(data)).close()
    before = contents(data)
    with pytest.raises(SettingsError, match="not a folder of the demo"):
        tell(data, POLICIES, lambda line: None)
    assert contents(data) == before


@pytest.mark.parametrize("mark", [BEGUN, COMPLETE])
def test_a_demo_that_broke_off_or_was_told_is_told_again(tmp_path: Path, mark: str) -> None:
    (tmp_path / MARK).write_text(mark, encoding="utf-8")
    (tmp_path / "ledger.db").write_bytes(b"earlier")
    (tmp_path / "more").mkdir()
    begin(tmp_path)
    assert not (tmp_path / "ledger.db").exists()
    assert not (tmp_path / "more").exists()
    assert (tmp_path / MARK).read_text(encoding="utf-8") == BEGUN
    assert not is_complete(tmp_path)


def test_a_story_that_breaks_off_leaves_a_folder_that_is_marked_and_not_complete(tmp_path: Path) -> None:
    data = tmp_path / "demo"
    with pytest.raises(Exception, match="nowhere"):
        tell(data, tmp_path / "nowhere", lambda line: None)
    assert (data / "ledger.db").exists()
    assert not is_complete(data)
    begin(data)
    assert not (data / "ledger.db").exists()


def test_the_demo_leaves_a_folder_in_use_as_it_is(tmp_path: Path) -> None:
    (tmp_path / MARK).write_text(COMPLETE, encoding="utf-8")
    running = compose(settings(tmp_path))
    with pytest.raises(SettingsError, match="in use"):
        tell(tmp_path, POLICIES, lambda line: None)
    assert running.store.head() == -1
    assert is_complete(tmp_path)
    running.close()
