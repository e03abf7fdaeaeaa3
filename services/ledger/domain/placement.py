"""The first rung under a scheme: by the rule of the day, or at the grade that the act gives (rules 7, 21, 23)."""

import msgspec

from ledger.domain.counted_years import Count
from ledger.domain.grades import deemed_years, entry_grade
from ledger.domain.registered import Registered
from ledger.domain.rung import Rung, merits_of, placed, settled
from shared.events import WorkerConverted, WorkerHired, WorkerRehired
from shared.policy_document import PolicyDocument


def first_rung(
    event: WorkerHired | WorkerRehired | WorkerConverted,
    count: Count,
    counted: int,
    held: Registered,
    document: PolicyDocument | None,
) -> tuple[Rung, int | None]:
    """The rung with so many counted years and all that is registered, and the grade that the rule gives.

    The years that gave no step count towards the next one.
    """
    rules = document.grade_rules if document is not None and document.has_grades() else None
    merits = merits_of(held.diplomas, held.certificates, rules)
    if rules is not None:
        count = count.with_entry((counted + deemed_years(held.diplomas, rules)) % rules.years_per_step)
    rung = Rung(event.scheme, event.post, count, event.grade, None, merits)
    if document is None or event.post.value not in document.bands:
        return placed(rung, event.grade), None
    without, derived = (
        entry_grade(
            event.post, counted_years=counted, diplomas=held.diplomas, certificates=certificates, document=document
        )
        for certificates in ((), held.certificates)
    )
    if derived is None or derived != event.grade:
        return placed(rung, event.grade), derived
    return settled(msgspec.structs.replace(rung, base=without), document), derived
