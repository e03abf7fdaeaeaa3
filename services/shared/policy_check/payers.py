"""Who pays what, and booked as what: shares that come to too much, rules said twice, items that nobody is paid."""

import re
from collections.abc import Iterable, Iterator
from decimal import Decimal

from shared.policy_check.fault import Fault, chosen, repeated, too_much
from shared.policy_check.grades import not_paid, paid_posts
from shared.policy_check.rates import performance_faults
from shared.policy_document import FundingRule, Insurance, PayItem, PolicyDocument, TrueUp, TwoPosts

TRUE_UP_ITEM = "year_end_true_up"
"""The item under which a year-end true-up is booked."""
_CLASS = re.compile("[0-9]{3,9}")


def payer_faults(document: PolicyDocument) -> Iterator[Fault]:
    """What is wrong with funding, districts and budget items."""
    yield from _rules_faults(document, document.funding, "/funding")
    seen: dict[str, str] = {}
    for name, district in document.districts.items():
        pointer = f"/districts/{name}"
        yield from repeated(f"{pointer}/streets", district.streets)
        for number, street in enumerate(district.streets):
            if seen.setdefault(street, name) != name:
                detail = f"{street} already lies in {seen[street]}"
                yield Fault(f"{pointer}/streets/{number}", detail, "leave the street in one district alone")
        if district.performance is not None:
            yield from performance_faults(district.performance, f"{pointer}/performance")
        yield from _rules_faults(document, district.funding, f"{pointer}/funding")
    yield from _budget_faults(document)
    yield from repeated("/overspending/refuses", document.overspending.refuses)


def paid_items(document: PolicyDocument) -> set[str]:
    """The items of pay that somebody can be paid under the document."""
    items = {str(table.item) for table in (document.additive.tables.values() if document.additive else ())}
    if document.additive is None:
        items.add(PayItem.BASIC)
    if document.performance or any(district.performance for district in document.districts.values()):
        items.add(PayItem.PERFORMANCE)
    if document.certificate_allowance or document.education_allowance or document.two_posts.pays is TwoPosts.SUPPLEMENT:
        items.add(PayItem.ALLOWANCE)
    if document.true_up is not TrueUp.NEVER:
        items.add(TRUE_UP_ITEM)
    return items | {*contribution_items(document.contributions)}


def contribution_items(insurances: Iterable[str]) -> list[str]:
    """The items under which an insurance is booked: the employer's part and the worker's own."""
    return [f"{insurance}_{whose}" for insurance in insurances for whose in ("unit", "own")]


def _budget_faults(document: PolicyDocument) -> Iterator[Fault]:
    paid, known = paid_items(document), [*PayItem, *contribution_items(Insurance), TRUE_UP_ITEM]
    for item, booked in document.budget_items.items():
        pointer = f"/budget_items/{item}"
        yield from chosen(pointer, item, known)
        if item not in paid and item in known:
            yield Fault(
                pointer, f"no {item} is ever paid by this document", f"take {item} out, or say what is paid as {item}"
            )
        if _CLASS.fullmatch(booked) is None:
            yield Fault(pointer, f"{booked} is no class of the budget", 'write its number, e.g. "30101"')


def _rules_faults(document: PolicyDocument, rules: tuple[FundingRule, ...], pointer: str) -> Iterator[Fault]:
    first: dict[tuple[str, str, object], int] = {}
    paid_as, paid = paid_posts(document), paid_items(document)
    for number, rule in enumerate(rules):
        place = f"{pointer}/{number}"
        yield from _rule_faults(rule, place)
        for at, post in enumerate(rule.posts):
            if paid_as and post not in paid_as:
                yield not_paid(f"{place}/posts/{at}", post, document)
        for at, item in enumerate(rule.items):
            if item not in paid:
                yield Fault(
                    f"{place}/items/{at}",
                    f"no {item} is ever paid by this document",
                    f"take {item} out, or say what is paid as {item}",
                )
        twice = [
            (post, item or "everything")
            for post in dict.fromkeys(rule.posts)
            for item in dict.fromkeys(rule.items or ("",))
            if first.setdefault((post, item, rule.from_date), number) != number
        ]
        if twice:
            since = f" from {rule.from_date} on" if rule.from_date else ""
            what = " and ".join(
                f"the {item} of {post}" if item in list(PayItem) else f"{item} of {post}" for post, item in twice
            )
            earlier = first[(twice[0][0], "" if twice[0][1] == "everything" else twice[0][1], rule.from_date)]
            yield Fault(
                place,
                f"who pays {what}{since} is already said by rule {earlier + 1} of the list",
                "take one of both out, or give the later one its from_date",
            )


def _share_faults(pointer: str, level: str, share: Decimal) -> Iterator[Fault]:
    yield from too_much(pointer, share, 1, "the share of a payer")
    if share == 0:
        yield Fault(pointer, f"the {level} pays nothing", f"take {level} out, or give its share")


def _rule_faults(rule: FundingRule, pointer: str) -> Iterator[Fault]:
    if not rule.posts:
        yield Fault(
            f"{pointer}/posts", "the rule is for no post", "name the posts: [head, deputy], or take the rule out"
        )
    yield from repeated(f"{pointer}/posts", rule.posts)
    yield from repeated(f"{pointer}/items", rule.items)
    single = [
        fault
        for name in ("shares", "remainder")
        for level, share in (getattr(rule, name) or {}).items()
        for fault in _share_faults(f"{pointer}/{name}/{level}", level, share)
    ]
    yield from single
    if any(fault.pointer.startswith(f"{pointer}/shares/") for fault in single):
        return
    fixed = sum(rule.shares.values(), Decimal(0))
    if fixed > 1:
        yield Fault(
            f"{pointer}/shares",
            f"the shares add up to {fixed:f}, more than the whole",
            "lower them until they add up to 1 or less",
        )
    elif not rule.shares and not rule.remainder:
        yield Fault(f"{pointer}/shares", "the rule names no payer", 'write who pays: {city: "1"}, or take the rule out')
    elif fixed == 1 and rule.remainder is not None:
        yield Fault(
            f"{pointer}/remainder",
            "the shares are already the whole, so that nothing remains to be shared",
            "take remainder out, or lower the shares",
        )
    elif rule.remainder is not None and not any(fault.pointer.startswith(f"{pointer}/remainder/") for fault in single):
        rest = sum(rule.remainder.values(), Decimal(0))
        if rest != 1:
            yield Fault(
                f"{pointer}/remainder",
                f"the ratios of the remainder add up to {rest:f}, not to 1",
                "give the parts of what remains; together they are 1",
            )
