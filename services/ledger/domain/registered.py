"""Which diplomas and certificates of a life stand, in service or out of it, whether they count already or not."""

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
