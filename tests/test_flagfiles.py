from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
FLAGFILES = sorted((ROOT / "flags").glob("*.cfg"))


@pytest.mark.parametrize("flagfile", FLAGFILES, ids=lambda path: path.stem)
def test_every_flag_in_it_is_known_and_its_command_is_given(flagfile):
    code = (
        "import sys\n"
        "from keras_selflearn import command_line, config\n"
        "command_line.run(config.Config, lambda c: print(c.resolve().dataset), '')\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", code, f"--flagfile={flagfile}"], capture_output=True, text=True
    )
    assert (result.returncode, result.stdout) == (0, "digits\n"), result.stderr
    assert f"--flagfile=flags/{flagfile.name}" in flagfile.read_text()


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
        "selection": "stratified",
        "reference": "initial",
        "validation_features": "standardised",
    }


def test_there_are_some():
    assert {path.stem for path in FLAGFILES} >= {"authors-code", "smoke"}
