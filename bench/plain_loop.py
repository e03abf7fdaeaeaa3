"""The peer of the engine bench: the same pay worked out worker by worker, as one would write it first.

Dataclasses, whole fen and whole-number ratios; one state per stretch of days, one loop over the months. It knows the
rules of the bench's population only: a ladder with a base by year, performance by rating, an allowance, three payers.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import groupby, pairwise
from operator import attrgetter

from bench.population import Population
from payroll.engine import CERTIFICATES, RATINGS, FactKind, day_number
from shared.policy_document import Level, PolicyDocument


@dataclass(slots=True)
class Fact:
    """One thing that holds of a worker from a day on."""

    worker: int
    kind: int
    day: int
    value: int


@dataclass(slots=True)
class State:
    """What pay depends on."""

    in_service: int = 0
    post: int = 0
    grade: int = 0
    community: int = 0
    certificate: int = 0
    rating: int = 0


@dataclass(slots=True)
class Rules:
    """The figures of the policy: (first day, fen) of each base, ratios in hundredths, allowances in fen, weights."""

    bases: tuple[tuple[int, int], ...]
    hundredths: dict[int, int]
    performance: int
    factors: tuple[int, ...]
    allowances: tuple[int, ...]
    weights: tuple[int, ...]


@dataclass(slots=True)
class Month:
    """A calendar month as days [start, end)."""

    number: int
    start: int
    end: int


@dataclass(slots=True)
class Stretch:
    """Days [start, end) in one state under one base."""

    start: int
    end: int
    state: State
    base_fen: int


@dataclass(slots=True)
class Amount:
    """One payer's part of one item on some days of a month."""

    worker: int
    month: int
    start: int
    community: int
    item: int
    payer: int
    amount_fen: int


FIELDS = {
    FactKind.IN_SERVICE: "in_service",
    FactKind.POST: "post",
    FactKind.GRADE: "grade",
    FactKind.COMMUNITY: "community",
    FactKind.RATING: "rating",
}


def rules_of(population: Population) -> Rules:
    """The population's document as plain numbers."""
    document = population.document
    assert document.ladder is not None
    assert document.performance is not None
    assert document.certificate_allowance is not None
    share = int(document.ladder.base.share * 100)
    monthly = document.certificate_allowance.monthly
    factors = document.performance.factors
    return Rules(
        bases=tuple(
            (day_number(base.effective_date), half_up(base.average_annual_wage_fen * share, 1200))
            for base in population.bases
        ),
        hundredths={grade: int(ratio * 100) for grade, ratio in document.ladder.coefficients.items()},
        performance=int(document.performance.share * 100),
        factors=(100, *(int(factors[rating] * 100) for rating in RATINGS[1:])),
        allowances=(0, *(int(monthly[name] * 100) for name in CERTIFICATES[1:])),
        weights=_weights(document),
    )


def _weights(document: PolicyDocument) -> tuple[int, ...]:
    shares = document.funding[0].shares
    in_order = (Level.CITY, Level.COMMUNITY, Level.DISTRICT, Level.STREET)
    return tuple(int(shares.get(level, 0) * 100) for level in in_order)


def facts_of(population: Population) -> list[Fact]:
    """The population's facts as objects, in order."""
    facts = population.facts
    columns = (facts.worker.tolist(), facts.kind.tolist(), facts.day.tolist(), facts.value.tolist())
    return [Fact(*row) for row in zip(*columns, strict=True)]


def months_of(first_year: int, count: int) -> list[Month]:
    """Calendar months from a January on."""
    starts = [day_number(date(first_year + n // 12, n % 12 + 1, 1)) for n in range(count + 1)]
    return [Month((first_year - 1970) * 12 + n, start, end) for n, (start, end) in enumerate(pairwise(starts))]


def paid(facts: Sequence[Fact], rules: Rules, months: Sequence[Month]) -> Iterator[Amount]:
    """What everybody is due, worker by worker and month by month."""
    for worker, own in groupby(facts, key=attrgetter("worker")):
        stretches = stretches_of(list(own), rules, months[-1].end)
        for month in months:
            inside = [each for each in stretches if each.start < month.end and each.end > month.start]
            if inside:
                yield from month_of(worker, month, inside, rules)


def stretches_of(facts: list[Fact], rules: Rules, end: int) -> list[Stretch]:
    """Fold the facts of one worker into stretches of service; a certificate counts from the next month on."""
    changes = [(fact.day, fact) for fact in facts if fact.kind != FactKind.CERTIFICATE]
    changes += [(next_month(fact.day), fact) for fact in facts if fact.kind == FactKind.CERTIFICATE]
    days = sorted({*(day for day, _ in changes if day < end), *(day for day, _ in rules.bases), end})
    changes.sort(key=lambda change: change[0])
    state, waiting = State(), 0
    stretches: list[Stretch] = []
    for start, until in pairwise(days):
        while waiting < len(changes) and changes[waiting][0] <= start:
            state = after(state, changes[waiting][1])
            waiting += 1
        if state.in_service and start >= rules.bases[0][0]:
            base_fen = [base for day, base in rules.bases if day <= start][-1]
            found = Stretch(start, until, state, base_fen)
            if stretches and continues(stretches[-1], found):
                found = replace(found, start=stretches.pop().start)
            stretches.append(found)
    return stretches


def continues(earlier: Stretch, later: Stretch) -> bool:
    """Whether nothing changed between two neighbouring stretches."""
    return (earlier.end, earlier.state, earlier.base_fen) == (later.start, later.state, later.base_fen)


def after(state: State, fact: Fact) -> State:
    """The state after a fact."""
    if fact.kind == FactKind.CERTIFICATE:
        return replace(state, certificate=max(state.certificate, fact.value))
    if fact.kind in FIELDS:
        return replace(state, **{FIELDS[FactKind(fact.kind)]: fact.value})
    return state


def next_month(day: int) -> int:
    """The first of the month after a day."""
    today = date.fromordinal(day + date(1970, 1, 1).toordinal())
    return day_number(date(today.year + today.month // 12, today.month % 12 + 1, 1))


def month_of(worker: int, month: Month, stretches: list[Stretch], rules: Rules) -> Iterator[Amount]:
    """One worker's month: each item exact over its days, rounded once, over the stretches, among the payers."""
    length = month.end - month.start
    starts = [max(stretch.start, month.start) for stretch in stretches]
    days = [min(stretch.end, month.end) - start for stretch, start in zip(stretches, starts, strict=True)]
    items = [items_of(stretch, rules) for stretch in stretches]
    for item in range(3):
        exact = [count * amounts[item] for count, amounts in zip(days, items, strict=True)]
        line = half_up(sum(exact), 10_000 * length)
        if line == 0:
            continue
        for stretch, start, part in zip(stretches, starts, split(line, exact), strict=True):
            for payer, amount_fen in enumerate(split(part, rules.weights)):
                if amount_fen:
                    yield Amount(worker, month.number, start, stretch.state.community, item, payer, amount_fen)


def items_of(stretch: Stretch, rules: Rules) -> tuple[int, int, int]:
    """Basic, performance and allowance of a full month, in 1/10,000 fen."""
    state = stretch.state
    pay = 100 * half_up(stretch.base_fen * rules.hundredths.get(state.grade, 0), 10_000)
    basic = pay * (100 - rules.performance) * 100
    performance = pay * rules.performance * rules.factors[state.rating]
    return basic, performance, rules.allowances[state.certificate] * 10_000


def half_up(numerator: int, denominator: int) -> int:
    """Round a fraction that is not negative."""
    return (2 * numerator + denominator) // (2 * denominator)


def split(amount: int, weights: Sequence[int]) -> list[int]:
    """Largest remainder, a tie to the part that comes first."""
    total = sum(weights)
    if total == 0:
        return [0] * len(weights)
    parts = [amount * weight // total for weight in weights]
    neediest = sorted(range(len(weights)), key=lambda n: (-(amount * weights[n] % total), n))
    for n in neediest[: amount - sum(parts)]:
        parts[n] += 1
    return parts
