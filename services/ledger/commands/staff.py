"""Who serves in a city, one of its streets or one of its communities on a day, for an act on all of them."""

from datetime import date

from ledger.desk import Desk, Opened
from ledger.domain.city import City, check_city
from ledger.domain.community import Community, check_exists
from ledger.domain.worker import Worker
from shared.policy_document import QuotaPlace
from shared.refusal import Refused

MOST_AT_ONCE = 2000
"""More people than this are not looked at in one act: it is decided within seconds, and again on a conflict."""


def staff_of(
    desk: Desk, city_id: str, street_id: str | None, community_id: str | None, day: date
) -> list[Opened[Worker]]:
    """The workers of the place on the day whom the principal sees today, by community.

    Refused `not-found` outside the scope, `unknown-place`, `too-many-at-once`.
    """
    names = [
        worker_id
        for community in _communities(desk, city_id, street_id, community_id, day)
        for worker_id in community.workers_on(day)
    ]
    if len(names) > MOST_AT_ONCE:
        raise Refused(
            "too-many-at-once",
            f"{len(names)} serve there on {day}; one act is for {MOST_AT_ONCE} at most",
            pointer="/city_id",
            remedy="give the act for each street, or for each community",
        )
    opened = [(name, desk.open(Worker, f"worker/{name}")) for name in names]
    return [worker for name, worker in opened if desk.sees_worker(worker.state, name)]


def staff_count(desk: Desk, city_id: str, of: QuotaPlace, place_id: str, day: date) -> int:
    """How many serve on the day in the city, the street or the community, whoever asks."""
    if of is QuotaPlace.COMMUNITY:
        return len(desk.open(Community, f"community/{place_id}").state.workers_on(day))
    street_id = place_id if of is QuotaPlace.STREET else None
    return sum(len(one.workers_on(day)) for one in _listed(desk, city_id, street_id, day))


def _listed(desk: Desk, city_id: str, street_id: str | None, day: date) -> list[Community]:
    city = desk.open(City, f"city/{city_id}").state
    found = [desk.open(Community, f"community/{name}").state for name in city.communities_on(day)]
    return [one for one in found if street_id is None or (one.founded and one.founded.street_id == street_id)]


def _communities(
    desk: Desk, city_id: str, street_id: str | None, community_id: str | None, day: date
) -> list[Community]:
    if community_id is not None:
        one = desk.community(community_id).state
        check_exists(one, community_id, day)
        place = one.founded
        if place is not None and (city_id, street_id or place.street_id) != (place.city_id, place.street_id):
            raise _nowhere(f"{community_id} does not lie there", "/community_id")
        return [one]
    if not desk.sees_place(city_id, street_id or "", ""):
        raise desk.unseen("street" if street_id else "city", street_id or city_id, "/city_id")
    city = desk.open(City, f"city/{city_id}").state
    check_city(city, city_id)
    if street_id is not None and street_id not in city.streets_on(day):
        raise _nowhere(f"{city_id} has no street {street_id} on {day}", "/street_id")
    return _listed(desk, city_id, street_id, day)


def _nowhere(detail: str, pointer: str) -> Refused:
    return Refused("unknown-place", detail, pointer=pointer, remedy="check the ids and the day")
