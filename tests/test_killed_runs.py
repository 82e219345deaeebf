"""A real run of VGG16 on digits, killed again and again, ends as one that was not."""

from __future__ import annotations

import itertools
import json
import select
import signal
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import pytest
from calling import call_here
from killing import Request
from run_contents import FLAGS, contents
from waiting import DEADLINE, said

from keras_selflearn.runs.folder import RunFolder

pytestmark = pytest.mark.slow

# As few images and steps as the moments need.
FEW = [*FLAGS, "--train_images=100", "--test_images=20", "--labels=30", "--batch_size=10"]
EACH_STEP, NEVER = 1e-6, 60
# What is killed, when it comes for which time in its process, and the minutes between checkpoints.
# In the order in which the run, going on each time, comes to them: 9, 5 and 6 gradient steps.
MOMENTS = [
    ("gradient step", 4, NEVER),
    ("gradient step", 5, EACH_STEP),
    ("writing a checkpoint", 2, EACH_STEP),
    ("renaming a file", 3, EACH_STEP),
    ("embedding", 1, NEVER),
    ("measuring", 1, EACH_STEP),
    ("writing run.json", 3, NEVER),
    ("labelling", 1, EACH_STEP),
    ("gradient step", 3, EACH_STEP),
    ("gradient step", 2, NEVER),
    ("writing pseudo-labels", 1, NEVER),
    ("saving the classifier", 1, NEVER),
]


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """`run(results_dir, moment, number, minutes)`: the status of a run's process and its output."""
    folder = tmp_path_factory.mktemp("killing")
    command = [sys.executable, str(Path(__file__).with_name("killing.py"))]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    numbers = itertools.count()

    def ask(results_dir, moment=None, number=1, minutes=NEVER):
        output = folder / f"{next(numbers)}.txt"
        flags = [*FEW, f"--results_dir={results_dir}", f"--checkpoint_minutes={minutes}"]
        request = Request(flags, str(output), moment, number)
        process.stdin.write(json.dumps(asdict(request)) + "\n")
        process.stdin.flush()
        answered, _, _ = select.select([process.stdout], [], [], DEADLINE)
        status = process.stdout.readline() if answered else ""
        assert status, f"A run did not end: {request}.{said(process, output)}"
        return int(status), output.read_text()

    with subprocess.Popen(command, **pipes) as process:
        try:
            yield ask
        finally:
            process.kill()


def test_a_run_killed_at_a_dozen_moments_ends_as_one_that_was_not(tmp_path, run):
    for moment in MOMENTS:
        status, output = run(tmp_path / "killed", *moment)
        assert status == -signal.SIGKILL, (moment, output)
        (folder,) = (tmp_path / "killed").iterdir()
        assert RunFolder(folder).status() == "interrupted", moment
        assert json.loads((folder / "run.json").read_text())["status"] == "running"
    for name in ("killed", "whole"):
        status, output = run(tmp_path / name)
        assert status == 0, output
    found, expected = (contents(*(tmp_path / name).iterdir()) for name in ("killed", "whole"))
    assert len(expected["history"]) == 3 and len(expected["weights"]) >= 28
    assert expected["status"] == "finished"
    for name, value in expected.items():
        assert found[name] == value, name


def test_a_run_killed_while_it_is_drawn_is_finished_and_can_be_drawn_later(tmp_path, run):
    status, output = run(tmp_path, "drawing the curve")
    assert status == -signal.SIGKILL, output
    (folder,) = tmp_path.iterdir()
    assert RunFolder(folder).status() == "finished" and contents(folder)["weights"]
    pictures = {folder / "curve.png", folder / "report.html"}
    assert not pictures & {*folder.iterdir()}
    drawn = call_here("report", f"--run={folder}")
    assert drawn.returncode == 0, drawn.stderr
    assert {Path(line) for line in drawn.stdout.splitlines()} == pictures <= {*folder.iterdir()}
