"""What each state that was met is worth, worked out once by the rules and kept as columns of whole numbers."""

from __future__ import annotations

from enum import IntEnum
from math import lcm

import numpy as np

from payroll.engine.facts import Ints
from payroll.engine.policy_versions import Version
from payroll.engine.traits import Traits
from payroll.engine.version_rules import VersionRules, version_rules
from payroll.engine.vocabulary import EARNED_ITEMS, POST_CODES
from payroll.engine.worth import Amounts, Standing, earned, factor, full_pay, paid_post

_INT64 = 1 << 63
_FEN_ROUNDED_UP = 200


class Gap(IntEnum):
    """Why something has no rule: nothing in force, no rate, nobody to pay, no base, no calendar of working days."""

    NO_POLICY = 1
    NO_RATE = 2
    NO_FUNDING = 3
    NO_BASE = 4
    NO_CALENDAR = 5


class Rates:
    """The states met so far, each in its slot; slots never change. Columns have one row per slot.

    `numerators[:, i] / scale[i]` is a full month's fen of each item; `post` is whose pay it is, `district` one with
    rules of its own (0: none), `gap` a Gap or 0; `whole` is what `lines` found a whole month to be for each payer.
    `wide`: a product of figures could leave int64, so that they are kept and multiplied as Python's integers.
    `most_parts` is the greatest number that a full month is multiplied by when it is prorated.
    """

    def __init__(self, traits: Traits, most_parts: int) -> None:
        nothing: Ints = np.zeros(0, dtype=np.int64)
        self.rules: VersionRules = version_rules(traits.versions, traits.vocabulary)
        self.standings: list[tuple[Version, Standing]] = []
        self.version = self.post = self.district = self.gap = nothing
        self.numerators: Ints = np.zeros((0, len(EARNED_ITEMS)), dtype=np.int64)
        self.scale = [1] * len(EARNED_ITEMS)
        self.wide = False
        self.whole: Ints | None = None
        self._traits = traits
        self._most_parts = most_parts
        self._worths: list[Amounts] = []
        self._codes = self._slots = nothing

    def slots(self, codes: Ints) -> Ints:
        """The slot of each state; a state met for the first time is worked out."""
        place = self._places(codes)
        new = np.ones(len(codes), dtype=np.bool_) if not len(self._codes) else self._codes[place] != codes
        if new.any():
            self._meet(np.unique(codes[new]))
            place = self._places(codes)
        found: Ints = self._slots[place]
        return found

    def _places(self, codes: Ints) -> Ints:
        return np.minimum(np.searchsorted(self._codes, codes), max(len(self._codes) - 1, 0))

    def _meet(self, codes: Ints) -> None:
        first = len(self.standings)
        for code in codes.tolist():
            version, standing = self._traits.standing(code)
            self.standings.append((self._traits.versions[version], standing))
        met = self.standings[first:]
        posts = [POST_CODES[paid_post(*each)] for each in met]
        new = codes // (np.prod(self._traits.sizes[1:], dtype=np.int64))
        place = codes % self._traits.sizes[-1]
        self.version, self.post = np.append(self.version, new), np.append(self.post, np.array(posts, dtype=np.int64))
        self.district = np.append(self.district, place)
        funded = self.rules.funded[self.version[first:], self.post[first:], place]
        gaps = [_gap(*each, bool(paid)) for each, paid in zip(met, funded, strict=True)]
        self.gap = np.append(self.gap, np.array(gaps, dtype=np.int64))
        self._value([earned(*each) for each in met])
        known = np.append(self._codes, codes)
        order = np.argsort(known)
        self._codes, self._slots = known[order], np.append(self._slots, np.arange(first, first + len(codes)))[order]

    def _value(self, worths: list[Amounts]) -> None:
        """The new numerators under those before, all over one scale per item."""
        first, scale = len(self._worths), self.scale
        self._worths += worths
        self.scale = [lcm(old, *(worth[item].denominator for worth in worths)) for item, old in enumerate(scale)]
        wide = self.wide or self._leaves_int64()
        if (scale, self.wide) != (self.scale, wide):
            self.wide, first = wide, 0
            self.numerators = np.zeros((0, len(EARNED_ITEMS)), dtype=object if wide else np.int64)
        rows = [
            [amount.numerator * (scale // amount.denominator) for amount, scale in zip(worth, self.scale, strict=True)]
            for worth in self._worths[first:]
        ]
        self.numerators = np.append(self.numerators, np.array(rows, dtype=self.numerators.dtype), axis=0)

    def _leaves_int64(self) -> bool:
        """Whether a product could leave int64: a line × its weights, or × its numerators × parts of a month.

        A line counts as 200 fen at least, so that the latter is more than numerators × parts take to be rounded.
        """
        fen = max(max(worth) for worth in self._worths) + _FEN_ROUNDED_UP
        numerator = max(int(max(worth[item] for worth in self._worths) + 1) * self.scale[item] for item in EARNED_ITEMS)
        products = int(fen + 1) * self.rules.most_weight, int(fen + 1) * self._most_parts * numerator
        return max(products) >= _INT64


def _gap(version: Version, standing: Standing, funded: bool) -> int:
    """The Gap that keeps the state from being paid, or 0."""
    if version.document is None:
        return Gap.NO_POLICY
    if version.waits_for_wage():
        return Gap.NO_BASE
    performance = version.performance_in(standing.district)
    unrated = performance is not None and factor(performance, standing.rating) is None
    if unrated or full_pay(version, paid_post(version, standing), standing) is None:
        return Gap.NO_RATE
    return 0 if funded else Gap.NO_FUNDING
