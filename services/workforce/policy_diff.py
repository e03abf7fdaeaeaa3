"""What changes for whom between two policy documents, in words: pay and payers first, then whatever else is said."""

from collections.abc import Iterator
from datetime import date
from fractions import Fraction

from msgspec.structs import replace

from payroll.engine import POSTS, PayerLevel, day_number
from payroll.engine.payers import payer_ratios
from payroll.engine.policy_versions import version_of
from payroll.wording import exact_yuan, percent
from shared.policy_document import Additive, Axis, FundingRule, Level, PayItem, PolicyDocument
from workforce.policy_statements import NOTHING, statements

AS_IN_THE_CITY = "as in the city"


def differences(old: PolicyDocument, new: PolicyDocument) -> list[str]:
    """One sentence for each change; empty where both say the same."""
    return [*_pay(old, new), *_payers(old, new), *_statements(old, new)]


def _statements(old: PolicyDocument, new: PolicyDocument) -> Iterator[str]:
    before, after = statements(old), statements(new)
    for words in [*after, *(words for words in before if words not in after)]:
        was, is_now = before.get(words, NOTHING), after.get(words, NOTHING)
        if was != is_now:
            yield f"{words}: {was} → {is_now}"


def _pay(old: PolicyDocument, new: PolicyDocument) -> Iterator[str]:
    """A month's full pay by post and grade; posts whose pay changes alike are said together."""
    changed: dict[tuple[int, Fraction | None, Fraction | None], list[str]] = {}
    for post in dict.fromkeys([*POSTS, *old.other_posts, *new.other_posts]):
        for grade in sorted(_grades(old, post) | _grades(new, post)):
            before, after = _monthly(old, post, grade), _monthly(new, post, grade)
            if before != after:
                changed.setdefault((grade, before, after), []).append(post)
    for (grade, before, after), posts in changed.items():
        whom = ", ".join(posts) + (f", grade {grade}" if grade else "")
        by = "" if before is None or after is None else f" ({_signed(after - before)})"
        yield f"{whom}: {_amount(before)} → {_amount(after)} a month{by}"


def _grades(document: PolicyDocument, post: str) -> set[int]:
    """The grades open to the post; 0 where it has none."""
    band = document.bands.get(post)
    return set(range(band.lowest, band.highest + 1)) if band and document.has_grades() else {0}


def _monthly(document: PolicyDocument, post: str, grade: int) -> Fraction | None:
    """A full month's pay in fen; None where the grade is not open, or the wage is still to be published."""
    if grade not in _grades(document, post):
        return None
    if document.additive is not None:
        return _added(document.additive, post, grade)
    return version_of(document).full_pay_fen(post, grade)


def _added(additive: Additive, post: str, grade: int) -> Fraction:
    """The tables by post and grade; those by diploma or years are among the statements."""
    words = {Axis.POST: post, Axis.GRADE: str(grade)}
    keys = [
        (table, "/".join(words[axis] for axis in table.by))
        for table in additive.tables.values()
        if all(axis in words for axis in table.by)
    ]
    return sum((Fraction(table.monthly.get(key, 0)) * 100 for table, key in keys), Fraction(0))


def _payers(old: PolicyDocument, new: PolicyDocument) -> Iterator[str]:
    """Who pays each item of each post, in the city and in each district that says otherwise."""
    yield from _payers_there(old, new, "")
    for name in dict.fromkeys([*old.districts, *new.districts]):
        yield from _payers_there(_in_district(old, name), _in_district(new, name), f" in the district {name}")


def _in_district(document: PolicyDocument, name: str) -> PolicyDocument:
    """The document with the funding of the district for that of the city."""
    return replace(document, funding=document.districts[name].funding if name in document.districts else ())


def _payers_there(old: PolicyDocument, new: PolicyDocument, where: str) -> Iterator[str]:
    """By post and item, from each day on which it comes to differ; posts and items that change alike together."""
    changed: dict[tuple[date | None, str, str], dict[str, list[str]]] = {}
    for post in dict.fromkeys([*POSTS, *old.other_posts, *new.other_posts]):
        for item in PayItem:
            last = ("", "")
            for day in _days(old, new):
                shares = _shared(old, post, item, day, where), _shared(new, post, item, day, where)
                if shares[0] != shares[1] and shares != last:
                    changed.setdefault((day, *shares), {}).setdefault(post, []).append(item)
                last = shares
    for (day, before, after), whom in sorted(changed.items(), key=lambda change: change[0][0] or date.min):
        since = f" from {day} on" if day else ""
        yield f"payers of {_whom(whom)}{where}{since}: {before} → {after}"
    if not changed:
        yield from _rules_that_never_hold(old, new, where)


def _whom(whom: dict[str, list[str]]) -> str:
    return ", ".join(
        post if len(items) == len(PayItem) else f"{post} ({', '.join(items)})" for post, items in whom.items()
    )


def _days(old: PolicyDocument, new: PolicyDocument) -> list[date | None]:
    """The days on which a rule of either starts; first the days before them all."""
    return [None, *sorted({rule.from_date for rule in (*old.funding, *new.funding) if rule.from_date})]


def _shared(document: PolicyDocument, post: str, item: PayItem, day: date | None, where: str) -> str:
    rule = version_of(document, first_day=day_number(day) if day else 0).funding_rule(post, item)
    if rule is None and where:
        return AS_IN_THE_CITY
    ratios = zip(PayerLevel, payer_ratios(rule), strict=True)
    return ", ".join(f"{level.name.lower()} {percent(ratio)}" for level, ratio in ratios if ratio)


def _rules_that_never_hold(old: PolicyDocument, new: PolicyDocument, where: str) -> Iterator[str]:
    """Rules that others go before at all times: nobody's payers change with them, and they are said all the same."""
    before, after = ([_rule(rule) for rule in document.funding] for document in (old, new))
    yield from (
        f"who pays{where}, where no other rule goes before: {rule} → {NOTHING}" for rule in before if rule not in after
    )
    yield from (
        f"who pays{where}, where no other rule goes before: {NOTHING} → {rule}" for rule in after if rule not in before
    )


def _rule(rule: FundingRule) -> str:
    parts = [f"{level} {percent(Fraction(rule.shares[level]))}" for level in Level if level in rule.shares]
    rest = rule.remainder or {}
    parts += [f"{level} {percent(Fraction(rest[level]))} of the rest" for level in Level if level in rest]
    items = f" ({', '.join(sorted(rule.items))})" if rule.items else ""
    since = f" from {rule.from_date} on" if rule.from_date else ""
    return f"{', '.join(sorted(rule.posts))}{items}{since}: {', '.join(parts) or 'nobody'}"


def _amount(amount_fen: Fraction | None) -> str:
    return NOTHING if amount_fen is None else exact_yuan(amount_fen)


def _signed(amount_fen: Fraction) -> str:
    return f"{'-' if amount_fen < 0 else '+'}{exact_yuan(abs(amount_fen))}"
