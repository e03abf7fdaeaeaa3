"""Rebuild every projection from the log and compare its digest with the live one."""

from typing import Any

from shared.principals import Role
from workforce.client import Client


def digests(client: Client) -> dict[str, str]:
    """Digest of the log and of each projection as it stands."""
    log = client.read("/ledger/v1/log")
    return {
        "log": log["digest"],
        "directory": log["directory_digest"],
        "payroll": client.read("/payroll/v1/projection")["digest"],
        "notifications": client.read("/notifications/v1/projection")["digest"],
    }


def replay(client: Client) -> dict[str, Any]:
    """Every projection built again beside the live one; `equal` says whether all agree. Nothing is sent."""
    found = {}
    for name, service in (("directory", "ledger"), ("payroll", "payroll"), ("notifications", "notifications")):
        answer = client.command(f"/{service}/v1/rebuild", {}, role=Role.AUDITOR)
        found[name] = {key: answer[key] for key in ("position", "live_digest", "rebuilt_digest", "equal")}
    return {
        "log": client.read("/ledger/v1/log")["digest"],
        "projections": found,
        "equal": all(one["equal"] for one in found.values()),
        "sent": 0,
    }
