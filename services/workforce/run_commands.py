"""The commands on payroll runs: drafted, approved, closed, handed over to finance; and what is in the way."""

import secrets
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from shared.calendar_day import calendar_day, utc_now
from shared.principals import Role
from workforce.terminal import print_fields, print_json, refusals, screen

if TYPE_CHECKING:
    from workforce.client import Client

app = typer.Typer(no_args_is_help=True, help="Draft, approve, close, hand over and show a month.")

Url = Annotated[str, typer.Option(help="Where the system runs.", envvar="WORKFORCE_URL")]
Token = Annotated[str, typer.Option(help="A bearer token; see workforce token.", envvar="WORKFORCE_TOKEN")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
Document = Annotated[str, typer.Option(help="The number of the paper the act rests on.")]
Sequence = Annotated[int, typer.Option(help="1, or that of a supplementary run.")]
HERE = "http://127.0.0.1:8000"


@app.command()
def draft(
    jurisdiction: str,
    month: str,
    token: Token,
    document: Document,
    sequence: Sequence = 1,
    url: Url = HERE,
    as_json: AsJson = False,
) -> None:
    """Compute a month and write the draft down."""
    body = {"jurisdiction": jurisdiction, "month": month, "sequence": sequence}
    _act(url, token, "/payroll/v1/runs", body | _today(document), as_json, None)


@app.command()
def approve(
    jurisdiction: str,
    month: str,
    digest: str,
    token: Token,
    document: Document,
    sequence: Sequence = 1,
    url: Url = HERE,
    as_json: AsJson = False,
) -> None:
    """Approve the draft with the digest that was shown."""
    run = f"{jurisdiction}/{month}/{sequence}"
    _act(url, token, f"/payroll/v1/runs/{run}/approval", {"digest": digest, **_today(document)}, as_json, run)


@app.command()
def close(
    jurisdiction: str,
    month: str,
    token: Token,
    document: Document,
    sequence: Sequence = 1,
    url: Url = HERE,
    as_json: AsJson = False,
) -> None:
    """Close the approved draft."""
    run = f"{jurisdiction}/{month}/{sequence}"
    _act(url, token, f"/payroll/v1/runs/{run}/closure", _today(document), as_json, run)


@app.command("hand-over")
def hand_over(
    jurisdiction: str,
    month: str,
    token: Token,
    document: Document,
    sequence: Sequence = 1,
    url: Url = HERE,
    as_json: AsJson = False,
) -> None:
    """Hand the closed run over to finance, as numbered vouchers."""
    run = f"{jurisdiction}/{month}/{sequence}"
    _act(url, token, f"/payroll/v1/runs/{run}/hand-over", _today(document), as_json, run)


@app.command()
def export(
    jurisdiction: str,
    month: str,
    file: Annotated[Path, typer.Argument(help="Where to write it; .json, .csv, .xlsx or .parquet.")],
    token: Token,
    sequence: Sequence = 1,
    url: Url = HERE,
) -> None:
    """Write the batch of a run that is handed over into a file."""
    with refusals():
        path = f"/payroll/v1/runs/{jurisdiction}/{month}/{sequence}/hand-over"
        content = _client(url, token).content(path, format=file.suffix.removeprefix("."))
        file.write_bytes(content)
        screen.print(f"{file}: {len(content)} bytes", soft_wrap=True)


@app.command()
def readiness(
    jurisdiction: str,
    month: str,
    token: Token,
    sequence: Sequence = 1,
    url: Url = HERE,
    as_json: AsJson = False,
) -> None:
    """List what is in the way of closing a month. Exit code 1 when something is."""
    with refusals(as_json):
        found = _client(url, token).read(f"/payroll/v1/runs/{jurisdiction}/{month}/{sequence}/readiness")
        if as_json:
            print_json(found)
        else:
            table = Table("blocks", "what", "why", "about")
            for one in found["blockers"]:
                about = " ".join(one["about"].values())
                table.add_row("yes" if one["blocks"] else "no", one["kind"], one["detail"], about)
            screen.print(table)
        if not found["ready"]:
            raise typer.Exit(1)


@app.command()
def show(
    jurisdiction: str,
    month: str,
    token: Token,
    sequence: Sequence = 1,
    url: Url = HERE,
    as_json: AsJson = False,
) -> None:
    """A run: where it stands and its totals."""
    with refusals(as_json):
        print_fields(_client(url, token).read(f"/payroll/v1/runs/{jurisdiction}/{month}/{sequence}"), as_json)


def _act(url: str, token: str, path: str, body: dict[str, Any], as_json: bool, run: str | None) -> None:
    """An act on a run, whatever its version is: who approves names the digest that was shown."""
    subject = None if run is None else f"run/{run}"
    with refusals(as_json):
        print_fields(_client(url, token).command(path, body, subject=subject), as_json)


def _today(document: str) -> dict[str, Any]:
    from workforce.client import basis

    today = calendar_day(utc_now())
    return {"effective_date": today.isoformat(), "basis": basis(document, today)}


def _client(url: str, token: str) -> "Client":
    from workforce.client import Client

    return Client(url, dict.fromkeys(Role, token), key_prefix=secrets.token_hex(8))
