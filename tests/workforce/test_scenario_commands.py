"""F05, F66–F68 on the command line: preview a file of unsent commands, and promote it with what was shown."""

from pathlib import Path

import pytest
from tests.workforce.conftest import Run, Served, one_object

pytestmark = pytest.mark.campaign

PAPER = "basis: {document: 赤人社〔2021〕12号, date: 2021-06-18}"
BASE = f"""
commands:
  - path: /bases
    body:
      effective_date: 2021-01-01
      {PAPER}
      jurisdiction: chibi
      scheme: ladder
      average_annual_wage: 57120.40
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    made = tmp_path / "base.yaml"
    made.write_text(BASE, encoding="utf-8")
    return made


@pytest.fixture
def asking(served: Served) -> tuple[str, ...]:
    """Payroll is open and somebody in service."""
    basis = {"document": "赤政发〔2020〕12号", "date": "2020-09-18"}
    opening = {"jurisdiction": "chibi", "first_month": "2020-10", "effective_date": "2020-10-01", "basis": basis}
    served.client.command("/ledger/v1/payroll-openings", opening, subject="policy/chibi")
    person = {"name": "张三", "identity_number": "421281199001010016"}
    hire = {"community_id": "xinhua", "channel": "exam", "post": "dedicated", "education": "college", "person": person}
    served.give("hires", **hire, effective_date="2020-10-01", basis=basis)
    return ("--token", served.token(), "--url", served.url)


MONTHS = ("--first-month", "2020-11", "--last-month", "2021-02")


def test_a_file_is_previewed_by_payer_and_month_and_promoted_with_what_was_shown(
    run: Run, served: Served, asking: tuple[str, ...], file: Path
) -> None:
    head = served.head()
    shown = run("payroll", "preview", "chibi", str(file), *MONTHS, *asking)
    assert shown.exit_code == 0, shown.output
    assert "1 touched" in shown.stdout
    assert "244.00" in shown.stdout
    assert "2020-12" not in shown.stdout
    assert served.head() == head
    found = one_object(run("payroll", "preview", "chibi", str(file), *MONTHS, *asking, "--json"))
    months = {row["period"]: row["difference"] for row in found["rows"]}
    assert months == {"2020-11": "0.00", "2020-12": "0.00", "2021-01": "122.00", "2021-02": "122.00"}
    bound = (found["digest"], str(found["at_position"]))
    assert " ".join(bound) in shown.stdout
    done = one_object(run("scenario", "promote", str(file), *bound, *asking, "--json"))
    assert served.head() == head + 1 == done["position"]
    again = run("scenario", "promote", str(file), *bound, *asking)
    assert (again.exit_code, served.head()) == (0, head + 1)


def test_a_command_that_would_be_refused_is_shown_with_the_way_out(
    run: Run, served: Served, asking: tuple[str, ...], file: Path
) -> None:
    assert run("scenario", "ask", str(file), *asking).exit_code == 0
    file.write_text(BASE + BASE.replace("commands:", ""), encoding="utf-8")
    asked = run("scenario", "ask", str(file), *asking)
    assert asked.exit_code == 1
    assert "already published" in asked.stdout
    refused = run("payroll", "preview", "chibi", str(file), *asking)
    assert (refused.exit_code, "scenario-refused" in refused.stderr) == (1, True)


def test_a_policy_is_named_by_its_file(run: Run, asking: tuple[str, ...], tmp_path: Path) -> None:
    """F66: a draft of next year's rules, which nobody has enacted."""
    text = Path("policies/chibi-2020.yaml").read_text(encoding="utf-8").replace("chibi-2020", "chibi-2021")
    (tmp_path / "next.yaml").write_text(text.replace("0.72", "0.74"), encoding="utf-8")
    command = f"commands: [{{path: /policies, body: {{effective_date: 2021-01-01, {PAPER}, document: next.yaml}}}}]"
    (tmp_path / "scenario.yaml").write_text(command, encoding="utf-8")
    found = one_object(run("payroll", "preview", "chibi", str(tmp_path / "scenario.yaml"), *MONTHS, *asking, "--json"))
    assert found["difference"] == "146.00"


@pytest.mark.parametrize("text", ["", "commands: []", "commands: [{path: /bases}]", "- 1", "a: [", "commands: {a: 1}"])
def test_a_file_that_is_no_list_of_commands_says_what_one_looks_like(run: Run, tmp_path: Path, text: str) -> None:
    (tmp_path / "wrong.yaml").write_text(text, encoding="utf-8")
    refused = run("scenario", "ask", str(tmp_path / "wrong.yaml"), "--token", "t")
    assert refused.exit_code == 1
    assert "wrong.yaml" in refused.stderr
