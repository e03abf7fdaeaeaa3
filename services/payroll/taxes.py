"""The tree of a line of income tax: paid in the year, less what is free of tax, at the rate of its bracket, less what
was withheld before."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from fractions import Fraction

from payroll.engine import EARNED_ITEMS, OWN_ITEMS, FactKind, Withheld, first_day, month_name
from payroll.engine.income_tax import bracket_of, brackets_of, quick_fen, tax_fen
from payroll.evidence import Evidence
from payroll.known import TAX, Known, Paid
from payroll.monthly import Monthly
from payroll.tracing import Cause, LineOf, Node, What, multiplied, summed, summed_to
from payroll.wording import exact_yuan, percent, sentence
from shared.money import fen
from shared.policy_document import IncomeTax

_EARNED = frozenset(item.name.lower() for item in EARNED_ITEMS)
_OWN = frozenset(item.name.lower() for item in OWN_ITEMS.values())


class Taxes:
    """The trees of the taxes that a run withholds; without `evidence` they have no facts, clauses or lines."""

    def __init__(
        self, known: Known, month: str, withheld: Sequence[Withheld], evidence: Evidence | None = None
    ) -> None:
        self._evidence = evidence
        self._of = {known.names.workers[one.worker]: one for one in withheld}
        self._paid: dict[str, list[Paid]] = defaultdict(list)
        for line in known.paid if withheld else ():
            if line.month[:4] == month[:4] and line.worker_id in self._of:
                self._paid[line.worker_id].append(line)

    def words(self, worker_id: str) -> str:
        """The sentence of the worker's tree."""
        return sentence(self.tree(worker_id))

    def tree(self, worker_id: str) -> Node:
        """Tax of the year so far, which is negative here, and what was withheld of it before."""
        one = self._of[worker_id]
        assert one.version.document is not None
        assert one.version.document.income_tax is not None
        of_year = self._of_year(worker_id, one, one.version.document.income_tax)
        before = self._before(worker_id, {TAX}, one.year.withheld_fen, "withheld before")
        rest = -one.amount_fen - of_year.value - sum((part.value for part in before), Fraction(0))
        most = (Node(what=What.SETTLING, value=rest, says="no more than is paid now"),) if rest else ()
        return summed(What.LINE, (of_year, *before, *most))

    def _of_year(self, worker_id: str, one: Withheld, tax: IncomeTax) -> Node:
        """At the rate of the bracket that the year lies in, less what this rate would tax too much of lower ones."""
        monthly, brackets = Monthly(one.version, self._evidence), brackets_of(tax)
        income = self._income(worker_id, one, tax)
        number = bracket_of(int(income.value), brackets)
        rate, quick = brackets[number].rate, quick_fen(number, brackets)
        place = f"income_tax/brackets/{number}/rate"
        parts = [
            multiplied(
                What.EXACT, (income, monthly.leaf(What.RATIO, -rate, percent(rate), place, tax.brackets[number].rate))
            )
        ]
        if quick:
            says = f"less {exact_yuan(quick)}"
            parts.append(monthly.leaf(What.FIGURE, quick, says, "income_tax/brackets", "quick deduction"))
        value = Fraction(-tax_fen(int(income.value), brackets, tax.rounding))
        rounding = monthly.rounding("income_tax/rounding", tax.rounding)
        return summed_to(What.TAX, tuple(parts), value, rounding, month_name(one.last_month)[:4])

    def _income(self, worker_id: str, one: Withheld, tax: IncomeTax) -> Node:
        """What is taxable of the year so far."""
        year, standard = one.year, Fraction(fen(tax.monthly_deduction))
        monthly = Monthly(one.version, self._evidence)
        free = monthly.leaf(
            What.FIGURE,
            -standard,
            exact_yuan(standard),
            "income_tax/monthly_deduction",
            tax.monthly_deduction,
        )
        months = Node(
            what=What.RATIO,
            value=Fraction(year.months),
            says=f"{year.months} month{'s' if year.months != 1 else ''}",
            facts=self._facts(worker_id, FactKind.IN_SERVICE, one.last_month),
        )
        paid = self._whole(worker_id, _EARNED, year.paid_fen, f"paid in {month_name(one.last_month)[:4]}")
        parts = [paid, multiplied(What.FIGURE, (months, free), f"{months.says} × {free.says}")]
        if year.insurance_fen:
            parts.append(self._whole(worker_id, _OWN, -year.insurance_fen, "own insurance"))
        if year.special_fen:
            facts = self._facts(worker_id, FactKind.SPECIAL_DEDUCTION, one.last_month)
            says, value = f"{exact_yuan(Fraction(year.special_fen))} special deductions", Fraction(-year.special_fen)
            parts.append(Node(what=What.FIGURE, value=value, says=says, facts=facts))
        return summed(What.INCOME, tuple(parts))

    def _whole(self, worker_id: str, items: Iterable[str], total_fen: int, says: str) -> Node:
        """What runs of the year paid of some items, line by line, and this one."""
        before_fen = sum(line.amount_fen for line in self._paid[worker_id] if line.item in items)
        before = self._before(worker_id, items, before_fen, "paid before", sign=1)
        now = (Node(what=What.PAID, value=Fraction(total_fen - before_fen), says="in this run"),)
        return summed(What.INCOME, (*before, *now), f"{exact_yuan(Fraction(abs(total_fen)))} {says}")

    def _before(
        self, worker_id: str, items: Iterable[str], amount_fen: int, says: str, sign: int = -1
    ) -> tuple[Node, ...]:
        """Lines of the year that runs paid before; without evidence as one sum."""
        if self._evidence is None:
            return (Node(what=What.PAID, value=Fraction(amount_fen), says=says),) if amount_fen else ()
        return tuple(
            Node(
                what=What.PAID,
                value=Fraction(sign * line.amount_fen),
                says=f"{line.item} of {line.service_month}, {says}",
                line=LineOf(month=line.month, sequence=line.sequence, number=line.number),
            )
            for line in self._paid[worker_id]
            if line.item in items
        )

    def _facts(self, worker_id: str, kind: FactKind, month: int) -> tuple[Cause, ...]:
        return self._evidence.said(worker_id, kind, first_day(month + 1)) if self._evidence else ()
