"""The versions of the pay engine that are here; a run names its own, and an older one stays runnable."""

from collections.abc import Callable, MutableMapping

from payroll.known import Known
from payroll.settlement import Settlement, settle
from shared.refusal import Refused

Settle = Callable[[Known, str], Settlement]
FIRST_ENGINE = "1"
"""The version that works out the runs of a jurisdiction that never adopted another one."""

ENGINES: MutableMapping[str, Settle] = {FIRST_ENGINE: settle}
"""Version → how it settles a month. What a version pays never changes; a mended fault is a new version."""


def engine(version: str) -> Settle:
    """How this version settles a month. Raises Refused `unknown-engine`."""
    if version not in ENGINES:
        raise Refused(
            "unknown-engine",
            f"there is no engine {version} here",
            pointer="/engine",
            remedy=f"adopt one of: {', '.join(sorted(ENGINES))}",
            extra={"engines": sorted(ENGINES)},
        )
    return ENGINES[version]
