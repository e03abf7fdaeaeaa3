"""The first rung under a scheme: by the rule of the day, or at the grade that the act gives (rules 7, 21, 23)."""

from typing import NamedTuple

import msgspec

from ledger.domain.counted_years import Count
from ledger.domain.grades import deemed_years, entry_grade
from ledger.domain.registered import Registered
from ledger.domain.rung import Rung, merits_of, placed, settled
from shared.events import WorkerConverted, WorkerHired, WorkerRehired
from shared.policy_document import PolicyDocument


class Years(NamedTuple):
    """The years that count on entry, and those that the act wrote down."""

    counted: int
    written: int


def first_rung(
    event: WorkerHired | WorkerRehired | WorkerConverted,
    count: Count,
    years: Years,
    held: Registered,
    document: PolicyDocument | None,
) -> tuple[Rung, int | None]:
    """The rung with so many counted years and all that is registered, and the grade that the rule gives.

    The years that gave no step count towards the next one. The act gave a grade of its own where the years that it
    wrote down do not lead to it.
    """
    rules = document.grade_rules if document is not None and document.has_grades() else None
    merits = merits_of(held.diplomas, held.certificates, rules)
    count = msgspec.structs.replace(count, total=years.counted)
    if rules is not None:
        count = count.with_entry((years.counted + deemed_years(held.diplomas, rules)) % rules.years_per_step)
    rung = Rung(event.scheme, event.post, count, event.grade, None, merits)
    if document is None or event.post.value not in document.bands:
        return placed(rung, event.grade), None
    without, written = (
        entry_grade(event.post, counted_years=counted, diplomas=held.diplomas, certificates=more, document=document)
        for counted, more in ((years.counted, ()), (years.written, held.certificates))
    )
    if written is None or written != event.grade:
        return placed(rung, event.grade), written
    return settled(msgspec.structs.replace(rung, base=without), document), written
