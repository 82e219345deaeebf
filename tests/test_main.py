"""The command line as a user calls it."""

from __future__ import annotations

import json
import re
import sys
from dataclasses import fields
from pathlib import Path

import pytest
from calling import call_here
from waiting import run_process

from keras_selflearn.console import command_line
from keras_selflearn.console.errors import InputError
from keras_selflearn.console.option import default_of, explain
from keras_selflearn.main import Command, main
from keras_selflearn.options.config import Config

QUICK = ["--backbone=tiny", "--epochs=2", "--meta_epochs=1", "--meta_iterations=1"]


def call(*arguments, cwd=None):
    return run_process([sys.executable, "-m", "keras_selflearn.main", *arguments], cwd=cwd)


FLAGS = [*QUICK, "--loss=arcface", "--seed=3", "--deterministic"]


@pytest.fixture(scope="module")
def one(tmp_path_factory):
    """An experiment: what was said, and its folder."""
    folder = tmp_path_factory.mktemp("one")
    result = call(*FLAGS, cwd=folder)
    assert result.returncode == 0, result.stderr
    (run_file,) = folder.glob("results/*/run.json")
    return result, run_file


@pytest.mark.slow
def test_one_experiment(one):
    result, run_file = one
    run = json.loads(run_file.read_text())
    assert run["config"]["loss"] == "arcface" and run["config"]["seed"] == 3
    shown = [float(x) for x in re.findall(r"test accuracy, .*: ([\d.]+) %", result.stdout)]
    assert shown == pytest.approx(list(run["test_accuracy"].values()))
    assert "(test images, " in result.stdout
    assert str(run_file.parent.name) in result.stdout


@pytest.mark.slow
def test_screen_shows_nothing_but_the_project_s_own_lines(one):
    result, _ = one
    lines = [line for line in result.stderr.splitlines() if line]
    own = re.compile(r"\d\d:\d\d:\d\d digits-arcface-random-self-learning-seed3: ")
    images, plan, *lines = lines
    assert images.startswith("digits: 100 labelled images (0 10, ") and plan.startswith("Plan: ")
    assert lines and all(own.match(line) for line in lines), result.stderr
    assert len([line for line in lines if "meta-iteration" in line]) == 2


@pytest.mark.slow
def test_flagfile_and_a_flag_given_by_hand_wins(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    flagfile = tmp_path / "quick.cfg"
    flagfile.write_text("\n".join(["# quick", *QUICK, "--labels=20", "--loss=triplet"]))
    result = call_here("main", f"--flagfile={flagfile}", "--labels=30", "--regime=n-labelled")
    assert result.returncode == 0, result.stderr
    (run_file,) = tmp_path.glob("results/*/run.json")
    run = json.loads(run_file.read_text())
    assert run["config"]["labels"] == 30 and run["config"]["loss"] == "triplet"
    assert list(run["test_accuracy"]) == ["n_labelled"]


def test_help_explains_each_flag_in_one_line_at_once():
    result = call("--help")
    assert result.returncode == 0
    lines = result.stdout.splitlines()
    for each in fields(Config):
        (line,) = [line for line in lines if line.startswith(f"  --{each.name}: ")]
        assert explain(each) in line and default_of(each) in line


def test_help_does_not_import_tensorflow():
    code = (
        "import sys, runpy; sys.argv = ['main', '--help']\n"
        "try: runpy.run_module('keras_selflearn.main', run_name='__main__')\n"
        "except SystemExit as e: print('tensorflow' in sys.modules, e.code)"
    )
    result = run_process([sys.executable, "-c", code])
    assert result.stdout.splitlines()[-1] == "False 0"


BAD_INPUT = [
    (["--loss=arcfce"], "did you mean 'arcface'"),
    (["--dataset=digts"], "did you mean 'digits'"),
    (["--los=triplet"], "Did you mean: loss"),
    (["--epochs=many"], "--epochs=many"),
    (["--weights=/no/such.h5"], "no weights file /no/such.h5"),
    (["--weights=imagnet"], "did you mean 'imagenet'"),
    (["--labels=9"], "9 labels are too few for 10 classes"),
    (["--labels=2000"], "ask for at most"),
    (["--selection_percent=101"], "percentage is 101"),
    (["--augment=zooms"], "Unknown augmentation 'zooms'"),
    (["--precision=half"], "Unknown precision 'half'"),
    (["--strategy=mirrord"], "did you mean 'mirrored'"),
    (["--optimizer=adamm"], "did you mean 'adam'"),
    (["--arcface_margin=2", "--loss=arcface"], "ArcFace margin is 2.0"),
    (["--margin=nan", "--loss=triplet"], "triplet margin is nan"),
    (["--seed=99999999999"], "seed is 99999999999"),
    (["--results_dir=/dev/null"], "folder /dev/null"),
    (["--flagfile=/no/such.cfg"], "/no/such.cfg"),
    (["triplet"], "'triplet' is no flag"),
]


@pytest.mark.parametrize(("arguments", "message"), BAD_INPUT, ids=lambda value: str(value)[:30])
def test_bad_input_is_one_sentence(arguments, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError) as error:
        main(command_line.parse(Command, [*QUICK, *arguments]))
    assert message in str(error.value)
    assert len(str(error.value).splitlines()) == 1
    assert not list(tmp_path.glob("results/*"))


@pytest.mark.slow
@pytest.mark.parametrize(("arguments", "message"), [BAD_INPUT[i] for i in (0, 2, 4)])
def test_bad_input_ends_with_status_2_and_nothing_but_its_sentence(arguments, message, tmp_path):
    result = call(*QUICK, *arguments, cwd=tmp_path)
    assert result.returncode == 2
    assert message in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1, result.stderr


def test_imagenet_weights_that_can_t_be_downloaded(tmp_path, monkeypatch, dead_end):
    monkeypatch.chdir(tmp_path)
    result = call_here("main", "--weights=imagenet", "--epochs=1")
    assert result.returncode == 2, result.stderr
    said = result.stderr.strip().splitlines()
    # The run says first what it will do.
    assert len(said) == 3 and said[1].startswith("Plan: "), result.stderr
    assert "--weights=PATH" in said[2]
    assert str(Path.home() / ".keras" / "models") in result.stderr
    assert len(dead_end) == 1  # It does not try again.


@pytest.mark.slow
def test_deterministic_runs_of_two_processes_have_the_same_history(one, tmp_path):
    result = call_here("main", *FLAGS, f"--results_dir={tmp_path}")
    assert result.returncode == 0, result.stderr
    files = one[1], *tmp_path.glob("*/run.json")
    first, second = (json.loads(file.read_text())["history"] for file in files)
    assert first == second and len(first) == 2


def test_tfds_data_set_that_can_t_be_downloaded(tmp_path, monkeypatch, dead_end):
    monkeypatch.chdir(tmp_path)
    result = call_here("main", "--dataset=cifar10", "--weights=random", f"--data_dir={tmp_path}")
    assert result.returncode == 2, result.stderr
    assert len(result.stderr.strip().splitlines()) == 1, result.stderr
    assert "'cifar10' is not prepared" in result.stderr and str(tmp_path) in result.stderr
    assert "tfds.builder('cifar10', data_dir=" in result.stderr
    assert len(dead_end) == 1
