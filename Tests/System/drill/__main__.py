"""python -m drill --seed N --duration S: one drill of the system that deploy/run has started.

    --seed N          what everybody does and which faults come; one that was red is red again, as far as chance allows
    --seeds N         seeds 1 to N, one after the other
    --duration S      how long faults come
    --faults A,B      only these; `none` for none, `list` to list them
    --plant NAME      with a planted mistake, which must be found
    --check FILE      judge a history that was written before
"""

import argparse
import asyncio
import sys
from pathlib import Path

from .drill import System, judge, run
from .journal import Journal
from .nemesis import FAULTS
from .planted import PLANTS, planted


async def drills(options: argparse.Namespace) -> int:
    system = System.from_environment()
    faults = None
    if options.faults:
        faults = [] if options.faults == "none" else options.faults.split(",")
    seeds = [str(number) for number in range(1, options.seeds + 1)] if options.seeds else [options.seed]
    broken = 0
    for seed in seeds:
        if options.plant:
            verdict = await planted(system, options.plant, seed, options.duration)
        else:
            verdict = await run(system, seed, options.duration, faults)
        broken += bool(verdict.violations)
        print(verdict, flush=True)
    print(f"{len(seeds) - broken} kept, {broken} broken", flush=True)
    return 1 if broken else 0


def main() -> int:
    parser = argparse.ArgumentParser("drill", description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--seed", default="1")
    parser.add_argument("--seeds", type=int)
    parser.add_argument("--duration", type=float, default=20)
    parser.add_argument("--faults")
    parser.add_argument("--plant", choices=sorted(PLANTS))
    parser.add_argument("--check", type=Path)
    options = parser.parse_args()
    if options.faults == "list":
        print("\n".join(sorted(FAULTS)))
        return 0
    if options.check:
        journal = Journal()
        journal.lines = Journal.read(options.check)
        verdict = judge("?", journal, options.check, 0)
        print(verdict)
        for violation in verdict.violations[:20]:
            print(violation.rule, violation.what)
        return 1 if verdict.violations else 0
    return asyncio.run(drills(options))


if __name__ == "__main__":
    sys.exit(main())
