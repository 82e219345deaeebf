from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from keras_selflearn.datasets.tfds import load_cifar10, load_tfds

PREPARED = Path(os.environ.get("TFDS_DATA_DIR", "../shared/data/tfds"))


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
