"""Whether payroll's tables may be built on: they are what the log makes of them, and nothing waits to be taken."""

from payroll.projection import Projection
from shared.receiving import Parked
from shared.refusal import Refused


def check_sound(projection: Projection) -> None:
    """Let finance have figures unless the last comparison with the log found drift. Raises `projection-drifted`."""
    drift = projection.drift()
    if drift is not None:
        raise Refused(
            "projection-drifted",
            f"payroll's tables are not what the log makes of them, as found up to position {drift.position}",
            remedy="the operator runs `workforce rebuild payroll`, then `workforce shadow payroll`, which clears this",
        )


def check_nothing_parked(projection: Projection, jurisdiction: str, upto: int) -> None:
    """Let a run be worked out unless an event of the jurisdiction waits to be taken. Raises `stream-parked`."""
    communities = {community_id: city_id for community_id, _, city_id in projection.cities_of_places()}
    for one in projection.parked(upto):
        kind, _, name = one.stream.partition("/")
        city_of = {"worker": projection.city_of(name, upto), "community": communities.get(name)}
        if city_of.get(kind, name.partition("/")[0]) in (None, jurisdiction):
            raise _parked(one)


def check_hire_taken(projection: Projection, worker_id: str, upto: int) -> None:
    """Let it be said that there is no such worker unless an event of theirs waits. Raises `stream-parked`."""
    _check_streams(projection, upto, f"worker/{worker_id}")


def check_worker_taken(projection: Projection, worker_id: str, jurisdiction: str, upto: int) -> None:
    """Let a worker's pay be shown unless an event of theirs, or a rule of their city, waits. Raises `stream-parked`."""
    _check_streams(projection, upto, f"worker/{worker_id}", f"policy/{jurisdiction}")


def check_rules_taken(projection: Projection, jurisdiction: str, upto: int) -> None:
    """Let a city's rules be shown unless one of them waits to be taken. Raises `stream-parked`."""
    _check_streams(projection, upto, f"policy/{jurisdiction}")


def check_runs_taken(projection: Projection, jurisdiction: str, upto: int, *which: str | int) -> None:
    """Let it be said how runs stand unless an act of one waits: of a month, of a sequence in it, or of any.

    Raises `stream-parked`.
    """
    _check_streams(projection, upto, "/".join(("run", jurisdiction, *map(str, which))))


def _check_streams(projection: Projection, upto: int, *streams: str) -> None:
    """Of these, and of those below them."""
    found = [one for one in projection.parked(upto) if any(f"{one.stream}/".startswith(f"{of}/") for of in streams)]
    if found:
        raise _parked(found[0])


def _parked(first: Parked) -> Refused:
    return Refused(
        "stream-parked",
        f"the event at position {first.position} of {first.stream} could not be taken, and what follows it waits",
        remedy="the operator sees why by `workforce parked payroll` and, once that is mended, releases the stream by "
        f"`workforce release payroll {first.stream}`",
    )
