"""Certificates 职业资格 of a worker: registered under their number (rule 14)."""

from datetime import date, timedelta
from typing import Annotated

from msgspec import Meta

from ledger.domain.command import WorkerCommand
from ledger.domain.policy import Policies
from ledger.domain.standing import Standing
from ledger.domain.timeline import Timeline
from shared.events import Certificate, CertificateEnd, CertificateEnded, WorkerQualified
from shared.patterns import END
from shared.refusal import Refused

# --- command


class QualifyWorker(WorkerCommand, frozen=True, kw_only=True):
    """A certificate, registered on the effective date; `valid_until`: the last day on which it counts.

    One that is held and has a last day is renewed from the day after it.
    """

    certificate: Certificate
    certificate_number: Annotated[str, Meta(min_length=4, max_length=40, pattern=r"^[0-9A-Za-z-]+" + END)]
    valid_until: date | None = None


class EndCertificate(WorkerCommand, frozen=True, kw_only=True):
    """A certificate ends before, or without, a last day; the effective date is the first day without it."""

    certificate: Certificate
    reason: CertificateEnd


# --- decisions


def qualify(command: QualifyWorker) -> WorkerQualified:
    """The certificate; its number is sealed by the caller."""
    return WorkerQualified(certificate=command.certificate, personal="")


def expiry(command: QualifyWorker) -> tuple[CertificateEnded, date] | None:
    """The end that is known from the beginning, on its day. Refused `invalid-body` for one before the beginning."""
    if command.valid_until is None:
        return None
    if command.valid_until < command.effective_date:
        raise Refused(
            "invalid-body",
            f"it would end on {command.valid_until}, before it begins",
            pointer="/valid_until",
            remedy="compare the last day with the effective date",
        )
    ended = CertificateEnded(certificate=command.certificate, reason=CertificateEnd.EXPIRED)
    return ended, command.valid_until + timedelta(days=1)


def check_expiry_ahead(timeline: Timeline, command: QualifyWorker) -> None:
    """Refused `later-act-in-the-way` where the last day of an earlier registration, revoked since, is yet to come."""
    for act in timeline:
        event = act.event
        if not isinstance(event, CertificateEnded) or event.reason is not CertificateEnd.EXPIRED:
            continue
        if event.certificate is command.certificate and act.effective_date > command.effective_date:
            raise Refused(
                "later-act-in-the-way",
                f"an earlier registration of it ends on {act.effective_date}, which would end this one, too",
                pointer="/effective_date",
                remedy=f"register it from {act.effective_date} on, or void the earlier registration first",
                extra={"acts": [act.command_id]},
            )


def end(command: EndCertificate) -> CertificateEnded:
    """The end with its reason."""
    return CertificateEnded(certificate=command.certificate, reason=command.reason)


def check_end(standing: Standing, event: CertificateEnded, day: date, policies: Policies) -> None:
    """Refused `no-certificate` for one that is not held on the day; an expiry is in nobody's way."""
    if event.certificate not in standing.certificates and event.reason is not CertificateEnd.EXPIRED:
        raise Refused(
            "no-certificate",
            f"the worker has no certificate {event.certificate} on {day}",
            pointer="/certificate",
            remedy="look at the worker's history; nothing needs doing where it has ended",
        )


def check_certificate(standing: Standing, event: WorkerQualified, day: date, policies: Policies) -> None:
    """Refused `already-there` for a certificate that is registered."""
    if event.certificate in standing.certificates:
        raise Refused(
            "already-there",
            f"the certificate {event.certificate} is already registered",
            pointer="/certificate",
            remedy="nothing needs doing; one that has a last day is renewed from the day after it, also in advance",
        )
