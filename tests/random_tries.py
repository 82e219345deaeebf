"""The flags of the programs that try with random draws for as long as they are asked to."""

from __future__ import annotations

import argparse
import time


def seed_and_seconds(what_it_does: str, drawn: str) -> tuple[int, float]:
    """Read `--seed` and `--minutes`, and print how to draw the same again.

    Parameters
    ----------
    what_it_does : str
        The program's docstring.
    drawn : str
        What is drawn at random.
    """
    parser = argparse.ArgumentParser(description=what_it_does.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=20)
    parser.add_argument("--seed", type=int, help=f"of the {drawn} (default: the time)")
    options = parser.parse_args()
    seed = int(time.time()) if options.seed is None else options.seed
    print(f"{drawn.capitalize()} drawn with --seed={seed}", flush=True)
    return seed, 60 * options.minutes
