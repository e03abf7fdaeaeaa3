"""Senders as processes of their own, to be killed: `python sender.py DATABASE URL SECRET RECIPIENT LEASE_SECONDS`.

Everything is loaded once; for each line read one sender is forked, and its process id written.
"""

import os
import random
import signal
import sys
import threading

from notifications.deliveries import Deliveries
from notifications.sending import Deliverer
from shared.database import engine
from shared.webhook_endpoints import Endpoint
from workforce.following import following

NAME = "sink"


def send(database: str, url: str, secret: str, recipient: str, lease_seconds: str) -> None:
    """Send until killed."""
    endpoint = Endpoint(name=NAME, url=url, secret=secret, recipients=(recipient,))
    deliveries = Deliveries(engine(database, "webhooks"))
    deliverer = Deliverer(deliveries, [endpoint], chance=random.random, lease_seconds=float(lease_seconds))
    with following(deliverer.lanes()), deliverer.leaving():
        threading.Event().wait()


def main(*arguments: str) -> None:
    """A sender for each line."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    print("ready", flush=True)
    for _ in sys.stdin:
        sender_id = os.fork()
        if not sender_id:
            send(*arguments)
        print(sender_id, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
