"""Shared by all tests: TensorFlow without its noise, and a few real images."""

from __future__ import annotations

import pytest

from keras_selflearn.quiet import import_tensorflow_quietly

import_tensorflow_quietly()


@pytest.fixture(scope="session")
def digits():
    """The `digits` data set."""
    from keras_selflearn.datasets import load_dataset

    return load_dataset("digits")
