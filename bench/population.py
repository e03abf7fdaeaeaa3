"""The population of the engine bench: facts about workers over 36 months as columns, drawn from a seed.

Three payers (city 40 %, street 40 %, community 20 %), base × coefficient rounded to the yuan, a performance part of
20 % by rating, a certificate allowance, and a new base each year.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

import msgspec
import numpy as np
import yaml
from numpy.typing import NDArray

from payroll.engine import (
    EnactedPolicy,
    FactKind,
    Facts,
    PolicyTables,
    PublishedBase,
    compile_policies,
    day_number,
    in_order,
    month_number,
    vocabulary,
)
from shared.policy_document import FundingRule, Level, Performance, PolicyDocument

FIRST_MONTH, LAST_MONTH = "2021-01", "2023-12"
MONTHS = 36
COMMUNITIES = 400
_POLICY = Path(__file__).parents[1] / "policies" / "chibi-2020.yaml"
_OPENING = day_number(date(2021, 1, 1))
_DAYS = day_number(date(2024, 1, 1)) - _OPENING
_JANUARIES = [day_number(date(year, 1, 1)) for year in (2021, 2022, 2023)]

Column = NDArray[np.int64]


@dataclass(frozen=True)
class Population:
    """Facts of workers 0, 1, …, in order, under one scheme, with the rules they are paid by."""

    facts: Facts
    document: PolicyDocument
    bases: tuple[PublishedBase, ...]
    workers: int

    def tables(self) -> PolicyTables:
        """The rules compiled for the 36 months."""
        names = vocabulary(
            "chibi",
            workers=(f"w{number:08d}" for number in range(self.workers)),
            schemes=["ladder"],
            street_of={f"c{number:04d}": f"s{number % 20:02d}" for number in range(COMMUNITIES)},
        )
        enacted = EnactedPolicy(date(2019, 1, 1), 0, self.document)
        return compile_policies([enacted], self.bases, names, month_number(FIRST_MONTH), month_number(LAST_MONTH))

    def first(self, workers: int) -> "Population":
        """The same people, only the first so many of them."""
        end = int(np.searchsorted(self.facts.worker, workers))
        return Population(self.facts.take(slice(0, end)), self.document, self.bases, min(workers, self.workers))


def document() -> PolicyDocument:
    """Chibi's ladder with a performance part and three payers for every post."""
    plain = yaml.safe_load(_POLICY.read_text(encoding="utf-8"))
    ours = msgspec.convert(plain, PolicyDocument, strict=False)
    factors = {"excellent": "1.2", "competent": "1", "marginal": "0.8", "unfit": "0"}
    shares = {Level.CITY: Decimal("0.4"), Level.STREET: Decimal("0.4"), Level.COMMUNITY: Decimal("0.2")}
    return msgspec.structs.replace(
        ours,
        performance=Performance(share=Decimal("0.20"), factors={name: Decimal(text) for name, text in factors.items()}),
        budget_items={**ours.budget_items, "performance": "30107"},
        funding=(FundingRule(posts=("head", "deputy", "member", "dedicated"), shares=shares),),
    )


def population(workers: int, seed: int = 1) -> Population:
    """So many workers: most serve all along, some join or leave on any day; steps, moves, posts, ratings as in life."""
    random = np.random.default_rng(seed)
    parts = [*_hires(random, workers), *_careers(random, workers)]
    columns = [np.concatenate(column) for column in zip(*parts, strict=True)]
    worker, kind, day, ordinal, value = columns
    facts = Facts(
        worker, kind.astype(np.int8), day.astype(np.int32), np.arange(len(worker)), ordinal.astype(np.int16), value
    )
    wages = (5_458_000, 5_712_040, 6_003_515)
    bases = tuple(
        PublishedBase(date(2021 + year, 1, 1), 1 + year, "ladder", wage_fen) for year, wage_fen in enumerate(wages)
    )
    return Population(in_order(facts), document(), bases, workers)


def _hires(random: np.random.Generator, workers: int) -> list[tuple[Column, ...]]:
    """Everybody is hired, four in five before the first month, and one in eight leaves."""
    everybody = np.arange(workers)
    long_serving = random.random(workers) < 0.8
    joined = np.where(
        long_serving, _OPENING - random.integers(1, 3000, workers), _OPENING + random.integers(0, _DAYS, workers)
    )
    post = random.choice(4, workers, p=[0.06, 0.08, 0.28, 0.58])
    grade = np.array([7, 5, 3, 1])[post] + random.integers(0, 10, workers)
    leavers = np.flatnonzero(random.random(workers) < 0.125)
    left = np.maximum(_OPENING, joined[leavers]) + random.integers(1, _DAYS, len(leavers))
    return [
        _rows(everybody, FactKind.IN_SERVICE, joined, 0, np.ones(workers, dtype=np.int64)),
        _rows(everybody, FactKind.SCHEME, joined, 1, np.zeros(workers, dtype=np.int64)),
        _rows(everybody, FactKind.POST, joined, 2, post),
        _rows(everybody, FactKind.GRADE, joined, 3, grade),
        _rows(everybody, FactKind.COMMUNITY, joined, 4, random.integers(0, COMMUNITIES, workers)),
        _rows(leavers, FactKind.IN_SERVICE, left, 0, np.zeros(len(leavers), dtype=np.int64)),
    ]


def _careers(random: np.random.Generator, workers: int) -> list[tuple[Column, ...]]:
    """Each year a rating for all and a step for a third on 1 January; moves, posts and certificates on any day."""
    parts = []
    for january in _JANUARIES:
        parts.append(
            _some(random, workers, 1.0, FactKind.RATING, january, random.choice([1, 2, 2, 2, 2, 3, 4], workers))
        )
        parts.append(_some(random, workers, 0.33, FactKind.GRADE, january, random.integers(1, 19, workers)))
    for year in range(3):
        for share, kind, top in ((0.1, FactKind.COMMUNITY, COMMUNITIES), (0.04, FactKind.POST, 4)):
            day = _OPENING + 365 * year + random.integers(0, 365, workers)
            parts.append(_some(random, workers, share, kind, day, random.integers(0, top, workers)))
    day = _OPENING + random.integers(-1000, _DAYS, workers)
    parts.append(_some(random, workers, 0.4, FactKind.CERTIFICATE, day, random.integers(1, 4, workers)))
    return parts


def _some(
    random: np.random.Generator, workers: int, share: float, kind: FactKind, day: Column | int, value: Column
) -> tuple[Column, ...]:
    """A fact for a share of the workers, drawn from columns over all of them."""
    chosen = np.flatnonzero(random.random(workers) < share)
    days = np.broadcast_to(day, workers)
    return _rows(chosen, kind, days[chosen], 0, value[chosen])


def _rows(worker: Column, kind: FactKind, day: Column, ordinal: int, value: Column) -> tuple[Column, ...]:
    return worker, np.full(len(worker), int(kind)), day, np.full(len(worker), ordinal), value.astype(np.int64)
