"""退出: whose exit is to be decided, since the same rating came so many years in a row (rule 10)."""

from msgspec import Struct

from ledger.domain.standing import Standing
from shared.events import Rating
from shared.policy_document import Appraisal


class ExitToDecide(Struct, frozen=True, kw_only=True):
    """The rating and the years in a row, up to the last one appraised."""

    rating: Rating
    years: list[int]


def exits_to_decide(standing: Standing, rules: Appraisal | None) -> list[ExitToDecide]:
    """Nothing for whoever is out of service; a better year ends the row, and so does an exit before the re-hire."""
    if rules is None or not standing.in_service or not standing.ratings:
        return []
    found = []
    for trigger in rules.exits:
        year = max(int(name) for name in standing.ratings)
        years: list[int] = []
        while year >= standing.hired_on.year and standing.ratings.get(str(year)) == trigger.rating:
            years.insert(0, year)
            year -= 1
        if len(years) >= trigger.in_a_row:
            found.append(ExitToDecide(rating=Rating(trigger.rating), years=years))
    return found
