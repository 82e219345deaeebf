from __future__ import annotations

import re
from pathlib import Path

import pytest

from keras_selflearn.console import command_line
from keras_selflearn.options.config import Config
from keras_selflearn.options.data import REGIMES

ROOT = Path(__file__).resolve().parent.parent
FLAGFILES = sorted((ROOT / "flags").glob("*.cfg"))


@pytest.mark.parametrize("flagfile", FLAGFILES, ids=lambda path: path.stem)
def test_each_command_in_it_is_one_that_works(flagfile):
    commands = re.findall(r"^# python -m keras_selflearn\.main (.*)$", flagfile.read_text(), re.M)
    assert any(f"--flagfile=flags/{flagfile.name}" in command for command in commands)
    for command in commands:
        arguments = command.replace("--flagfile=", f"--flagfile={ROOT}/").split()
        assert command_line.parse(Config, arguments).resolve().regime in REGIMES


@pytest.mark.parametrize("flagfile", FLAGFILES, ids=lambda path: path.stem)
def test_each_reproduction_in_it_names_a_preset_that_is_there(flagfile):
    for preset in re.findall(r"keras_selflearn\.reproduce .*--preset=(\S+)", flagfile.read_text()):
        assert preset == flagfile.stem


def test_order_of_the_paper_s_preset_and_its_data_sets_does_not_matter():
    paper = f"--flagfile={ROOT}/flags/paper.cfg"
    for dataset in ("svhn_cropped", "cifar10", "plant_village"):
        arguments = [paper, f"--flagfile={ROOT}/flags/{dataset}.cfg"]
        configs = [command_line.parse(Config, order) for order in (arguments, arguments[::-1])]
        assert configs[0] == configs[1] and configs[0].dataset == dataset


def test_authors_choices_are_all_there():
    lines = (ROOT / "flags" / "authors-code.cfg").read_text().splitlines()
    flags = dict(line[2:].split("=") for line in lines if line.startswith("--"))
    assert flags == {
        "epochs": "200",
        "meta_epochs": "200",
        "order": "train-first",
        "learning_rate": "1e-4",
        "self_learning_rate": "1e-5",
        "augment": "shift",
        "dropout": "0.2",
        "margin": "1.0",
        "triplet_distance": "squared",
        "contrastive_power": "2",
        "arcface_scale": "30",
        "arcface_margin": "0.5",
        "selection": "equal",
        "reference": "initial",
        "compared_embedding": "raw",
        "validation_features": "standardised",
        "precision": "float32",
    }


def test_there_are_some():
    assert {path.stem for path in FLAGFILES} >= {"authors-code", "paper", "cpu", "smoke"}
