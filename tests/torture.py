"""Attacks the package with fresh random draws for as long as asked: `make torture MINUTES=20`.

There are five kinds of attack, in `torture_attacks.py`. Each round is a process of its own. Printed
are the tries, the faults, the rounds that hung, and the peak memory of a round. Exit status 1 when
there was a fault or a hang.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from random_tries import seed_and_seconds
from torture_attacks import ATTACKS

# A round tries for the first, and hangs when it needs the second.
SECONDS, PATIENCE = 15, 180
# What one image may take, beyond what Python and the packages take before.
MOST_MIB = 1024


def main() -> int:
    seed, seconds = seed_and_seconds(__doc__, "attacks")
    counts = {name: Counter() for name in ATTACKS}
    end = time.monotonic() + seconds
    number = 0
    while time.monotonic() < end:
        for name in ATTACKS:
            _round(name, seed + number, counts[name])
            number += 1
        print(_table(counts), flush=True)
    return 1 if any(each["faults"] or each["hangs"] for each in counts.values()) else 0


def _round(name: str, seed: int, counts: Counter[str]) -> None:
    """Run one round in a process of its own, and add what came out."""
    program = Path(__file__).with_name("torture_attacks.py")
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, str(program), name, str(seed), str(SECONDS), folder]
        process = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "XDG_CACHE_HOME": str(Path(folder, "cache"))},
            start_new_session=True,
        )
        try:
            output, errors = process.communicate(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            output, errors = process.communicate()
            counts["hangs"] += 1
    try:
        found = json.loads(output.splitlines()[-1])
    except (IndexError, ValueError):
        found = {"tries": 1, "mib": 0, "faults": [f"status {process.returncode}: {errors[-800:]}"]}
    if found["mib"] > MOST_MIB:
        found["faults"].append(f"{found['mib']} MiB of memory")
    counts["tries"] += found["tries"]
    counts["faults"] += len(found["faults"])
    counts["mib"] = max(counts["mib"], found["mib"])
    for fault in found["faults"]:
        print(f"{name}, --seed={seed}: {fault}", flush=True)


def _table(counts: dict[str, Counter[str]]) -> str:
    rows = [
        f"{name:10} {each['tries']:7} {each['faults']:7} {each['hangs']:6} {each['mib']:9}"
        for name, each in counts.items()
    ]
    return "\n".join(
        [f"{'attack':10} {'tries':>7} {'faults':>7} {'hangs':>6} {'peak MiB':>9}", *rows]
    )


if __name__ == "__main__":
    sys.exit(main())
