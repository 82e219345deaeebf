from __future__ import annotations

import sys

import numpy as np
import pytest
import tensorflow as tf
from calling import call_here
from waiting import run_process

from keras_selflearn import SelfLearningClassifier
from keras_selflearn.console.errors import InputError
from keras_selflearn.estimator.exporting import writing
from keras_selflearn.estimator.exporting.comparing import Comparison
from keras_selflearn.estimator.exporting.formats import FORMATS
from keras_selflearn.export import ExportConfig, main


@pytest.fixture(scope="module")
def saved(digits, tmp_path_factory):
    classifier = SelfLearningClassifier(
        weights="random", backbone="tiny", epochs=1, meta_iterations=0, random_state=0
    )
    folder = tmp_path_factory.mktemp("saved") / "clf"
    classifier.fit(digits.images[:60], digits.labels[:60]).save(folder)
    return folder


@pytest.mark.slow
def test_a_saved_classifier_becomes_a_saved_model(saved, digits, tmp_path, capsys):
    main(ExportConfig(str(saved), str(tmp_path / "out"), precision="float32"))
    assert str(tmp_path / "out") in capsys.readouterr().out
    signatures = tf.saved_model.load(str(tmp_path / "out")).signatures
    found = signatures["serving_default"](images=tf.constant(digits.test_images[:5]))
    assert found["probabilities"].shape == (5, 10)
    np.testing.assert_allclose(found["probabilities"].numpy().sum(axis=1), 1, rtol=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["savedmodel", "keras", "onnx", "tflite"])
def test_every_format_is_compared_and_has_a_card(name, saved, tmp_path, capsys):
    for package in FORMATS[name].packages:
        pytest.importorskip(package, reason="the extra onnx is not installed")
    main(ExportConfig(str(saved), str(tmp_path / "out"), format=name))
    said = capsys.readouterr().out
    assert "64 of 64 labels equal, largest difference of a probability" in said
    assert f"({FORMATS[name].runtime}, 64 random images)" in said
    card = (tmp_path / "out/README.md").read_text(encoding="utf-8")
    assert "64 of 64 labels equal" in card and "It was not measured." in card
    assert (tmp_path / "out" / FORMATS[name].file).exists()


@pytest.mark.slow
def test_a_model_that_differs_ends_with_status_1_and_no_file(saved, tmp_path, monkeypatch, capsys):
    different = Comparison(64, 63, 0.5, 63)
    monkeypatch.setattr(writing, "compare", lambda *_: different)
    with pytest.raises(SystemExit) as end:
        main(ExportConfig(str(saved), str(tmp_path / "out")))
    assert end.value.code == 1
    said = capsys.readouterr()
    assert not said.out and said.err.startswith("The SavedModel says other things")
    assert "63 of 64 labels equal" in said.err and not [*tmp_path.iterdir()]


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    results = tmp_path_factory.mktemp("results")
    flags = "--dataset=digits --backbone=tiny --weights=random --epochs=1 --labels=20"
    flags += " --regime=n-labelled --train_images=60 --test_images=30"
    process = call_here("main", *flags.split(), f"--results_dir={results}")
    assert process.returncode == 0, process.stderr
    (folder,) = results.glob("digits-*")
    return folder


@pytest.mark.slow
def test_the_images_of_a_run_are_compared(run, tmp_path, capsys):
    main(ExportConfig(str(run), str(tmp_path / "out")))
    assert "30 of 30 labels equal" in capsys.readouterr().out
    card = (tmp_path / "out/README.md").read_text(encoding="utf-8")
    assert "digits: 60 images for training" in card and "on 30 of the run's test images" in card
    assert "of 30 test images, which training did not see, are labelled right (95 %" in card


@pytest.mark.slow
def test_without_the_images_of_a_run_random_ones_are_compared(run, tmp_path, capsys, monkeypatch):
    def gone(config):
        raise InputError("There is no folder of images.")

    monkeypatch.setattr("keras_selflearn.runs.data.load", gone)
    main(ExportConfig(str(run), str(tmp_path / "out")))
    assert "64 random images" in capsys.readouterr().out
    assert "of 30 test images" in (tmp_path / "out/README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"run": None}, "--run is missing"),
        ({"output": ""}, "--output is missing"),
        ({"output": "full"}, "full is there already"),
        ({"output": "full/x"}, "full/x is there already"),
        ({"run": "none"}, "There is no folder none"),
        ({"run": "full"}, "full is neither a run's folder"),
        ({"precision": "half"}, "Unknown precision 'half'"),
        ({"output": "/dev/null/out"}, "can't be made"),
    ],
)
def test_what_can_t_be_used_is_one_sentence(changes, message, saved, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "full").mkdir()
    (tmp_path / "full/x").write_text("mine")
    with pytest.raises(InputError, match=message):
        main(ExportConfig(**{"run": str(saved), "output": "out", **changes}))
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["full", "x"]


@pytest.mark.parametrize("command", ["export", "predict"])
def test_help_does_not_import_tensorflow(command):
    code = (
        "import sys, runpy; sys.argv = ['x', '--help']\n"
        f"try: runpy.run_module('keras_selflearn.{command}', run_name='__main__')\n"
        "except SystemExit as e: print('tensorflow' in sys.modules, e.code)"
    )
    result = run_process([sys.executable, "-c", code])
    assert result.stdout.splitlines()[-1] == "False 0"
