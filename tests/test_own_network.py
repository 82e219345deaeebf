"""A run with a model of the user's, from its file to the labels of new images."""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import replace

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
    tiny = build_backbone("tiny", (32, 32, 3), "random")
    x = tf.keras.layers.Rescaling(1 / 255)(images)
    for layer in tiny.layers[:2]:
        x = layer(x)
    path = tmp_path_factory.mktemp("model") / "mine.h5"
    tf.keras.Model(images, x, name="mine").save(path)
    return path


@pytest.fixture(scope="module")
def finished(model_file, tmp_path_factory):
    """The configuration and the folder of a finished run."""
    config = Config(
        dataset="digits",
        backbone=str(model_file),
        image_size=40,
        train_images=60,
        test_images=20,
        labels=20,
        epochs=2,
        meta_epochs=1,
        meta_iterations=1,
        batch_size=10,
        embedding_size=8,
        precision="float32",
        results_dir=str(tmp_path_factory.mktemp("results")),
    )
    return config, run_experiment(config).path


def test_the_record_has_the_digest_and_the_page_names_the_model(finished, model_file):
    _, folder = finished
    record = json.loads((folder / "run.json").read_text())
    assert record["status"] == "finished" and record["config"]["weights"] == "own"
    assert record["backbone_sha256"] == hashlib.sha256(model_file.read_bytes()).hexdigest()
    assert "the model mine.h5" in (folder / "report.html").read_text()
    assert folder.name == "digits-cross-entropy-mine-self-learning-seed0"


def test_the_classifier_needs_the_file_no_more(finished, model_file, digits):
    _, folder = finished
    hidden = model_file.with_suffix(".hidden")
    model_file.rename(hidden)
    try:
        classifier = SelfLearningClassifier.load(folder / "classifier")
        assert len(classifier.predict(digits.test_images[:5])) == 5
        assert classifier.network_.seen_shape == (40, 40, 3)
    finally:
        hidden.rename(model_file)


def test_it_is_repeated_with_the_same_file_alone(finished, model_file, tmp_path):
    config, folder = finished
    given = Config(results_dir=str(tmp_path))
    assert repeated(folder, given).backbone == str(model_file)
    kept = tmp_path / "kept.h5"
    shutil.copy(model_file, kept)
    try:
        model_file.write_bytes(b"another")
        with pytest.raises(ValueError, match="was changed since the run"):
            repeated(folder, given)
        model_file.unlink()
        with pytest.raises(ValueError, match="There is no model file"):
            repeated(folder, given)
    finally:
        shutil.copy(kept, model_file)
    assert replace(config).resolve().identity()["backbone"] != str(model_file)
