"""What each runtime does with a wrong input: what the model card says."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from keras_selflearn.estimator.exporting.formats import FORMATS, Target
from keras_selflearn.estimator.exporting.keras_file import opened_keras
from keras_selflearn.estimator.exporting.onnx_file import opened_onnx
from keras_selflearn.estimator.exporting.tflite_file import opened_tflite
from keras_selflearn.estimator.exporting.writing import write_model
from keras_selflearn.estimator.saved_model import opened_saved_model

pytestmark = pytest.mark.slow

REFUSED = {
    "savedmodel": {"floats", "smaller", "larger", "none", "black"},
    "keras": {"smaller", "larger"},
    "onnx": {"floats", "smaller", "larger"},
    "tflite": {"floats"},
}
WRONG = {
    "floats": lambda images: (images / 255).astype(np.float32),
    "smaller": lambda images: images[:, ::2, ::2],
    "larger": lambda images: np.tile(images, (1, 2, 2, 1)),
    "none": lambda images: images[:0],
    "black": np.zeros_like,
}


@pytest.fixture(scope="module", params=FORMATS)
def opened(request, classifiers, images_for, tmp_path_factory):
    """The name of a format, and its runtime with a model."""
    for package in FORMATS[request.param].packages:
        pytest.importorskip(package, reason="the extra onnx is not installed")
    classifier = classifiers["three neighbours"]
    folder = tmp_path_factory.mktemp("wrong") / "out"
    images = images_for(classifier)
    write_model(classifier.fitted_, folder, Target(request.param), images, lambda _: "")
    openers = {"keras": opened_keras, "onnx": opened_onnx, "tflite": opened_tflite}
    if request.param in openers:
        return request.param, openers[request.param](folder)
    return request.param, opened_saved_model(folder, classifier.fitted_)


@pytest.mark.parametrize("change", WRONG)
def test_a_wrong_input_is_refused_where_the_card_says_so(change, opened, digits):
    name, runtime = opened
    images = digits.test_images[:3]
    runtime(images)
    # Keras alone may do either with an empty batch: TensorFlow has no kernels for some.
    if (name, change) == ("keras", "none"):
        return
    try:
        runtime(WRONG[change](images))
    except Exception as error:
        assert change in REFUSED[name], error
    else:
        assert change not in REFUSED[name]


def test_a_saved_model_says_which_size_it_wants(classifiers, images_for, tmp_path):
    classifier = classifiers["three neighbours"]
    images = images_for(classifier)
    write_model(classifier.fitted_, tmp_path / "out", Target(), images, lambda _: "")
    module = tf.saved_model.load(str(tmp_path / "out"))
    with pytest.raises(tf.errors.InvalidArgumentError, match="are not 32 pixels high and 32 wide"):
        module.signatures["serving_default"](images=tf.zeros((1, 32, 31, 3), tf.uint8) + 9)
