"""Certificates 职业资格 of a worker: registered under their number (rule 14)."""

from datetime import date
from typing import Annotated

from msgspec import Meta

from ledger.domain.command import WorkerCommand
from ledger.domain.policy import Policies
from ledger.domain.standing import Standing
from shared.events import Certificate, WorkerQualified
from shared.patterns import END
from shared.refusal import Refused

# --- command


class QualifyWorker(WorkerCommand, frozen=True, kw_only=True):
    """A certificate, registered on the effective date."""

    certificate: Certificate
    certificate_number: Annotated[str, Meta(min_length=4, max_length=40, pattern=r"^[0-9A-Za-z-]+" + END)]


# --- decisions


def qualify(command: QualifyWorker) -> WorkerQualified:
    """The certificate; its number is sealed by the caller."""
    return WorkerQualified(certificate=command.certificate, personal="")


def check_certificate(standing: Standing, event: WorkerQualified, day: date, policies: Policies) -> None:
    """Refused `already-there` for a certificate that is registered."""
    if event.certificate is standing.certificate:
        raise Refused(
            "already-there",
            f"the certificate {event.certificate} is already registered",
            pointer="/certificate",
            remedy="nothing needs doing",
        )
