"""The calendar date of a moment in the jurisdictions: China, UTC+8 without daylight saving."""

from datetime import date, datetime, timedelta, timezone

_CHINA = timezone(timedelta(hours=8))


def calendar_day(moment: datetime) -> date:
    """The date there at an aware moment."""
    return moment.astimezone(_CHINA).date()
