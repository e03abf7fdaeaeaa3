"""The words of the domain in a policy document: posts, diplomas, certificates, ratings, channels, seats."""

from collections.abc import Iterable, Iterator

from shared.events import OUTSIDE, Category, Certificate, Channel, Education, Post, PostPath, Rating
from shared.policy_check.fault import Fault, chosen
from shared.policy_document import Axis, FundingRule, Performance, PolicyDocument


def unknown_words(document: PolicyDocument) -> list[Fault]:
    """Every word that is none of the domain's, at its place."""
    return [*_taken(document), *_of_people(document), *_of_pay(document), *_of_life(document)]


def _taken(document: PolicyDocument) -> Iterator[Fault]:
    """Names that mean something else already."""
    if document.scheme == OUTSIDE:
        yield Fault("/scheme", f"{OUTSIDE} is the scheme of seats paid elsewhere", "choose another name for the scheme")
    for post in document.other_posts:
        if post in list(Post):
            detail = f"{post} is a post that the ledger has seats for"
            yield Fault(f"/other_posts/{post}", detail, "take it out; its pay stands with the other posts'")


def _of_people(document: PolicyDocument) -> Iterator[Fault]:
    yield from _listed("/open_to", Channel, document.open_to)
    yield from _keys("/bands", Post, document.bands)
    yield from _keys("/admission", Post, document.admission)
    for post, condition in document.admission.items():
        yield from chosen(f"/admission/{post}/education", condition.education, Education)
    yield from _keys("/post_changes", Post, document.post_changes)
    for post, change in document.post_changes.items():
        yield from _listed(f"/post_changes/{post}/paths", PostPath, change.paths)
    seats = document.establishment.city_seats if document.establishment else {}
    yield from _keys("/establishment/city_seats", Category, seats)


def _of_pay(document: PolicyDocument) -> Iterator[Fault]:
    posts = (*Post, *document.other_posts)
    yield from _keys("/ladder/by_post", posts, document.ladder.by_post if document.ladder else {})
    yield from _keys("/flat/monthly", posts, document.flat.monthly if document.flat else {})
    yield from _tables(document, posts)
    certificates = document.certificate_allowance
    yield from _keys("/certificate_allowance/monthly", Certificate, certificates.monthly if certificates else {})
    diplomas = document.education_allowance
    yield from _keys("/education_allowance/monthly", Education, diplomas.monthly if diplomas else {})
    yield from _paid("", document.performance, document.funding, posts)
    for name, district in document.districts.items():
        yield from _paid(f"/districts/{name}", district.performance, district.funding, posts)
    if document.probation is not None:
        yield from _listed("/probation/channels", Channel, document.probation.channels)


def _tables(document: PolicyDocument, posts: Iterable[str]) -> Iterator[Fault]:
    words: dict[Axis, Iterable[str]] = {Axis.POST: posts, Axis.EDUCATION: Education}
    for name, table in (document.additive.tables if document.additive else {}).items():
        if len(table.by) == 2 and table.by[0] is not Axis.POST:
            continue
        for key in table.monthly:
            for axis, word in zip(table.by, key.split("/"), strict=False):
                if axis in words:
                    yield from chosen(f"/additive/tables/{name}/monthly/{key}", word, words[axis])


def _paid(
    pointer: str, performance: Performance | None, funding: tuple[FundingRule, ...], posts: Iterable[str]
) -> Iterator[Fault]:
    yield from _keys(f"{pointer}/performance/factors", Rating, performance.factors if performance else {})
    for number, rule in enumerate(funding):
        yield from _listed(f"{pointer}/funding/{number}/posts", posts, rule.posts)


def _of_life(document: PolicyDocument) -> Iterator[Fault]:
    rules, appraisal = document.grade_rules, document.appraisal
    if rules is not None:
        yield from _keys("/grade_rules/education_steps", Education, rules.education_steps)
        yield from _keys("/grade_rules/education_years", Education, rules.education_years)
        yield from _keys("/grade_rules/certificate_steps", Certificate, rules.certificate_steps)
        yield from _keys("/grade_rules/entry_grades", Post, rules.entry_grades)
        yield from _listed("/grade_rules/uncounted_ratings", Rating, rules.uncounted_ratings)
        yield from _listed("/grade_rules/gate_ratings", Rating, rules.gate_ratings)
        if rules.early_steps is not None:
            yield from chosen("/grade_rules/early_steps/rating", rules.early_steps.rating, Rating)
    if appraisal is not None:
        yield from _listed("/appraisal/ratings", Rating, appraisal.ratings)
        for number, trigger in enumerate(appraisal.exits):
            yield from chosen(f"/appraisal/exits/{number}/rating", trigger.rating, Rating)


def _keys(pointer: str, words: Iterable[str], given: Iterable[str]) -> Iterator[Fault]:
    for word in given:
        yield from chosen(f"{pointer}/{word}", word, words)


def _listed(pointer: str, words: Iterable[str], given: Iterable[str]) -> Iterator[Fault]:
    for number, word in enumerate(given):
        yield from chosen(f"{pointer}/{number}", word, words)
