"""All that is wrong with a policy document: what `workforce policy check` says is exactly what an enactment refuses."""

from itertools import chain
from typing import Any

from shared.policy_check.fault import Fault
from shared.policy_check.grades import grade_faults
from shared.policy_check.life import life_faults
from shared.policy_check.mending import readings
from shared.policy_check.order import order_faults, order_gaps
from shared.policy_check.payers import payer_faults
from shared.policy_check.rates import place_faults, rate_faults
from shared.policy_check.shape import Bare, shape_faults
from shared.policy_check.tax import tax_faults
from shared.policy_check.words import unknown_words
from shared.policy_document import PolicyDocument

__all__ = ["Bare", "Fault", "faults", "order_gaps", "shape_faults", "wrong_with"]

_RULES = (place_faults, rate_faults, tax_faults, grade_faults, payer_faults, life_faults, order_faults)


def wrong_with(value: Any) -> list[Fault]:
    """Every fault of plain values: of their shape, and what is wrong however the misshapen places are put right."""
    misshapen = list(shape_faults(value))
    if not isinstance(value, dict):
        return misshapen
    first, *others = [faults(document) for document in readings(value)]
    told = [{(fault.pointer, fault.detail) for fault in other} for other in others]
    sure = [fault for fault in first if all((fault.pointer, fault.detail) in each for each in told)]
    return misshapen + [fault for fault in sure if not any(_lies_in(fault.pointer, at.pointer) for at in misshapen)]


def faults(document: PolicyDocument) -> list[Fault]:
    """What is wrong with a document of the right shape; empty when sound. Of an unknown word nothing else is said."""
    unknown = unknown_words(document)
    places = {fault.pointer for fault in unknown}
    found = dict.fromkeys(chain.from_iterable(rule(document) for rule in _RULES))
    return unknown + [fault for fault in found if fault.pointer not in places]


def _lies_in(pointer: str, above: str) -> bool:
    return above != "" and (pointer == above or pointer.startswith(f"{above}/"))
