"""The pay engine: from facts and policies, as columns of whole numbers, to what is due to whom and who pays it."""

from payroll.engine.comparing import BASELINE, SCENARIO, Comparison, compare
from payroll.engine.contributions import NO_LEVEL, contributions
from payroll.engine.differences import Differences, differences
from payroll.engine.facts import (
    FactKind,
    Facts,
    day_number,
    facts_of,
    first_day,
    in_order,
    month_name,
    month_number,
    years_before,
)
from payroll.engine.lines import Due, Entries, due, entries_of, settled
from payroll.engine.policy_tables import PolicyTables, compile_policies
from payroll.engine.policy_versions import EnactedPolicy, PublishedBase, Version, ladder_pay
from payroll.engine.rates import Gap
from payroll.engine.segments import Segments
from payroll.engine.true_up import Spells, spells
from payroll.engine.vocabulary import (
    CERTIFICATE_CODES,
    CERTIFICATES,
    EARNED,
    EARNED_ITEMS,
    ENDED,
    OWN_ITEMS,
    POST_CODES,
    POSTS,
    RATINGS,
    SUSPENSE,
    UNIT_ITEMS,
    WORKER,
    Item,
    PayerLevel,
    Vocabulary,
    certificate_change,
    diploma_held,
    rating_of_year,
    vocabulary,
)
from payroll.engine.withholding import PaidInYear, Withheld, taxed, with_tax, withholdings

ENGINE_VERSION = "1"

__all__ = [
    "BASELINE",
    "CERTIFICATES",
    "CERTIFICATE_CODES",
    "EARNED",
    "EARNED_ITEMS",
    "ENDED",
    "ENGINE_VERSION",
    "NO_LEVEL",
    "OWN_ITEMS",
    "POSTS",
    "POST_CODES",
    "RATINGS",
    "SCENARIO",
    "SUSPENSE",
    "UNIT_ITEMS",
    "WORKER",
    "Comparison",
    "Differences",
    "Due",
    "EnactedPolicy",
    "Entries",
    "FactKind",
    "Facts",
    "Gap",
    "Item",
    "PaidInYear",
    "PayerLevel",
    "PolicyTables",
    "PublishedBase",
    "Segments",
    "Spells",
    "Version",
    "Vocabulary",
    "Withheld",
    "certificate_change",
    "compare",
    "compile_policies",
    "contributions",
    "day_number",
    "differences",
    "diploma_held",
    "due",
    "entries_of",
    "facts_of",
    "first_day",
    "in_order",
    "ladder_pay",
    "month_name",
    "month_number",
    "rating_of_year",
    "settled",
    "spells",
    "taxed",
    "vocabulary",
    "with_tax",
    "withholdings",
    "years_before",
]
