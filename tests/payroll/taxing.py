"""The tax of comprehensive income as a policy says it, and logs whose runs withhold it."""

from decimal import Decimal
from typing import Any

import msgspec
from tests.payroll.feeding import Log, caller, opened, payroll_over
from tests.payroll.working import policy

from payroll.runs import Payroll
from payroll.settlement import Line
from shared.envelope import Recorded
from shared.events import PayrollOpened, SpecialDeductionDeclared
from shared.policy_document import Base, IncomeTax, Ladder, TaxBracket

PERCENT_ABOVE = ((3, 0), (10, 36_000), (20, 144_000), (25, 300_000), (30, 420_000), (35, 660_000), (45, 960_000))
INCOME_TAX = IncomeTax(
    monthly_deduction=Decimal("5000.00"),
    brackets=tuple(TaxBracket(above=Decimal(above), rate=Decimal(percent) / 100) for percent, above in PERCENT_ABOVE),
)
"""The published table of the comprehensive income (domain.md §5)."""


def paid_monthly(yuan: str, **changes: Any) -> dict[str, Any]:
    """What a document says where a full month in grade 10 is so many yuan, and taxed; no insurance unless changed."""
    return {"ladder": on_base(Base(monthly_amount=Decimal(yuan))), "income_tax": INCOME_TAX, **changes}


def on_base(base: Base) -> Ladder:
    """Chibi's ladder on another base; grade 1 has 0.72 of it, grade 10 the whole, grade 13 1.12."""
    ladder = policy("chibi-2020").ladder
    assert ladder is not None
    return msgspec.structs.replace(ladder, base=base)


def taxed_log(yuan: str = "30000.00", first_month: str = "2021-01", **changes: Any) -> Log:
    """A log with the policy from October 2020 on and payroll from a later month."""
    log = opened(**paid_monthly(yuan, **changes))
    log.write("policy/chibi", "2021-01-01", PayrollOpened(first_month=first_month))
    return log


def declare(log: Log, worker: str, on: str, yuan: str) -> Recorded:
    """Special additional deductions a month."""
    return log.write(f"worker/{worker}", on, SpecialDeductionDeclared(monthly_fen=int(Decimal(yuan) * 100)))


def run(payroll: Payroll, month: str, sequence: int = 1) -> list[Line]:
    """Draft, approve and close; the lines."""
    which, key = ("chibi", month, sequence), f"{month}-{sequence}-{payroll.feed.head()}"
    payroll.draft("chibi", month, caller(f"d-{key}"), sequence=sequence)
    drafted = payroll.run(*which, payroll.projection.position).drafted
    assert drafted is not None
    payroll.approve(*which, drafted.digest, caller(f"a-{key}", "approver"))
    payroll.close(*which, caller(f"c-{key}"))
    return kept(payroll, month, sequence)


def kept(payroll: Payroll, month: str, sequence: int = 1) -> list[Line]:
    """The lines of a closed run."""
    state = payroll.run("chibi", month, sequence, payroll.projection.position)
    assert state.closed_act is not None
    return payroll.projection.closed_lines(state.closed_act.position)


def taxes(lines: list[Line], worker: str = "li") -> list[int]:
    """What is withheld of tax, fen."""
    return [-line.amount_fen for line in lines if line.item == "income_tax" and line.worker_id == worker]


def months_of(log: Log, payroll: Payroll | None = None, count: int = 12, year: int = 2021) -> list[int]:
    """What is withheld from li in the runs of a year, one after the other."""
    payroll = payroll or payroll_over(log)
    return [sum(taxes(run(payroll, f"{year}-{month:02d}"))) for month in range(1, count + 1)]
