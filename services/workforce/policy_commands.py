"""The commands on policy files: what is wrong with one at which line, and what changes from one to another."""

from pathlib import Path
from typing import Annotated

import typer

from workforce.terminal import print_json, refusals, screen, stderr

app = typer.Typer(help="Policy files: check one, compare two.", no_args_is_help=True)

File = Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A policy file, YAML.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


@app.command()
def check(file: File, as_json: AsJson = False) -> None:
    """Say what is wrong with a policy file, each at its line and key. Exit code 1 when something is."""
    import msgspec

    from workforce.policy_files import check_policy, said

    with refusals(as_json):
        checked = check_policy(file)
        if as_json:
            found = {"wrong": checked.wrong, "notes": checked.notes}
            print_json({"file": str(file), "sound": not checked.wrong, **msgspec.to_builtins(found)})
        else:
            for finding in checked.wrong:
                stderr.print(said(file, finding), style="red", soft_wrap=True)
            for finding in checked.notes:
                screen.print(f"note: {said(file, finding)}", soft_wrap=True)
            if not checked.wrong:
                screen.print(f"{file}: sound", soft_wrap=True)
        if checked.wrong:
            raise typer.Exit(1)


@app.command()
def diff(old: File, new: File, as_json: AsJson = False) -> None:
    """Say in words what changes for whom from one policy file to another."""
    from workforce.policy_diff import differences
    from workforce.policy_files import read_document

    with refusals(as_json):
        found = differences(read_document(old), read_document(new))
        if as_json:
            print_json({"old": str(old), "new": str(new), "changes": found})
            return
        for sentence in found or ["nothing changes for anybody"]:
            screen.print(sentence, soft_wrap=True)
