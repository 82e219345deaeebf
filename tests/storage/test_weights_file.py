"""Tests of files of weights, also on a disk that is full."""

from __future__ import annotations

import os
import resource
import threading

import h5py
import numpy as np
import pytest
import tensorflow as tf

from keras_selflearn.console.errors import InputError
from keras_selflearn.storage.files import write_whole
from keras_selflearn.storage.weights_file import SUFFIX, weights_content


def model(width=8):
    layers = tf.keras.layers
    return tf.keras.Sequential(
        [layers.Input((width,)), layers.Dense(width), layers.BatchNormalization()]
    )


def write_weights(save, path):
    return write_whole(path, bytes(weights_content(save)))


def contents(path):
    found = {}
    with h5py.File(path, "r") as file:
        file.visititems(lambda name, each: found.update({name: (type(each), *each.attrs)}))
        for name in found:
            if isinstance(file[name], h5py.Dataset):
                found[name] += (file[name][()].tobytes(),)
    return found


def test_the_file_is_the_one_that_keras_writes(tmp_path):
    subject = model()
    subject.save_weights(tmp_path / f"keras{SUFFIX}")
    path = write_weights(subject.save_weights, tmp_path / "ours.h5")
    assert contents(path) == contents(tmp_path / f"keras{SUFFIX}")
    assert sorted(os.listdir(tmp_path)) == [f"keras{SUFFIX}", "ours.h5"]
    other = model()
    path.rename(tmp_path / f"ours{SUFFIX}")
    other.load_weights(tmp_path / f"ours{SUFFIX}")
    for found, expected in zip(other.get_weights(), subject.get_weights()):
        np.testing.assert_array_equal(found, expected)


def test_other_threads_write_their_own_hdf5_files_meanwhile(tmp_path):
    subject, written = model(), []

    def save(place):
        def write():
            with h5py.File(tmp_path / "other.h5", "w") as file:
                file["a"] = [1, 2]
            written.append(isinstance(file, h5py.File))

        thread = threading.Thread(target=write)
        thread.start()
        thread.join()
        subject.save_weights(place)

    path = write_weights(save, tmp_path / f"a{SUFFIX}")
    with h5py.File(tmp_path / "other.h5", "r") as file:
        assert written == [True] and file["a"][()].tolist() == [1, 2]
    assert len(contents(path)) > 4


@pytest.fixture
def limit_of_files():
    """Sets the greatest size of a file of this process, as `ulimit -f` does."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    yield lambda size: resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_full_disk_ends_in_one_sentence_at_every_byte(tmp_path, limit_of_files):
    subject = model(32)
    whole = write_weights(subject.save_weights, tmp_path / "whole.h5").read_bytes()
    path = tmp_path / f"a{SUFFIX}"
    path.write_text("before")
    for size in range(0, len(whole), 509):
        limit_of_files(size)
        with pytest.raises(InputError, match="can't be written .*File too large"):
            write_weights(subject.save_weights, path)
        assert path.read_text() == "before"
    limit_of_files(len(whole))
    assert write_weights(subject.save_weights, path).stat().st_size == len(whole)


def test_a_disk_that_is_really_full_is_one_sentence(small_disk):
    subject = model(128)  # 66 KB
    for left in range(0, 60_000, 7001):
        ballast = small_disk / "ballast"
        ballast.write_bytes(bytes(2**20 - left))
        with pytest.raises(InputError, match="No space left on device"):
            write_weights(subject.save_weights, small_disk / f"a{SUFFIX}")
        assert os.listdir(small_disk) == ["ballast"]
        ballast.unlink()
