"""What an amount rests on: which act in the log set a fact or enacted a rule, and which paper the rule names."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Collection
from datetime import date, timedelta
from typing import Protocol

from payroll.engine import EARNED, ENDED, EnactedPolicy, FactKind, PublishedBase, day_number
from payroll.known import Known, KnownFact
from payroll.tracing import Cause, Clause
from shared.money import fen, yuan
from shared.policy_document import PolicyDocument, Source


class Rules(Protocol):
    """A version of a scheme's rules: since when, by which document."""

    @property
    def first_day(self) -> int:
        """The first day, counted from 1970-01-01."""
        ...

    @property
    def document(self) -> PolicyDocument | None:
        """The document in force."""
        ...


class Evidence:
    """The enactments, publications and facts of what is known."""

    def __init__(self, known: Known) -> None:
        self._known = known
        self._facts: dict[str, list[KnownFact]] = defaultdict(list)
        for fact in sorted(known.facts, key=lambda fact: (fact.day, fact.position, fact.ordinal)):
            self._facts[fact.worker_id].append(fact)

    def clause(self, rules: Rules, part: str, value: object) -> Clause | None:
        """A place in the document in force, with the paper behind it."""
        policy = self._policy(rules)
        return _clause(policy, part, value) if policy else None

    def wage(self, rules: Rules, wage_fen: int) -> Clause | Cause | None:
        """Who says the average wage in force: of all that told this one, the last by then."""
        policy = self._policy(rules)
        tellers: list[EnactedPolicy | PublishedBase] = [*self._known.policies, *self._known.bases]
        told = [
            teller
            for teller in tellers
            if day_number(teller.effective_date) <= rules.first_day and _tells(teller, policy, wage_fen)
        ]
        last = max(told, key=lambda teller: (teller.effective_date, teller.position), default=None)
        if isinstance(last, EnactedPolicy):
            return _clause(last, "ladder/base/average_annual_wage", yuan(wage_fen))
        if last is None:
            return None
        return Cause(
            position=last.position,
            ordinal=0,
            kind="average_annual_wage",
            value=yuan(wage_fen),
            effective_date=last.effective_date,
        )

    def in_force(
        self, worker: str, first_day: int, days: int, unread: Collection[FactKind], rated: int | None = None
    ) -> tuple[Cause, ...]:
        """The facts of a worker that hold on these days, by kind, and those with which they end; `unread` left out.

        With `rated` the rating of that year is the one that counts, whenever it was given.
        """
        facts, end = self._facts[worker], first_day + days
        before = facts[: bisect_left(facts, first_day + 1, key=lambda fact: fact.day)]
        latest = {about(fact): fact for fact in before if fact.kind not in unread}
        ending = [fact for fact in facts if fact.day == end and fact.kind not in unread]
        if rated is not None:
            latest = {key: fact for key, fact in latest.items() if fact.kind != FactKind.RATING}
            of_year = [fact for fact in facts if fact.kind == FactKind.RATING and fact.value.startswith(f"{rated} ")]
            latest |= {about(fact): fact for fact in of_year}
            ending = [fact for fact in ending if fact.kind != FactKind.RATING]
        found = sorted([*latest.values(), *ending], key=lambda fact: (fact.day, fact.position, fact.ordinal))
        return tuple(_cause(fact) for fact in found)

    def said(self, worker: str, kind: FactKind, end: int) -> tuple[Cause, ...]:
        """The facts of a kind that were said of a worker for days before `end`."""
        return tuple(_cause(fact) for fact in self._facts[worker] if fact.kind == kind and fact.day < end)

    def _policy(self, rules: Rules) -> EnactedPolicy | None:
        """The last enactment of the document up to the version's first day."""
        enacted = [
            policy
            for policy in self._known.policies
            if policy.document is rules.document and day_number(policy.effective_date) <= rules.first_day
        ]
        return max(enacted, key=lambda policy: (policy.effective_date, policy.position), default=None)


def _tells(teller: EnactedPolicy | PublishedBase, policy: EnactedPolicy | None, wage_fen: int) -> bool:
    """Whether it tells this wage of the policy's scheme."""
    if policy is None:
        return False
    scheme = policy.document.scheme
    if isinstance(teller, PublishedBase):
        return (teller.scheme, teller.average_annual_wage_fen) == (scheme, wage_fen)
    wage = teller.document.ladder.base.average_annual_wage if teller.document.ladder else None
    return teller.document.scheme == scheme and wage is not None and fen(wage) == wage_fen


def _clause(policy: EnactedPolicy, part: str, value: object) -> Clause:
    source = _source_of(policy.document, part)
    return Clause(
        policy_id=policy.document.policy_id,
        part=part,
        value=str(value),
        position=policy.position,
        effective_date=policy.effective_date,
        document=source.document if source else "",
        clause=source.clause if source else "",
        mark=source.mark if source else "",
    )


def day_of(number: int) -> date:
    """Days since 1970-01-01 as a date."""
    return date(1970, 1, 1) + timedelta(days=number)


def _cause(fact: KnownFact) -> Cause:
    return Cause(
        position=fact.position,
        ordinal=fact.ordinal,
        kind=FactKind(fact.kind).name.lower(),
        value=fact.value,
        effective_date=day_of(fact.day),
    )


def about(fact: KnownFact) -> tuple[int, str]:
    """What a later fact takes the place of: the same kind, of certificates and ratings the same one."""
    if fact.kind in (FactKind.CERTIFICATE, FactKind.EDUCATION):
        return fact.kind, fact.value.lstrip(f"{ENDED}{EARNED}")
    return fact.kind, fact.value.partition(" ")[0] if fact.kind == FactKind.RATING else ""


def _source_of(document: PolicyDocument, part: str) -> Source | None:
    """The source that names the nearest part above; a place in a list stands for the list."""
    path = "/".join(key for key in part.split("/") if not key.isdigit())
    above = [source for source in document.sources if f"{path}/".startswith(f"{source.part}/")]
    return max(above, key=lambda source: len(source.part), default=None)
