"""Tests of a network whose backbone is not trained."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import softmax

from keras_selflearn.network.features import compute_features, features_key
from keras_selflearn.network.head_network import build_head_network

CHANCE = np.random.default_rng(0)
IMAGES = CHANCE.integers(0, 256, (20, 32, 40, 3), np.uint8)


def network(**changes):
    options = {"backbone": "tiny", "weights": "random", "n_classes": 3, "precision": "float32"}
    return build_head_network(**{**options, "image_shape": (32, 40, 3), **changes})


def test_embedding_and_head_are_those_that_are_set():
    subject = network()
    scale, shift = (CHANCE.normal(size=32).astype(np.float32) for _ in range(2))
    kernel, bias = CHANCE.normal(size=(32, 3)), CHANCE.normal(size=3)
    subject.set_embedding([(scale, shift)])
    subject.set_head(kernel, bias)
    features = subject.featurizers[0].predict(IMAGES, verbose=0)
    np.testing.assert_allclose(
        features, subject.backbone.predict(IMAGES / 255, verbose=0), atol=1e-5
    )
    embeddings = features * scale + shift
    embeddings /= np.linalg.norm(embeddings, axis=1, keepdims=True)
    np.testing.assert_allclose(subject.embed_batch(IMAGES), embeddings, atol=1e-5)
    logits = subject.trainer.predict(IMAGES, verbose=0)
    np.testing.assert_allclose(softmax(logits), softmax(embeddings @ kernel + bias), atol=1e-5)


def test_mirrored_images_have_the_same_features():
    subject = network(mirror=True)
    found = subject.featurizers[0].predict(IMAGES, verbose=0)
    mirrored = subject.featurizers[0].predict(IMAGES[:, :, ::-1], verbose=0)
    np.testing.assert_allclose(found, mirrored, atol=1e-6)
    plain = subject.backbone.predict(IMAGES / 255, verbose=0)
    other = subject.backbone.predict(IMAGES[:, :, ::-1] / 255, verbose=0)
    np.testing.assert_allclose(found, (plain + other) / 2, atol=1e-5)


def test_features_are_computed_once_and_told(tmp_path):
    subject, told = network(), []
    for _ in range(2):
        found = compute_features(
            subject.feature_functions[0],
            IMAGES,
            tmp_path / "features",
            d=subject.featurizers[0].output_shape[-1],
            kind="training",
            network="tiny",
            pixels=320 * 32 * 32,  # five images in a batch
            tell=lambda *how_far: told.append(how_far),
        )
    np.testing.assert_allclose(found, subject.featurizers[0].predict(IMAGES, verbose=0), atol=1e-5)
    assert told == [("training", done, 20) for done in (5, 10, 15, 20)]


def test_features_that_are_no_numbers_are_an_error(tmp_path):
    subject = network()
    weights = subject.backbone.get_weights()
    weights[-1][0] = np.inf  # a bias, so that a feature is infinite
    subject.backbone.set_weights(weights)
    with pytest.raises(ValueError, match="features that are NaN or infinite, first for one of"):
        compute_features(
            subject.feature_functions[0],
            IMAGES,
            tmp_path,
            d=subject.featurizers[0].output_shape[-1],
            kind="test",
            network="tiny",
            pixels=1280,
        )


def test_keys_tell_everything_apart_that_changes_features():
    weights = [np.arange(4.0), np.arange(2.0)]
    key = features_key(IMAGES, {"backbone": "tiny"}, weights)
    assert key == features_key(IMAGES.copy(), {"backbone": "tiny"}, [w.copy() for w in weights])
    other = IMAGES.copy()
    other[-1, -1, -1, -1] ^= 1
    keys = {
        key,
        features_key(other, {"backbone": "tiny"}, weights),
        features_key(IMAGES[:-1], {"backbone": "tiny"}, weights),
        features_key(IMAGES.reshape(20, 40, 32, 3), {"backbone": "tiny"}, weights),
        features_key(IMAGES, {"backbone": "vgg16"}, weights),
        features_key(IMAGES, {"backbone": "tiny"}, [weights[0], weights[1] + 1]),
    }
    assert len(keys) == 6 and all(len(each) == 64 for each in keys)
