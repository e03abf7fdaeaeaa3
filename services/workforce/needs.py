"""The processes that production is made of, and what each must be told."""

from enum import StrEnum


class Api(StrEnum):
    """Those with an API and a database of their own."""

    LEDGER = "ledger"
    PAYROLL = "payroll"
    NOTIFICATIONS = "notifications"


class Reader(StrEnum):
    """Those whose database follows from the log."""

    PAYROLL = "payroll"
    NOTIFICATIONS = "notifications"


_DATABASE = ("WORKFORCE_DATABASE",)
_ELSEWHERE = (*_DATABASE, "WORKFORCE_KEYS", "WORKFORCE_LEDGER_URL")

NEEDED: dict[str, tuple[str, ...]] = {
    "serve ledger": (*_DATABASE, "WORKFORCE_KEYS"),
    "serve payroll": _ELSEWHERE,
    "serve notifications": _ELSEWHERE,
    "relay": (*_DATABASE, "WORKFORCE_KAFKA"),
    "consume payroll": (*_ELSEWHERE, "WORKFORCE_KAFKA"),
    "consume notifications": (*_ELSEWHERE, "WORKFORCE_KAFKA"),
    "deliver": (*_DATABASE, "WORKFORCE_WEBHOOKS"),
    "topic": ("WORKFORCE_KAFKA",),
    **{f"migrate {service}": _DATABASE for service in Api},
    **{f"{verb} {reader}": _ELSEWHERE for verb in ("rebuild", "shadow") for reader in Reader},
    **{f"{verb} {reader}": _DATABASE for verb in ("parked", "release") for reader in Reader},
}
"""Command → the variables that must be set for it. In development the keys may be those of WORKFORCE_DATA."""
