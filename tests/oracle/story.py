"""A log with every kind of thing that pay depends on, and two closed runs; printed as digests, in batches.

`python -m tests.oracle.story 7` projects it in batches of 7 and prints the digest of the projection and of a draft.
"""

import sys

from tests.oracle.beside import close, projected
from tests.oracle.logs import CITY, STREETS, Log, policy

from payroll.projection import Projection
from payroll.settlement import settle
from shared import events
from shared.events import Certificate, Post, Rating


def story() -> Log:
    """Twelve people through six months; September and October are closed, then the past is changed."""
    log = Log()
    log.places()
    log.enact(policy("chibi-legacy"), "2019-01-01")
    log.enact(policy("chibi-2020"), "2020-09-18")
    log.open_payroll("2020-09")
    for number in range(12):
        post = list(Post)[number % 4]
        grade = min(policy("chibi-2020").bands[post.value].lowest + number, 12)
        log.hire(f"w-{number:02d}", f"2020-09-{18 + number}", post.value, grade, sorted(STREETS)[number % 3])
    log.hire("w-old", "2019-05-01", grade=None, scheme="legacy")
    log.act("w-00", events.WorkerAppraised(year=2020, rating=Rating.EXCELLENT), "2020-12-31")
    wrong = log.act("w-01", events.WorkerTransferred(from_community_id="dongmen", community_id="nanhe"), "2020-10-12")
    projection = projected(log.events)
    close(log, projection, "2020-09")
    close(log, projection, "2020-10")
    log.void(wrong)
    log.act("w-02", events.WorkerQualified(certificate=Certificate.SENIOR, personal=""), "2020-09-20")
    log.act("w-03", events.WorkerSeparated(reason="resigned"), "2020-10-20")
    log.publish(6_000_000, "2021-01-01")
    return log


def main() -> None:
    """Print the two digests."""
    size, log = int(sys.argv[1]), story()
    projection = Projection()
    for first in range(0, len(log.events), size):
        projection.apply(log.events[first : first + size])
    print(projection.digest(), settle(projection.known(CITY, log.position), "2021-02").digest)


if __name__ == "__main__":
    main()
