"""Facts once more on the day from which the rules count them: of the next month, the rated year, after a last day."""

from __future__ import annotations

from collections.abc import Iterator
from enum import IntEnum

import numpy as np

from payroll.engine.facts import FactKind, Facts, Flags, Ints
from payroll.engine.traits import By, Start, Traits, year_numbers
from payroll.engine.vocabulary import DIPLOMA_STRIDE, RATING_STRIDE

_DAY_BITS = 32


class Echo(IntEnum):
    """Kinds beyond FactKind: what a fact is when it counts from another day than its own. A turn sets nothing."""

    CERTIFICATE_NEXT_MONTH = len(FactKind)
    CERTIFICATE_NEXT_YEAR = len(FactKind) + 1
    EDUCATION_NEXT_MONTH = len(FactKind) + 2
    EDUCATION_NEXT_YEAR = len(FactKind) + 3
    RATING_OF_YEAR = len(FactKind) + 4
    RATING_OF_YEAR_BEFORE = len(FactKind) + 5
    TURN = len(FactKind) + 6


CERTIFICATE_COUNTED = {
    Start.REGISTRATION: int(FactKind.CERTIFICATE),
    Start.NEXT_MONTH: int(Echo.CERTIFICATE_NEXT_MONTH),
    Start.NEXT_YEAR: int(Echo.CERTIFICATE_NEXT_YEAR),
}
EDUCATION_COUNTED = {
    Start.REGISTRATION: int(FactKind.EDUCATION),
    Start.NEXT_MONTH: int(Echo.EDUCATION_NEXT_MONTH),
    Start.NEXT_YEAR: int(Echo.EDUCATION_NEXT_YEAR),
}
YEARS_LATER = {By.SAME_YEAR: (int(Echo.RATING_OF_YEAR), 0), By.YEAR_BEFORE: (int(Echo.RATING_OF_YEAR_BEFORE), 1)}

_Echoes = tuple[Ints, Ints, int]
"""Rows of facts, the day of each as an echo, and the kind."""


def with_echoes(facts: Facts, traits: Traits) -> tuple[Facts, Ints]:
    """The facts with their echoes in order (`facts.in_order`), and the kind of each row: a FactKind or an Echo."""
    kind = facts.kind.astype(np.int64)
    found = [echo for echo in _echoes(facts, kind, traits) if len(echo[0])]
    if not found:
        return facts, kind
    rows = np.concatenate([np.arange(len(facts)), *(rows for rows, _, _ in found)])
    day = np.concatenate([facts.day, *(day for _, day, _ in found)])
    kind = np.concatenate([kind, *(np.full(len(rows), its_kind) for rows, _, its_kind in found)])
    order = np.argsort((facts.worker[rows] << _DAY_BITS) + day, kind="stable")
    echoed, kind = facts.take(rows[order]), kind[order]
    return Facts(
        echoed.worker, kind.astype(np.int8), day[order].astype(np.int32), echoed.position, echoed.ordinal, echoed.value
    ), kind


def _echoes(facts: Facts, kind: Ints, traits: Traits) -> Iterator[_Echoes]:
    yield from _held_later(facts, kind == FactKind.CERTIFICATE, traits.certificates.start, CERTIFICATE_COUNTED)
    earned = (kind == FactKind.EDUCATION) & (facts.value >= DIPLOMA_STRIDE)
    for rows, day, its_kind in _held_later(facts, kind == FactKind.EDUCATION, traits.diplomas.start, EDUCATION_COUNTED):
        yield rows, np.where(earned[rows], day, facts.day[rows]), its_kind
    for by, (its_kind, later) in YEARS_LATER.items():
        if (traits.rating == by).any():
            rows = np.flatnonzero(kind == FactKind.RATING)
            year = facts.value[rows] // RATING_STRIDE + later
            yield rows, january(year), its_kind
            yield rows, january(year + 1), its_kind
    if traits.looks_at("probation"):
        rows = np.flatnonzero((kind == FactKind.PROBATION) & (facts.value > 0))
        yield rows, facts.value[rows] + 1, int(Echo.TURN)
    if traits.looks_at("years"):
        rows = np.flatnonzero(kind == FactKind.SERVED_SINCE)
        for number in sorted({number for version in traits.versions for number in year_numbers(version)}):
            yield rows, anniversary(facts.value[rows], number), int(Echo.TURN)
            yield rows, january(year_of(facts.value[rows]) + number), int(Echo.TURN)


def _held_later(facts: Facts, mine: Flags, start: Ints, kinds: dict[Start, int]) -> Iterator[_Echoes]:
    rows = np.flatnonzero(mine)
    day = facts.day[rows].astype("datetime64[D]")
    for when, unit in ((Start.NEXT_MONTH, "M"), (Start.NEXT_YEAR, "Y")):
        if (start == when).any():
            later = (day.astype(f"datetime64[{unit}]") + 1).astype("datetime64[D]").astype(np.int64)
            yield rows, later, kinds[when]


def january(year: Ints) -> Ints:
    """The day number of 1 January."""
    found: Ints = (year - 1970).astype("datetime64[Y]").astype("datetime64[D]").astype(np.int64)
    return found


def year_of(day: Ints) -> Ints:
    """The calendar year of a day number."""
    found: Ints = day.astype("datetime64[D]").astype("datetime64[Y]").astype(np.int64) + 1970
    return found


def anniversary(since: Ints, years: int) -> Ints:
    """The day on which so many years are full; 29 February is full on 1 March."""
    days = since.astype("datetime64[D]")
    month = days.astype("datetime64[M]")
    into = days - month.astype("datetime64[D]")
    found: Ints = ((month + 12 * years).astype("datetime64[D]") + into).astype(np.int64)
    return found


def full_years(since: Ints, day: Ints) -> Ints:
    """How many years are full on a day."""
    start, now = since.astype("datetime64[D]"), day.astype("datetime64[D]")
    months = (now.astype("datetime64[M]") - start.astype("datetime64[M]")).astype(np.int64)
    into_start = (start - start.astype("datetime64[M]").astype("datetime64[D]")).astype(np.int64)
    into_now = (now - now.astype("datetime64[M]").astype("datetime64[D]")).astype(np.int64)
    found: Ints = (months - (into_now < into_start)) // 12
    return found
