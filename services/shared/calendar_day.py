"""Now, and the calendar date of a moment in the jurisdictions: China, UTC+8 without daylight saving."""

from datetime import UTC, date, datetime, timedelta, timezone

_CHINA = timezone(timedelta(hours=8))


def calendar_day(moment: datetime) -> date:
    """The date there at an aware moment."""
    return moment.astimezone(_CHINA).date()


def utc_now() -> datetime:
    """The system clock, UTC."""
    return datetime.now(UTC)
