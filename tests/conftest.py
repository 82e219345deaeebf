"""Shared by all tests: TensorFlow without its noise, and a few real images."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from keras_selflearn.quiet import import_tensorflow_quietly

import_tensorflow_quietly()


@pytest.fixture(scope="session")
def digits():
    """The `digits` data set."""
    from keras_selflearn.datasets import load_dataset

    return load_dataset("digits")


@pytest.fixture
def small_disk(tmp_path):
    """A folder on a disk of 1 MiB, which only root can make."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "none", str(folder)]
    try:
        mounted = subprocess.run(mount, capture_output=True).returncode == 0
    except OSError:
        mounted = False
    if not mounted:
        pytest.skip("a disk of 1 MiB can't be mounted here")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


@pytest.fixture
def hold():
    """`hold(folder)` starts another process that holds the folder's lock until it is killed."""
    processes = []

    def start(folder):
        holder = [sys.executable, str(Path(__file__).parent / "holder.py"), str(folder)]
        process = subprocess.Popen(holder, stdout=subprocess.PIPE, text=True)
        processes.append(process)
        assert process.stdout.readline() == "held\n"
        return process

    yield start
    for process in processes:
        process.kill()
        process.communicate()
