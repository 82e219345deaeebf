from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
import tensorflow_datasets as tfds

from keras_selflearn.datasets.tfds import load_cifar10, load_tfds

PREPARED = Path(os.environ.get("TFDS_DATA_DIR", "~/tensorflow_datasets")).expanduser()


def test_a_prepared_data_set_is_read_whole_and_in_order(tmp_path):
    images = np.random.default_rng(0).integers(0, 256, (1005, 32, 32, 3), np.uint8)
    labels = np.arange(1005) % 3
    splits = {
        "train": [(k, {"image": images[k], "label": labels[k]}) for k in range(1005)],
        "test": [(0, {"image": images[7], "label": 2})],
    }
    tfds.dataset_builders.store_as_tfds_dataset(
        name="three_classes",
        version="1.0.0",
        features=tfds.features.FeaturesDict(
            {
                "image": tfds.features.Image(shape=(32, 32, 3)),
                "label": tfds.features.ClassLabel(names=["a", "b", "c"]),
            }
        ),
        split_datasets=splits,
        data_dir=tmp_path,
        disable_shuffling=True,
    )
    data = load_tfds("three_classes", str(tmp_path))
    np.testing.assert_array_equal(data.images, images)
    np.testing.assert_array_equal(data.labels, labels)
    np.testing.assert_array_equal(data.test_images, images[7:8])
    assert data.test_labels.tolist() == [2] and data.class_names == ("a", "b", "c")


def test_unprepared_data_set_names_folder_and_command(tmp_path):
    with pytest.raises(ValueError) as error:
        load_tfds("no_such_data_set", str(tmp_path))
    message = str(error.value)
    assert f"'no_such_data_set' is not prepared in {tmp_path}" in message
    assert "python -m tensorflow_datasets build no_such_data_set" in message


@pytest.mark.skipif(not (PREPARED / "cifar10").exists(), reason="CIFAR-10 is not prepared here")
def test_cifar10_as_tfds_prepares_it():
    data = load_cifar10(str(PREPARED))
    assert data.images.shape == (50_000, 32, 32, 3) and data.images.dtype == np.uint8
    assert data.test_images.shape == (10_000, 32, 32, 3)
    assert np.bincount(data.labels).tolist() == [5000] * 10
    assert np.bincount(data.test_labels).tolist() == [1000] * 10
    assert data.class_names[0] == "airplane" and data.class_names[-1] == "truck"
    assert 100 < data.images.mean() < 140
