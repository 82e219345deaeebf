"""That the script that the benchmark compares with does the whole job."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.plain_reference import PlainReference


def make(labelled=40, unlabelled=60, **changes):
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (labelled + unlabelled + 10, 32, 32, 3), np.uint8)
    labels = np.arange(len(images)) % 2
    options = {"backbone": "tiny", "epochs": 1, "selection_percent": 50, "batch_size": 16}
    return PlainReference(
        images[:labelled],
        labels[:labelled],
        images[labelled:-10],
        images[-10:],
        labels[-10:],
        **{**options, **changes},
    )


def grey(*levels):
    return (
        np.zeros((len(levels), 32, 32, 3), np.uint8)
        + np.array(levels, np.uint8)[:, None, None, None]
    )


def test_images_are_floats_from_0_to_1():
    reference = make()
    for images in (reference.images, reference.unlabelled, reference.test_images):
        assert images.dtype == np.float32
        assert 0.9 < images.max() <= 1


@pytest.mark.slow
def test_a_meta_iteration_trains_and_moves_the_most_confident():
    reference = make(selection_percent=10)
    before = reference.model.get_weights()
    accuracy = reference.meta_iteration()
    assert any((a != b).any() for a, b in zip(before, reference.model.get_weights()))
    assert (len(reference.images), len(reference.labels), len(reference.unlabelled)) == (46, 46, 54)
    assert len(reference.initial_images) == len(reference.initial_labels) == 40
    assert accuracy in range(0, 101, 10)
    reference.meta_iteration()
    assert (len(reference.images), len(reference.unlabelled)) == (51, 49)


@pytest.mark.slow
def test_what_is_nearest_to_the_labelled_is_chosen_with_their_labels():
    reference = PlainReference(
        grey(0, 200),
        np.array([3, 7]),
        grey(90, 195, 150, 20),
        grey(1, 201, 210),
        np.array([3, 7, 3]),
        backbone="tiny",
        epochs=1,
        selection_percent=50,
        batch_size=2,
    )
    reference._embed = lambda images: 255 * images[:, 0, 0, :1]
    assert round(reference.meta_iteration(), 6) == round(200 / 3, 6)
    np.testing.assert_array_equal(reference.labels, [3, 7, 7, 3])
    np.testing.assert_allclose(255 * reference.images[:, 0, 0, 0], [0, 200, 195, 20], rtol=1e-5)
    np.testing.assert_allclose(255 * reference.unlabelled[:, 5, 5, 1], [90, 150], rtol=1e-5)


def test_embeddings_have_length_1():
    reference = make()
    embeddings = reference._embed(reference.test_images)
    assert embeddings.shape == (10, 256)
    np.testing.assert_allclose(np.linalg.norm(embeddings, axis=1), 1, rtol=1e-5)


def test_augmentation_shifts_by_up_to_an_eighth_and_repeats_the_edge():
    ramp = np.broadcast_to(np.arange(32, dtype=np.float32)[:, None], (200, 32, 32))
    images = np.stack([ramp, ramp.transpose(0, 2, 1), np.full_like(ramp, 5)], axis=-1)
    batch, labels = next(make().augmentation.flow(images, np.arange(200), batch_size=200))
    assert (batch.shape, batch.dtype, labels.shape) == (images.shape, np.float32, (200,))
    np.testing.assert_allclose(batch[..., 2], 5, rtol=1e-5)
    for channel, middle in ((0, batch[:, 16, 16, 0]), (1, batch[:, 16, 16, 1])):
        shifts = middle - 16
        assert 3 < shifts.max() < 4.01 and -4.01 < shifts.min() < -3
        assert batch[..., channel].min() >= 0 and batch[..., channel].max() <= 31.001
