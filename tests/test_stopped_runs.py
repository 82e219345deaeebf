"""Signals, a second process, other flags: what a user meets."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys

import pytest
from calling import call_here
from waiting import finish, wait_for

from keras_selflearn.console import command_line
from keras_selflearn.console.errors import InputError
from keras_selflearn.main import Command, main

pytestmark = pytest.mark.slow

FLAGS = """--backbone=tiny --deterministic --loss=triplet --weights=random --train_images=300
--test_images=50 --batch_size=20 --epochs=40 --meta_epochs=5 --meta_iterations=2
--checkpoint_minutes=0.0005""".split()


def start(results_dir, *flags):
    return subprocess.Popen(
        [sys.executable, "-m", "keras_selflearn.main", *FLAGS, f"--results_dir={results_dir}"]
        + list(flags),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def call(results_dir, *flags):
    """The same in this process, which is another than those that are stopped."""
    return call_here("main", *FLAGS, f"--results_dir={results_dir}", *flags)


def progress(results_dir):
    """When a run last wrote a checkpoint: with these flags every few steps."""
    newest = 0
    for path in results_dir.glob("*/checkpoints/*"):
        with contextlib.suppress(FileNotFoundError):  # It made room for a newer one.
            newest = max(newest, path.stat().st_mtime_ns)
    return newest


def record(results_dir):
    (path,) = results_dir.glob("*/run.json")
    return json.loads(path.read_text())


@pytest.fixture(scope="module")
def story(tmp_path_factory):
    """A run that is stopped twice and then let go; by name, the processes' ends and records."""
    results = tmp_path_factory.mktemp("results")
    ends, records = {}, {}

    def stop(name, number):
        before = progress(results)
        with start(results) as process:
            try:
                stop_it(process, before, name, number)
            finally:
                process.kill()  # and not a stopped one left behind, where the test failed

    def stop_it(process, before, name, number):
        wait_for("a new checkpoint", lambda: progress(results) > before, process)
        if name == "first":
            process.send_signal(signal.SIGSTOP)  # It must not finish while another starts.
            ends["second process"] = call(results).stderr, record(results)
            process.send_signal(signal.SIGCONT)
        process.send_signal(number)
        _, said = finish(process, "a run that was sent a signal")
        ends[name] = process.returncode, said
        records[name] = record(results)

    stop("first", signal.SIGTERM)
    other = call(results, "--epochs=3", "--dropout=0.5")
    ends["other flags"] = other.stderr, other.returncode, record(results)
    stop("second", signal.SIGINT)
    last = call(results)
    ends["last"] = last.stderr, last.returncode
    records["last"] = record(results)
    return results, ends, records


@pytest.mark.parametrize(
    ("name", "status", "cause"), [("first", 143, "SIGTERM"), ("second", 130, "SIGINT")]
)
def test_a_signal_saves_and_says_how_to_go_on(story, name, status, cause):
    results, ends, records = story
    returncode, said = ends[name]
    assert returncode == status
    assert "Traceback" not in said
    last = said.strip().splitlines()[-1]
    (folder,) = results.iterdir()
    assert cause in last and str(folder) in last and "the same command goes on" in last
    assert records[name]["status"] == "interrupted" and records[name]["cause"] == cause


def test_a_second_process_says_who_holds_the_folder(story):
    _, ends, _ = story
    said, while_running = ends["second process"]
    (line,) = [line for line in said.splitlines() if line]
    assert while_running["status"] == "running"
    assert f"in use by process {while_running['processes'][-1]['pid']}" in line
    assert while_running["processes"][-1]["pid"] != os.getpid()


def test_other_flags_are_listed_and_change_nothing(story):
    _, ends, records = story
    said, returncode, after = ends["other flags"]
    assert returncode == 2
    assert "--epochs was 40 and is 3" in said and "--dropout was 0.2 and is 0.5" in said
    assert "loss" not in said
    assert after == records["first"]


def test_the_run_ends_as_one_that_was_left_alone(story, tmp_path):
    results, ends, records = story
    assert ends["last"][1] == 0, ends["last"][0]
    assert records["last"]["status"] == "finished" and records["last"]["cause"] is None
    assert not list(results.glob("*/checkpoints"))
    alone = call(tmp_path)
    assert alone.returncode == 0, alone.stderr
    whole = record(tmp_path)
    assert records["last"]["history"] == whole["history"] and len(whole["history"]) == 3
    for name in ("history.csv", "pseudo_labels.csv", "embeddings-final.npz"):
        (stopped,), (alone,) = results.glob(f"*/{name}"), tmp_path.glob(f"*/{name}")
        assert stopped.read_bytes() == alone.read_bytes()


def test_a_finished_run_is_repeated_from_its_record(story):
    results, _, records = story
    (folder,) = results.iterdir()
    again = results / "again"
    repeated = call_here("main", f"--from_run={folder}", f"--results_dir={again}")
    assert repeated.returncode == 0, repeated.stderr
    assert "was" not in repeated.stderr  # Nothing here differs.
    assert record(again)["history"] == records["last"]["history"]
    other = command_line.parse(Command, [f"--from_run={folder}", "--epochs=3"])
    with pytest.raises(InputError, match="--epochs can't be given"):
        main(other)
