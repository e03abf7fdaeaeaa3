"""Compile the policies in force, once per change, into what the columns are folded and looked up by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from payroll.engine.facts import Ints, first_day
from payroll.engine.payers import payers_of
from payroll.engine.policy_versions import BEFORE_ALL_DAYS, EnactedPolicy, PublishedBase, Version, versions_of
from payroll.engine.proration import WorkingDays, most_parts, working_days
from payroll.engine.rates import Rates
from payroll.engine.traits import Traits, traits_of
from payroll.engine.version_rules import trues_up
from payroll.engine.vocabulary import Vocabulary

SCHEME_STRIDE = 1 << 32


@dataclass(frozen=True)
class PolicyTables:
    """The rules over codes: version `v`, community `c`, payer level `l`.

    Asked for are the months `first_month` to `last_month`, which are worked out from `worked_from` on. `version_key`
    is scheme × SCHEME_STRIDE + first day, ascending. `traits` says what pay depends on and how a state of it is one
    number, `payer[v,c,l]` whose identity a level is; `rates` knows what each state that was met is worth.
    """

    vocabulary: Vocabulary
    worked_from: int
    first_month: int
    last_month: int
    versions: tuple[Version, ...]
    version_key: Ints
    version_day: Ints
    traits: Traits
    payer: Ints
    working_days: WorkingDays | None
    rates: Rates


def compile_policies(
    policies: Sequence[EnactedPolicy],
    bases: Sequence[PublishedBase],
    vocabulary: Vocabulary,
    first_month: int,
    last_month: int,
    opened: int | None = None,
) -> PolicyTables:
    """The tables for months `first_month` to `last_month` inclusive (months since 1970-01).

    `opened` is the first month of payroll, before which nothing is ever due; None: none is known.
    """
    versions = versions_of(policies, bases, vocabulary)
    worked_from = _worked_from(versions, first_month, last_month, opened)
    assert first_day(worked_from) > BEFORE_ALL_DAYS
    traits = traits_of(versions, vocabulary)
    working = working_days(versions, first_day(worked_from), first_day(last_month + 1))
    return PolicyTables(
        vocabulary=vocabulary,
        worked_from=worked_from,
        first_month=first_month,
        last_month=last_month,
        versions=versions,
        version_key=np.array([v.scheme * SCHEME_STRIDE + v.first_day for v in versions], dtype=np.int64),
        version_day=np.array([v.first_day for v in versions], dtype=np.int64),
        traits=traits,
        payer=payers_of(versions, vocabulary),
        working_days=working,
        rates=Rates(traits, most_parts(working)),
    )


def _worked_from(versions: Sequence[Version], first_month: int, last_month: int, opened: int | None) -> int:
    """From which month a span is worked out: with a December that is trued up, from the first due month of its year."""
    january = first_month - first_month % 12
    if january + 11 > last_month or not any(map(trues_up, versions)):
        return first_month
    return min(first_month, january if opened is None else max(january, opened))
