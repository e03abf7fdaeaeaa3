"""Which grade a post is entered at, what diplomas and certificates are worth there, and which grades are open to it."""

from collections.abc import Iterable

from shared.events import Certificate, Education, Post
from shared.policy_document import Band, GradeRules, PolicyDocument, Several
from shared.refusal import Refused

STEP = "step"
"""The reason of a regrade that only writes down what the rule gives."""


def band_of(post: Post, document: PolicyDocument) -> Band:
    """岗级范围 of the post. Refused `no-policy` when the document does not name the post."""
    band = document.bands.get(post.value)
    if band is None:
        raise Refused(
            "no-policy",
            f"{document.policy_id} has no band for the post {post}",
            pointer="/post",
            remedy="name a post of the policy, or enact a policy that has one",
        )
    return band


def together(worths: Iterable[int], several: Several) -> int:
    """What several are worth: all of them, or the highest only; nothing where there is none."""
    return sum(worths) if several is Several.ADDING else max(worths, default=0)


def deemed_years(diplomas: Iterable[Education], rules: GradeRules) -> int:
    """The years that the diplomas are deemed to have served."""
    return together([rules.education_years.get(one.value, 0) for one in diplomas], rules.education_several)


def entry_grade(
    post: Post,
    *,
    counted_years: int,
    diplomas: Iterable[Education],
    document: PolicyDocument,
    certificates: Iterable[Certificate] = (),
) -> int | None:
    """The post's entry grade or its band's lowest, a step per counted years, steps for what is held; within the band.

    Years that the diplomas are deemed to have served count among the others.

    None under a scheme without grades. Source: `grade_rules` of the policy document.
    """
    if not document.has_grades():
        return None
    band = band_of(post, document)
    if document.grade_rules is None:
        return band.lowest
    rules, diplomas = document.grade_rules, tuple(diplomas)
    first = rules.entry_grades.get(post.value, band.lowest)
    steps = (counted_years + deemed_years(diplomas, rules)) // rules.years_per_step
    steps += together([rules.education_steps.get(one.value, 0) for one in diplomas], rules.education_several)
    steps += together([rules.certificate_steps.get(one.value, 0) for one in certificates], rules.certificate_several)
    return min(first + steps, band.highest)


def check_grade(post: Post, grade: int, document: PolicyDocument) -> None:
    """Refused `grade-outside-band` or `no-grades`."""
    if not document.has_grades():
        raise Refused(
            "no-grades",
            f"the scheme {document.scheme} has no grades",
            pointer="/grade",
            remedy="leave the grade out, or convert the worker first",
        )
    band = band_of(post, document)
    if not band.lowest <= grade <= band.highest:
        raise Refused(
            "grade-outside-band",
            f"grade {grade} is not open to a {post}: {document.policy_id} opens {band.lowest} to {band.highest}",
            pointer="/grade",
            remedy=f"give a grade from {band.lowest} to {band.highest}, or change the post",
        )
