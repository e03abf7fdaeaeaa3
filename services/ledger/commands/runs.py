"""Commands on payroll runs: payroll computes, the ledger decides and writes the acts."""

from ledger.desk import Decision, Desk, Opened
from ledger.domain import run as rules
from ledger.domain.run import ApproveRun, CloseRun, DraftRun, Run, RunCommand, month_before, stream_of


def draft_run(desk: Desk, command: DraftRun) -> Decision:
    """A draft, as often as liked."""
    run = _run(desk, command)
    first_month = desk.policies(command.jurisdiction).state.first_month
    return Decision(run.stream, [run.with_(rules.draft(run.state, command, first_month))])


def approve_run(desk: Desk, command: ApproveRun) -> Decision:
    """The second person."""
    run = _run(desk, command)
    return Decision(run.stream, [run.with_(rules.approve(run.state, command, desk.principal.subject))])


def close_run(desk: Desk, command: CloseRun) -> Decision:
    """Closed once, in order."""
    run = _run(desk, command)
    first_month = desk.policies(command.jurisdiction).state.first_month
    before = desk.open(Run, f"run/{command.jurisdiction}/{month_before(command.month)}/1")
    return Decision(run.stream, [run.with_(rules.close(run.state, command, first_month, before.state))])


def _run(desk: Desk, command: RunCommand) -> Opened[Run]:
    desk.city(command.jurisdiction)
    return desk.open(Run, stream_of(command))
