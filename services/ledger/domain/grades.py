"""Which grade a post is entered at, and which grades are open to it."""

from shared.events import Education, Post
from shared.policy_document import Band, PolicyDocument
from shared.refusal import Refused


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


def entry_grade(post: Post, *, counted_years: int, education: Education, document: PolicyDocument) -> int | None:
    """The post's entry grade or its band's lowest, a step per counted years, steps for the diploma; within the band.

    Years that the diploma is deemed to have served count among the others.

    None under a scheme without grades. Source: `grade_rules` of the policy document.
    """
    if not document.has_grades():
        return None
    band = band_of(post, document)
    if document.grade_rules is None:
        return band.lowest
    rules = document.grade_rules
    first = rules.entry_grades.get(post.value, band.lowest)
    steps, _ = divmod(counted_years + rules.education_years.get(education.value, 0), rules.years_per_step)
    return min(first + steps + rules.education_steps.get(education.value, 0), band.highest)


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
