"""A served system after the story: replay, answers on two dates, payslips, secrecy, the command line."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from shared.money import fen
from shared.principals import Principal, Role, Scope
from workforce.replay import digests, replay
from workforce.tokens import development_token

pytestmark = pytest.mark.story


def test_replay_reproduces_every_projection_and_sends_nothing(told: Any, running: Any) -> None:
    """F11, F12."""
    found = replay(running.client)
    assert found["equal"] is True
    assert found["sent"] == 0
    assert found["projections"]["payroll"]["rebuilt_digest"] == told.figures["digests"]["payroll"]
    assert digests(running.client) == told.figures["digests"]


def test_a_payslip_says_how_each_line_was_worked_out(told: Any, running: Any) -> None:
    worker_id = told.figures["grade_18"]["worker_id"]
    slip = running.client.read(f"/payroll/v1/workers/{worker_id}/payslips/2020-11", role=Role.FINANCE)
    assert slip["totals"]["total"] == "4803.00"
    assert sum(fen(line["amount"]) for line in slip["lines"]) == 480300
    assert all("3638.67" in line["worked_out"] and "1.32" in line["worked_out"] for line in slip["lines"])


def test_a_worker_sees_the_own_payslip_and_nobody_elses(told: Any, running: Any) -> None:
    own = told.figures["newcomer"]["worker_id"]
    other = told.figures["grade_18"]["worker_id"]
    me = Principal("me", Role.WORKER, Scope("worker", own))
    headers = {"Authorization": f"Bearer {development_token(running.settings, me)}"}
    mine = running.client.http.get(f"/payroll/v1/workers/{own}/payslips/2020-11", headers=headers)
    theirs = running.client.http.get(f"/payroll/v1/workers/{other}/payslips/2020-11", headers=headers)
    assert (mine.status_code, theirs.status_code) == (200, 404)
    inbox = running.client.http.get("/notifications/v1/inbox", headers=headers)
    assert inbox.status_code == 200
    assert "2620" not in inbox.text


def test_no_name_and_no_identity_number_stands_in_plain_text_in_any_file(told: Any, running: Any) -> None:
    """P25."""
    worker_id = told.figures["newcomer"]["worker_id"]
    person = running.client.read(f"/ledger/v1/workers/{worker_id}/personal", role=Role.ADMIN)
    planted = [person["name"].encode(), person["identity_number"].encode(), person["bank_account"].encode()]
    assert all(planted)
    for path in told.data.rglob("*"):
        content = path.read_bytes() if path.is_file() else b""
        assert not any(word in content for word in planted), path.name


def test_the_command_line_imports_a_csv_and_says_what_became_of_each_row(running: Any, tmp_path: Path) -> None:
    file = tmp_path / "people.csv"
    file.write_text(_CSV + _row("421281199001010016"), encoding="utf-8-sig")
    done = _workforce(running, "import", str(file), "--json")
    (row,) = json.loads(done.stdout)["rows"]
    assert (done.returncode, row["code"], row["column"]) == (1, "quota-full", "community_id")


@pytest.mark.parametrize(
    ("content", "place"),
    [
        (b"\xb3\xe0\xb1\xda,1\n", "the heading is not UTF-8"),
        (("community_id,channel\n" + "c01a,exam\n").encode(), "row 1: the column post is missing"),
        (("%s" + "c05,exam\n").encode(), "2 cells under"),
    ],
)
def test_a_broken_csv_is_refused_naming_the_place_and_nothing_is_appended(
    running: Any, tmp_path: Path, content: bytes, place: str
) -> None:
    file = tmp_path / "people.csv"
    file.write_bytes(content.replace(b"%s", _CSV.encode()))
    before = running.client.read("/ledger/v1/log")["position"]
    done = _workforce(running, "import", str(file))
    assert done.returncode == 1
    assert place in " ".join((done.stdout + done.stderr).split())
    assert running.client.read("/ledger/v1/log")["position"] == before


def test_the_command_line_replays(running: Any) -> None:
    done = _workforce(running, "replay", "--json", role=Role.AUDITOR)
    assert done.returncode == 0
    assert json.loads(done.stdout)["equal"] is True


_CSV = "community_id,channel,post,education,effective_date,document,document_date,name,identity_number\n"


def _row(identity_number: str) -> str:
    return f"c05,exam,dedicated,college,2021-10-01,赤人社发〔2021〕9号,2021-09-20,张三,{identity_number}\n"


def _workforce(
    running: Any, *arguments: str, role: Role = Role.ADMIN, subject: str = "clerk"
) -> subprocess.CompletedProcess[str]:
    token = development_token(running.settings, Principal(subject, role, Scope("city", "chibi")))
    command = [sys.executable, "-m", "workforce", *arguments, "--url", running.url, "--token", token]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def test_the_command_line_pays_the_next_month(told: Any, running: Any) -> None:
    """Drafted by one, refused to the same person, approved by another, closed; and the replay still agrees."""
    month, paper = "2021-10", ("--document", "赤社薪〔2021-10〕")
    draft = json.loads(
        _workforce(running, "payroll", "draft", "chibi", month, *paper, "--json", role=Role.FINANCE).stdout
    )
    approval = ("payroll", "approve", "chibi", month, draft["digest"], *paper)
    assert "forbidden" in _workforce(running, *approval, role=Role.FINANCE).stderr
    assert _workforce(running, *approval, role=Role.APPROVER, subject="chief").returncode == 0
    assert _workforce(running, "payroll", "close", "chibi", month, *paper, role=Role.FINANCE).returncode == 0
    shown = json.loads(_workforce(running, "payroll", "show", "chibi", month, "--json", role=Role.FINANCE).stdout)
    assert (shown["run"]["status"], shown["totals"]["total"]) == ("closed", draft["total"])
    assert replay(running.client)["equal"] is True


def test_the_command_line_hands_the_month_over_and_says_what_is_in_the_way(
    told: Any, running: Any, tmp_path: Path
) -> None:
    """F23, F28: the batch as a file; and until finance says what it booked, the next month does not close."""
    paper = ("--document", "赤社薪〔2021-09〕")
    assert _workforce(running, "payroll", "hand-over", "chibi", "2021-09", *paper, role=Role.FINANCE).returncode == 0
    batch = tmp_path / "batch.json"
    assert _workforce(running, "payroll", "export", "chibi", "2021-09", str(batch), role=Role.FINANCE).returncode == 0
    found = json.loads(batch.read_text(encoding="utf-8"))
    assert len(found["lines"]) == found["control"]["lines"] > 1000
    listed = _workforce(running, "payroll", "readiness", "chibi", "2021-11", "--json", role=Role.FINANCE)
    kinds = {one["kind"] for one in json.loads(listed.stdout)["blockers"] if one["blocks"]}
    assert (listed.returncode, "unacknowledged-batch" in kinds) == (1, True)
