"""The part of a policy that says how income tax is withheld from what a worker is paid in a calendar year."""

from typing import Annotated

from shared.policy_document.pay import Rounding
from shared.policy_document.values import Part, Ratio, Yuan, says


class TaxBracket(Part, frozen=True, kw_only=True):
    """税率级距: what of the year's taxable income lies above an amount is taxed at a rate, up to the next bracket."""

    above: Annotated[Yuan, says("the taxable income of the year above which the rate holds, yuan")]
    rate: Annotated[Ratio, says("the rate of what lies above it, up to the next bracket")]


class IncomeTax(Part, frozen=True, kw_only=True):
    """累计预扣法: tax of what was paid in the calendar year so far, less what was withheld in it before.

    Taxable is what was paid of basic, performance and allowance, less the monthly deduction for each month in service,
    the worker's own contributions and the special additional deductions declared. Too much stays withheld in the year.
    """

    monthly_deduction: Annotated[Yuan, says("减除费用: what of each month in service is free of tax, yuan")]
    brackets: Annotated[tuple[TaxBracket, ...], says("from 0 upwards")]
    rounding: Annotated[Rounding, says("where the tax of the year so far is rounded")] = Rounding()
