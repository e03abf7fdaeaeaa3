"""What no tax law means: brackets that do not ascend from nothing, and rates above the whole."""

from collections.abc import Iterator
from itertools import pairwise

from shared.policy_check.fault import Fault, too_much
from shared.policy_document import PolicyDocument, TaxBracket


def tax_faults(document: PolicyDocument) -> Iterator[Fault]:
    """What is wrong with the rules of income tax."""
    tax = document.income_tax
    if tax is None:
        return
    pointer = "/income_tax/brackets"
    if not tax.brackets:
        yield Fault(pointer, "no bracket says how much tax is withheld", "write the brackets, or take income_tax out")
    elif tax.brackets[0].above != 0:
        detail = f"the first bracket begins above {tax.brackets[0].above:f} yuan, and not above 0"
        yield Fault(f"{pointer}/0/above", detail, 'write above: "0" for the first; its rate may be "0", too')
    for number, bracket in enumerate(tax.brackets):
        yield from too_much(f"{pointer}/{number}/rate", bracket.rate, 1, "a rate of tax")
        if int(bracket.above.as_tuple().exponent) < -2:
            detail = f"{bracket.above:f} yuan has more than two places"
            yield Fault(f"{pointer}/{number}/above", detail, "write it to the fen")
    yield from _falling(tax.brackets, pointer)


def _falling(brackets: tuple[TaxBracket, ...], pointer: str) -> Iterator[Fault]:
    for number, (lower, higher) in enumerate(pairwise(brackets), 1):
        if higher.above <= lower.above:
            detail = f"the bracket above {higher.above:f} yuan follows the one above {lower.above:f}"
            yield Fault(f"{pointer}/{number}/above", detail, "list each bracket once, from the lowest upwards")
