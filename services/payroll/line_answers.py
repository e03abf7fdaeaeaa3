"""How lines are shown, and their sums: gross, deductions, net, and along each axis."""

from collections.abc import Mapping, Sequence

from msgspec import Struct

from payroll.engine import WORKER
from payroll.settlement import ON_TOP, Line, summed
from shared.money import yuan

Sums = dict[str, str]


class Totals(Struct, frozen=True, kw_only=True):
    """Sums of the same lines along each axis; every one adds up to `total`, what they are to the payers.

    `gross` 应发 is what is earned, `deductions` 扣款 what is taken off it for insurance and tax, `net` 实发 what is
    left to be paid, `employer` 单位缴费 what is paid on top: `total` = `net` + `employer`.
    """

    total: str
    gross: str
    deductions: str
    net: str
    employer: str
    by_payer: Sums
    by_street: Sums
    by_community: Sums
    by_post: Sums
    by_item: Sums
    by_service_month: Sums
    by_run_month: Sums


class LineAnswer(Struct, frozen=True, kw_only=True):
    """One line: for which month (`service_month`), in which run (`run_month` and, once it is one, `run_sequence`), of
    whose money, how worked out."""

    number: int
    worker_id: str
    service_month: str
    run_month: str
    run_sequence: int | None
    payable_month: str
    item: str
    post: str
    community_id: str
    street_id: str
    payer: str
    due: str
    paid_before: str
    amount: str
    worked_out: str


def line_answer(line: Line, run_month: str, run_sequence: int | None = None) -> LineAnswer:
    """A line as it is shown."""
    return LineAnswer(
        number=line.number,
        worker_id=line.worker_id,
        service_month=line.service_month,
        run_month=run_month,
        run_sequence=run_sequence,
        payable_month=line.payable_month,
        item=line.item,
        post=line.post,
        community_id=line.community_id,
        street_id=line.street_id,
        payer=line.payer,
        due=yuan(line.due_fen),
        paid_before=yuan(line.paid_fen),
        amount=yuan(line.amount_fen),
        worked_out=line.worked_out,
    )


def totals_of(lines: Sequence[Line], run_month: str) -> Totals:
    """The sums of lines of one run month."""
    deducted_fen = -sum(line.amount_fen for line in lines if line.payer == WORKER)
    employer_fen = sum(line.amount_fen for line in lines if line.item in ON_TOP)
    total_fen = sum(line.amount_fen for line in lines)
    net_fen, total = total_fen - employer_fen, yuan(total_fen)
    return Totals(
        total=total,
        gross=yuan(net_fen + deducted_fen),
        deductions=yuan(deducted_fen),
        net=yuan(net_fen),
        employer=yuan(employer_fen),
        by_payer=yuan_of(summed(lines, "payer")),
        by_street=yuan_of(summed(lines, "street_id")),
        by_community=yuan_of(summed(lines, "community_id")),
        by_post=yuan_of(summed(lines, "post")),
        by_item=yuan_of(summed(lines, "item")),
        by_service_month=yuan_of(summed(lines, "service_month")),
        by_run_month={run_month: total} if lines else {},
    )


def yuan_of(sums: Mapping[str, int]) -> Sums:
    """Sums as they are shown."""
    return {name: yuan(amount_fen) for name, amount_fen in sums.items()}
