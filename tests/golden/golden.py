"""The golden files: where they are, what they are of, and how the runs are started."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
COUNTED = HERE / "counted.json"
RUN_JSON = HERE / "run-json.json"
# Each half of the runs has a process, and both of them do this one.
TWICE = "folder"
HALVES = (
    (
        "cross-entropy",
        "triplet",
        "contrastive",
        "n-labelled",
        "vgg16",
        "estimator",
        TWICE,
        "ways-to-train",
        "as-the-authors",
    ),
    (
        TWICE,
        "cross-entropy-train-first",
        "triplet-train-first",
        "arcface",
        "all-labelled",
        "folds",
        "folder-cross-entropy",
        "classes-in-batches",
        "sum-of-losses",
    ),
)
# Sums are split among threads: their number must not depend on the machine.
_ENVIRONMENT = {
    "TF_NUM_INTRAOP_THREADS": "2",
    "TF_NUM_INTEROP_THREADS": "2",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "CUDA_VISIBLE_DEVICES": "",
}
# With these the same processor gives other bits.
OTHER_BITS = ("ONEDNN_MAX_CPU_ISA", "TF_ENABLE_ONEDNN_OPTS", "KERAS_SELFLEARN_TEST_PRECISION")
_PACKAGES = ("tensorflow", "keras", "numpy", "scikit-learn", "pillow", "h5py")
_INSTRUCTIONS = ("fma", "f16c", "avx", "avx2")
_FAMILIES = ("avx512", "avx_", "amx_")
_CACHES = Path("/sys/devices/system/cpu/cpu0/cache")


def stack() -> dict[str, str]:
    """The versions that bits depend on."""
    python = ".".join(platform.python_version_tuple()[:2])
    return {"python": python, **{name: metadata.version(name) for name in _PACKAGES}}


def exact_file() -> Path:
    """The golden file of this Python and TensorFlow."""
    versions = stack()
    return HERE / f"exact-py{versions['python']}-tf{versions['tensorflow']}.json"


def processor() -> dict[str, Any]:
    """What of the processor bits depend on: its kind, its instructions, its caches."""
    path = Path("/proc/cpuinfo")
    lines = path.read_text().splitlines() if path.exists() else []
    values = {name.strip(): value.strip() for name, _, value in (x.partition(":") for x in lines)}
    flags = sorted(each for each in values.get("flags", "").split() if _is_instruction(each))
    kind = ("vendor_id", "cpu family", "model", "model name")
    return {
        **{name: values.get(name, platform.machine()) for name in kind},
        "flags": " ".join(flags),
        "caches": [path.read_text().strip() for path in sorted(_CACHES.glob("index*/size"))],
    }


def _is_instruction(flag: str) -> bool:
    return flag in _INSTRUCTIONS or flag.startswith(_FAMILIES)


def do_runs(folder: Path) -> list[dict[str, Any]]:
    """What is kept of the runs, by name, of each of the two processes."""
    processes, files = [], []
    for number, names in enumerate(HALVES):
        place = folder / str(number)
        place.mkdir(parents=True)
        files.append(place)
        with (place / "output.txt").open("w") as output:
            processes.append(
                subprocess.Popen(
                    [sys.executable, str(HERE / "golden_runs.py"), str(place), *names],
                    env={**os.environ, **_ENVIRONMENT},
                    stdout=output,
                    stderr=subprocess.STDOUT,
                )
            )
    statuses = [process.wait() for process in processes]
    for place, status in zip(files, statuses):
        if status:
            output = (place / "output.txt").read_text()
            raise RuntimeError(f"The golden runs ended with status {status}:\n{output[-5000:]}")
    return [json.loads((place / "kept.json").read_text()) for place in files]


def part(kept: list[dict[str, Any]], name: str) -> dict[str, Any]:
    """Of each run its `counted`, `exact` or `run.json`, by the run's name."""
    runs = {run: each for half in kept for run, each in half.items()}
    return {run: runs[run][name] for run in sorted(runs) if name in runs[run]}
