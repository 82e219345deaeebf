from __future__ import annotations

import h5py
import keras
import numpy as np
import pytest
import tensorflow as tf
from legacy_weights import write_notop

from keras_selflearn.network.backbone import (
    build_backbone,
    check_backbone,
    n_features,
    weights_digest,
)

SHAPE = (32, 32, 3)


@pytest.fixture(scope="module")
def vgg16():
    return build_backbone("vgg16", SHAPE, "random")


@pytest.fixture(scope="module")
def vgg16_file(vgg16, tmp_path_factory):
    path = tmp_path_factory.mktemp("weights") / "vgg16.weights.h5"
    vgg16.save_weights(path)
    return path


def test_vgg16_is_the_convolutional_part_with_average_pooling(vgg16):
    assert vgg16.output_shape == (None, 512)
    assert sum(isinstance(layer, tf.keras.layers.Conv2D) for layer in vgg16.layers) == 13
    assert vgg16.count_params() == 14_714_688


@pytest.mark.parametrize("layout", ["weights", "legacy"])
def test_weights_are_read_from_both_of_keras_layouts(layout, vgg16, vgg16_file, tmp_path):
    path = vgg16_file
    if layout == "legacy":
        path = tmp_path / "notop.h5"
        write_notop(vgg16, path)
    loaded = build_backbone("vgg16", SHAPE, str(path))
    for expected, value in zip(vgg16.get_weights(), loaded.get_weights()):
        np.testing.assert_array_equal(expected, value)


def test_missing_file_is_an_error():
    with pytest.raises(ValueError, match="no weights file /no/such/file.h5"):
        build_backbone("vgg16", SHAPE, "/no/such/file.h5")


def test_home_folder_is_understood(vgg16_file, monkeypatch):
    monkeypatch.setenv("HOME", str(vgg16_file.parent))
    build_backbone("vgg16", SHAPE, "~/" + vgg16_file.name)


def test_mistyped_weights_suggest_the_nearest():
    with pytest.raises(ValueError, match="did you mean 'imagenet'"):
        build_backbone("vgg16", SHAPE, "imagnet")


def test_truncated_file_is_an_error(vgg16_file, tmp_path):
    path = tmp_path / "half.weights.h5"
    path.write_bytes(vgg16_file.read_bytes()[:1_000_000])
    with pytest.raises(ValueError, match="half.weights.h5 is damaged or no HDF5 file"):
        build_backbone("vgg16", SHAPE, path)


@pytest.mark.parametrize("name", ["tiny.weights.h5", "tiny.h5"])
def test_weights_of_another_architecture_are_an_error(name, tmp_path):
    path = tmp_path / name
    tiny = build_backbone("tiny", SHAPE, "random")
    if name == "tiny.h5":
        write_notop(tiny, path)
    else:
        tiny.save_weights(path)
    with pytest.raises(ValueError, match="not those of backbone 'vgg16'"):
        build_backbone("vgg16", SHAPE, path)


def test_an_hdf5_file_of_something_else_is_an_error(tmp_path):
    path = tmp_path / "other.h5"
    with h5py.File(path, "w") as file:
        file["measurements"] = np.arange(5)
    with pytest.raises(ValueError, match="not those of backbone 'vgg16'"):
        build_backbone("vgg16", SHAPE, path)


def test_file_without_the_suffix_is_an_error(tmp_path):
    path = tmp_path / "weights.npz"
    path.write_bytes(b"")
    with pytest.raises(ValueError, match="must end in .h5"):
        build_backbone("vgg16", SHAPE, path)


def test_imagenet_without_a_connection_names_the_ways_out(tmp_path, monkeypatch):
    def fail(*args, **kwargs):
        raise Exception("URL fetch failure")

    monkeypatch.setattr(tf.keras.applications, "VGG16", fail)
    monkeypatch.setenv("KERAS_HOME" if keras.__version__ >= "3" else "HOME", str(tmp_path))
    with pytest.raises(ValueError) as error:
        build_backbone("vgg16", SHAPE, "imagenet")
    message = str(error.value)
    assert "--weights=PATH" in message and str(tmp_path) in message
    assert "vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5" in message


def test_unknown_backbone_is_an_error():
    with pytest.raises(ValueError, match="Unknown backbone 'vg16': did you mean 'vgg16'"):
        build_backbone("vg16", SHAPE, "random")


def test_upper_and_lower_case_do_not_matter():
    assert build_backbone("VGG16", SHAPE, "random").output_shape == (None, n_features("Vgg16"))


@pytest.mark.parametrize("backbone", ["vgg16", "tiny"])
def test_features_are_those_of_the_backbone(backbone):
    built = build_backbone(backbone, SHAPE, "random")
    assert built.output_shape == (None, n_features(backbone))


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_weights_that_are_nan_or_infinite_are_called_that(tmp_path, value):
    path = tmp_path / "bad.weights.h5"
    tiny = build_backbone("tiny", SHAPE, "random")
    weights = tiny.get_weights()
    weights[2].flat[5] = value
    tiny.set_weights(weights)
    tiny.save_weights(path)
    with pytest.raises(ValueError, match="bad.weights.h5 has weights that are NaN or infinite"):
        build_backbone("tiny", SHAPE, path)


def test_tiny_has_no_imagenet_weights():
    with pytest.raises(ValueError, match="no 'imagenet' weights"):
        build_backbone("tiny", SHAPE, "imagenet")


def test_digest_of_weights(tmp_path):
    """The SHA-256 of the three letters abc is in its standard."""
    (tmp_path / "w.h5").write_bytes(b"abc")
    digest = weights_digest(tmp_path / "w.h5")
    assert digest.startswith("ba7816bf8f01cfea414140de5dae2223b00361a3")
    assert weights_digest("random") is weights_digest("imagenet") is None


def test_weights_of_a_whole_classifier_are_refused_with_the_way_on(tmp_path):
    (tmp_path / "classifier.json").write_text("{}")
    (tmp_path / "model.weights.h5").write_bytes(b"any")
    with pytest.raises(ValueError, match="is of a whole classifier, .* repeat its run with --from"):
        check_backbone("tiny", tmp_path / "model.weights.h5")
