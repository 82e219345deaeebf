"""Shared by all tests: TensorFlow without its noise, and a few real images."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from keras_selflearn.console.quiet import import_tensorflow_quietly

import_tensorflow_quietly()

_CHROMIUM = """--headless=new --no-sandbox --disable-gpu --disable-quic --no-first-run
--disable-background-networking --disable-component-update --disable-sync""".split()


@pytest.fixture(scope="session")
def digits():
    """The `digits` data set."""
    from keras_selflearn.datasets import load_dataset

    return load_dataset("digits")


@pytest.fixture(autouse=True)
def few_points(monkeypatch):
    """Each run draws its embeddings, and t-SNE of all of them takes longer than the small run."""
    monkeypatch.setattr("keras_selflearn.runs.page.scatter._MOST_POINTS", 30)


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


@pytest.fixture(scope="session")
def browser(tmp_path_factory):
    """Headless Chromium that notes what a page says and asks for."""
    webdriver = pytest.importorskip("selenium.webdriver", reason="pip install selenium")
    programs = [shutil.which(name) for name in ("chromium", "chromedriver")]
    if None in programs:
        pytest.skip("no Chromium here: apt-get install chromium chromium-driver")
    options = webdriver.ChromeOptions()
    options.binary_location = programs[0]
    for flag in (*_CHROMIUM, f"--user-data-dir={tmp_path_factory.mktemp('profile')}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options, webdriver.ChromeService(programs[1]))
    yield driver
    driver.quit()
