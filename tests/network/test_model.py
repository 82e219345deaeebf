from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf
from number_formats import needs_bfloat16

from keras_selflearn.losses import get_objective, loss_names
from keras_selflearn.network.model import build_network

IMAGES = np.random.default_rng(0).integers(0, 256, (6, 32, 32, 3), np.uint8)
LABELS = np.array([0, 1, 2, 0, 1, 2])


def network(loss, **changes):
    options = {
        "backbone": "tiny",
        "weights": "random",
        "image_shape": (32, 32, 3),
        "n_classes": 3,
        "objective": get_objective(loss),
        "embedding_size": 256,
        "dropout": 0.2,
        "optimizer": "adam",
        "learning_rate": 1e-3,
        "precision": "float32",
    }
    return build_network(**{**options, **changes})


@pytest.mark.slow
@pytest.mark.parametrize(
    "precision",
    ["float32", pytest.param("mixed_bfloat16", marks=needs_bfloat16), "mixed_float16"],
)
@pytest.mark.parametrize("loss", loss_names())
def test_trains_with_a_float32_embedding_under_every_precision(loss, precision):
    net = network(loss, precision=precision)
    history = net.trainer.fit(IMAGES, LABELS, epochs=2, verbose=0)
    assert np.isfinite(history.history["loss"]).all()
    embeddings = net.embedder(IMAGES)
    assert embeddings.dtype == tf.float32 and embeddings.shape == (6, 256)
    assert net.trainer(IMAGES).dtype == tf.float32
    backbone_type = {"mixed_bfloat16": tf.bfloat16, "mixed_float16": tf.float16}
    pixels = np.zeros((1, 32, 32, 3), np.float32)
    assert net.backbone(pixels).dtype == backbone_type.get(precision, tf.float32)


@pytest.mark.parametrize("loss", ["triplet", "contrastive", "arcface"])
def test_embeddings_of_metric_losses_have_length_1(loss):
    lengths = np.linalg.norm(network(loss).embedder(IMAGES), axis=1)
    np.testing.assert_allclose(lengths, 1, atol=1e-5)


def test_embedding_of_cross_entropy_is_not_normalised():
    lengths = np.linalg.norm(network("cross-entropy").embedder(IMAGES), axis=1)
    assert np.ptp(lengths) > 1e-3


def test_pixels_are_divided_by_255():
    net = network("cross-entropy", dropout=0.0)
    dense = net.embedder.get_layer("embedding")
    features = net.backbone(IMAGES / np.float32(255))
    np.testing.assert_allclose(net.embedder(IMAGES), dense(features), rtol=1e-5, atol=1e-6)


def test_grey_images_are_seen_as_rgb():
    net = network("cross-entropy", image_shape=(32, 32, 1))
    rgb = tf.keras.Model(net.backbone.input, net.backbone.output)
    grey = IMAGES[..., :1]
    expected = rgb(np.repeat(grey, 3, axis=-1) / np.float32(255))
    dense = net.embedder.get_layer("embedding")
    np.testing.assert_allclose(net.embedder(grey), dense(expected), rtol=1e-5, atol=1e-6)


def test_default_network_is_vgg16_with_an_embedding_of_256():
    net = network("triplet", backbone="vgg16")
    assert net.embedder.output_shape == (None, 256)
    assert net.trainer.count_params() == 14_714_688 + 512 * 256 + 256


def test_unknown_optimizer_is_an_error():
    with pytest.raises(ValueError, match="did you mean 'rmsprop'"):
        network("triplet", optimizer="rmsprob")
