"""What a version of the rules says of every line, as columns: rounding points, proration, payers, payable months."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from payroll.engine.facts import Flags, Ints
from payroll.engine.payers import payer_ratios
from payroll.engine.policy_versions import Version
from payroll.engine.vocabulary import EARNED_ITEMS, POSTS, Item, Vocabulary
from shared.money import common_weights
from shared.policy_document import (
    FundingRule,
    Mode,
    PayItem,
    Performance,
    PolicyDocument,
    Proration,
    Rhythm,
    Rounding,
    TrueUp,
    Unit,
)

MODE_CODES = {Mode.HALF_UP: 0, Mode.DOWN: 1, Mode.UP: 2}
PRORATIONS = tuple(Proration)
FEN_OF_UNIT = {Unit.FEN: 1, Unit.YUAN: 100}
MONTHS_OF_PERIOD = {Rhythm.MONTHLY: 1, Rhythm.HALF_YEARLY: 6, Rhythm.YEARLY: 12}
ITEMS = {Item.BASIC: PayItem.BASIC, Item.PERFORMANCE: PayItem.PERFORMANCE, Item.ALLOWANCE: PayItem.ALLOWANCE}
_INT64 = 1 << 63


@dataclass(frozen=True)
class VersionRules:
    """Axes: v version, p post, d district with rules of its own (0: none), i item, l payer level, k month (0: January).

    `unit[v]` (fen) and `mode[v]` round a month's line, `total_unit[v]` (0: never) and `total_mode[v]` a person's whole
    month; `share_unit[v]` is what payers' shares are cut to, `true_up[v]` whether a year that ends is trued up.
    `proration[v]` is a place in PRORATIONS. `delay[v,d,k]` is after how many months the performance part of the month
    is payable, `apart[v,d]` whether that is ever another month.
    `weights[v,p,d,i,l]` are whole numbers; `funded[v,p,d]`: a rule names the post.
    """

    unit: Ints
    mode: Ints
    total_unit: Ints
    total_mode: Ints
    share_unit: Ints
    true_up: Flags
    proration: Ints
    delay: Ints
    apart: Flags
    weights: Ints
    most_weight: int
    funded: Flags


def version_rules(versions: Sequence[Version], vocabulary: Vocabulary) -> VersionRules:
    """The rules of these versions."""
    documents = [version.document for version in versions]
    lines = [document.line_rounding if document else Rounding() for document in documents]
    totals = [document.total_rounding if document else None for document in documents]
    places = [_places(document, vocabulary) for document in documents]
    delays = [
        [_delays(version.performance_in(place)) for place in there]
        for version, there in zip(versions, places, strict=True)
    ]
    delay = np.array(delays, dtype=np.int64)
    rules = [
        [[_funding(version, post, place) for place in there] for post in POSTS]
        for version, there in zip(versions, places, strict=True)
    ]
    weights = [
        [[[common_weights(payer_ratios(one)) for one in row] for row in post] for post in each] for each in rules
    ]
    most = max(sum(row) for each in weights for post in each for place in post for row in place)
    return VersionRules(
        unit=_ints(FEN_OF_UNIT[rounding.to] for rounding in lines),
        mode=_ints(MODE_CODES[rounding.mode] for rounding in lines),
        total_unit=_ints(FEN_OF_UNIT[rounding.to] if rounding else 0 for rounding in totals),
        total_mode=_ints(MODE_CODES[rounding.mode] if rounding else 0 for rounding in totals),
        share_unit=_ints(FEN_OF_UNIT[document.shares_to] if document else 1 for document in documents),
        true_up=np.array([trues_up(version) for version in versions], dtype=np.bool_),
        proration=_ints(
            PRORATIONS.index(document.proration if document else Proration.CALENDAR_DAYS) for document in documents
        ),
        delay=delay,
        apart=np.any(delay != 0, axis=2).astype(np.bool_),
        weights=np.array(weights, dtype=object if most >= _INT64 else np.int64),
        most_weight=most,
        funded=np.array([[[any(row) for row in post] for post in each] for each in rules], dtype=np.bool_),
    )


def trues_up(version: Version) -> bool:
    """Whether a year that ends under these rules is trued up."""
    return version.document is not None and version.document.true_up is TrueUp.YEAR_END


def _funding(version: Version, post: str, place: str | None) -> list[FundingRule | None]:
    return [version.funding_rule(post, ITEMS[item], place) for item in EARNED_ITEMS]


def _ints(each: Iterable[int]) -> Ints:
    return np.array(list(each), dtype=np.int64)


def _places(document: PolicyDocument | None, vocabulary: Vocabulary) -> list[str | None]:
    """No district, then each of the vocabulary that the document knows; others are as the city."""
    known = document.districts if document else {}
    return [None, *(name if name in known else None for name in vocabulary.districts)]


def _delays(performance: Performance | None) -> list[int]:
    """Rule 16: after how many months the performance part of each calendar month is payable.

    It is the first of the months it is paid in, from the end of its period on; without such months the end.
    """
    if performance is None:
        return [0] * 12
    period = MONTHS_OF_PERIOD[performance.rhythm]
    found = []
    for month in range(12):
        end = month + period - 1 - month % period
        wait = [
            later for later in range(12) if not performance.paid_in or (end + later) % 12 + 1 in performance.paid_in
        ]
        found.append(end - month + wait[0])
    return found
