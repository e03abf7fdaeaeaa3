"""Special additional deductions 专项附加扣除: what somebody declared to be free of income tax, a month (rule 20)."""

from ledger.domain.command import WorkerCommand
from ledger.domain.policy import YuanText
from shared.events import SpecialDeductionDeclared
from shared.money import fen

# --- command


class DeclareSpecialDeduction(WorkerCommand, frozen=True, kw_only=True):
    """All that the worker deducts, yuan a month, for the whole month of the effective date and those after it.

    Declared again, the later amount holds from its month on; 0 ends it. A year's confirmation repeats the amount.
    """

    monthly: YuanText


# --- decision


def declare(command: DeclareSpecialDeduction) -> SpecialDeductionDeclared:
    """The deduction as declared."""
    return SpecialDeductionDeclared(monthly_fen=fen(command.monthly))
