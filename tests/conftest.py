"""Shared by all tests: places of their own, TensorFlow without its noise, a few real images."""

from __future__ import annotations

import os
import select
import shutil
import socket
import subprocess
import sys
import threading
from pathlib import Path

import places
import pytest
from waiting import DEADLINE, said

# Before anything is imported that looks into the home folder.
PLACES = places.take()

from keras_selflearn.console.quiet import import_tensorflow_quietly  # noqa: E402

_CHROMIUM = """--headless=new --no-sandbox --disable-gpu --disable-quic --no-first-run
--disable-background-networking --disable-component-update --disable-sync""".split()


_CHECKOUT = places.checkout()

# One process does all tests of a file. If a long file came last, the other process would wait.
_LONGEST_FIRST = """test_killed_runs test_reproduce golden/test_golden_runs test_vgg16_on_digits
estimator/test_classifier estimator/test_resuming runs/test_experiment
reproduction/test_ray_executor test_own_images test_stopped_runs test_readme
test_labels_in_minutes test_notebooks test_fuzz estimator/test_fitted training/test_learner
estimator/test_saving estimator/test_saved_model estimator/exporting/test_writing
network/test_data_parallel benchmarks/test_steps""".split()

# What no version of Keras changes, or what takes long and was seen to be the same with each. CI
# tests it on its first stack, and not on its second.
_ONE_STACK = """benchmarks console datasets options paper reproduction runs selflearning storage
estimator/test_image_size.py estimator/test_label_folder.py test_constraints.py test_docs.py
test_flagfiles.py test_fuzz.py test_killed_runs.py test_labels_in_minutes.py test_main.py
test_makefile.py test_names_on_disk.py test_own_images.py test_own_shards.py test_places.py
test_predict.py test_quickstart.py test_readme.py test_reproduce.py test_rooms.py
test_stopped_runs.py test_vgg16_on_digits.py""".split()


def _is_worker(config):
    return hasattr(config, "workerinput")  # of pytest-xdist


def pytest_configure(config):
    # Where pytest-xdist has workers, this process tests nothing.
    if _is_worker(config) or not config.getoption("numprocesses", None):
        import_tensorflow_quietly()
    # pytest-xdist gives each worker one, within the folder of the suite.
    if config.option.basetemp and not _is_worker(config):
        places.keep(config.option.basetemp)


@pytest.hookimpl(tryfirst=True)  # before pytest leaves out what `-m` does not ask for
def pytest_collection_modifyitems(items):
    tests = Path(__file__).parent
    one_stack = {tests / name for name in _ONE_STACK}
    for item in items:
        if one_stack & {item.path, *item.path.parents}:
            item.add_marker(pytest.mark.one_stack)
    ranks = {tests / f"{name}.py": rank for rank, name in enumerate(_LONGEST_FIRST)}
    items.sort(key=lambda item: ranks.get(item.path, len(ranks)))


@pytest.hookimpl(trylast=True)  # when pytest-xdist has ended its workers
def pytest_sessionfinish(session):
    """Fail where something was written outside, whatever the tests say."""
    if not _is_worker(session.config) and _written_outside():
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter, config):
    found = [] if _is_worker(config) else _written_outside()
    if found:
        terminalreporter.section("written outside the tests' own places", red=True)
        for line in found:
            terminalreporter.line(line)


def _written_outside():
    """What tests wrote elsewhere, and what is new in the checkout, a line each."""
    new = sorted(places.checkout() - _CHECKOUT)
    return PLACES.written_outside() + [f"new in the checkout: {path}" for path in new]


@pytest.fixture(scope="session", autouse=True)
def working_directory():
    """Tests begin in a folder of their own, from wherever pytest was called."""
    before = Path.cwd()
    os.chdir(PLACES.working)
    yield
    os.chdir(before)


@pytest.fixture(autouse=True)
def nothing_left_behind():
    """What a test writes where it named no folder, the next one would find."""
    yield
    found = PLACES.left_behind()
    PLACES.clear()
    assert not found, f"This test, or a fixture of its module, writes outside tmp_path: {found}"


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
        process = subprocess.Popen(
            holder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        processes.append(process)
        spoke, _, _ = select.select([process.stdout], [], [], DEADLINE)
        line = process.stdout.readline() if spoke else "nothing"
        assert line == "held\n", f"The folder is not held: {line}{said(process)}"
        return process

    yield start
    for process in processes:
        process.kill()
        process.communicate()


@pytest.fixture
def dead_end(monkeypatch):
    """A proxy for everything that closes each connection; the list of those that there were."""
    connections = []

    def close():
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            connections.append(connection.recv(65536))
            connection.close()

    with socket.create_server(("127.0.0.1", 0)) as server:
        for name in ("http_proxy", "https_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{server.getsockname()[1]}")
        thread = threading.Thread(target=close, daemon=True)
        thread.start()
        yield connections
        server.shutdown(socket.SHUT_RDWR)
        thread.join()


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
