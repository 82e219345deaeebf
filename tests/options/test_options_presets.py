"""Tests of presets inside the package."""

from __future__ import annotations

import subprocess
import sys

import pytest
from sklearn.base import clone

from keras_selflearn import SelfLearningClassifier, main
from keras_selflearn.console import command_line
from keras_selflearn.console.errors import InputError
from keras_selflearn.options.config import Config
from keras_selflearn.options.presets import (
    estimator_preset,
    preset_file,
    preset_files,
    preset_names,
    says_how,
)


def test_each_preset_is_a_flagfile_of_options():
    assert preset_names() == ["few", "paper", "quick"]
    for name in preset_names():
        command_line.parse(Config, [f"--flagfile={preset_file(name)}"])
    with pytest.raises(InputError, match="Unknown preset 'quik': did you mean 'quick'"):
        preset_file("quik")


def test_the_paper_s_are_the_defaults():
    assert estimator_preset("paper") == {}
    assert command_line.parse(Config, [f"--flagfile={preset_file('paper')}"]) == Config()


def test_the_estimator_takes_a_preset_and_other_values_win():
    quick = SelfLearningClassifier(preset="quick", meta_iterations=2)
    assert (quick.train, quick.labelling, quick.meta_iterations) == ("head", "graph", 2)
    assert (quick.backbone, quick.image_size) == ("EfficientNetV2B0", 160)
    assert clone(quick).get_params() == quick.get_params()
    assert SelfLearningClassifier().train == "all"
    with pytest.raises(InputError, match="Unknown preset"):
        SelfLearningClassifier(preset="quickest")


@pytest.mark.parametrize(
    ("arguments", "preset"),
    [
        (["--dataset=folder", "--images=x"], "quick"),
        (["--dataset=folder", "--images=x", "--image_size=64", "--backbone=tiny"], "quick"),
        (["--dataset=folder", "--images=x", "--prior=equal"], "quick"),
        (["--dataset=folder", "--images=x", "--mirror", "--graph_neighbors=5"], "quick"),
        (["--dataset=folder", "--images=x", "--keep=last", "--folds=0"], "quick"),
        (["--dataset=folder", "--images=x", "--evaluate_every=2"], "quick"),
        (["--dataset=folder", "--images=x", "--labelling=graph", "--prior=equal"], None),
        (["--dataset=folder", "--images=x", "--train=head", "--mirror"], None),
        (["--dataset=folder", "--images=x", "--epochs=3"], None),
        (["--dataset=folder", "--images=x", "--loss=triplet"], None),
        (["--dataset=folder", "--images=x", "--loss=triplet", "--preset=few"], "few"),
        (["--dataset=digits"], None),
        (["--dataset=digits", "--preset=quick"], "quick"),
        (["--from_run=x", "--images=y"], None),
    ],
)
def test_a_folder_is_labelled_quickly_unless_told_how(arguments, preset):
    command = command_line.parse(main.Command, arguments)
    given = frozenset(argument[2:].split("=")[0] for argument in arguments)
    found = main.flagfiles_of(command, given)
    assert found == ([] if preset is None else preset_files(preset))


def test_a_preset_may_begin_with_another():
    assert preset_files("few") == [preset_file("quick"), preset_file("few")]
    quick, few = estimator_preset("quick"), estimator_preset("few")
    assert few == {**quick, "image_size": 224, "mirror": True}
    # Also where it is named as a flagfile.
    command = command_line.parse(main.Command, [f"--flagfile={preset_file('few')}"])
    assert main.flagfiles_of(command, frozenset(["preset"])) == preset_files("quick")


def test_what_says_how_to_train():
    names = says_how()
    assert {"train", "loss", "epochs", "labelling", "selection", "margin", "dropout"} <= {*names}
    assert "batch_statistics" in names
    assert not {"backbone", "weights", "image_size", "seed", "images", "precision"} & {*names}
    assert not {"folds", "keep", "evaluate_every", "prior", "mirror", "head"} & {*names}


def test_a_preset_is_not_for_a_repetition():
    command = command_line.parse(main.Command, ["--from_run=x", "--preset=quick"])
    with pytest.raises(InputError, match="--preset is not for --from_run"):
        main.flagfiles_of(command, frozenset(["from_run", "preset"]))


def test_a_preset_is_chosen_before_tensorflow_is_imported():
    """Its messages would be seen, because they are kept off the screen only later."""
    code = """if True:
        import sys
        from keras_selflearn import main
        from keras_selflearn.console import command_line
        command = command_line.parse(main.Command, ["--images=x", "--prior=equal"])
        files = main.flagfiles_of(command, frozenset(["images", "prior"]))
        assert [each.stem for each in files] == ["quick"]
        assert "tensorflow" not in sys.modules"""
    subprocess.run([sys.executable, "-c", code], check=True)
