"""Models of the user's: what is read, what comes out, and what is refused before it is built."""

from __future__ import annotations

import re
import zipfile

import h5py
import keras
import numpy as np
import pytest
import tensorflow as tf
from own_models import change_config, layer_of, own_model

from keras_selflearn.network import own_model as module
from keras_selflearn.network.own_model import digest_of_model, is_own_model
from keras_selflearn.network.own_model import own_model as read

IMAGES = np.random.default_rng(1).uniform(0, 255, (3, 40, 48, 3)).astype(np.float32)
SUFFIXES = [".h5", ".keras"]


@pytest.fixture(params=SUFFIXES)
def path(request, tmp_path):
    """A file of a model that gives a map."""
    path = tmp_path / f"mine{request.param}"
    own_model().save(path)
    return path


def features(model):
    return np.asarray(model(IMAGES, training=False))


def test_a_file_gives_the_mean_of_the_model_s_map(path):
    expected = np.asarray(own_model()(IMAGES, training=False)).mean(axis=(1, 2))
    found = read(path)
    assert found.output_shape == (None, 6)
    np.testing.assert_allclose(features(found), expected, rtol=1e-5)
    np.testing.assert_allclose(features(read(str(path))), expected, rtol=1e-5)


def test_a_compiled_model_is_read_without_its_optimizer(tmp_path):
    model = own_model(ends="vector")
    model.compile("adam", "mse")
    model.fit(IMAGES, np.ones((3, 6)), verbose=0)
    for suffix in SUFFIXES:
        model.save(tmp_path / f"compiled{suffix}")
        found = read(tmp_path / f"compiled{suffix}")
        np.testing.assert_allclose(features(found), features(model), rtol=1e-5)


def test_vectors_stay_as_they_are_and_the_model_stays_the_user_s():
    model = own_model(ends="vector")
    found = read(model)
    np.testing.assert_array_equal(features(found), features(model))
    found.set_weights([each * 0 for each in found.get_weights()])
    assert np.abs(features(model)).max() > 0


def test_a_sequential_model_and_a_model_in_a_model_are_models():
    layers = tf.keras.layers
    whole = tf.keras.Sequential(
        [tf.keras.Input((None, None, 3)), own_model(), layers.GlobalMaxPooling2D()]
    )
    np.testing.assert_allclose(features(read(whole)), features(whole), rtol=1e-6)


def test_statistics_of_pixels_come_along(tmp_path):
    layers = tf.keras.layers
    images = tf.keras.Input((40, 48, 3))
    scale = layers.Normalization(name="of_pixels")
    model = tf.keras.Model(images, layers.Conv2D(2, 3)(scale(images)))
    scale.set_weights([np.array([100, 110, 120]), np.array([50, 60, 70]), np.array(0)])
    scale.finalize_state()
    expected = features(model).mean(axis=(1, 2))
    for suffix in SUFFIXES:
        model.save(tmp_path / f"m{suffix}")
        np.testing.assert_allclose(features(read(tmp_path / f"m{suffix}")), expected, rtol=1e-4)
    np.testing.assert_allclose(features(read(model)), expected, rtol=1e-4)


def test_groups_of_a_depthwise_convolution_are_read_by_both(tmp_path):
    path = tmp_path / "keras2.h5"
    own_model().save(path)

    def add_groups(config):
        layer_of(config, "depthwise")["config"]["groups"] = 1

    change_config(path, add_groups)
    expected = features(own_model()).mean(axis=(1, 2))
    np.testing.assert_allclose(features(read(path)), expected, rtol=1e-5)


def as_keras_2_writes_them(config):
    """Add what Keras 2.15 writes of these layers."""
    for name in ("transposed", "separable"):
        layer_of(config, name)["config"]["groups"] = 1
    initializer = {"class_name": "GlorotUniform", "config": {"seed": None}}
    layer_of(config, "separable")["config"].update(
        kernel_initializer=initializer, kernel_regularizer=None, kernel_constraint=None
    )
    layer_of(config, "dropped")["config"].update(noise_shape=None, trainable=True)
    layer_of(config, "normalised")["config"]["axis"] = [3]
    relu = layer_of(config, "thresholded")
    relu["class_name"] = "ThresholdedReLU"
    for name in ("max_value", "negative_slope", "threshold"):
        relu["config"].pop(name, None)
    relu["config"]["theta"] = 0.5


def test_other_layers_are_read_by_both_as_keras_2_writes_them(tmp_path):
    layers = tf.keras.layers
    images = tf.keras.Input(IMAGES.shape[1:])
    x = layers.Rescaling(1 / 255, name="scale")(images)
    x = layers.Conv2DTranspose(4, 3, name="transposed")(x)
    x = layers.SeparableConv2D(5, 3, name="separable")(x)
    x = layers.SpatialDropout2D(0.1, name="dropped")(x)
    x = layers.BatchNormalization(name="normalised")(x)
    x = layers.ReLU(threshold=0.5, name="thresholded")(x)
    model = tf.keras.Model(images, x)
    draw = np.random.default_rng(0)
    model.set_weights([draw.uniform(0.1, 1, each.shape) for each in model.get_weights()])
    path = tmp_path / "keras2.h5"
    model.save(path)
    change_config(path, as_keras_2_writes_them)
    expected = features(model).mean(axis=(1, 2))
    np.testing.assert_allclose(features(read(path)), expected, rtol=1e-5)


def test_a_layer_that_can_not_be_read_is_named_and_not_one_before_it(path):
    def unreadable(config):
        layer_of(config, "stem_bn")["config"]["axis"] = [3]
        layer_of(config, "last")["config"]["swirl"] = 3

    change_config(path, unreadable)
    with pytest.raises(ValueError, match="can't read its layer 'last' .Conv2D"):
        read(path)


def test_attention_is_read_as_keras_2_writes_it(tmp_path):
    layers = tf.keras.layers
    images = tf.keras.Input(IMAGES.shape[1:])
    rows = layers.Reshape((-1, 3), name="rows")(layers.AveragePooling2D(4)(images))
    x = layers.Attention(use_scale=True, name="attention")([rows, rows])
    model = tf.keras.Model(images, layers.GlobalAveragePooling1D()(x))
    path = tmp_path / "attention.h5"
    model.save(path)
    np.testing.assert_allclose(features(read(path)), features(model), rtol=1e-5)


def to_lambda(config):
    layer = layer_of(config, "stem_relu")
    layer.update(class_name="Lambda")
    layer["config"] = {"name": "stem_relu", "function": ["4wEAAAA=", None, None]}


def to_foreign_class(config):
    layer = layer_of(config, "stem_relu")
    layer.update(class_name="ReLU", module="os", registered_name="system")


def to_registered_class(config):
    layer_of(config, "stem_relu").update(registered_name="theirs>ReLU")


def to_unknown_layer(config):
    layer_of(config, "stem_relu").update(class_name="TFSMLayer")


def to_function(config):
    function = {"module": "os", "class_name": "function", "config": "system"}
    layer_of(config, "last")["config"]["activation"] = function


def to_lambda_activation(config):
    function = {"class_name": "__lambda__", "config": {"value": "4wEAAAA="}}
    layer_of(config, "last")["config"]["activation"] = function


def to_foreign_part(config):
    part = {"module": "subprocess", "class_name": "Zeros", "config": {}}
    layer_of(config, "stem")["config"]["kernel_initializer"] = part


def to_wrapped_lambda(config):
    inner = {"class_name": "Lambda", "config": {"name": "inner"}}
    layer = layer_of(config, "stem_relu")
    layer.update(class_name="TimeDistributed")
    layer["config"]["layer"] = inner


def to_call_of_a_function(config):
    layer_of(config, "stem_relu")["inbound_nodes"] = [
        {"args": [{"class_name": "__typespec__", "config": [], "module": "os"}], "kwargs": {}}
    ]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (to_lambda, "layer 'stem_relu' is of the kind 'Lambda'"),
        (to_foreign_class, "layer 'stem_relu' is from 'os'"),
        (to_registered_class, "layer 'stem_relu' is the foreign class 'theirs>ReLU'"),
        (to_unknown_layer, "of the kind 'TFSMLayer'"),
        (to_function, "layer 'last' holds 'function'"),
        (to_lambda_activation, "layer 'last' holds '__lambda__'"),
        (to_foreign_part, "layer 'stem' is from 'subprocess'"),
        (to_wrapped_lambda, "of the kind 'TimeDistributed'"),
        (to_call_of_a_function, "layer 'stem_relu' holds '__typespec__'"),
        (
            lambda config: layer_of(config, "last")["config"].update(filters=10**9),
            "layer 'last' has filters 1000000000, which is too much",
        ),
        (lambda config: config.update(class_name="Mine"), "no functional or sequential model"),
        (lambda config: config.update(module="evil"), "its model is from 'evil'"),
        (lambda config: config["config"].update(layers=[]), "has no list of layers"),
    ],
)
def test_nothing_but_keras_own_layers_is_built(change, message, path, monkeypatch):
    change_config(path, change)
    monkeypatch.setattr(module, "from_architecture", None)
    with pytest.raises(ValueError, match=message) as error:
        read(path)
    assert str(path) in str(error.value)


def test_a_layer_that_this_keras_does_not_know_is_named_with_the_version(path):
    def of_the_future(config):
        layer_of(config, "stem")["config"]["swirl"] = 3

    change_config(path, of_the_future)
    version = re.escape(keras.__version__)
    with pytest.raises(ValueError, match=f"Keras {version} can't read.* 'stem' .Conv2D"):
        read(path)


@pytest.mark.parametrize("part", [0, 100, 2000])
def test_a_truncated_file_is_damaged(path, part):
    path.write_bytes(path.read_bytes()[:part])
    with pytest.raises(ValueError, match="is damaged or no model of Keras"):
        read(path)


def test_weights_of_another_model_are_an_error(path, tmp_path):
    def wider(config):
        layer_of(config, "last")["config"]["filters"] = 9

    change_config(path, wider)
    with pytest.raises(ValueError, match="do not fit its layers"):
        read(path)


@pytest.mark.parametrize("kind", ["model", *SUFFIXES])
def test_weights_that_are_nan_are_called_that(kind, tmp_path):
    model = own_model()
    model.set_weights([each * np.nan for each in model.get_weights()])
    if kind != "model":
        model.save(tmp_path / f"mine{kind}")
    with pytest.raises(ValueError, match="has weights that are NaN or infinite, first in"):
        read(model if kind == "model" else tmp_path / f"mine{kind}")


def test_weights_alone_are_no_model(tmp_path):
    path = tmp_path / "only.weights.h5"
    own_model().save_weights(path)
    with pytest.raises(ValueError, match=r"weights alone.*--weights=PATH"):
        read(path)


def test_a_file_in_the_zip_that_claims_too_much_is_refused(tmp_path):
    path = tmp_path / "bomb.keras"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("config.json", b" " * 2**25)
    with pytest.raises(ValueError, match="config.json claims more than"):
        read(path)


def test_an_hdf5_file_that_leads_elsewhere_is_refused(tmp_path):
    path = tmp_path / "link.h5"
    own_model().save(path)
    with h5py.File(path, "r+") as file:
        file["model_weights/there"] = h5py.ExternalLink("/etc/passwd", "/")
    with pytest.raises(ValueError, match="is a link to somewhere else"):
        read(path)


def test_a_missing_file_and_another_ending_are_errors(tmp_path):
    with pytest.raises(ValueError, match="There is no model file"):
        read(tmp_path / "none.keras")


def several_inputs():
    inputs = [tf.keras.Input((8, 8, 3)), tf.keras.Input((8, 8, 3))]
    return tf.keras.Model(inputs, tf.keras.layers.Add()(inputs))


def grey():
    images = tf.keras.Input((8, 8, 1))
    return tf.keras.Model(images, tf.keras.layers.Conv2D(2, 3)(images))


class Mine(tf.keras.Model):
    """A model whose code is its architecture."""

    def call(self, images):
        return images


class Custom(tf.keras.layers.Layer):
    def call(self, inputs):
        return inputs


def with_custom_layer():
    images = tf.keras.Input((8, 8, 3))
    return tf.keras.Model(images, Custom(name="c")(images))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: own_model(ends="sequence"), r"gives \(any, 6\).*vectors"),
        (several_inputs, "one input"),
        (grey, r"takes \(8, 8, 1\).*height, width, 3"),
        (lambda: Mine(name="mine"), "The model 'mine' can't be used"),
        (with_custom_layer, "layer 'c' is"),
    ],
)
def test_other_models_are_errors(make, message):
    with pytest.raises(ValueError, match=message):
        read(make())


def test_a_digest_is_of_the_content(tmp_path):
    (tmp_path / "abc.keras").write_bytes(b"abc")
    assert digest_of_model(tmp_path / "abc.keras").startswith("ba7816bf8f01cfea")
    model = own_model()
    before = digest_of_model(model)
    assert before == digest_of_model(own_model())
    model.set_weights([each + 1 for each in model.get_weights()])
    assert digest_of_model(model) != before


def test_a_path_is_told_from_a_name():
    assert is_own_model("a/b.keras") and is_own_model("m.h5") and is_own_model(own_model())
    assert not any(is_own_model(each) for each in ("vgg16", "EfficientNetB0", "a/b", 5, None))
