"""The command line: start the system, mint a token, and speak HTTP to a running one."""

import secrets
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from shared.principals import Principal, Role, parse_scope
from shared.settings import from_environment
from workforce.operating import app as operating
from workforce.policy_commands import app as policy
from workforce.run_commands import app as payroll
from workforce.scenario_commands import app as scenario
from workforce.scenario_commands import preview
from workforce.terminal import print_json, refusals, screen, stderr
from workforce.upkeep import app as upkeep

# What a command needs beyond its own words is imported when it is run: it takes longer than to say what there is.
if TYPE_CHECKING:
    from workforce.client import Client

DEMO_DATA = Path("var/demo")
app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__)
payroll.command("preview")(preview)
app.add_typer(payroll, name="payroll")
app.add_typer(policy, name="policy")
app.add_typer(scenario, name="scenario")
app.add_typer(operating)
app.add_typer(upkeep)

Data = Annotated[Path, typer.Option(help="The installation's folder.", envvar="WORKFORCE_DATA")]
Url = Annotated[str, typer.Option(help="Where the system runs.", envvar="WORKFORCE_URL")]
Token = Annotated[str, typer.Option(help="A bearer token; see workforce token.", envvar="WORKFORCE_TOKEN")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
Document = Annotated[str, typer.Option(help="The number of the paper the act rests on.")]
Policies = Annotated[Path, typer.Option(help="The folder of the policy files.")]
HERE = "http://127.0.0.1:8000"


@app.command()
def run(
    data: Data = DEMO_DATA, host: str = "127.0.0.1", port: int = 8000, policies: Policies = Path("policies")
) -> None:
    """Serve all three services; the demo's data is built first when its folder is empty."""
    from workforce.demo.telling import is_complete, tell
    from workforce.serving import listening, serve
    from workforce.system import compose

    with refusals(), listening(host, port) as listener:
        if data == DEMO_DATA and not is_complete(data):
            tell(data, policies, lambda line: stderr.print(line, style="dim"))
        system = compose(from_environment(data=data))
        pages = "/ledger/v1/docs /payroll/v1/docs /notifications/v1/docs"
        stderr.print(f"serving on http://{host}:{listener.getsockname()[1]} - pages: {pages}", soft_wrap=True)
        try:
            serve(system, listener)
        finally:
            system.close()


@app.command()
def demo(data: Data = DEMO_DATA, policies: Policies = Path("policies"), as_json: AsJson = False) -> None:
    """Build the story of the reform through the HTTP API, and print its table."""
    from workforce.demo.table import show
    from workforce.demo.telling import tell

    with refusals(as_json):
        found = tell(data, policies, lambda line: stderr.print(line, style="dim"))
        if as_json:
            print_json(found)
        else:
            show(found, screen)


@app.command()
def token(
    role: Role, scope: str, subject: str = "", data: Data = DEMO_DATA, hours: int = 12, as_json: AsJson = False
) -> None:
    """Mint a development token, e.g. `workforce token admin city:chibi`. Refused in production."""
    from workforce.tokens import development_token

    with refusals(as_json):
        settings = from_environment(data=data, make_keys=False)
        principal = Principal(subject or f"{role.value}@{scope.partition(':')[2]}", role, parse_scope(scope))
        minted = development_token(settings, principal, timedelta(hours=hours))
        if as_json:
            print_json({"token": minted, "subject": principal.subject, "role": role.value, "scope": scope})
        else:
            print(minted)


@app.command("import")
def import_rows(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False)],
    token: Token,
    url: Url = HERE,
    kind: Annotated[str, typer.Option(help="What its rows are, e.g. people, assignments, appraisals.")] = "people",
    dry_run: Annotated[bool, typer.Option(help="Only say what each row would meet with.")] = False,
    go_on: Annotated[bool, typer.Option("--continue", help="Take the good rows beside refused ones.")] = False,
    as_json: AsJson = False,
) -> None:
    """Import a sheet, CSV or XLSX: a verdict a row. One refused row keeps all of them out unless --continue."""
    from workforce.import_sheet import send_sheet

    with refusals(as_json):
        *verdicts, summary = send_sheet(_client(url, token), file, kind, planning=dry_run, go_on=go_on)
        if as_json:
            print_json({"rows": verdicts, "summary": summary})
        else:
            _print_verdicts(verdicts, summary)
        if summary["refused"] or summary.get("code"):
            raise typer.Exit(1)


@app.command()
def history(worker_id: str, token: Token, url: Url = HERE, as_json: AsJson = False) -> None:
    """Every event of a worker, in the order in which it was written."""
    with refusals(as_json):
        found = _client(url, token).read(f"/ledger/v1/workers/{worker_id}/history")
        if as_json:
            print_json(found)
            return
        table = Table("position", "effective", "recorded", "event", "by", "document")
        for event in found["events"]:
            table.add_row(
                str(event["position"]),
                event["effective_date"],
                event["recorded_at"][:19],
                event["type"],
                event["actor"],
                event["basis"]["document"],
            )
        screen.print(table)


@app.command()
def replay(token: Token, url: Url = HERE, as_json: AsJson = False) -> None:
    """Rebuild every projection from the log and compare digests; nothing is sent."""
    from workforce.replay import replay as replay_all

    with refusals(as_json):
        found = replay_all(_client(url, token))
        if as_json:
            print_json(found)
        else:
            table = Table("projection", "position", "live", "rebuilt", "equal")
            for name, one in found["projections"].items():
                equal = "yes" if one["equal"] else "NO"
                table.add_row(name, str(one["position"]), one["live_digest"][:16], one["rebuilt_digest"][:16], equal)
            screen.print(f"log {found['log']}")
            screen.print(table)
        if not found["equal"]:
            raise typer.Exit(1)


def _client(url: str, token: str) -> "Client":
    from workforce.client import Client

    return Client(url, dict.fromkeys(Role, token), key_prefix=secrets.token_hex(8))


def _print_verdicts(verdicts: list[dict[str, Any]], summary: dict[str, Any]) -> None:
    table = Table("row", "outcome", "worker or column", "why", "what to do")
    for one in verdicts:
        about = one.get("worker_id") or one.get("column", "")
        table.add_row(str(one["row"]), one["outcome"], about, one.get("detail", ""), one.get("remedy", ""))
    screen.print(table)
    counted = ("rows", "accepted", "already_there", "refused", "held_back")
    screen.print(" ".join(f"{name} {summary[name]}" for name in counted), summary.get("detail", ""))
