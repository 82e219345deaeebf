"""A run with two networks, one of them a model of the user's, from its flags to new labels."""

from __future__ import annotations

import hashlib
import json
from html import unescape

import pytest
import tensorflow as tf

from keras_selflearn import SelfLearningClassifier
from keras_selflearn.network.backbone import build_backbone
from keras_selflearn.options.config import Config
from keras_selflearn.runs.experiment import run_experiment
from keras_selflearn.runs.repeating import repeated

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def model_file(tmp_path_factory):
    """`tiny` as a whole model, for pixels from 0 to 255."""
    images = tf.keras.Input((None, None, 3))
    x = tf.keras.layers.Rescaling(1 / 255)(images)
    for layer in build_backbone("tiny", (32, 32, 3), "random").layers[:2]:
        x = layer(x)
    path = tmp_path_factory.mktemp("model") / "mine.h5"
    tf.keras.Model(images, x, name="mine").save(path)
    return path


@pytest.fixture(scope="module")
def finished(model_file, tmp_path_factory):
    """The configuration and the folder of a finished run."""
    config = Config(
        dataset="digits",
        backbone=f"tiny,{model_file}",
        weights="random",
        train="head",
        labelling="graph",
        pseudo_labels="revised",
        selection_percent=100.0,
        train_images=100,
        test_images=20,
        labels=30,
        meta_iterations=2,
        precision="float32",
        results_dir=str(tmp_path_factory.mktemp("results")),
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        return config, run_experiment(config).path


def test_record_and_page_name_both(finished, model_file):
    config, folder = finished
    record = json.loads((folder / "run.json").read_text())
    assert record["status"] == "finished" and record["config"]["backbone"] == config.backbone
    digest = hashlib.sha256(model_file.read_bytes()).hexdigest()
    assert record["backbone_sha256"] == f",{digest}"
    assert record["verdict"]["images"] == 30
    page = unescape((folder / "report.html").read_text())
    assert "a tiny network and the model mine.h5" in page
    assert "random weights or the model's own" in page
    assert folder.name == "digits-cross-entropy-random+mine-self-learning-seed0"


def test_the_classifier_labels_new_images(finished, digits):
    _, folder = finished
    classifier = SelfLearningClassifier.load(folder / "classifier")
    accuracy = json.loads((folder / "run.json").read_text())["history"][-1]["test_accuracy"]
    assert classifier.transform(digits.test_images[:5]).shape == (5, 64)
    assert accuracy > 20


def test_it_is_repeated_with_the_same_file_alone(finished, model_file, tmp_path):
    config, folder = finished
    given = Config(results_dir=str(tmp_path))
    assert repeated(folder, given).backbone == config.backbone
    content = model_file.read_bytes()
    try:
        model_file.write_bytes(b"another")
        with pytest.raises(ValueError, match="mine.h5 was changed since the run"):
            repeated(folder, given)
        model_file.unlink()
        with pytest.raises(ValueError, match="There is no model file .*mine.h5"):
            repeated(folder, given)
    finally:
        model_file.write_bytes(content)
