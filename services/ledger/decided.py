"""What every decision is held against after its rules and before its append: limits of dates, and budgets."""

from datetime import date

from ledger.affording import check_budgets
from ledger.dating import check_dates
from ledger.desk import Decision, Desk


def check_decided(desk: Desk, decision: Decision, day: date) -> None:
    """Refused `retro-limit`, `budget-exceeded`."""
    check_dates(desk, decision, day)
    check_budgets(desk, decision, day)
