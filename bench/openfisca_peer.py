"""The rules of the engine bench as an OpenFisca country package: variables by the month, formulas over columns.

OpenFisca knows one value of a variable for a worker and a month. What changes inside a month is therefore given to it
as inputs: the first, second, … stretch of days of the month in one state, each with its days, grade, rating and
certificate. Facts cannot become stretches in it; the loop's own code cuts them, and neither that nor the engine's own
folding counts when the two are compared. Everything from the stretches on is counted and written here: full pay by
grade, the parts of it, the month's one rounding, its split over the stretches, their split among the payers, a
variable each. Second and third stretches are worked out for those who have one only.

Its `int` is int32: what is stored is whole fen below 2³¹. Products are int64 inside the formulas. Parameters are whole
numbers (fen and hundredths), looked up by its own scales and `switch`, since indexing parameters by a column goes
worker by worker in it; a scale gives float64, in which whole hundredths are exact. So sums agree to the fen.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from operator import attrgetter
from typing import Any

import numpy as np
from openfisca_core.commons import switch
from openfisca_core.entities import Entity
from openfisca_core.parameters import ParameterNode
from openfisca_core.periods import DateUnit, Period, period
from openfisca_core.simulations import SimulationBuilder
from openfisca_core.taxbenefitsystems import TaxBenefitSystem
from openfisca_core.variables import Variable

from bench import plain_loop
from bench.plain_loop import Month, Rules
from bench.population import Column, Population
from payroll.engine import PayerLevel

ITEMS = ("basic", "performance", "allowance")
INPUTS = ("days", "grade", "rating", "certificate")
WORKER = Entity("worker", "workers", "A worker", "")
HUNDREDTHS = 100
"""What a ratio of one is."""

Formula = Callable[[Any, Period, Any], Column]


# --- the country package


def country_package(rules: Rules, stretches: int) -> TaxBenefitSystem:
    """The rules, for months of at most so many stretches."""
    system = TaxBenefitSystem([WORKER])
    system.parameters = ParameterNode("", data=_parameters(rules))
    for number in range(1, stretches + 1):
        for name in INPUTS:
            _add(system, f"{name}_{number}", None)
        _add(system, f"full_pay_{number}", full_pay(number))
        for item in ITEMS:
            _add(system, f"{item}_{number}", of_stretch(item, number, stretches))
            for payer in _payers(rules):
                _add(system, _paid_by(item, number, payer), of_payer(item, number, payer))
    for item in ITEMS:
        _add(system, item, of_month(item, stretches))
    return system


def full_pay(number: int) -> Formula:
    """Base × coefficient in fen, half up to the yuan."""

    def formula(worker: Any, month: Period, parameters: Any) -> Column:
        rules = parameters(month)
        coefficient = rules.coefficients.calc(worker(f"grade_{number}", month)).astype(np.int64)
        return 100 * half_up(rules.base * coefficient, 100 * HUNDREDTHS)

    return formula


def of_month(item: str, stretches: int) -> Formula:
    """An item of the month: exact over its days, rounded once."""

    def formula(worker: Any, month: Period, parameters: Any) -> Column:
        exact = worked(item, 1, worker, month, parameters)
        for number in range(2, stretches + 1):
            rows = np.flatnonzero(worker(f"days_{number}", month))
            if len(rows):
                exact[rows] += worked(item, number, worker, month, parameters, rows)
        return half_up(exact, HUNDREDTHS**2 * month.days)

    return formula


def of_stretch(item: str, number: int, stretches: int) -> Formula:
    """A stretch's part of the month's item."""

    def formula(worker: Any, month: Period, parameters: Any) -> Column:
        line = worker(item, month).astype(np.int64)
        rows = np.flatnonzero(worker("days_2", month)) if stretches > 1 else []
        parts = line if number == 1 else np.zeros_like(line)
        if len(rows):
            weights = [worked(item, each, worker, month, parameters, rows) for each in range(1, stretches + 1)]
            parts[rows] = split(line[rows], weights)[number - 1]
        return parts

    return formula


def of_payer(item: str, number: int, payer: PayerLevel) -> Formula:
    """A payer's part of a stretch's part."""

    def formula(worker: Any, month: Period, parameters: Any) -> Column:
        amount = worker(f"{item}_{number}", month)
        weights = parameters(month).weights
        weights = [weights[level] for level in weights]
        if number == 1:
            return split(amount.astype(np.int64), weights)[payer]
        rows = np.flatnonzero(amount)
        parts = np.zeros_like(amount)
        parts[rows] = split(amount[rows].astype(np.int64), weights)[payer]
        return parts

    return formula


def worked(item: str, number: int, worker: Any, month: Period, parameters: Any, rows: Any = slice(None)) -> Column:
    """Days × a full month of an item, in 1/10,000 fen."""
    rules = parameters(month)
    days = worker(f"days_{number}", month)[rows].astype(np.int64)
    if item == "allowance":
        return days * by_code(rules.allowances, worker(f"certificate_{number}", month)[rows]) * HUNDREDTHS**2
    pay = worker(f"full_pay_{number}", month)[rows] * days
    if item == "basic":
        return pay * ((HUNDREDTHS - rules.performance) * HUNDREDTHS)
    return pay * by_code(rules.factors, worker(f"rating_{number}", month)[rows]) * rules.performance


def split(amount: Column, weights: Sequence[Any]) -> list[Column]:
    """Largest remainder, a tie to the part that comes first; weights are numbers or columns."""
    total = np.maximum(sum(weights), 1)
    products = [amount * weight for weight in weights]
    parts = [product // total for product in products]
    remainders = [product - part * total for product, part in zip(products, parts, strict=True)]
    left_over = amount - sum(parts)
    for mine, remainder in enumerate(remainders):
        before = sum(
            (other >= remainder if place < mine else other > remainder).astype(np.int64)
            for place, other in enumerate(remainders)
            if place != mine
        )
        parts[mine] = parts[mine] + (before < left_over)
    return parts


def half_up(numerator: Column, denominator: int) -> Column:
    """Round fractions that are not negative."""
    return (2 * numerator + denominator) // (2 * denominator)


def by_code(node: Any, code: Column) -> Column:
    """Of each worker the parameter under a node that stands at the place of the worker's code."""
    return switch(code, {place: node[name] for place, name in enumerate(node)})


def _parameters(rules: Rules) -> dict[str, Any]:
    always = "1970-01-01"
    bases = {(date(1970, 1, 1) + timedelta(days=day)).isoformat(): fen for day, fen in rules.bases}
    coefficients = [
        {"threshold": {always: grade}, "amount": {always: ratio}} for grade, ratio in sorted(rules.hundredths.items())
    ]
    listed = {"factors": rules.factors, "allowances": rules.allowances, "weights": rules.weights}
    return {
        "base": {"values": bases},
        "performance": {"values": {always: rules.performance}},
        "coefficients": {"brackets": coefficients, "metadata": {"type": "single_amount"}},
        **{
            name: {f"code_{place}": {"values": {always: figure}} for place, figure in enumerate(figures)}
            for name, figures in listed.items()
        },
    }


def _add(system: TaxBenefitSystem, name: str, formula: Formula | None) -> None:
    said = {"value_type": int, "entity": WORKER, "definition_period": DateUnit.MONTH, "label": name}
    system.add_variable(type(name, (Variable,), said if formula is None else {**said, "formula": formula}))


def _payers(rules: Rules) -> list[PayerLevel]:
    return [PayerLevel(level) for level, weight in enumerate(rules.weights) if weight]


def _paid_by(item: str, number: int, payer: PayerLevel) -> str:
    return f"{item}_{number}_{payer.name.lower()}"


# --- the bench's population as its inputs, and its answers


@dataclass(frozen=True)
class MonthAsked:
    """A month, and for each of its stretches the columns over all workers: the inputs, first day and community."""

    period: Period
    number: int
    stretches: tuple[dict[str, Column], ...]


class Peer:
    """A population in stretches, and the package that works out what they are due."""

    def __init__(self, share: Population, months: Sequence[Month]) -> None:
        rules = plain_loop.rules_of(share)
        self.workers = share.workers
        self.months = months
        self.cut = _cut(share, rules, months[-1].end)
        self.payers = _payers(rules)
        self.package = country_package(rules, max(len(month.stretches) for month in self._asked()))

    def total_fen(self) -> int:
        """Everything worked out, and its sum."""
        return sum(int(amount_fen.sum()) for _, _, _, _, amount_fen in self._answers())

    def rows(self) -> Column:
        """Columns worker, month, first day, community, item, payer, amount in fen, of what is not zero."""
        parts = []
        for month, stretch, item, payer, amount_fen in self._answers():
            paid = np.flatnonzero(amount_fen)
            keys = [paid, month.number, stretch["start"][paid], stretch["community"][paid], item, int(payer)]
            parts.append(np.stack(np.broadcast_arrays(*keys, amount_fen[paid])).astype(np.int64))
        return np.concatenate(parts, axis=1)

    def _answers(self) -> Iterator[tuple[MonthAsked, dict[str, Column], int, PayerLevel, Column]]:
        """In a new simulation, per month, stretch, item and payer: what all workers are due."""
        simulation = SimulationBuilder().build_default_simulation(self.package, self.workers)
        for month in self._asked():
            for number, stretch in enumerate(month.stretches, 1):
                for name in INPUTS:
                    simulation.set_input(f"{name}_{number}", month.period, stretch[name])
            for number, stretch in enumerate(month.stretches, 1):
                for item, name in enumerate(ITEMS):
                    for payer in self.payers:
                        amount_fen = simulation.calculate(_paid_by(name, number, payer), month.period)
                        yield month, stretch, item, payer, amount_fen

    def _asked(self) -> Iterator[MonthAsked]:
        for month in self.months:
            yield _asked(month, self.cut, self.workers)


def _cut(share: Population, rules: Rules, end: int) -> dict[str, Column]:
    """Every stretch of everybody, in order, as the loop cuts them."""
    rows = [
        (worker, one.start, one.end, one.state.grade, one.state.rating, one.state.certificate, one.state.community)
        for worker, facts in groupby(plain_loop.facts_of(share), key=attrgetter("worker"))
        for one in plain_loop.stretches_of(list(facts), rules, end)
    ]
    names = ("worker", "start", "end", "grade", "rating", "certificate", "community")
    return dict(zip(names, np.array(rows, dtype=np.int64).T, strict=True))


def _asked(month: Month, cut: dict[str, Column], workers: int) -> MonthAsked:
    inside = np.flatnonzero((cut["start"] < month.end) & (cut["end"] > month.start))
    columns = {name: column[inside] for name, column in cut.items()}
    columns["start"] = np.maximum(columns["start"], month.start)
    columns["days"] = np.minimum(columns["end"], month.end) - columns["start"]
    opens = np.flatnonzero(np.diff(columns["worker"], prepend=-1))
    place = np.arange(len(inside)) - np.repeat(opens, np.diff(opens, append=len(inside)))
    stretches = []
    for number in range(1 + int(place.max())):
        rows = np.flatnonzero(place == number)
        dense = {name: np.zeros(workers, dtype=np.int32) for name in columns}
        for name, column in dense.items():
            column[columns["worker"][rows]] = columns[name][rows]
        stretches.append(dense)
    first = date(1970 + month.number // 12, month.number % 12 + 1, 1)
    return MonthAsked(period(f"{first:%Y-%m}"), month.number, tuple(stretches))
