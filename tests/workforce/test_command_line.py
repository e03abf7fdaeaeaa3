"""The command line says what happened in its own words: one line or one object, never a traceback."""

import json
import socket
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.workforce.conftest import Run, Served, one_object

from shared.principals import Role

pytestmark = pytest.mark.campaign

UNREACHABLE = "postgresql://clerk:secret@127.0.0.1:1/ledger"


def refusal(run: Run, *arguments: str, env: dict[str, str] | None = None) -> str:
    """The one line of a refusal."""
    result = run(*arguments, env=env)
    assert result.exit_code == 1
    assert isinstance(result.exception, SystemExit)
    assert result.stdout == ""
    (line,) = result.stderr.splitlines()
    return str(line)


def test_square_brackets_of_a_document_are_shown_as_they_were_recorded(run: Run, served: Served) -> None:
    paper = "文[/b][red]:smile:"
    person = {"name": "张三", "identity_number": "421281199001010016"}
    hire = {"community_id": "xinhua", "channel": "exam", "post": "dedicated", "education": "college", "person": person}
    basis = {"document": paper, "date": "2020-09-18"}
    worker_id = served.give("hires", **hire, effective_date="2020-10-01", basis=basis)["worker_id"]
    shown = run("history", worker_id, "--token", served.token(), "--url", served.url)
    assert shown.exit_code == 0
    assert paper in shown.stdout


def test_square_brackets_in_a_refusal_are_shown_as_they_were_given(run: Run, tmp_path: Path) -> None:
    line = refusal(run, "token", "admin", "[/b]:[red]", "--data", str(tmp_path / "new[/b]"))
    assert "new[/b]" in line


def test_run_refuses_a_file_as_its_folder(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    assert f"{file} cannot be the data folder" in refusal(run, "run", "--data", str(file), "--port", "0")
    assert f"{file / 'below'} cannot be" in refusal(run, "run", "--data", str(file / "below"), "--port", "0")
    assert "cannot be the data folder" in refusal(run, "run", "--data", "/proc/nope", "--port", "0")


def test_run_refuses_a_port_that_is_none_and_one_that_is_taken_before_it_serves(run: Run, tmp_path: Path) -> None:
    data = tmp_path / "data"
    assert "65535" in refusal(run, "run", "--data", str(data), "--port", "99999")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        line = refusal(run, "run", "--data", str(data), "--port", port)
    assert f"127.0.0.1 port {port} cannot be served on" in line
    assert not data.exists()


@pytest.mark.story
def test_run_says_that_the_database_does_not_answer(run: Run, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    line = refusal(run, "run", "--data", str(tmp_path), "--port", "0", env={"WORKFORCE_DATABASE": UNREACHABLE})
    assert line == "refused: WORKFORCE_DATABASE: the database does not answer or cannot write"
    assert "secret" not in caplog.text


def test_a_token_makes_no_folder_and_no_keys(run: Run, tmp_path: Path) -> None:
    line = refusal(run, "token", "admin", "city:chibi", "--data", str(tmp_path / "new"))
    assert "start a system there first" in line
    assert list(tmp_path.iterdir()) == []


def test_with_json_a_refusal_is_the_problem_as_one_object(run: Run, served: Served, tmp_path: Path) -> None:
    asking = ("--token", served.token(), "--url", served.url, "--json")
    unknown = run("history", "nobody", *asking)
    assert (unknown.exit_code, one_object(unknown)["code"]) == (1, "not-found")
    assert {"status", "detail", "remedy", "pointer"} <= one_object(unknown).keys()
    (tmp_path / "people.csv").touch()
    broken = run("import", str(tmp_path / "people.csv"), *asking)
    assert (broken.exit_code, one_object(broken)["code"]) == (1, "broken-row")
    keyless = run("token", "admin", "city:chibi", "--data", str(tmp_path / "new"), "--json")
    assert (keyless.exit_code, one_object(keyless)["code"]) == (1, "settings")
    silent = run("history", "w", "--token", "t", "--url", "http://127.0.0.1:1", "--json")
    assert (silent.exit_code, one_object(silent)["code"]) == (1, "no-answer")
    assert unknown.stderr == broken.stderr == keyless.stderr == silent.stderr == ""


def test_an_address_of_something_else_is_told_as_that(run: Run, served: Served) -> None:
    line = refusal(run, "history", "w", "--token", "t", "--url", f"{served.url}/ledger/v1/docs?")
    assert "not as this system answers" in line


def test_an_act_of_the_command_line_holds_from_the_jurisdictions_today(
    run: Run, served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half past six in the evening in London is half past two the next morning in Chibi."""
    monkeypatch.setattr("workforce.run_commands.utc_now", lambda: datetime(2021, 10, 4, 18, 30, tzinfo=UTC))
    from workforce.run_commands import _today

    assert _today("文") == {
        "effective_date": "2021-10-05",
        "basis": {"document": "文", "date": "2021-10-05", "clause": ""},
    }
    result = run(
        *("payroll", "draft", "chibi", "2021-10", "--document", "文"),
        *("--token", served.token(Role.FINANCE), "--url", served.url, "--json"),
    )
    assert (result.exit_code, json.loads(result.stdout)["code"]) == (1, "payroll-not-open")
