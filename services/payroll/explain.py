"""Say how a line was worked out, as a clerk writes it: `4000.00 × 0.90 → 3600.00 a month; 20 of 30 days → 2400.00`."""

from __future__ import annotations

from collections import defaultdict
from fractions import Fraction
from functools import cache

from payroll.engine import CERTIFICATES, POSTS, RATINGS, Differences, Due, Entries, Item, PayerLevel
from shared.money import yuan

_KEY = ("worker", "service_month", "payable_month", "item", "post", "community", "level")


class Explanation:
    """The words for each row of the differences of a due."""

    def __init__(self, due: Due, rows: Differences) -> None:
        self._due = due
        self._rows = rows
        self._entries = _by_key(due.entries)
        self._keys = list(zip(*(getattr(rows, name).tolist() for name in _KEY), strict=True))
        self._rate_text = cache(self._worked_rate)

    def of(self, row: int) -> str:
        """How the row came about: its segments, and what was paid before."""
        parts = [self._segment(entry) for entry in self._entries.get(self._keys[row], [])]
        due_fen, paid_fen = int(self._rows.due_fen[row]), int(self._rows.paid_fen[row])
        if paid_fen or not parts:
            parts.append(f"due now {yuan(due_fen)} less {yuan(paid_fen)} paid before")
        return "; ".join(parts)

    def _segment(self, entry: int) -> str:
        segments, row = self._due.segments, int(self._due.segment[entry])
        item, level = int(self._due.entries.item[entry]), int(self._due.entries.level[entry])
        rate = int(segments.rate[row])
        days, month_days = int(segments.days[row]), int(segments.month_days[row])
        parts = [self._rate_text(rate, item)]
        if days != month_days:
            parts.append(f"{days} of {month_days} days → {yuan(int(segments.amounts[row, item].sum()))}")
        share = self._share(rate, level)
        parts.append(f"{PayerLevel(level).name.lower()} {share} → {yuan(int(self._due.entries.amount_fen[entry]))}")
        return "; ".join(parts)

    def _share(self, rate: int, level: int) -> str:
        version, post, *_ = self._codes(rate)
        weights = self._due.tables.weights[version, post]
        return percent(Fraction(int(weights[level]), int(weights.sum())))

    def _worked_rate(self, rate: int, item: int) -> str:
        v, post, grade, certificate, rating = self._codes(rate)
        version = self._due.tables.versions[v]
        document = version.document
        assert document is not None
        if item == Item.ALLOWANCE:
            assert document.certificate_allowance is not None
            name = CERTIFICATES[certificate]
            assert name is not None
            return f"{name} certificate: {document.certificate_allowance.monthly[name]:.2f} a month"
        pay = version.full_pay_fen(POSTS[post], grade)
        assert pay is not None
        text = f"{exact_yuan(pay)} a month"
        if document.ladder is not None:
            text = f"{exact_yuan(version.base_fen())} × {document.ladder.coefficients[grade]} → {text}"
        if document.performance is None:
            return text
        share = Fraction(document.performance.share)
        if item == Item.BASIC:
            return f"{text}, of which {percent(1 - share)} basic"
        latest = RATINGS[rating]
        factor = document.performance.factors[latest] if latest else document.performance.without_rating
        return f"{text}, of which {percent(share)} performance × {factor} ({latest or 'no rating'})"

    def _codes(self, rate: int) -> tuple[int, ...]:
        shape, codes = self._due.tables.shape, []
        for size in reversed(shape):
            rate, code = divmod(rate, size)
            codes.append(code)
        return tuple(reversed(codes))


def exact_yuan(amount_fen: Fraction) -> str:
    """Fen as yuan; what lies below a fen is cut after four places and shown as going on: `3638.6666…`."""
    if amount_fen.denominator == 1:
        return yuan(int(amount_fen))
    whole, rest = divmod(int(amount_fen * 100), 10_000)
    return f"{whole}.{rest:04d}…"


def percent(ratio: Fraction) -> str:
    """A ratio as `70 %`, `12.5 %`, or `1/3` when it has no short decimal form."""
    hundredths = ratio * 10_000
    if hundredths.denominator != 1:
        return f"{ratio.numerator}/{ratio.denominator}"
    whole, rest = divmod(int(hundredths), 100)
    return f"{whole} %" if not rest else f"{whole}.{f'{rest:02d}'.rstrip('0')} %"


def _by_key(entries: Entries) -> dict[tuple[int, ...], list[int]]:
    found: dict[tuple[int, ...], list[int]] = defaultdict(list)
    for number, key in enumerate(zip(*(getattr(entries, name).tolist() for name in _KEY), strict=True)):
        found[key].append(number)
    return found
