"""The commands of what-if: what unsent acts would change in what is due, what they would write, and send them all."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from workforce.terminal import print_fields, print_json, refusals, screen

if TYPE_CHECKING:
    from workforce.client import Client

app = typer.Typer(help="What-if: say what a file of commands would write, and send it whole.", no_args_is_help=True)

File = Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="Commands, YAML or JSON.")]
Url = Annotated[str, typer.Option(help="Where the system runs.", envvar="WORKFORCE_URL")]
Token = Annotated[str, typer.Option(help="A bearer token; see workforce token.", envvar="WORKFORCE_TOKEN")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
By = Annotated[str, typer.Option(help="A row for each payer, street, community, or the city.")]
Per = Annotated[str, typer.Option(help="A row for each month or year.")]
HERE = "http://127.0.0.1:8000"


def preview(
    jurisdiction: str,
    file: File,
    token: Token,
    first_month: str = "",
    last_month: str = "",
    by: By = "payer",
    per: Per = "month",
    workers: Annotated[int, typer.Option(help="So many of those touched.")] = 20,
    url: Url = HERE,
    as_json: AsJson = False,
) -> None:
    """What a file of unsent commands would change: who is touched, and how much by payer and month."""
    from workforce.scenario_files import read_scenario

    with refusals(as_json):
        asked = {"by": by, "per": per, "rows": 1000, "workers": workers}
        months = {"first_month": first_month or None, "last_month": last_month or None}
        body = {"jurisdiction": jurisdiction, "commands": read_scenario(file), **asked, **months}
        found = _client(url, token).command("/payroll/v1/scenarios", body)
        if as_json:
            print_json(found)
        else:
            _show(found)


@app.command()
def ask(file: File, token: Token, url: Url = HERE, as_json: AsJson = False) -> None:
    """Say of each command what it would write, or why it would be refused. Exit code 1 when one would be."""
    from workforce.scenario_files import read_scenario

    with refusals(as_json):
        found = _client(url, token).command("/ledger/v1/scenarios", {"commands": read_scenario(file)})
        if as_json:
            print_json(found)
        else:
            table = Table("command", "path", "outcome", "events", "why", "what to do")
            for one in found["verdicts"]:
                events = sum(event["command"] == one["command"] for event in found["events"])
                said = (one.get("detail", ""), one.get("remedy", ""))
                table.add_row(str(one["command"]), one["path"], one["outcome"], str(events), *said)
            screen.print(table)
            _print_digest(found)
        if not found["fit"]:
            raise typer.Exit(1)


@app.command()
def promote(file: File, digest: str, at_position: int, token: Token, url: Url = HERE, as_json: AsJson = False) -> None:
    """Send all commands of a file as they were drafted, or none: with the digest and the position that were shown."""
    from workforce.scenario_files import read_scenario

    with refusals(as_json):
        body = {"commands": read_scenario(file), "digest": digest, "at_position": at_position}
        print_fields(_client(url, token).command("/ledger/v1/promotions", body), as_json)


def _show(found: dict[str, Any]) -> None:
    table = Table("name", "period", "baseline", "scenario", "difference", title=f"{found['touched']} touched")
    changed = [row for row in found["rows"] if row["baseline"] != row["scenario"]]
    for row in changed:
        table.add_row(*(row[name] for name in ("name", "period", "baseline", "scenario", "difference")))
    table.add_row("all", f"{found['first_month']}…{found['last_month']}", *_sums(found))
    screen.print(table)
    years = Table("payer", "year", "budget", "forecast", "with the acts", "left", title="to the year's end")
    for one in found["years"]:
        has = (one["budget"] or "none set", one["baseline"], one["scenario"], one["left"] or "")
        years.add_row(one["payer"], one["year"], *has)
    screen.print(years)
    people = Table("worker", "baseline", "scenario", "difference")
    for one in found["workers"]:
        people.add_row(one["worker_id"], *_sums(one))
    screen.print(people)
    for note in found["notes"]:
        screen.print(f"note: {note}", soft_wrap=True)
    _print_digest(found)


def _sums(row: dict[str, Any]) -> tuple[str, str, str]:
    return row["baseline"], row["scenario"], row["difference"]


def _print_digest(found: dict[str, Any]) -> None:
    screen.print(f"to send it as it is: workforce scenario promote FILE {found['digest']} {found['at_position']}")


def _client(url: str, token: str) -> "Client":
    import secrets

    from shared.principals import Role
    from workforce.client import Client

    return Client(url, dict.fromkeys(Role, token), key_prefix=secrets.token_hex(8))
