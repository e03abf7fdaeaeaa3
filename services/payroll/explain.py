"""Say how a line was worked out, as a clerk writes it: `4000.00 × 0.90 → 3600.00 a month; 20 of 30 days → 2400.00`."""

from __future__ import annotations

from collections import defaultdict
from fractions import Fraction
from functools import cache

from payroll.engine import CERTIFICATES, POSTS, RATINGS, Differences, Due, Entries, Item, PayerLevel, Segments
from shared.events import Rating
from shared.money import half_up, yuan
from shared.policy_document import Performance, Rounding, Unit

_KEY = ("worker", "service_month", "payable_month", "item", "post", "community", "level")


class Explanation:
    """The words for each row of the differences of a due; rounded and shared out, they end at its amount."""

    def __init__(self, due: Due, rows: Differences) -> None:
        self._due = due
        self._rows = rows
        self._entries = _by_key(due.entries)
        self._keys = list(zip(*(getattr(rows, name).tolist() for name in _KEY), strict=True))
        self._months = _by_month(due.segments)
        self._monthly = cache(self._monthly_of)

    def of(self, row: int) -> str:
        """How the row came about: its segments, and what was paid before."""
        parts = [self._segment(entry) for entry in self._entries.get(self._keys[row], [])]
        due_fen, paid_fen = int(self._rows.due_fen[row]), int(self._rows.paid_fen[row])
        if paid_fen or not parts:
            parts.append(f"due now {yuan(due_fen)} less {yuan(paid_fen)} paid before → {yuan(due_fen - paid_fen)}")
        elif len(parts) > 1:
            parts.append(f"together → {yuan(due_fen)}")
        return "; ".join(parts)

    def _segment(self, entry: int) -> str:
        segments, row = self._due.segments, int(self._due.segment[entry])
        item, level = int(self._due.entries.item[entry]), int(self._due.entries.level[entry])
        text, monthly_fen = self._monthly(int(segments.rate[row]), item)
        part_fen = int(segments.amounts[row, item].sum())
        text += self._days(row, monthly_fen, part_fen)
        share = self._share(int(segments.rate[row]), item, level)
        text += f"; {PayerLevel(level).name.lower()} {percent(share)}"
        return text + _arriving(
            part_fen * share, int(self._due.entries.amount_fen[entry]), "shared out with the other payers"
        )

    def _days(self, row: int, monthly_fen: Fraction, part_fen: int) -> str:
        """From a full month to the segment's part of the month's line: the days, and the rounding of the line."""
        segments = self._due.segments
        days, month_days = int(segments.days[row]), int(segments.month_days[row])
        month = self._months.get((int(segments.worker[row]), int(segments.month[row])), [row])
        version, *_ = self._codes(int(segments.rate[month[-1]]))
        document = self._due.tables.versions[version].document
        rounding = document.line_rounding if document else Rounding()
        how = f"rounded {rounding.mode.replace('-', ' ')} to {'whole yuan' if rounding.to is Unit.YUAN else 'the fen'}"
        if len(month) > 1:
            how += " and shared out with the month's other parts"
        if days == month_days:
            return "" if monthly_fen == part_fen else f", {how} → {yuan(part_fen)}"
        return f"; {days} of {month_days} days" + _arriving(
            monthly_fen * days / month_days, part_fen, how, always=rounding != Rounding()
        )

    def _share(self, rate: int, item: int, level: int) -> Fraction:
        version, post, *_ = self._codes(rate)
        weights = self._due.tables.weights[version, post, item]
        return Fraction(int(weights[level]), int(weights.sum()))

    def _monthly_of(self, rate: int, item: int) -> tuple[str, Fraction]:
        """A full month of the item at the rate, in words and in fen."""
        v, post, grade, certificate, rating = self._codes(rate)
        version = self._due.tables.versions[v]
        document = version.document
        assert document is not None
        if item == Item.ALLOWANCE:
            assert document.certificate_allowance is not None
            name = CERTIFICATES[certificate]
            assert name is not None
            allowance_fen = Fraction(document.certificate_allowance.monthly[name]) * 100
            return f"{name} certificate: {exact_yuan(allowance_fen)} a month", allowance_fen
        pay = version.full_pay_fen(POSTS[post], grade)
        assert pay is not None
        text = f"{exact_yuan(pay)} a month"
        if document.ladder is not None:
            base_fen, coefficient = version.base_fen(), document.ladder.coefficient(POSTS[post], grade)
            assert base_fen is not None
            text = f"{exact_yuan(base_fen)} × {coefficient:f} → {text}"
        if document.performance is None:
            return text, pay
        words, ratio = _parted(document.performance, item, RATINGS[rating])
        return f"{text}, of which {words} → {exact_yuan(pay * ratio)} a month", pay * ratio

    def _codes(self, rate: int) -> tuple[int, ...]:
        shape, codes = self._due.tables.shape, []
        for size in reversed(shape):
            rate, code = divmod(rate, size)
            codes.append(code)
        return tuple(reversed(codes))


def _parted(performance: Performance, item: int, latest: Rating | None) -> tuple[str, Fraction]:
    """The basic or the performance part of a full pay, in words and as a ratio."""
    share = Fraction(performance.share)
    if item == Item.BASIC:
        return f"{percent(1 - share)} basic", 1 - share
    factor = performance.factors[latest] if latest else performance.without_rating
    return f"{percent(share)} performance × {factor:f} ({latest or 'no rating'})", share * Fraction(factor)


def _arriving(exact_fen: Fraction, arrived_fen: int, how: str, *, always: bool = False) -> str:
    """`→ 2112.90`; where that is not the nearest fen, or `always` below the fen, how it was arrived at is said."""
    nearest = half_up(exact_fen.numerator, exact_fen.denominator) == arrived_fen
    if exact_fen == arrived_fen or (nearest and not always):
        return f" → {yuan(arrived_fen)}"
    return f" → {exact_yuan(exact_fen)}, {how} → {yuan(arrived_fen)}"


def exact_yuan(amount_fen: Fraction) -> str:
    """Fen as yuan; what lies below a fen has four places, and is shown as going on where it does: `3638.6666…`."""
    if amount_fen.denominator == 1:
        return yuan(int(amount_fen))
    whole, rest = divmod(int(amount_fen * 100), 10_000)
    return f"{whole}.{rest:04d}{'' if (amount_fen * 100).denominator == 1 else '…'}"


def percent(ratio: Fraction) -> str:
    """A ratio as `70 %`, `12.5 %`, or `1/3` when it has no short decimal form."""
    hundredths = ratio * 10_000
    if hundredths.denominator != 1:
        return f"{ratio.numerator}/{ratio.denominator}"
    whole, rest = divmod(int(hundredths), 100)
    return f"{whole} %" if not rest else f"{whole}.{f'{rest:02d}'.rstrip('0')} %"


def _by_month(segments: Segments) -> dict[tuple[int, int], list[int]]:
    """The segments of each worker's month that is not one whole segment, in the order of their days."""
    found: dict[tuple[int, int], list[int]] = defaultdict(list)
    for row in segments.partial():
        found[int(segments.worker[row]), int(segments.month[row])].append(row)
    return found


def _by_key(entries: Entries) -> dict[tuple[int, ...], list[int]]:
    found: dict[tuple[int, ...], list[int]] = defaultdict(list)
    for number, key in enumerate(zip(*(getattr(entries, name).tolist() for name in _KEY), strict=True)):
        found[key].append(number)
    return found
