"""Networks that enlarge images and scale pixels themselves, from `fit` to the export."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf
from exporting import exported
from legacy_weights import write_notop

from keras_selflearn import SelfLearningClassifier
from keras_selflearn.network.backbone import build_backbone
from keras_selflearn.network.resizing import resize_in_graph

IMAGES = np.random.default_rng(0).integers(0, 256, (12, 16, 16, 3), np.uint8)
LABELS = np.array(["cat", "dog", "-1", "-1"] * 3)


@pytest.fixture(autouse=True)
def cache(monkeypatch, tmp_path):
    """Where features are kept that are computed once."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def fit(images=IMAGES, **changes):
    options = {"weights": "random", "backbone": "tiny", "epochs": 1, "meta_epochs": 1}
    options.update(meta_iterations=1, random_state=0, precision="float32", selection_percent=20)
    options.update(image_size=48, preprocessing="tf", batch_size=6, embedding_size=8)
    return SelfLearningClassifier(**{**options, **changes}).fit(images, LABELS)


def check_saved_and_exported(classifier, folder):
    expected = classifier.transform(IMAGES)
    classifier.save(folder / "saved")
    loaded = SelfLearningClassifier.load(folder / "saved")
    np.testing.assert_array_equal(loaded.transform(IMAGES), expected)
    for name in ("image_size", "preprocessing"):
        assert getattr(loaded, name) == getattr(classifier, name)
    found = exported(loaded, IMAGES, folder / "exported")["embedding"]
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("channels", [1, 3])
def test_images_are_enlarged_wherever_the_classifier_goes(channels, tmp_path):
    classifier = fit(IMAGES[..., :channels])
    assert classifier.image_shape_ == (16, 16, channels)
    assert classifier.network_.seen_shape == (48, 48, channels)
    assert classifier.network_.backbone.input_shape == (None, 48, 48, 3)
    if channels == 3:
        check_saved_and_exported(classifier, tmp_path)


@pytest.mark.slow
def test_it_learns_what_it_would_from_images_that_were_resized_before():
    before = resize_in_graph(tf.constant(IMAGES), 48, 48).numpy()
    options = {"augment": "none", "preprocessing": None}
    inside = fit(**options).transform(IMAGES)
    outside = fit(before, **options, image_size=None).transform(before)
    np.testing.assert_allclose(inside, outside, rtol=1e-4, atol=1e-5)


def test_small_images_without_it_are_an_error_that_names_it():
    with pytest.raises(ValueError, match="Images are 16x16.*--image_size=32"):
        fit(image_size=None)


@pytest.mark.slow
def test_a_network_of_keras_trains_is_saved_and_is_exported(tmp_path):
    # With random weights all embeddings are nearly the same: they would label nothing.
    classifier = fit(backbone="mobilenetv3small", preprocessing=None, meta_iterations=0)
    assert classifier.network_.backbone.output_shape == (None, 576)
    check_saved_and_exported(classifier, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize(
    "backbone",
    ["ConvNeXtTiny", "EfficientNetV2B0", "MobileNet", "MobileNetV2", "ResNet50"],
)
def test_each_family_gives_features_is_saved_and_is_exported(backbone, tmp_path):
    classifier = fit(backbone=backbone, preprocessing=None, train="head", meta_iterations=0)
    check_saved_and_exported(classifier, tmp_path)


@pytest.mark.slow
def test_what_a_network_knows_of_pixels_is_saved_and_exported(tmp_path):
    source = build_backbone("EfficientNetB0", (48, 48, 3), "random")
    first = next(x for x in source.layers if isinstance(x, tf.keras.layers.Normalization))
    mean, deviation = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])
    first.set_weights([mean, deviation, np.array(0)])
    write_notop(source, tmp_path / "weights.h5")
    classifier = fit(
        backbone="EfficientNetB0",
        weights=str(tmp_path / "weights.h5"),
        preprocessing=None,
        train="head",
        meta_iterations=0,
    )
    check_saved_and_exported(classifier, tmp_path)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"image_size": 31}, "image_size is 31"),
        ({"backbone": "Xception"}, "image_size is 48, and Xception needs at least 71"),
        ({"preprocessing": "imagenet"}, "not for backbone 'tiny'"),
        ({"preprocessing": "half"}, "Unknown preprocessing 'half'"),
        ({"backbone": "Xceptoin"}, "did you mean 'Xception'"),
        ({"backbone": 5}, "backbone is 5"),
    ],
)
def test_what_does_not_fit_is_said_before_any_work(changes, message, monkeypatch):
    monkeypatch.setattr("keras_selflearn.estimator.learners.network_from", None)
    with pytest.raises(ValueError, match=message):
        fit(**changes)


@pytest.mark.slow
@pytest.mark.parametrize("mirror", [False, True])
def test_a_head_sees_the_same_images(mirror, tmp_path):
    classifier = fit(train="head", mirror=mirror)
    assert classifier.network_.seen_shape == (48, 48, 3)
    check_saved_and_exported(classifier, tmp_path)
