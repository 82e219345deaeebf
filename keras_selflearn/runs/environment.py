"""The machine and the versions that a run was computed with."""

from __future__ import annotations

import platform
import subprocess
from importlib import metadata
from pathlib import Path

import tensorflow as tf

from keras_selflearn import __version__
from keras_selflearn.network import cpu
from keras_selflearn.runs.record import Environment

_PACKAGES = (
    *("tensorflow", "keras", "tensorflow-addons"),
    *("tensorflow-datasets", "numpy", "scikit-learn"),
)


def describe_environment(precision: str) -> Environment:
    """Describe versions, hardware, number format and, in a git checkout, the commit."""
    gpus = tf.config.list_physical_devices("GPU")
    return Environment(
        keras_selflearn=__version__,
        git_commit=_git_commit(),
        python=platform.python_version(),
        packages={name: _version(name) for name in _PACKAGES},
        platform=platform.platform(),
        cpu=cpu.name(),
        gpus=[
            tf.config.experimental.get_device_details(gpu).get("device_name", gpu.name)
            for gpu in gpus
        ],
        precision=precision,
    )


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _git_commit() -> str | None:
    source = Path(__file__).resolve().parents[2]
    if not (source / ".git").exists():
        return None
    try:
        result = subprocess.run(
            ["git", "rev-parse", "HEAD"], cwd=source, capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    return result.stdout.strip()
