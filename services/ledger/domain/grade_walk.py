"""The walk through a life that derives a grade: what each act, day and new policy does to it (rules 7, 8, 14, 15)."""

from datetime import date

import msgspec
from msgspec import Struct

from ledger.domain.appraisal import ratings_of
from ledger.domain.counted_years import Count, Counted, Ratings, count_all, count_on, take_early_step, take_step
from ledger.domain.placement import Years, first_rung
from ledger.domain.policy import Policies, effective_day
from ledger.domain.registered import Registered, counts_from
from ledger.domain.rung import Merits, Rung, certified, graduated, in_band, lapsed, placed, raised, settled, within
from ledger.domain.timeline import Act, Timeline
from shared.events import (
    OUTSIDE,
    Certificate,
    CertificateEnd,
    CertificateEnded,
    PostChanged,
    WorkerConverted,
    WorkerEducated,
    WorkerHired,
    WorkerQualified,
    WorkerRegraded,
    WorkerRehired,
    WorkerSeparated,
)
from shared.policy_document import GradeRules, PolicyDocument

STEPS_OF_THE_YEAR = ("grade_rules/years_per_step", "grade_rules/early_steps")
"""The parts of a policy by which a step falls due on its day in the year."""
SETS_THE_GRADE = (WorkerHired, WorkerRehired, WorkerConverted, PostChanged, WorkerRegraded)
"""The acts that write a grade down."""


class Step(Struct, frozen=True):
    """One step of a derivation: from when, the grade after it, why, from which acts, by which part of which policy."""

    on: date
    grade: int | None
    why: str
    acts: tuple[Act, ...] = ()
    part: str = ""
    document: PolicyDocument | None = None


class Walk:
    """The derivation on its way: it is told what happens, in order."""

    def __init__(self, policies: Policies, timeline: Timeline) -> None:
        self.steps: list[Step] = []
        self._policies = policies
        self._timeline = timeline
        self._ratings: Ratings = ratings_of(timeline)
        self._registered = Registered()
        self._rung: Rung | None = None
        self._count: Count | None = None

    @property
    def kept_years(self) -> int:
        """The counted years with which somebody out of service would come back."""
        return self._count.total if self._count is not None else 0

    def act(self, act: Act) -> date | None:
        """Take an act in; the day from which a diploma or certificate of it counts."""
        event = act.event
        self._registered.take(act)
        if isinstance(event, WorkerHired | WorkerRehired):
            self._enter(act, event)
        elif self._rung is None:
            return None
        elif isinstance(event, WorkerConverted):
            self._convert(act, event, self._rung)
        elif isinstance(event, PostChanged):
            self._change_post(act, event, self._rung)
        elif isinstance(event, WorkerRegraded):
            self._regrade(act, event, self._rung)
        elif isinstance(event, WorkerSeparated):
            self._say(act.effective_date, None, "leaves the service", (act,))
            self._leave(act.effective_date, self._rung)
        elif isinstance(event, CertificateEnded):
            self._end(act, event, self._rung)
        elif isinstance(event, WorkerEducated | WorkerQualified):
            return counts_from(act, self._rules(act.effective_date)[1])
        return None

    def new_policy(self, day: date) -> None:
        """The first day of a policy, whose band the grade does not leave either."""
        rung, (document, _) = self._rung, self._rules(day)
        if rung is None or document is None or within(rung.grade, rung.post, document) == rung.grade:
            return
        self._rung = in_band(rung, document)
        band = document.bands[rung.post.value]
        why = f"the band of a {rung.post} is {band.lowest} to {band.highest} from now on"
        self._say(day, self._rung.grade, why, (), "bands", document)

    def step_day(self, day: date) -> None:
        """The day in the year on which steps are due, if it is that of the worker's policy."""
        document, rules = self._rules(day)
        rung = self._rung
        if rung is None or document is None or rules is None or effective_day(rules, day.year) != day:
            return
        rung = self._rung = msgspec.structs.replace(rung, count=count_on(rung.count, day, rules, self._ratings))
        while (taken := take_step(rung.count, rules, day))[1]:
            why = f"{rules.years_per_step} counted years{_named(taken[1])}: a step"
            rung = self._earn(day, rung, taken, 1, why, STEPS_OF_THE_YEAR[0], document)
        early = rules.early_steps
        taken = take_early_step(rung.count, rules, day)
        if early is not None and taken[1] and raised(rung, early.steps, document).grade != rung.grade:
            why = f"{early.rating}{_named(taken[1])}: a step before its time"
            self._earn(day, rung, taken, early.steps, why, STEPS_OF_THE_YEAR[1], document)

    def _earn(
        self,
        day: date,
        rung: Rung,
        taken: tuple[Count, tuple[Counted, ...]],
        steps: int,
        why: str,
        part: str,
        document: PolicyDocument,
    ) -> Rung:
        count, years = taken
        acts = tuple(year.act for year in years if year.act is not None)
        risen = raised(msgspec.structs.replace(rung, count=count), steps, document)
        return self._move(day, risen, steps, why, acts, part, document)

    def counts(self, day: date, act: Act) -> None:
        """A diploma or certificate counts from this day on, if it still stands and does not count already."""
        rung, event = self._rung, act.event
        if rung is None or not self._registered.stands(act):
            return
        if isinstance(event, WorkerEducated) and event.education not in rung.merits.diplomas:
            self._graduate(day, act, event, rung)
        elif isinstance(event, WorkerQualified) and event.certificate not in rung.merits.certificates:
            _, rules = self._rules(day)
            self._certify(day, act, rung, certified(rung.merits, event.certificate, rules))

    def _graduate(self, day: date, act: Act, event: WorkerEducated, rung: Rung) -> None:
        document, rules = self._rules(day)
        merits = graduated(rung.merits, event.education, rules)
        steps, years = merits.steps - rung.merits.steps, merits.years - rung.merits.years
        risen = raised(
            msgspec.structs.replace(rung, merits=merits, count=rung.count.with_entry(years)), steps, document
        )
        why = f"the diploma {event.education} counts" + (f" and is deemed {years} more years" if years else "")
        if steps or years:
            self._move(day, risen, steps, why, (act,), "grade_rules/education_steps", document)
        self._rung = risen

    def _certify(self, day: date, act: Act, rung: Rung, merits: Merits) -> None:
        """What certificates add, after one more of them or one less."""
        document, _ = self._rules(day)
        after = msgspec.structs.replace(rung, merits=merits)
        assert isinstance(act.event, WorkerQualified | CertificateEnded)
        steps, ended = after.added - rung.added, isinstance(act.event, CertificateEnded)
        if steps:
            after = settled(after, document)
        if merits.certified != rung.merits.certified or (ended and any(rung.merits.certificates.values())):
            why = f"the certificate {act.event.certificate} {'ends' if ended else 'counts'}"
            why += "" if steps else "; the grade does not move by it"
            self._move(day, after, steps, why, (act,), "grade_rules/certificate_steps", document)
        self._rung = after

    def _end(self, act: Act, event: CertificateEnded, rung: Rung) -> None:
        """What a certificate added goes with it, unless it was renewed before its last day."""
        if event.reason is CertificateEnd.EXPIRED and self._renewed(act, event.certificate):
            return
        _, rules = self._rules(act.effective_date)
        self._certify(act.effective_date, act, rung, lapsed(rung.merits, event.certificate, rules))

    def _renewed(self, ended: Act, certificate: Certificate) -> bool:
        return any(
            isinstance(act.event, WorkerQualified) and act.event.certificate is certificate and act.order > ended.order
            for act in self._timeline.until(ended.effective_date)
        )

    def _leave(self, day: date, rung: Rung) -> None:
        """The years of the service are told to its end, for whoever comes back with them."""
        _, rules = self._rules(day)
        self._count = count_on(rung.count, day, rules, self._ratings) if rules else count_all(rung.count, day)
        self._rung = None

    def _enter(self, act: Act, event: WorkerHired | WorkerRehired) -> None:
        day = act.effective_date
        document, rules = self._rules(day, event.scheme)
        count = self._count.anew(day) if self._count is not None else Count(day)
        kept = not isinstance(event, WorkerRehired) or rules is None or rules.years_kept_on_rehire
        counted = self._years(event) if kept else 0
        why = f"enters as {event.post} with {counted} counted years and the diploma {event.education}"
        if document is None or not document.has_grades():
            why = f"enters as {event.post} under {event.scheme}, which has no grades"
        self._place(act, event, count, Years(counted, event.counted_years if kept else 0), why)

    def _years(self, event: WorkerHired | WorkerRehired) -> int:
        """Those of the service before as the rule counts them now, whatever was written down on coming back."""
        if isinstance(event, WorkerRehired) and event.keeps_years and self._count is not None:
            return self._count.total
        return event.counted_years

    def _convert(self, act: Act, event: WorkerConverted, rung: Rung) -> None:
        counted = event.counted_years or 0
        why = f"converts to {event.scheme} as {event.post} with {counted} counted years"
        self._place(act, event, rung.count.anew(act.effective_date), Years(counted, counted), why)

    def _place(
        self, act: Act, event: WorkerHired | WorkerRehired | WorkerConverted, count: Count, years: Years, why: str
    ) -> None:
        """The first rung under a scheme: by the rule, or at the grade that the act gives."""
        document, rules = self._rules(act.effective_date, event.scheme)
        self._rung, derived = first_rung(event, count, years, self._registered, document)
        if document is not None and document.has_grades():
            if self._rung.merits.certified:
                why += f" and the certificates {', '.join(self._registered.certificates)}"
            if derived != event.grade:
                why += f": placed at grade {event.grade} by the act itself, where the rule gives {derived}"
        self._say(act.effective_date, self._rung.grade, why, (act,), "grade_rules" if rules else "bands", document)

    def _change_post(self, act: Act, event: PostChanged, rung: Rung) -> None:
        day = act.effective_date
        document, rules = self._rules(day)
        count = rung.count if rules is None or rules.years_kept_in_new_post else rung.count.anew(day)
        rung = msgspec.structs.replace(rung, post=event.post, count=count)
        by_band = event.grade == within(self._written_before(act), event.post, document)
        self._rung = in_band(rung, document) if by_band else placed(rung, event.grade)
        how = "within the band of the post" if by_band else "placed by the act itself"
        self._say(day, self._rung.grade, f"becomes {event.post}: {how}", (act,), "bands", document)

    def _written_before(self, act: Act) -> int | None:
        """The recorded grade that the act was written upon; what was written later is no part of it."""
        earlier = [one for one in self._timeline.until(act.effective_date) if one.version < act.version]
        grades = [one.event.grade for one in earlier if isinstance(one.event, SETS_THE_GRADE)]
        return grades[-1] if grades else None

    def _regrade(self, act: Act, event: WorkerRegraded, rung: Rung) -> None:
        _, rules = self._rules(act.effective_date)
        stands = bool(event.exceptional) or rules is None
        self._rung = placed(rung, event.grade) if stands else rung
        why = f"recorded from {event.from_grade} to {event.grade}: {event.reason}"
        why += "; the rule counts on from there" if stands else "; the rule is not moved by it"
        self._say(act.effective_date, self._rung.grade, why, (act,))

    def _move(
        self,
        day: date,
        after: Rung,
        steps: int,
        why: str,
        acts: tuple[Act, ...],
        part: str,
        document: PolicyDocument | None,
    ) -> Rung:
        """To another rung, so many steps away if the band holds it; said where there is a grade."""
        before = self._rung.grade if self._rung is not None else None
        self._rung = after
        if before is not None and after.grade is not None:
            if after.grade != before + steps:
                why += f"; the band of a {after.post} ends at {after.grade}"
            self._say(day, after.grade, why, acts, part, document)
        return after

    def _rules(self, day: date, scheme: str = "") -> tuple[PolicyDocument | None, GradeRules | None]:
        scheme = scheme or (self._rung.scheme if self._rung else OUTSIDE)
        document = None if scheme == OUTSIDE else self._policies.for_scheme(scheme, day)
        return document, document.grade_rules if document is not None and document.has_grades() else None

    def _say(
        self,
        on: date,
        grade: int | None,
        why: str,
        acts: tuple[Act, ...],
        part: str = "",
        document: PolicyDocument | None = None,
    ) -> None:
        self.steps.append(Step(on, grade, why, acts, part if document else "", document))


def _named(years: tuple[Counted, ...]) -> str:
    """Which years, as far as they are calendar years with a name of their own."""
    named = [str(year.year) if year.year is not None else "before entry" for year in years]
    return f" ({', '.join(named)})"
