"""Each format, loaded in its runtime, against the classifier's own methods."""

from __future__ import annotations

import json
import sys
import warnings

import numpy as np
import pytest
import tensorflow as tf
from waiting import run_process

from keras_selflearn.console.errors import InputError
from keras_selflearn.estimator.exporting import keras_labels, tflite_file
from keras_selflearn.estimator.exporting.formats import FORMATS, NotEqual, Target
from keras_selflearn.estimator.exporting.keras_network import plain_network
from keras_selflearn.estimator.exporting.runtime import Answer
from keras_selflearn.estimator.exporting.writing import write_model
from keras_selflearn.labelling.labeller import Setting
from keras_selflearn.labelling.linear_heads import LinearHead
from keras_selflearn.labelling.softmax import SoftmaxLabeller

pytestmark = pytest.mark.slow

KINDS = ["softmax", "three neighbours", "raw", "statistics", "vote", "graph", "grey"]
each_format = pytest.mark.parametrize("name", FORMATS)


def need(name):
    for package in FORMATS[name].packages:
        pytest.importorskip(package, reason=f"the extra {FORMATS[name].extra} is not installed")


def asked(folder, name, images):
    """What the runtime says, by the names of the outputs, without this package."""
    path = str(folder / FORMATS[name].file)
    if name == "savedmodel":
        found = tf.saved_model.load(path).signatures["serving_default"](images=tf.constant(images))
        return {key: value.numpy() for key, value in found.items()}
    if name == "keras":
        found = tf.keras.models.load_model(path, compile=False)(images)
        return {key: value.numpy() for key, value in found.items()}
    if name == "onnx":
        import onnxruntime

        session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
        names = [each.name for each in session.get_outputs()]
        return dict(zip(names, session.run(None, {"images": images})))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        interpreter = tf.lite.Interpreter(path)
    return interpreter.get_signature_runner()(images=images)


def labels_of(found, folder):
    classes = json.loads((folder / "classes.json").read_text(encoding="utf-8"))
    if found["label"].dtype == object:
        return [each.decode() for each in found["label"]]
    assert found["label"].dtype == np.int64
    return [classes[each] for each in found["label"]]


@each_format
@pytest.mark.parametrize("kind", KINDS)
def test_a_file_says_what_the_classifier_says(name, kind, classifiers, images_for, tmp_path):
    need(name)
    classifier = classifiers[kind]
    images = images_for(classifier)
    folder = tmp_path / "out"
    comparison = write_model(classifier.fitted_, folder, Target(name), images, lambda _: "card")
    assert comparison.equal == comparison.images == 60 and comparison.agrees
    assert (comparison.own is None) == (kind != "grey")
    found = asked(folder, name, images)
    labels = labels_of(found, folder)
    # A resize by products may differ by a level, and bfloat16 by much more.
    within = {"atol": 0.05} if kind == "grey" else {"rtol": 1e-3, "atol": 2e-3}
    np.testing.assert_allclose(found["embedding"], classifier.transform(images), **within)
    own = int(np.sum(labels == classifier.predict(images)))
    assert own == (comparison.own if kind == "grey" else 60)
    assert len(set(labels)) > 2
    if kind != "grey":
        expected = classifier.predict_proba(images)
        np.testing.assert_allclose(found["probabilities"], expected, atol=1e-3)
        _, confidence, _ = classifier.labeller_.label(classifier.transform(images))
        np.testing.assert_allclose(found["confidence"], confidence, rtol=1e-2, atol=1e-3)
    assert {found[key].dtype for key in ("probabilities", "embedding", "confidence")} == {
        np.dtype(np.float32)
    }
    assert (folder / "README.md").read_text() == "card"


@pytest.mark.parametrize("kind", ["vote", "graph"])
def test_a_keras_file_needs_no_package(kind, classifiers, images_for, tmp_path):
    classifier = classifiers[kind]
    images = images_for(classifier)
    write_model(classifier.fitted_, tmp_path / "out", Target("keras"), images, lambda _: "")
    np.save(tmp_path / "images.npy", images)
    program = (
        "import sys, numpy as np; sys.modules['keras_selflearn'] = None; import keras\n"
        "model = keras.models.load_model('out/model.keras', compile=False)\n"
        "print(model(np.load('images.npy'))['label'].numpy().tolist())"
    )
    said = run_process([sys.executable, "-c", program], cwd=tmp_path, check=True).stdout
    labels = classifier.classes_[json.loads(said.splitlines()[-1])]
    np.testing.assert_array_equal(labels, classifier.predict(images))


@each_format
def test_no_number_in_a_file_is_bfloat16(name, classifiers, images_for, tmp_path):
    """Of a classifier that was trained in it."""
    need(name)
    classifier = classifiers["grey"]
    images = images_for(classifier)
    write_model(classifier.fitted_, tmp_path / "out", Target(name), images, lambda _: "")
    for path in (tmp_path / "out").rglob("*"):
        if path.is_file():
            assert b"bfloat16" not in path.read_bytes().lower(), path
    if name == "savedmodel":
        graph = tf.saved_model.load(str(tmp_path / "out")).signatures["serving_default"].graph
        outputs = [each for operation in graph.get_operations() for each in operation.outputs]
        assert outputs and not [each for each in outputs if each.dtype == tf.bfloat16]


def test_a_model_that_says_other_things_is_not_left(classifiers, images_for, tmp_path, monkeypatch):
    def wrong(folder):
        assert (folder / "model.tflite").exists()
        return lambda images: Answer(np.zeros(len(images), int), np.full((len(images), 10), 0.1))

    monkeypatch.setattr(tflite_file, "opened_tflite", wrong)
    classifier = classifiers["softmax"]
    with pytest.raises(NotEqual, match="The TFLite file says other things .* of 60 labels equal"):
        write_model(
            classifier.fitted_, tmp_path / "out", Target("tflite"), images_for(classifier), str
        )
    assert not [*tmp_path.iterdir()]


class Doubled(tf.keras.layers.Layer):
    def call(self, inputs):
        return 2 * inputs


@pytest.mark.parametrize("place", ["in a sequence", "in a graph"])
def test_a_layer_of_the_user_s_can_t_be_in_a_keras_file(place, classifiers):
    layers = tf.keras.layers
    pixels = tf.keras.Input((8, 8, 3))
    if place == "in a sequence":
        network = tf.keras.Sequential([pixels, Doubled(), layers.Flatten()])
    else:
        network = tf.keras.Model(pixels, layers.Flatten()(Doubled()(pixels)))
    model = tf.keras.Model(network.inputs, network(network.inputs[0]))
    with pytest.raises(InputError, match="which Keras itself can't load: give --format=savedmodel"):
        plain_network(model)


def test_a_labeller_of_the_user_s_can_t_be_in_a_keras_file():
    class Mine(SoftmaxLabeller):
        pass

    labeller = Mine(Setting(3, head=LinearHead(np.eye(3), np.zeros(3))))
    labeller.fit(np.empty((0, 3)), np.empty(0))
    with pytest.raises(InputError, match="a Mine, which can't be in a Keras file"):
        labeller.in_keras(keras_labels)
