"""The grade a worker should have, derived step by step from acts and the policy's clauses (rules 7, 8, 14, 15)."""

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from heapq import heapify, heappop, heappush

import msgspec
from msgspec import Struct

from ledger.domain.appraisal import ratings_of
from ledger.domain.counted_years import Count, Counted, Ratings, count_on, take_early_step, take_step
from ledger.domain.grades import entry_grade
from ledger.domain.policy import Policies, effective_day
from ledger.domain.timeline import Act, Timeline
from shared.events import (
    OUTSIDE,
    Certificate,
    Education,
    Post,
    PostChanged,
    WorkerConverted,
    WorkerEducated,
    WorkerHired,
    WorkerQualified,
    WorkerRegraded,
    WorkerRehired,
    WorkerSeparated,
)
from shared.policy_document import AllowanceStart, GradeRules, PolicyDocument, Several

STEPS_OF_THE_YEAR = ("grade_rules/years_per_step", "grade_rules/early_steps")
"""The parts of a policy by which a step falls due on its day in the year."""


class Step(Struct, frozen=True):
    """One step of a derivation: from when, the grade after it, why, from which acts, by which part of which policy."""

    on: date
    grade: int | None
    why: str
    acts: tuple[Act, ...] = ()
    part: str = ""
    document: PolicyDocument | None = None


class Rung(Struct, frozen=True):
    """Where somebody stands while their grade is derived; `recorded` is what the acts say so far."""

    scheme: str
    post: Post
    grade: int | None
    recorded: int | None
    count: Count
    diplomas: tuple[Education, ...] = ()
    certificates: tuple[Certificate, ...] = ()


def derivation(timeline: Timeline, policies: Policies, day: date) -> list[Step]:
    """Every step up to the day, in order; the last one's grade is due on the day, None where there is no grade.

    A rating judges its year whenever it was given; every other act holds from its effective date.
    """
    walk = _Walk(policies, ratings_of(timeline))
    acts = [(act.effective_date, 1, act.version, act) for act in timeline.until(day)]
    first = acts[0][0] if acts else day
    occasions: list[tuple[date, int, int, Act | None]] = [(on, 0, 0, None) for on in policies.step_days(first, day)]
    occasions += acts
    heapify(occasions)
    while occasions and occasions[0][0] <= day:
        on, rank, version, act = heappop(occasions)
        if act is None:
            walk.step_day(on)
        elif rank == 2:
            walk.counts(on, act)
        else:
            later = walk.act(act)
            if later is not None:
                heappush(occasions, (max(later, on), 2, version, act))
    return walk.steps


def due_grade(timeline: Timeline, policies: Policies, day: date) -> int | None:
    """The grade that the policy and the acts give on the day."""
    steps = derivation(timeline, policies, day)
    return steps[-1].grade if steps else None


class _Walk:
    """The derivation on its way: it is told what happens, in order."""

    def __init__(self, policies: Policies, ratings: Ratings) -> None:
        self.steps: list[Step] = []
        self._policies = policies
        self._ratings = ratings
        self._rung: Rung | None = None
        self._early = 0

    def act(self, act: Act) -> date | None:
        """Take an act in; the day from which a diploma or certificate of it counts."""
        event = act.event
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
            self._rung = None
        elif isinstance(event, WorkerEducated | WorkerQualified):
            return self._start(act)
        return None

    def step_day(self, day: date) -> None:
        """The day in the year on which steps are due, if it is that of the worker's policy."""
        document, rules = self._rules(day)
        if self._rung is None or document is None or rules is None or effective_day(rules, day.year) != day:
            return
        self._rung = msgspec.structs.replace(self._rung, count=count_on(self._rung.count, day, rules, self._ratings))
        stepped = False
        while (taken := take_step(self._rung.count, rules))[1]:
            why = f"{rules.years_per_step} counted years{_named(taken[1])}: a step"
            self._earn(day, taken, 1, why, STEPS_OF_THE_YEAR[0], document)
            stepped = True
        if rules.early_steps is not None and not stepped:
            taken = take_early_step(self._rung.count, rules)
            if taken[1]:
                why = f"{rules.early_steps.rating}{_named(taken[1])}: a step before its time"
                self._early = taken[0].early
                self._earn(day, taken, rules.early_steps.steps, why, STEPS_OF_THE_YEAR[1], document)

    def _earn(
        self,
        day: date,
        taken: tuple[Count, tuple[Counted, ...]],
        steps: int,
        why: str,
        part: str,
        document: PolicyDocument,
    ) -> None:
        assert self._rung is not None
        count, years = taken
        acts = tuple(year.act for year in years if year.act is not None)
        self._rise(day, msgspec.structs.replace(self._rung, count=count), steps, why, acts, part, document)

    def counts(self, day: date, act: Act) -> None:
        """A diploma or certificate counts from this day on."""
        document, rules = self._rules(day)
        rung, event = self._rung, act.event
        if rung is None or document is None or rules is None:
            return
        if isinstance(event, WorkerEducated):
            was, now = rung.diplomas, (*rung.diplomas, event.education)
            steps = _more(was, now, rules.education_steps, rules.education_several)
            years = _more(was, now, rules.education_years, rules.education_several)
            rung = msgspec.structs.replace(rung, diplomas=now, count=rung.count.with_entry(years))
            part, why = "grade_rules/education_steps", f"the diploma {event.education} counts"
            why += f" and is deemed {years} more years" if years else ""
        else:
            assert isinstance(event, WorkerQualified)
            held, holds = rung.certificates, (*rung.certificates, event.certificate)
            steps = _more(held, holds, rules.certificate_steps, rules.certificate_several)
            years = 0
            rung = msgspec.structs.replace(rung, certificates=holds)
            part, why = "grade_rules/certificate_steps", f"the certificate {event.certificate} counts"
        if steps or years:
            self._rise(day, rung, steps, why, (act,), part, document)
        self._rung = self._rung if steps or years else rung

    def _enter(self, act: Act, event: WorkerHired | WorkerRehired) -> None:
        day = act.effective_date
        document, rules = self._rules(day, event.scheme)
        count = Count(day, early=self._early)
        if rules is not None:
            years = event.counted_years + rules.education_years.get(event.education.value, 0)
            kept = not isinstance(event, WorkerRehired) or rules.years_kept_on_rehire
            count = count.with_entry(years % rules.years_per_step if kept else 0)
        self._rung = Rung(event.scheme, event.post, event.grade, event.grade, count, (event.education,))
        if document is None or not document.has_grades():
            self._say(day, event.grade, f"enters as {event.post} under {event.scheme}, which has no grades", (act,))
            return
        derived = document.bands.get(event.post.value) and entry_grade(
            event.post, counted_years=event.counted_years, education=event.education, document=document
        )
        why = f"enters as {event.post} with {event.counted_years} counted years and the diploma {event.education}"
        if derived != event.grade:
            why += f": placed at grade {event.grade} by the act itself, where the rule gives {derived}"
        part = "grade_rules" if rules is not None else "bands"
        self._say(day, event.grade, why, (act,), part, document)

    def _convert(self, act: Act, event: WorkerConverted, rung: Rung) -> None:
        day = act.effective_date
        document, rules = self._rules(day, event.scheme)
        count = rung.count.anew(day)
        if rules is not None:
            count = count.with_entry((event.counted_years or 0) % rules.years_per_step)
        self._rung = Rung(event.scheme, event.post, event.grade, event.grade, count, rung.diplomas, rung.certificates)
        why = f"converts to {event.scheme} as {event.post}: placed by the act itself"
        self._say(day, event.grade, why, (act,), "grade_rules" if rules else "", document)

    def _change_post(self, act: Act, event: PostChanged, rung: Rung) -> None:
        day = act.effective_date
        document, rules = self._rules(day)
        by_band = event.grade == _within(rung.recorded, event.post, document)
        grade = _within(rung.grade, event.post, document) if by_band else event.grade
        count = rung.count if rules is None or rules.years_kept_in_new_post else rung.count.anew(day)
        self._rung = msgspec.structs.replace(rung, post=event.post, grade=grade, recorded=event.grade, count=count)
        how = "within the band of the post" if by_band else "placed by the act itself"
        why = f"becomes {event.post}: {how}"
        self._say(day, grade, why, (act,), "bands", document)

    def _regrade(self, act: Act, event: WorkerRegraded, rung: Rung) -> None:
        _, rules = self._rules(act.effective_date)
        stands = bool(event.exceptional) or rules is None
        grade = event.grade if stands else rung.grade
        self._rung = msgspec.structs.replace(rung, grade=grade, recorded=event.grade)
        why = f"recorded from {event.from_grade} to {event.grade}: {event.reason}"
        why += "; the rule counts on from there" if stands else "; the rule is not moved by it"
        self._say(act.effective_date, grade, why, (act,))

    def _start(self, act: Act) -> date | None:
        """From when a diploma or certificate counts, by the policy of its day."""
        _, rules = self._rules(act.effective_date)
        if rules is None:
            return None
        educated = isinstance(act.event, WorkerEducated)
        starts = rules.education_starts if educated else rules.certificate_starts
        return start_of(starts, act.effective_date)

    def _rise(
        self, day: date, rung: Rung, steps: int, why: str, acts: tuple[Act, ...], part: str, document: PolicyDocument
    ) -> None:
        """So many steps from where the rung is, never out of the band."""
        if rung.grade is None:
            self._rung = rung
            return
        grade = _within(rung.grade + steps, rung.post, document)
        if grade != rung.grade + steps:
            why += f"; the band of a {rung.post} ends at {grade}"
        self._rung = msgspec.structs.replace(rung, grade=grade)
        self._say(day, grade, why, acts, part, document)

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


def start_of(starts: AllowanceStart, day: date) -> date:
    """The day itself, the first of the next month, or the next 1 January."""
    if starts is AllowanceStart.REGISTRATION:
        return day
    if starts is AllowanceStart.NEXT_YEAR:
        return date(day.year + 1, 1, 1)
    return (day.replace(day=1) + timedelta(days=31)).replace(day=1)


def _within(grade: int | None, post: Post, document: PolicyDocument | None) -> int | None:
    band = document.bands.get(post.value) if document is not None else None
    return grade if grade is None or band is None else min(max(grade, band.lowest), band.highest)


def _more(was: Iterable[str], now: Iterable[str], worth: Mapping[str, int], several: Several) -> int:
    """What the names are worth now, beyond what they were."""
    together = sum if several is Several.ADDING else max
    before, after = ([worth.get(name, 0) for name in names] for names in (was, now))
    return together(after or [0]) - together(before or [0])


def _named(years: tuple[Counted, ...]) -> str:
    """Which years, as far as they are calendar years with a name of their own."""
    named = [str(year.year) if year.year is not None else "before entry" for year in years]
    return f" ({', '.join(named)})"
