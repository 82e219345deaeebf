"""A real run of VGG16 on digits, killed again and again, ends as one that was not."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

from run_contents import contents, start
from waiting import finish

from keras_selflearn.runs.folder import RunFolder

EACH_STEP, NEVER = 1e-6, 60
# What is killed, when it comes for which time in its process, and the minutes between checkpoints.
# In the order in which the run, going on each time, comes to them: 9, 6 and 8 gradient steps.
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


def start_and_kill(results_dir, moment, number, minutes):
    script = (str(Path(__file__).with_name("killing.py")), moment, str(number))
    return start(results_dir, f"--checkpoint_minutes={minutes}", script=script)


def test_a_run_killed_at_a_dozen_moments_ends_as_one_that_was_not(tmp_path):
    whole = start(tmp_path / "whole")
    for moment in MOMENTS:
        process = start_and_kill(tmp_path / "killed", *moment)
        output, _ = finish(process, f"a run killed at {moment}")
        assert process.returncode == -signal.SIGKILL, (moment, output)
        (folder,) = (tmp_path / "killed").iterdir()
        assert RunFolder(folder).status() == "interrupted", moment
        assert json.loads((folder / "run.json").read_text())["status"] == "running"
    for process in (whole, start(tmp_path / "killed")):
        output, _ = finish(process, "a run")
        assert process.returncode == 0, output
    found, expected = (contents(*(tmp_path / name).iterdir()) for name in ("killed", "whole"))
    assert len(expected["history"]) == 3 and len(expected["weights"]) >= 28
    assert expected["status"] == "finished"
    for name, value in expected.items():
        assert found[name] == value, name


def test_a_run_killed_while_it_is_drawn_is_finished_and_can_be_drawn_later(tmp_path):
    process = start_and_kill(tmp_path, "drawing the curve", 1, NEVER)
    output, _ = process.communicate()
    assert process.returncode == -signal.SIGKILL, output
    (folder,) = tmp_path.iterdir()
    assert RunFolder(folder).status() == "finished" and contents(folder)["weights"]
    pictures = {folder / "curve.png", folder / "report.html"}
    assert not pictures & {*folder.iterdir()}
    report = [sys.executable, "-m", "keras_selflearn.report", f"--run={folder}"]
    drawn = subprocess.run(report, capture_output=True, text=True, check=True).stdout
    assert {Path(line) for line in drawn.splitlines()} == pictures <= {*folder.iterdir()}
