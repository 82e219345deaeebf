"""Kills and resumes a real run of VGG16 for as long as asked: `make chaos MINUTES=20`.

Each round starts the run anew, kills it again and again at random moments, with SIGKILL most of the
time and else with SIGTERM or SIGINT, until it is finished, and compares it with one that was left
alone. Exit status 1 when anything differed.
"""

from __future__ import annotations

import json
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from random_tries import seed_and_seconds
from run_contents import contents, start

SIGNALS = [signal.SIGKILL] * 4 + [signal.SIGTERM, signal.SIGINT]
STATUSES = {signal.SIGKILL: -9, signal.SIGTERM: 143, signal.SIGINT: 130}
# The seconds that a process is given to stop when asked.
PATIENCE = 30


def main() -> int:
    seed, seconds = seed_and_seconds(__doc__, "moments")
    chance, counts, differences = random.Random(seed), Counter(), []
    end = time.monotonic() + seconds
    with tempfile.TemporaryDirectory() as folder:
        began = time.monotonic()
        expected = _finish(Path(folder) / "whole")
        usual = time.monotonic() - began
        while time.monotonic() < end:
            results = Path(folder) / "killed"
            while time.monotonic() < end and not _run_and_kill(results, usual, chance, counts):
                counts["resumes"] += 1
            found = _finish(results)
            counts["comparisons"] += 1
            new = [name for name, value in expected.items() if found[name] != value]
            differences += new
            print(f"{dict(counts)}, differences: {new or 'none'}", flush=True)
            shutil.rmtree(results)
    kills = ", ".join(f"{counts[each.name]} {each.name}" for each in STATUSES)
    print(
        f"{kills}; {counts['resumes']} resumes, {counts['comparisons']} comparisons,"
        f" {len(differences)} differences {differences or ''}"
    )
    return 1 if differences or not counts["comparisons"] else 0


def _run_and_kill(results: Path, usual: float, chance: random.Random, counts: Counter[str]) -> bool:
    """Whether the run was finished before the signal came."""
    process = start(results, f"--checkpoint_minutes={chance.choice([1e-6, 0.02, 60])}")
    number = chance.choice(SIGNALS)
    try:
        output, _ = process.communicate(timeout=chance.uniform(0, 1.2 * usual))
    except subprocess.TimeoutExpired:
        process.send_signal(number)
        counts[number.name] += 1
        output, _ = process.communicate(timeout=PATIENCE)
    # A signal that comes before Python has its handlers ends the process as the system does.
    if process.returncode not in (0, STATUSES[number], -number):
        raise SystemExit(f"The run ended with status {process.returncode}:\n{output}")
    return _is_finished(results)


def _finish(results: Path) -> dict[str, object]:
    """The contents of the run, gone on with to its end, or begun."""
    if not _is_finished(results):
        process = start(results)
        output, _ = process.communicate()
        if process.returncode:
            raise SystemExit(f"The run ended with status {process.returncode}:\n{output}")
    (folder,) = results.iterdir()
    return contents(folder)


def _is_finished(results: Path) -> bool:
    runs = [json.loads(path.read_text()) for path in results.glob("*/run.json")]
    return any(run["status"] == "finished" for run in runs)


if __name__ == "__main__":
    sys.exit(main())
