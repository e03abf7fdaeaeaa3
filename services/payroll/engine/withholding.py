"""What a run withholds of income tax (rule 20): the payment year of each worker whom the run pays, in columns."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, fields

import numpy as np

from payroll.engine.differences import Differences
from payroll.engine.facts import FactKind, Facts, Flags, Ints, first_day, in_order
from payroll.engine.folding import Folded
from payroll.engine.income_tax import YearSoFar, brackets_of, to_withhold_fen
from payroll.engine.lines import Due, Entries
from payroll.engine.policy_tables import SCHEME_STRIDE, PolicyTables
from payroll.engine.policy_versions import Version
from payroll.engine.vocabulary import EARNED_ITEMS, OWN_ITEMS, WORKER, Item
from shared.events import OUTSIDE
from shared.money import fen

MONTHS_OF_YEAR = 12
_DAY_BITS = 32
_KEYS = tuple(field.name for field in fields(Entries))[:-1]
_OWN = tuple(map(int, OWN_ITEMS.values()))


@dataclass(frozen=True)
class PaidInYear:
    """What closed runs paid in the calendar year of the run, and in the run of which month; equal-length columns."""

    entries: Entries
    run_month: Ints


@dataclass(frozen=True)
class Withheld:
    """What the run withholds from one worker: by which rules, on which year so far, of which `run_fen` is this run's.

    `last_month` is the latest that is counted; `post` and `community` are those where the worker served last.
    """

    worker: int
    version: Version
    year: YearSoFar
    run_fen: int
    last_month: int
    amount_fen: int
    post: int
    community: int


@dataclass(frozen=True)
class _Sums:
    """Per worker: fen that this run pays (`run_net`: less own insurance), the year with it, the last month counted."""

    run: Ints
    run_net: Ints
    paid: Ints
    insurance: Ints
    withheld: Ints
    last_month: Ints


def taxed(tables: PolicyTables) -> bool:
    """Whether any rule says that tax is withheld."""
    return any(version.document is not None and version.document.income_tax is not None for version in tables.versions)


def withholdings(facts: Facts, due: Due, run: Differences, before: PaidInYear, month: int) -> list[Withheld]:
    """From whom the run of the month withholds tax, by worker: never more than it pays them, and nothing below zero."""
    tables = due.tables
    if not len(facts):
        return []
    sums = _summed(len(tables.vocabulary.workers), run, before, month)
    workers = np.flatnonzero((sums.run_net > 0) & (sums.paid > 0))
    served, special, scheme = _year_of(facts, workers, tables, month)
    counted = served & (np.arange(MONTHS_OF_YEAR) <= (sums.last_month[workers] % MONTHS_OF_YEAR)[:, None])
    version = _in_force(scheme, tables, first_day(month + 1) - 1)
    years = (sums.paid, sums.insurance, sums.withheld, sums.run, sums.run_net, sums.last_month, _last_rows(due))
    columns = (counted.sum(axis=1), (special * counted).sum(axis=1), *(column[workers] for column in years))
    found = []
    for worker, version, *rest in zip(workers, _in_force(scheme, tables, month), *columns, strict=True):
        months, deducted, paid, insurance, withheld, own, most, last, row = map(int, rest)
        year = YearSoFar(months, paid, insurance, deducted, withheld)
        amount = min(_to_withhold(year, tables.versions[version]), most)
        if amount and row >= 0:
            post = int(tables.rates.post[due.segments.rate[row]])
            community = int(due.segments.community[row])
            found.append(Withheld(int(worker), tables.versions[version], year, own, last, amount, post, community))
    return found


def _to_withhold(year: YearSoFar, version: Version) -> int:
    """By the rules of a version; nothing where they say nothing of tax."""
    tax = version.document.income_tax if version.document else None
    if tax is None:
        return 0
    return to_withhold_fen(year, fen(tax.monthly_deduction), brackets_of(tax), tax.rounding)


def with_tax(run: Differences, found: list[Withheld], due: Due, before: PaidInYear, month: int) -> Differences:
    """The run's rows with a line of tax for each; what runs of the month withheld before stands in due and paid."""
    if not found:
        return run
    payer = due.tables.vocabulary.payer_codes[WORKER]
    of_month = (before.entries.item == Item.INCOME_TAX) & (before.entries.service_month == month)
    taxes = before.entries.take(np.flatnonzero(of_month))
    earlier: Counter[tuple[int, ...]] = Counter()
    for *of, amount in zip(*(getattr(taxes, name).tolist() for name in (*_KEYS, "amount_fen")), strict=True):
        earlier[tuple(of)] += amount
    rows = []
    for one in found:
        key = (one.worker, month, month, int(Item.INCOME_TAX), one.post, one.community, payer)
        paid = earlier[key]
        rows.append((*key, paid - one.amount_fen, paid))
    columns = np.array(rows, dtype=np.int64).T
    names = [field.name for field in fields(Differences)]
    joined = [np.concatenate([getattr(run, name), column]) for name, column in zip(names, columns, strict=True)]
    order = np.lexsort(joined[len(_KEYS) - 1 :: -1])
    return Differences(*(column[order] for column in joined))


def _summed(workers: int, run: Differences, before: PaidInYear, month: int) -> _Sums:
    paid = before.entries
    earned, own = np.isin(paid.item, EARNED_ITEMS), np.isin(paid.item, _OWN)
    now, own_now = np.isin(run.item, EARNED_ITEMS), np.isin(run.item, _OWN)
    tax = paid.item == Item.INCOME_TAX
    this_run = _added(workers, run.worker[now], run.amount_fen[now])
    own_run = _added(workers, run.worker[own_now], run.amount_fen[own_now])
    last: Ints = np.full(workers, month)
    np.maximum.at(last, paid.worker, before.run_month)
    return _Sums(
        run=this_run,
        run_net=this_run + own_run,
        paid=this_run + _added(workers, paid.worker[earned], paid.amount_fen[earned]),
        insurance=-own_run - _added(workers, paid.worker[own], paid.amount_fen[own]),
        withheld=-_added(workers, paid.worker[tax], paid.amount_fen[tax]),
        last_month=last,
    )


def _added(size: int, worker: Ints, amount_fen: Ints) -> Ints:
    sums: Ints = np.zeros(size, dtype=np.int64)
    np.add.at(sums, worker, amount_fen)
    return sums


def _year_of(facts: Facts, workers: Ints, tables: PolicyTables, month: int) -> tuple[Flags, Ints, Ints]:
    """Of each of the workers, by month of the year: in service on any day, the deduction declared; and the scheme.

    Service before the first month of payroll, and in a seat that is paid elsewhere, is no month of ours.
    """
    january = month - month % MONTHS_OF_YEAR
    row_of = np.full(len(tables.vocabulary.workers), -1)
    row_of[workers] = np.arange(len(workers))
    facts = in_order(facts.take(np.flatnonzero(row_of[facts.worker] >= 0)))
    served = np.zeros((len(workers), MONTHS_OF_YEAR), dtype=np.bool_)
    special = np.zeros((len(workers), MONTHS_OF_YEAR), dtype=np.int64)
    scheme: Ints = np.full(len(workers), -1)
    if not len(facts):
        return served, special, scheme
    folded = Folded(facts, facts.kind.astype(np.int64))
    key = (facts.worker << _DAY_BITS) + facts.day
    held = np.flatnonzero(np.append(key[1:] != key[:-1], True))
    last = np.append(facts.worker[held][1:] != facts.worker[held][:-1], True)
    begins = facts.day[held].astype(np.int64)
    ends = np.where(last, first_day(january + MONTHS_OF_YEAR), np.append(begins[1:], 0))
    ours = folded.latest(FactKind.SCHEME, held) != tables.vocabulary.scheme_codes.get(OUTSIDE, -1)
    ours &= folded.latest(FactKind.IN_SERVICE, held) == 1
    for number in range(MONTHS_OF_YEAR):
        start, end = first_day(january + number), first_day(january + number + 1)
        if january + number >= tables.first_month:
            served[row_of[facts.worker[held[ours & (begins < end) & (ends > start)]]], number] = True
        at = np.searchsorted(key, (workers << _DAY_BITS) + end) - 1
        known = (at >= 0) & (facts.worker[at] == workers)
        special[known, number] = folded.latest(FactKind.SPECIAL_DEDUCTION, at[known])
        if january + number == month:
            scheme[known] = folded.latest(FactKind.SCHEME, at[known])
    return served, special, scheme


def _in_force(scheme: Ints, tables: PolicyTables, month: int) -> Ints:
    """The version of each scheme's rules at the end of a month."""
    end = first_day(month + 1) - 1
    return np.maximum(np.searchsorted(tables.version_key, scheme * SCHEME_STRIDE + end, side="right") - 1, 0)


def _last_rows(due: Due) -> Ints:
    """Each worker's last segment; -1 of somebody who has none."""
    found: Ints = np.full(len(due.tables.vocabulary.workers), -1)
    order = np.argsort(due.segments.start, kind="stable")
    found[due.segments.worker[order]] = order
    return found
