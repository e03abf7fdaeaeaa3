"""Commands on the yearly appraisal."""

from ledger.commands.acting import act
from ledger.desk import Decision, Desk
from ledger.domain import appraisal


def appraise_worker(desk: Desk, command: appraisal.AppraiseWorker) -> Decision:
    """The appraisal of a year."""
    return act(desk, command, lambda standing, policies: appraisal.appraise(command))
