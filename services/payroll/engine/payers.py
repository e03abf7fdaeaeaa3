"""Who pays: the part of each level by a funding rule, and whose identity that is for a seat in a community."""

from collections.abc import Sequence
from fractions import Fraction

import numpy as np

from payroll.engine.facts import Ints
from payroll.engine.policy_versions import Version
from payroll.engine.vocabulary import PayerLevel, Vocabulary
from shared.policy_document import FundingRule, Level

_LEVELS = {level: PayerLevel[level.name] for level in Level}


def payer_ratios(rule: FundingRule | None) -> list[Fraction]:
    """The part of each payer level; what no rule names is suspense 挂账."""
    ratios = [Fraction(0)] * len(PayerLevel)
    for level, ratio in (rule.shares if rule else {}).items():
        ratios[_LEVELS[level]] += Fraction(ratio)
    rest = 1 - sum(ratios, Fraction(0))
    remainder = rule.remainder if rule else None
    if remainder is None:
        ratios[PayerLevel.SUSPENSE] += rest
    for level, ratio in (remainder or {}).items():
        ratios[_LEVELS[level]] += rest * Fraction(ratio)
    return ratios


def payers_of(versions: Sequence[Version], vocabulary: Vocabulary) -> Ints:
    """The payer's code by version, community and level: a street lies in the district that the rules in force say."""
    found = np.zeros((len(versions), len(vocabulary.communities), len(PayerLevel)), dtype=np.int64)
    for row, version in zip(found, versions, strict=True):
        for code, community in enumerate(vocabulary.communities):
            district = version.district_of(vocabulary.street_of.get(community))
            row[code] = [vocabulary.payer(level, community, district) for level in PayerLevel]
    return found
