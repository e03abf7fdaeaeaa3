"""The policies of a jurisdiction: dated documents, published bases, and the month payroll starts."""

from calendar import monthrange
from collections.abc import Iterator
from datetime import date
from typing import Annotated

from msgspec import Meta, Struct

from ledger.domain.command import Command, Id
from ledger.domain.timeline import Timeline
from shared.events import (
    BasePublished,
    Channel,
    EngineAdopted,
    Month,
    PayrollOpened,
    PolicyEnacted,
)
from shared.patterns import END
from shared.policy_check import wrong_with
from shared.policy_document import GradeRules, PolicyDocument, as_written, digest_of
from shared.refusal import Refused

YuanText = Annotated[str, Meta(pattern=r"^[0-9]{1,9}(\.[0-9]{1,2})?" + END, description="yuan, at most two places")]

# --- commands


class EnactPolicy(Command, frozen=True, kw_only=True):
    """A policy document comes into force; the event keeps the whole of it."""

    document: PolicyDocument


class PublishBase(Command, frozen=True, kw_only=True):
    """The average annual wage of urban employees, published; it counts from the effective date, past or future."""

    jurisdiction: Id
    scheme: Id
    average_annual_wage: YuanText


class OpenPayroll(Command, frozen=True, kw_only=True):
    """The first month this system pays; nothing before it is due."""

    jurisdiction: Id
    first_month: Month


class AdoptEngine(Command, frozen=True, kw_only=True):
    """New runs are worked out by another version of the pay engine; payroll says that it has it."""

    jurisdiction: Id
    engine: Annotated[str, Meta(min_length=1, max_length=20, pattern=r"^[0-9a-z.-]+" + END)]


# --- state


class Policies(Struct, frozen=True):
    """What was enacted in one jurisdiction."""

    timeline: Timeline = Timeline()

    def for_scheme(self, scheme: str, day: date) -> PolicyDocument | None:
        """The document of the scheme in force on the day: the latest enacted that is effective by then."""
        return next((enacted.document for enacted in self._enacted(day) if enacted.scheme == scheme), None)

    def since(self, scheme: str, day: date) -> date | None:
        """From when the document of the scheme that is in force on the day is in force."""
        acts = reversed(tuple(self.timeline.until(day)))
        return next(
            (act.effective_date for act in acts if isinstance(act.event, PolicyEnacted) and act.event.scheme == scheme),
            None,
        )

    def open_to(self, channel: Channel, day: date) -> PolicyDocument | None:
        """The document in force on the day that takes people in by the channel."""
        current: dict[str, PolicyDocument] = {}
        for enacted in self._enacted(day):
            current.setdefault(enacted.scheme, enacted.document)
        return next((document for document in current.values() if channel.value in document.open_to), None)

    @property
    def first_month(self) -> str | None:
        """The first month of payroll, or None before it was opened."""
        return next((act.event.first_month for act in self.timeline if isinstance(act.event, PayrollOpened)), None)

    @property
    def engine(self) -> str | None:
        """The version of the pay engine that was adopted last; None: none was."""
        adopted = [act for act in self.timeline if isinstance(act.event, EngineAdopted)]
        latest = max(adopted, key=lambda act: act.version, default=None)
        return latest.event.engine if latest is not None and isinstance(latest.event, EngineAdopted) else None

    def last_word(self, scheme: str, day: date) -> PolicyEnacted | BasePublished | None:
        """What was written last for exactly that day; it is what holds from that day on."""
        written = (act.event for act in reversed(self.timeline.acts) if act.effective_date == day)
        return next(
            (one for one in written if isinstance(one, PolicyEnacted | BasePublished) and one.scheme == scheme), None
        )

    def step_days(self, first: date, last: date) -> list[date]:
        """The days between the two on which some policy has steps fall due, in order."""
        rules = [act.event.document.grade_rules for act in self.timeline if isinstance(act.event, PolicyEnacted)]
        every = {effective_day(one, year) for one in rules if one for year in range(first.year, last.year + 1)}
        return sorted(day for day in every if first <= day <= last)

    def first_days(self, first: date, last: date) -> list[date]:
        """The days after the first, up to the last, on which some policy comes into force, in order."""
        every = {act.effective_date for act in self.timeline if isinstance(act.event, PolicyEnacted)}
        return sorted(day for day in every if first < day <= last)

    def _enacted(self, day: date) -> Iterator[PolicyEnacted]:
        for act in reversed(tuple(self.timeline.until(day))):
            if isinstance(act.event, PolicyEnacted):
                yield act.event


def effective_day(rules: GradeRules, year: int) -> date:
    """The day of the year from which a step holds; 29 February is the 28th where there is none."""
    month, day = int(rules.effective[:2]), int(rules.effective[3:])
    return date(year, month, min(day, monthrange(year, month)[1]))


# --- decisions


def enact(policies: Policies, command: EnactPolicy) -> PolicyEnacted:
    """Refused `policy-unsound`, `already-there`."""
    document = command.document
    _check_sound(document)
    digest = digest_of(document)
    last = policies.last_word(document.scheme, command.effective_date)
    if isinstance(last, PolicyEnacted) and last.digest == digest:
        raise Refused(
            "already-there",
            f"{document.policy_id} is already enacted from {command.effective_date} on",
            pointer="/document",
            remedy="nothing needs doing",
        )
    return PolicyEnacted(policy_id=document.policy_id, scheme=document.scheme, digest=digest, document=document)


def publish_base(policies: Policies, command: PublishBase, wage_fen: int) -> BasePublished:
    """Refused `no-policy` unless the scheme pays by a wage on the day, `base-off-day`, `already-there`."""
    document = policies.for_scheme(command.scheme, command.effective_date)
    if document is None or document.ladder is None or document.ladder.base.share is None:
        raise Refused(
            "no-policy",
            f"no policy of the scheme {command.scheme} pays by a base on {command.effective_date}",
            pointer="/scheme",
            remedy="enact a policy with a ladder first, or choose a day on which one is in force",
        )
    starts, since = document.ladder.base.starts, policies.since(command.scheme, command.effective_date)
    if starts is not None and f"{command.effective_date:%m-%d}" != starts and command.effective_date != since:
        raise Refused(
            "base-off-day",
            f"{document.policy_id} starts a new base on {starts}, not on {command.effective_date}",
            pointer="/effective_date",
            remedy=f"give {starts} of the year from which the wage counts, or {since}, when {document.policy_id} began",
        )
    event = BasePublished(scheme=command.scheme, average_annual_wage_fen=wage_fen)
    if wage_fen == 0:
        raise Refused("invalid-body", "a wage is not zero", pointer="/average_annual_wage", remedy="give the wage")
    if policies.last_word(command.scheme, command.effective_date) == event:
        raise Refused("already-there", "that base is already published", pointer="", remedy="nothing needs doing")
    return event


def open_payroll(policies: Policies, command: OpenPayroll) -> PayrollOpened:
    """Refused `payroll-already-open`: the first month is set once."""
    if policies.first_month is not None:
        raise Refused(
            "payroll-already-open",
            f"payroll of {command.jurisdiction} already starts with {policies.first_month}",
            pointer="/first_month",
            remedy="go on with the month that is open",
        )
    return PayrollOpened(first_month=command.first_month)


def adopt_engine(policies: Policies, command: AdoptEngine) -> EngineAdopted:
    """Refused `already-there`."""
    if policies.engine == command.engine:
        raise Refused(
            "already-there", f"engine {command.engine} is adopted", pointer="/engine", remedy="nothing needs doing"
        )
    return EngineAdopted(engine=command.engine)


def _check_sound(document: PolicyDocument) -> None:
    wrong = wrong_with(as_written(document))
    if wrong:
        raise Refused(
            "policy-unsound",
            wrong[0].detail,
            pointer=f"/document{wrong[0].pointer}",
            remedy=f"{wrong[0].remedy}; nothing was enacted",
            extra={
                "faults": [
                    {"pointer": f"/document{fault.pointer}", "detail": fault.detail, "remedy": fault.remedy}
                    for fault in wrong
                ]
            },
        )
