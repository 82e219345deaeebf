from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from keras_selflearn.network.embedding import inference_batches
from keras_selflearn.training.augmentation import augment
from keras_selflearn.training.pipeline import drawn_batches, endless, shuffled, steps_per_epoch


@pytest.fixture
def images():
    """Each image is filled with its own index."""
    return np.tile(np.arange(50, dtype=np.uint8)[:, None, None, None], (1, 32, 32, 3))


INDICES = np.arange(5, 28)


def training_batches(images, indices, labels, *, batch_size, augmentations, seed, **steps):
    """The batches of the paper's way: all examples alike."""
    return drawn_batches(
        images,
        indices,
        [labels],
        draw=shuffled(len(indices), batch_size, seed),
        change=lambda batch, _, step: augment(batch, augmentations, tf.stack([seed, step])),
        **steps,
    )


def batches(images, first_step=0, steps=6, seed=0, augmentations=()):
    dataset = training_batches(
        images,
        INDICES,
        INDICES * 10,
        batch_size=10,
        first_step=first_step,
        steps=steps,
        augmentations=augmentations,
        seed=seed,
    )
    return [(batch[:, 0, 0, 0].numpy(), labels.numpy()) for batch, labels in dataset]


def test_rows_of_features_come_as_they_are():
    features = np.random.default_rng(0).normal(size=(50, 7)).astype(np.float32)
    options = {"batch_size": 10, "first_step": 0, "steps": 3, "augmentations": (), "seed": 0}
    found = [*training_batches(features, INDICES, INDICES * 10, **options)]
    labels = np.concatenate([labels for _, labels in found])
    np.testing.assert_array_equal(
        np.concatenate([batch for batch, _ in found]), features[labels // 10]
    )


def test_each_epoch_holds_each_example_once_with_its_label(images):
    steps = steps_per_epoch(len(INDICES), 10)
    found = batches(images)
    assert [len(labels) for _, labels in found] == [10, 10, 3] * 2
    for epoch in (found[:steps], found[steps:]):
        pixels = np.concatenate([batch for batch, _ in epoch])
        labels = np.concatenate([labels for _, labels in epoch])
        np.testing.assert_array_equal(pixels * 10.0, labels)
        np.testing.assert_array_equal(np.sort(pixels), INDICES)


def order(found):
    return np.concatenate([labels for _, labels in found]).tolist()


def test_order_is_a_function_of_seed_and_epoch(images):
    both = order(batches(images))
    assert both[: len(INDICES)] != both[len(INDICES) :]
    assert order(batches(images)) == both
    assert order(batches(images, first_step=3, steps=3)) == both[len(INDICES) :]
    assert order(batches(images, first_step=3, steps=2)) == both[len(INDICES) : -3]
    assert order(batches(images, seed=1)) != both


def test_augmentation_is_a_function_of_seed_and_epoch():
    noise = np.random.default_rng(0).integers(0, 256, (50, 32, 32, 3), np.uint8)
    both = batches(noise, augmentations=("shift",))
    later = batches(noise, first_step=3, steps=3, augmentations=("shift",))
    for (first, _), (second, _) in zip(both[3:], later):
        np.testing.assert_array_equal(first, second)
    plain = batches(noise)
    assert any((a != b).any() for (a, _), (b, _) in zip(plain, both))


def test_batches_are_gathered_from_a_memory_map(tmp_path, images):
    np.save(tmp_path / "images.npy", images)
    mapped = np.load(tmp_path / "images.npy", mmap_mode="r")
    assert order(batches(mapped)) == order(batches(images))


def test_no_iterator_waits_for_an_autotuner(images):
    arguments = {"batch_size": 10, "first_step": 0, "steps": 6, "augmentations": (), "seed": 0}
    training = training_batches(images, INDICES, INDICES, **arguments)
    for dataset in (training, inference_batches(images, INDICES, batch_size=10)):
        assert dataset.options().autotune.enabled is False


@pytest.mark.parametrize(("n", "size"), [(23, 10), (7, 7), (3, 8), (1, 4)])
def test_an_endless_order_gives_each_position_as_often_and_can_start_anywhere(n, size):
    draw = endless(n, size, seed=0)
    steps = [draw(step) for step in range(3 * n)]
    assert {len(step) for step in steps} == {size}
    everything = np.concatenate(steps)
    for order in everything.reshape(-1, n):
        np.testing.assert_array_equal(np.sort(order), np.arange(n))
    again = endless(n, size, seed=0)
    for step in (2, 0, 3 * n - 1):
        np.testing.assert_array_equal(again(step), steps[step])
    if n > 7:
        assert any((endless(n, size, seed=1)(step) != steps[step]).any() for step in range(3))
