"""The command on what a worker declared for income tax: it writes the worker's stream."""

from ledger.commands.acting import act
from ledger.desk import Decision, Desk
from ledger.domain import special_deduction


def declare_special_deduction(desk: Desk, command: special_deduction.DeclareSpecialDeduction) -> Decision:
    """Special additional deductions from a month on."""
    return act(desk, command, lambda standing, policies: special_deduction.declare(command))
