"""Where somebody stands on the ladder: what years and diplomas gave, what certificates add, never out of the band."""

from collections.abc import Iterable, Mapping

import msgspec
from msgspec import Struct

from ledger.domain.counted_years import Count
from ledger.domain.grades import together
from shared.events import Certificate, Education, Post
from shared.policy_document import GradeRules, PolicyDocument, Several


class Merits(Struct, frozen=True):
    """The diplomas and certificates that count, each with its worth by the rules of the day from which it counts.

    `steps`, `years`, `certified`: what they are worth together. A new one never lowers it, an end never raises it.
    """

    diplomas: Mapping[Education, tuple[int, int]] = {}
    steps: int = 0
    years: int = 0
    certificates: Mapping[Certificate, int] = {}
    certified: int = 0


class Rung(Struct, frozen=True):
    """The grade is `base` and what certificates add to it, within the band.

    `contained` is how much of the worth of certificates adds nothing, since an act that placed the worker knew of them
    or the band did not hold it.
    """

    scheme: str
    post: Post
    count: Count
    grade: int | None
    base: int | None
    merits: Merits = Merits()
    contained: int = 0

    @property
    def added(self) -> int:
        """What certificates add."""
        return max(self.merits.certified - self.contained, 0)


def within(grade: int | None, post: Post, document: PolicyDocument | None) -> int | None:
    """The grade, moved into the band of the post where there is one."""
    band = document.bands.get(post.value) if document is not None else None
    return grade if grade is None or band is None else min(max(grade, band.lowest), band.highest)


def merits_of(diplomas: Iterable[Education], certificates: Iterable[Certificate], rules: GradeRules | None) -> Merits:
    """What somebody brings along, all of it by the rules of one day."""
    merits = Merits()
    for education in diplomas:
        merits = graduated(merits, education, rules)
    for certificate in certificates:
        merits = certified(merits, certificate, rules)
    return merits


def graduated(merits: Merits, education: Education, rules: GradeRules | None) -> Merits:
    """With one more diploma."""
    several = rules.education_several if rules is not None else Several.HIGHEST
    steps = rules.education_steps.get(education.value, 0) if rules is not None else 0
    years = rules.education_years.get(education.value, 0) if rules is not None else 0
    diplomas = {**merits.diplomas, education: (steps, years)}
    return msgspec.structs.replace(
        merits,
        diplomas=diplomas,
        steps=max(merits.steps, together([one[0] for one in diplomas.values()], several)),
        years=max(merits.years, together([one[1] for one in diplomas.values()], several)),
    )


def certified(merits: Merits, certificate: Certificate, rules: GradeRules | None) -> Merits:
    """With one more certificate."""
    worth = rules.certificate_steps.get(certificate.value, 0) if rules is not None else 0
    held = {**merits.certificates, certificate: worth}
    now = together(held.values(), _several(rules))
    return msgspec.structs.replace(merits, certificates=held, certified=max(merits.certified, now))


def lapsed(merits: Merits, certificate: Certificate, rules: GradeRules | None) -> Merits:
    """Without a certificate that ended, which takes no more with it than it was worth."""
    least = merits.certified - merits.certificates.get(certificate, 0)
    held = {one: worth for one, worth in merits.certificates.items() if one is not certificate}
    now = together(held.values(), _several(rules))
    return msgspec.structs.replace(merits, certificates=held, certified=max(min(merits.certified, now), least))


def placed(rung: Rung, grade: int | None) -> Rung:
    """At the grade that an act gave, which knew what the worker holds."""
    return msgspec.structs.replace(rung, grade=grade, base=grade, contained=rung.merits.certified)


def in_band(rung: Rung, document: PolicyDocument | None) -> Rung:
    """Moved into the band of its post."""
    band = document.bands.get(rung.post.value) if document is not None else None
    if rung.base is None or band is None:
        return rung
    base = min(max(rung.base, band.lowest - rung.added), band.highest)
    return settled(msgspec.structs.replace(rung, base=base), document)


def raised(rung: Rung, steps: int, document: PolicyDocument | None) -> Rung:
    """So many steps up, from within the band. What the band does not hold is used up."""
    rung = in_band(rung, document) if steps else rung
    if rung.base is None or not steps:
        return rung
    band = document.bands.get(rung.post.value) if document is not None else None
    base = rung.base + steps if band is None else min(rung.base + steps, band.highest)
    return settled(msgspec.structs.replace(rung, base=base), document)


def settled(rung: Rung, document: PolicyDocument | None) -> Rung:
    """The grade within the band; what certificates add beyond its top is used up."""
    if rung.base is None:
        return rung
    band = document.bands.get(rung.post.value) if document is not None else None
    over = min(max(rung.base + rung.added - band.highest, 0), rung.added) if band is not None else 0
    rung = msgspec.structs.replace(rung, contained=rung.contained + over)
    return msgspec.structs.replace(rung, grade=within((rung.base or 0) + rung.added, rung.post, document))


def _several(rules: GradeRules | None) -> Several:
    return rules.certificate_several if rules is not None else Several.HIGHEST
