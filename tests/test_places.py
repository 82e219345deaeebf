"""Each process of the tests is at home in places of its own, and what is not is noticed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import places
import pytest
from waiting import finish, run_process, wait_for

import keras_selflearn
from keras_selflearn.network import cpu
from keras_selflearn.options.config import Config
from keras_selflearn.storage.cache import cache_root

SUITE = Path(os.environ["KERAS_SELFLEARN_TEST_PLACES"])
FORCED = os.environ.get("KERAS_SELFLEARN_TEST_PRECISION")

# What a process reads or writes where it is told no other place.
TELL = """
import json, os, sys, tempfile
from keras_selflearn.console.quiet import import_tensorflow_quietly
import_tensorflow_quietly()
import matplotlib, tensorflow_datasets
from keras_selflearn.storage.cache import cache_root
from keras_selflearn import __file__ as package
from keras_selflearn.network import cpu
from tensorflow import keras
print(json.dumps({
    "home": os.path.expanduser("~"),
    "cache": str(cache_root()),
    "temporary": tempfile.gettempdir(),
    "results": os.path.abspath("results"),
    "data": str(tensorflow_datasets.core.constants.DATA_DIR),
    "matplotlib": matplotlib.get_cachedir(),
    "weights": keras.utils.get_file("x", sys.argv[1]),
    "package": package,
    "features": sorted(cpu.features()),
}))
"""


@pytest.mark.slow
def test_a_child_has_the_tests_places_and_the_package_of_the_checkout(tmp_path):
    (tmp_path / "x").write_text("some weights")
    command = [sys.executable, "-c", TELL, (tmp_path / "x").as_uri()]
    told = json.loads(run_process(command, check=True).stdout.splitlines()[-1])
    assert Path(told.pop("package")).parents[1] == places.ROOT
    assert frozenset(told.pop("features")) == cpu.features()
    for name, path in told.items():
        assert SUITE in Path(path).resolve().parents, name


def test_this_process_has_them_too():
    for path in (Path.home(), cache_root(), Path(tempfile.gettempdir()), Path.cwd()):
        assert SUITE in path.resolve().parents
    assert SUITE in Path(Config().results_dir).resolve().parents
    assert Path(keras_selflearn.__file__).parents[1] == places.ROOT


WRITE = """
import os, pathlib, sys
folder = pathlib.Path(sys.argv[1])
(folder / "new").mkdir()
(folder / "new" / "file").write_text("x")
os.rename(folder / "new" / "file", folder / "renamed")
(folder / "renamed").read_text()
(folder / "new").mkdir(exist_ok=True)
try:
    open(folder / "missing" / "file", "w")
except FileNotFoundError:
    pass
open("/dev/null", "w").close()
(pathlib.Path(os.environ["KERAS_SELFLEARN_TEST_PLACES"]) / "own").touch()
"""


@pytest.mark.parametrize("kept", [False, True])
def test_what_is_written_elsewhere_is_noted_with_its_test(kept, tmp_path):
    suite, elsewhere = tmp_path / "suite", tmp_path / "elsewhere"
    suite.mkdir()
    elsewhere.mkdir()
    environment = {**os.environ, "KERAS_SELFLEARN_TEST_PLACES": str(suite)}
    # By the second one `make coverage` measures children, and these write what they find.
    for name in ("KERAS_SELFLEARN_TEST_KEPT", "COVERAGE_PROCESS_CONFIG"):
        environment.pop(name, None)
    if kept:
        environment["KERAS_SELFLEARN_TEST_KEPT"] = str(elsewhere)
    environment["PYTEST_CURRENT_TEST"] = "some test"
    run_process([sys.executable, "-c", WRITE, str(elsewhere)], env=environment, check=True)
    noted = places.Places(suite, tmp_path, tmp_path, tmp_path).written_outside()
    written = [elsewhere / name for name in ("new", "new/file", "renamed")]
    assert noted == ([] if kept else [f"{path} (some test)" for path in written])


def test_what_is_left_behind_is_seen_and_removed(tmp_path):
    home, working = tmp_path / "home", tmp_path / "cwd"
    subject = places.Places(tmp_path, home, tmp_path, working)
    (working / "results" / "run").mkdir(parents=True)
    (home / ".keras" / "models").mkdir(parents=True)
    (home / ".keras" / "models" / "vgg16.h5").touch()
    assert subject.left_behind() == [str(working / "results"), str(home / ".keras/models/vgg16.h5")]
    subject.clear()
    assert subject.left_behind() == [] and working.is_dir()


@pytest.mark.skipif(FORCED is not None, reason="The suite itself forces a precision")
def test_float32_is_forced_in_every_process(tmp_path):
    program = "from keras_selflearn.network import cpu; print(*cpu.features())"
    environment = {**os.environ, "KERAS_SELFLEARN_TEST_PRECISION": "float32"}
    found = run_process([sys.executable, "-c", program], env=environment, check=True)
    assert {*found.stdout.split()} == cpu.features() - {"amx_bf16", "avx512_bf16"}
    environment["KERAS_SELFLEARN_TEST_PRECISION"] = "half"
    found = run_process([sys.executable, "-c", program], env=environment)
    assert "'half': 'float32' is all that can be forced" in found.stderr


def start(program):
    command = [sys.executable, "-c", program]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_a_wait_gives_what_the_condition_gave():
    answers = iter([None, [], [3]])
    assert wait_for("an answer", lambda: next(answers)) == [3]


@pytest.mark.slow
def test_a_wait_in_vain_says_for_what_and_what_the_child_said(tmp_path):
    log = tmp_path / "log"
    log.write_text("in its file")
    process = start("import time; print('in its pipe', flush=True); time.sleep(600)")
    with pytest.raises(pytest.fail.Exception) as failed:
        wait_for("a miracle", lambda: False, process, log, deadline=3)
    assert str(failed.value).startswith("Waited 3 seconds for a miracle. It said:\nin its file")
    assert process.poll() is not None


def test_a_wait_ends_with_the_process():
    process = start("import sys; sys.exit('the reason')")
    with pytest.raises(pytest.fail.Exception, match="with status 1 before a miracle. It said:\n"):
        wait_for("a miracle", lambda: False, process)


def test_a_process_that_does_not_end_is_shown():
    process = start("import time; time.sleep(600)")
    with pytest.raises(pytest.fail.Exception, match="Waited 1 seconds for it to end"):
        finish(process, "it", deadline=1)
    assert process.poll() is not None


def test_a_process_that_fails_is_shown():
    with pytest.raises(pytest.fail.Exception, match="ended with status 1:\nthe reason"):
        run_process([sys.executable, "-c", "import sys; sys.exit('the reason')"], check=True)
