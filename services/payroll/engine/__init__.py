"""The pay engine: from facts and policies, as columns of whole numbers, to what is due to whom and who pays it."""

from payroll.engine.comparing import BASELINE, SCENARIO, Comparison, compare, payer_name
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
)
from payroll.engine.lines import Due, Entries, Gap, Segments, due, entries_of, settled
from payroll.engine.policy_tables import PolicyTables, compile_policies
from payroll.engine.policy_versions import EnactedPolicy, PublishedBase, Version, ladder_pay
from payroll.engine.uncomputed import uncomputed
from payroll.engine.vocabulary import (
    CERTIFICATE_CODES,
    CERTIFICATES,
    ENDED,
    POST_CODES,
    POSTS,
    RATINGS,
    Item,
    PayerLevel,
    Vocabulary,
    certificate_change,
    rating_of_year,
    vocabulary,
)

ENGINE_VERSION = "1"

__all__ = [
    "BASELINE",
    "CERTIFICATES",
    "CERTIFICATE_CODES",
    "ENDED",
    "ENGINE_VERSION",
    "POSTS",
    "POST_CODES",
    "RATINGS",
    "SCENARIO",
    "Comparison",
    "Differences",
    "Due",
    "EnactedPolicy",
    "Entries",
    "FactKind",
    "Facts",
    "Gap",
    "Item",
    "PayerLevel",
    "PolicyTables",
    "PublishedBase",
    "Segments",
    "Version",
    "Vocabulary",
    "certificate_change",
    "compare",
    "compile_policies",
    "day_number",
    "differences",
    "due",
    "entries_of",
    "facts_of",
    "first_day",
    "in_order",
    "ladder_pay",
    "month_name",
    "month_number",
    "payer_name",
    "rating_of_year",
    "settled",
    "uncomputed",
    "vocabulary",
]
