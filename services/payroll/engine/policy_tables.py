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
from payroll.engine.vocabulary import Vocabulary

SCHEME_STRIDE = 1 << 32


@dataclass(frozen=True)
class PolicyTables:
    """The rules over codes: version `v`, community `c`, payer level `l`.

    `version_key` is scheme × SCHEME_STRIDE + first day, ascending. `traits` says what pay depends on and how a state of
    it is one number, `payer[v,c,l]` whose identity a level is; `rates` knows what each state that was met is worth.
    """

    vocabulary: Vocabulary
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
) -> PolicyTables:
    """The tables for months `first_month` to `last_month` inclusive (months since 1970-01)."""
    assert first_day(first_month) > BEFORE_ALL_DAYS
    versions = versions_of(policies, bases, vocabulary)
    traits = traits_of(versions, vocabulary)
    working = working_days(versions, first_day(first_month), first_day(last_month + 1))
    return PolicyTables(
        vocabulary=vocabulary,
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
