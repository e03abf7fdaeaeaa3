"""Play one seed in a process of its own and print the digest of its trace: `python -m tests.simulation.alone SEED`."""

import sys

from tests.simulation.checks import check
from tests.simulation.databases import databases
from tests.simulation.peace import play
from tests.simulation.world import World

if __name__ == "__main__":
    with databases() as bases:
        world = World(int(sys.argv[1]), bases)
        play(world)
        check(world)
        world.close()
        print(world.chance.digest)
