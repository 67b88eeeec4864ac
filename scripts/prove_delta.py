"""Compares the delta of grants with brute force over every request of a small world. Run by hand:

    python scripts/prove_delta.py [--pairs 100000] [--seed 1] [--system aws]

aws: pairs of policies are made at random from short patterns, complements, conditions and denials; what
`derive.grants.aws.cover` calls new must be new for some concrete request, nothing that is new may be
missed, and each example must be allowed at the head and not at the base.
kubernetes: pairs of roles, whose rules are compared as the API server does.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from support import delta_worlds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--system", choices=sorted(delta_worlds.TRIALS), default="aws")
    options = parser.parse_args()
    chance, trial = random.Random(options.seed), delta_worlds.TRIALS[options.system]
    counts: Counter[str] = Counter()
    started = time.perf_counter()
    for number in range(options.pairs):
        outcome = trial(chance)
        counts[outcome.verdict] += 1
        if outcome.mismatch:
            counts["mismatch"] += 1
            print(f"pair {number}: {outcome.mismatch}", flush=True)
    seconds = time.perf_counter() - started
    print(f"{options.pairs} pairs in {seconds:.0f} s: {dict(sorted(counts.items()))}")
    sys.exit(bool(counts["mismatch"]))


if __name__ == "__main__":
    main()
