"""分级承担: who bears what an act costs, by the funding rules of the policy (F21)."""

from collections.abc import Iterator
from datetime import date

from ledger.domain.standing import Standing
from shared.events import CommunityRegistered, Post
from shared.policy_document import CostlyAct, Level, PayItem, PolicyDocument, TwoPosts


def bearers(
    document: PolicyDocument, act: CostlyAct, standing: Standing, place: CommunityRegistered, day: date
) -> Iterator[str]:
    """The payers, e.g. `city/chibi`, of somebody as they stand after the act, in a community; some more than once."""
    district = document.district_of(place.street_id)
    payers = {
        Level.CITY: f"city/{place.city_id}",
        Level.DISTRICT: f"district/{district}",
        Level.STREET: f"street/{place.street_id}",
        Level.COMMUNITY: f"community/{place.community_id}",
    }
    for post in _paid_for(document, act, standing):
        for item in PayItem:
            rule = document.funding_rule(post, item, district, lambda since: since <= day)
            yield from (payers[level] for level in (rule.levels() if rule else ()))


def _paid_for(document: PolicyDocument, act: CostlyAct, standing: Standing) -> Iterator[Post]:
    """Under which post the act costs something: a second one none, or its own where it is paid higher (rule 22)."""
    if act is not CostlyAct.SECOND_POST or document.two_posts.pays is TwoPosts.SUPPLEMENT:
        yield standing.post
    elif document.two_posts.pays is TwoPosts.HIGHER and standing.second_post is not None:
        yield standing.second_post
