from __future__ import annotations

import pytest

from keras_selflearn.datasets import DATASETS, dataset_entry, load_dataset


def test_an_entry_names_a_loader_that_is_there():
    import importlib

    for entry in DATASETS.values():
        module, function = entry.loader.split(":")
        assert callable(
            getattr(importlib.import_module(f"keras_selflearn.datasets.{module}"), function)
        )


def test_data_dir_reaches_the_loader(tmp_path):
    with pytest.raises(ValueError, match=str(tmp_path)):
        (tmp_path / "file").touch()
        load_dataset("svhn_cropped", str(tmp_path / "file"))


def test_unknown_data_set_is_an_error():
    with pytest.raises(ValueError, match="did you mean 'cifar10'"):
        dataset_entry("cifar-10")
