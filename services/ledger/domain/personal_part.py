"""Who somebody is, under their own key: as sealed, and corrected part by part, never overwritten."""

import msgspec
from msgspec import Struct

from ledger.domain.career import Digits, Known
from ledger.domain.command import Words, WorkerCommand
from shared.refusal import Refused

PARTS = ("name", "phone", "bank_account")

# --- command


class CorrectPerson(WorkerCommand, frozen=True, kw_only=True):
    """What is given is right from the effective date on; stored only as ciphertext, the reason too.

    The identity number is no part of it: it is corrected by voiding the hire and giving it again.
    """

    name: Words | None = None
    phone: Digits | None = None
    bank_account: Digits | None = None
    reason: Words


# --- state


class Corrected(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What one correction sealed: the parts that it gave, and why."""

    name: str | None = None
    phone: str | None = None
    bank_account: str | None = None
    reason: str = ""


def with_correction(person: Known, corrected: Corrected) -> Known:
    """The person with the parts that are given."""
    given = {part: said for part in PARTS if (said := getattr(corrected, part)) is not None}
    return msgspec.structs.replace(person, **given)


# --- decision


def corrected(command: CorrectPerson, person: Known) -> Corrected:
    """What is to be sealed. Refused `invalid-body` where nothing is given, `already-there` where nothing differs."""
    found = Corrected(name=command.name, phone=command.phone, bank_account=command.bank_account, reason=command.reason)
    if all(getattr(found, part) is None for part in PARTS):
        raise Refused(
            "invalid-body",
            f"a correction gives one or more of {', '.join(PARTS)}",
            pointer="/name",
            remedy="give what is right; an identity number is corrected by voiding the hire and giving it again",
        )
    if with_correction(person, found) == person:
        raise Refused("already-there", "it is on record like that", pointer="/name", remedy="nothing needs doing")
    return found
