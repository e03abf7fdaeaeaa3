"""Which diplomas and certificates of a life stand, in service or out of it, and from when on they count."""

from datetime import date, timedelta

from ledger.domain.timeline import Act
from shared.events import (
    Certificate,
    CertificateEnded,
    Education,
    WorkerEducated,
    WorkerHired,
    WorkerQualified,
    WorkerRehired,
)
from shared.policy_document import AllowanceStart, GradeRules


class Registered:
    """What the acts registered so far; it is told them in order."""

    def __init__(self) -> None:
        self.diplomas: tuple[Education, ...] = ()
        self._certificates: dict[Certificate, Act] = {}

    @property
    def certificates(self) -> tuple[Certificate, ...]:
        """Those that have not ended."""
        return tuple(self._certificates)

    def take(self, act: Act) -> None:
        """Take an act in."""
        event = act.event
        if isinstance(event, WorkerHired | WorkerRehired):
            self.diplomas = diplomas_on_entry(self.diplomas, event.education)
        elif isinstance(event, WorkerEducated):
            self.diplomas = (*self.diplomas, event.education)
        elif isinstance(event, WorkerQualified):
            self._certificates[event.certificate] = act
        elif isinstance(event, CertificateEnded):
            self._certificates.pop(event.certificate, None)

    def stands(self, act: Act) -> bool:
        """Whether what the act registered still does."""
        if isinstance(act.event, WorkerEducated):
            return act.event.education in self.diplomas
        return isinstance(act.event, WorkerQualified) and self._certificates.get(act.event.certificate) is act


def diplomas_on_entry(before: tuple[Education, ...], education: Education) -> tuple[Education, ...]:
    """Those up to the one with which somebody enters: the act names the highest."""
    levels = list(Education)
    return (*(one for one in before if levels.index(one) < levels.index(education)), education)


def counts_from(act: Act, rules: GradeRules | None) -> date:
    """From when a diploma or certificate counts: the day itself, also where no rules say, the next month or year."""
    day = act.effective_date
    if rules is None:
        return day
    starts = rules.education_starts if isinstance(act.event, WorkerEducated) else rules.certificate_starts
    if starts is AllowanceStart.REGISTRATION:
        return day
    if starts is AllowanceStart.NEXT_YEAR:
        return date(day.year + 1, 1, 1)
    return (day.replace(day=1) + timedelta(days=31)).replace(day=1)
