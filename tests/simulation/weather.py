"""How rough one simulation is: each kind of fault often, seldom or not at all, drawn from the seed."""

from dataclasses import dataclass, fields

from tests.simulation.chance import Chance


@dataclass(frozen=True)
class Weather:
    """Probabilities: per step of a process, per call, or per move of the scheduler; the last three are yes or no."""

    crashes: float
    pauses: float
    publish_fails: float
    poll_fails: float
    held_back: float
    log_fails: float
    store_fails: float
    answer_lost: float
    turmoil: float
    zombies: float
    clock: float
    poison: float
    runs: float


_USUAL = {
    "crashes": 0.12,
    "pauses": 0.25,
    "publish_fails": 0.3,
    "poll_fails": 0.03,
    "held_back": 0.4,
    "log_fails": 0.15,
    "store_fails": 0.08,
    "answer_lost": 0.1,
    "turmoil": 1.5,
    "zombies": 0.8,
    "clock": 0.3,
    "poison": 0.8,
    "runs": 0.7,
}


def drawn(chance: Chance) -> Weather:
    """Of every four kinds of fault one is absent, one is frequent; a run with everything at once hides some bugs."""
    rates = {}
    for kind in fields(Weather):
        rates[kind.name] = _USUAL[kind.name] * chance.one_of((0.0, 0.5, 1.0, 2.0))
    return Weather(**rates)
