from __future__ import annotations

import numpy as np
import pytest

from keras_selflearn.losses import get_objective
from keras_selflearn.network.embedding import embed, inference_batch_size, inference_batches
from keras_selflearn.network.model import build_network

IMAGES = np.random.default_rng(0).integers(0, 250, (50, 32, 32, 3), np.uint8)


def test_inference_keeps_the_order():
    indices = np.array([7, 3, 3, 49, 0])
    dataset = inference_batches(IMAGES, indices, batch_size=2)
    pixels = np.concatenate([batch.numpy() for batch in dataset])
    np.testing.assert_array_equal(pixels, IMAGES[indices])


def test_embedding_is_traced_once_for_batches_of_all_sizes(monkeypatch):
    monkeypatch.setattr("keras_selflearn.network.embedding._INFERENCE_PIXELS", 15 * 32 * 32)
    network = build_network(
        backbone="tiny",
        weights="random",
        image_shape=(32, 32, 3),
        n_classes=2,
        objective=get_objective("triplet"),
        embedding_size=8,
        dropout=0.0,
        optimizer="adam",
        learning_rate=1.0,
        precision="float32",
    )
    indices = np.random.default_rng(0).permutation(40)
    expected = network.embedder(IMAGES[indices], training=False).numpy()
    traces = []
    original = network.embedder.call

    def spy(*arguments, **options):
        traces.append(1)
        return original(*arguments, **options)

    monkeypatch.setattr(network.embedder, "call", spy)
    for chosen in (slice(None), slice(7)):  # batches of 15, 15, 10, then of 7
        found = embed(network, IMAGES, indices[chosen])
        assert found.dtype == np.float32
        np.testing.assert_allclose(found, expected[chosen], atol=1e-6)
    assert embed(network, IMAGES, indices[:0]).shape == (0, 8)
    assert len(traces) == 1


@pytest.mark.parametrize(("height", "width", "n"), [(32, 32, 400), (96, 96, 44), (500, 600, 1)])
def test_images_embedded_at_a_time_have_about_as_many_pixels(height, width, n):
    assert inference_batch_size((height, width, 3)) == n
