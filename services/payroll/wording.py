"""The sentence of a tree, as a clerk writes it: `4000.00 × 0.90 → 3600.00 a month; 20 of 30 days → 2400.00`."""

from __future__ import annotations

from fractions import Fraction

from payroll.tracing import By, Node, What
from shared.money import half_up, yuan
from shared.policy_document import Rounding, Unit

_NAMED = 6


def sentence(node: Node) -> str:
    """How the node's amount comes about."""
    return _WORDS[node.what](node)


def _line(node: Node) -> str:
    """The segments of the month, and what was paid before."""
    if node.parts and node.parts[0].what is What.TAX:
        return _withheld(node)
    shares = [part for part in node.parts if part.what is not What.PAID]
    words = [sentence(part) for part in shares]
    due_fen = sum((part.value for part in shares), Fraction(0))
    if len(shares) < len(node.parts) or not shares:
        paid_fen = due_fen - node.value
        before = f"due now {exact_yuan(due_fen)} less {exact_yuan(paid_fen)} paid before"
        words.append(f"{before} → {exact_yuan(node.value)}")
    elif len(shares) > 1:
        words.append(f"together → {exact_yuan(due_fen)}")
    return "; ".join(words)


def _withheld(node: Node) -> str:
    """The tax of the year so far, and what was withheld of it before."""
    tax, *rest = node.parts
    before = sum((part.value for part in rest if part.what is What.PAID), Fraction(0))
    words = [sentence(tax)]
    if before:
        words.append(f"less {exact_yuan(before)} withheld before")
    words += [part.says for part in rest if part.what is What.SETTLING]
    return f"{', '.join(words)}; taken off → {exact_yuan(node.value)}"


def _tax(node: Node) -> str:
    """`… → 37000.00 taxable; 10 % less 2520.00 → 1180.00 tax of 2021`."""
    exact, *rest = node.parts
    income, rate = exact.parts
    paid, *free = income.parts
    less = ", ".join(part.says for part in free)
    quick = [part.says for part in rest if part.what is What.FIGURE]
    rounding = [part.says for part in rest if part.what is What.ROUNDING]
    at = ", ".join([" ".join([rate.says, *quick]), *rounding])
    taxable = f"{paid.says} less {less} → {exact_yuan(income.value)} taxable"
    return f"{taxable}; {at} → {exact_yuan(-node.value)} tax of {node.says}"


def _total(node: Node) -> str:
    """The sum of few parts by name, of many by their number."""
    if not node.parts or len(node.parts) > _NAMED:
        return f"{node.says}: {len(node.parts)} parts → {exact_yuan(node.value)}"
    parts = " + ".join(f"{part.says} {exact_yuan(part.value)}".strip() for part in node.parts)
    return f"{node.says}: {parts} → {exact_yuan(node.value)}"


def _share(node: Node) -> str:
    """A part of a month, and the payer's share of it."""
    part, *_ = _factors(node)
    return f"{sentence(part)}; {node.says}{_arriving(node)}"


def _true_up(node: Node) -> str:
    """A payer's exact part of a year, what becoming whole does to it, and what the months gave."""
    year, given = node.parts
    lines = [part for part in year.parts if part.what is What.EXACT]
    sums = " + ".join(f"{_addend(line.parts[0])} × {line.parts[1].says}" for line in lines)
    words = f"{node.says}: {sums} → {exact_yuan(sum((line.value for line in lines), Fraction(0)))}"
    if len(lines) < len(year.parts):
        words += f", {year.parts[-1].says} → {exact_yuan(year.value)}"
    return f"{words}; less {given.says} → {exact_yuan(node.value)}"


def _part(node: Node) -> str:
    """From a full month to the part: the days, and the rounding of the line."""
    month, *days = _factors(node)
    if not days:
        return f"{sentence(month)}, {node.parts[-1].says} → {exact_yuan(node.value)}"
    return f"{sentence(month)}; {node.says}{_arriving(node)}"


def _month(node: Node) -> str:
    """A full month: an amount as it is said, base × coefficient, or a sum of tables and allowances."""
    amount, named = f"{exact_yuan(node.value)} a month", f"{node.says}: " if node.says else ""
    if not node.parts:
        return f"{named}{amount}"
    if node.by is By.PRODUCT or node.parts[0].what is What.EXACT:
        return f"{named}{' × '.join(factor.says for factor in _factors(node))} → {amount}"
    addends = " + ".join(map(_addend, _factors(node)))
    becoming = f", {node.parts[-1].says}" if node.parts[-1].what is What.ROUNDING else ""
    return f"{named}{addends}{becoming} → {amount}"


def _addend(node: Node) -> str:
    """`basic 1200.00`, or in brackets what is worked out itself."""
    return f"({sentence(node)})" if node.parts else f"{node.says} {exact_yuan(node.value)}"


def _item(node: Node) -> str:
    """Of full pay, the part that is this item."""
    return f"{sentence(node.parts[0])}, of which {node.says} → {exact_yuan(node.value)} a month"


def _arriving(node: Node) -> str:
    """`→ 2112.90`; where that is not the nearest fen, or a rounding is declared, how it was arrived at is said."""
    exact, *rounding = node.parts
    if exact.what is not What.EXACT:
        return f" → {exact_yuan(node.value)}"
    nearest = half_up(exact.value.numerator, exact.value.denominator) == node.value
    if nearest and rounding[0].what is What.SETTLING:
        return f" → {exact_yuan(node.value)}"
    return f" → {exact_yuan(exact.value)}, {rounding[0].says} → {exact_yuan(node.value)}"


def _factors(node: Node) -> tuple[Node, ...]:
    """What is multiplied, before it is rounded."""
    exact = node.parts[0]
    if exact.what is What.EXACT:
        return exact.parts
    return tuple(part for part in node.parts if part.what not in (What.ROUNDING, What.SETTLING))


_TOTALS = {What.RUN: _total, What.PLACE: _total, What.WORKER: _total, What.PAYSLIP: _total}
_PARTS = {What.SHARE: _share, What.TRUE_UP: _true_up, What.PART: _part, What.MONTH: _month, What.ITEM: _item}
_WORDS = {What.LINE: _line, What.TAX: _tax, **_PARTS, **_TOTALS}


def rounded(rounding: Rounding) -> str:
    """`rounded half up to the fen`."""
    return f"rounded {rounding.mode.replace('-', ' ')} to {'whole yuan' if rounding.to is Unit.YUAN else 'the fen'}"


def exact_yuan(amount_fen: Fraction) -> str:
    """Fen as yuan; what lies below a fen has four places, and is shown as going on where it does: `3638.6666…`."""
    if amount_fen.denominator == 1:
        return yuan(int(amount_fen))
    if amount_fen < 0:
        return f"-{exact_yuan(-amount_fen)}"
    whole, rest = divmod(int(amount_fen * 100), 10_000)
    return f"{whole}.{rest:04d}{'' if (amount_fen * 100).denominator == 1 else '…'}"


def percent(ratio: Fraction) -> str:
    """A ratio as `70 %`, `12.5 %`, or `1/3` when it has no short decimal form."""
    hundredths = ratio * 10_000
    if hundredths.denominator != 1:
        return f"{ratio.numerator}/{ratio.denominator}"
    whole, rest = divmod(int(hundredths), 100)
    return f"{whole} %" if not rest else f"{whole}.{f'{rest:02d}'.rstrip('0')} %"
