"""What a program with TensorFlow alone gets from an export, against the classifier itself."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass

import numpy as np
import pytest
import tensorflow as tf
from number_formats import SOME_MIXED
from PIL import Image
from waiting import run_process

from keras_selflearn import SelfLearningClassifier, labelling
from keras_selflearn.console.errors import InputError
from keras_selflearn.estimator.saved_model import export_saved_model, grey_in_graph
from keras_selflearn.labelling.softmax import SoftmaxLabeller
from keras_selflearn.losses.cross_entropy import CrossEntropy

pytestmark = pytest.mark.slow

# Without the package; run in a folder of SavedModels, writes what they say of images.npz.
PROGRAM = """
import importlib.abc, pathlib, sys
import numpy as np

class Refuse(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name.split(".")[0] in ("keras_selflearn", "keras", "tf_keras", "tensorflow_addons"):
            raise ImportError("refused: " + name)

import tensorflow as tf
sys.meta_path.insert(0, Refuse())
try:
    import keras_selflearn
except ImportError:
    pass
else:
    raise SystemExit("the package can be imported")
images = np.load("images.npz")
for folder in pathlib.Path().iterdir():
    if folder.is_dir():
        signatures = tf.saved_model.load(str(folder)).signatures
        serve = signatures["serving_default"]
        out = dict(signatures["class_names"]())
        for name in images:
            for key, value in serve(images=tf.constant(images[name])).items():
                out[name + " " + key] = value
        # Strings of TensorFlow are bytes, which np.savez would pickle.
        np.savez(folder.name + ".npz", **{k: v.numpy().astype("S") if v.dtype == tf.string
                                          else v.numpy() for k, v in out.items()})
"""
LOSSES = ("cross-entropy", "triplet", "contrastive", "arcface")
CASES = [*LOSSES, "cross-entropy+triplet", "three neighbours", "grey", "mixed"]


def fit(digits, **changes):
    options = {"weights": "random", "backbone": "tiny", "epochs": 60, "meta_epochs": 1}
    options.update(meta_iterations=1, random_state=0, precision="float32", learning_rate=1e-2)
    labels = np.array(["null ü", "b", "a/c", "d", "e", "f", "g", "h", "i", "-1"])[digits.labels]
    images = digits.images[:200]
    if changes.pop("grey", False):
        images = images[..., :1]
    return SelfLearningClassifier(**{**options, **changes}).fit(images, labels[:200])


@pytest.fixture(scope="module")
def fitted(digits):
    cases = {loss: fit(digits, loss=loss) for loss in LOSSES}
    cases["cross-entropy+triplet"] = fit(digits, loss="cross-entropy+triplet")
    cases["three neighbours"] = fit(digits, loss="triplet", n_neighbors=3)
    cases["grey"] = fit(digits, loss="triplet", grey=True)
    cases["mixed"] = fit(digits, loss="arcface", precision=SOME_MIXED)
    return cases


@pytest.fixture(scope="module")
def outputs(fitted, digits, tmp_path_factory):
    """By case, what the plain program got for images of the classifier's size and twice that."""
    folder = tmp_path_factory.mktemp("exported")
    for name, classifier in fitted.items():
        export_saved_model(classifier, folder / name)
    export_saved_model(fitted["mixed"], folder / "as float32", precision="float32")
    same = digits.test_images[:50]
    twice = np.stack([np.asarray(Image.fromarray(each).resize((64, 64))) for each in same])
    np.savez(folder / "images.npz", same=same, twice=twice)
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    run_process([sys.executable, "-c", PROGRAM], cwd=folder, env=environment, check=True)
    return {name: dict(np.load(folder / f"{name}.npz")) for name in [*fitted, "as float32"]}


def images_for(classifier, digits):
    return digits.test_images[:50, ..., : classifier.image_shape_[-1]]


@pytest.mark.parametrize("case", CASES)
def test_plain_tensorflow_says_what_the_classifier_says(case, fitted, outputs, digits):
    classifier, out = fitted[case], outputs[case]
    images = images_for(classifier, digits)
    within = {"rtol": 1e-4, "atol": 1e-5}
    embeddings = classifier.transform(images)
    np.testing.assert_allclose(out["same embedding"], embeddings, **within)
    labels = np.char.decode(out["same label"], "utf-8")
    np.testing.assert_array_equal(labels, classifier.predict(images))
    assert len(set(labels)) > 3
    np.testing.assert_allclose(
        out["same probabilities"], classifier.predict_proba(images), **within
    )
    confidence = classifier.labeller_.label(embeddings)[1]
    np.testing.assert_allclose(out["same confidence"], confidence, **within)
    for name in ("embedding", "probabilities", "confidence"):
        assert out[f"same {name}"].dtype == np.float32


def test_in_another_precision_embeddings_differ_by_rounding(fitted, outputs, digits):
    classifier = fitted["mixed"]
    embeddings = classifier.transform(images_for(classifier, digits))
    difference = np.linalg.norm(outputs["as float32"]["same embedding"] - embeddings, axis=1)
    assert 0 < difference.max() < 0.05  # of unit vectors


@pytest.mark.parametrize("case", LOSSES)
def test_images_of_another_size_are_resized_inside(case, fitted, outputs, digits):
    twice = outputs[case]["twice embedding"]
    assert twice.shape == outputs[case]["same embedding"].shape
    resized = [
        Image.fromarray(each).resize((64, 64)).resize((32, 32), Image.Resampling.BICUBIC)
        for each in digits.test_images[:50]
    ]
    expected = fitted[case].transform(np.stack([np.asarray(each) for each in resized]))
    np.testing.assert_allclose(twice, expected, atol=0.01)


def test_class_names_are_in_the_order_of_the_probabilities(fitted, outputs):
    out, classifier = outputs["cross-entropy"], fitted["cross-entropy"]
    names = np.char.decode(out["class_names"], "utf-8")
    assert names.tolist() == classifier.classes_.tolist()
    most = out["same probabilities"].argmax(axis=1)
    np.testing.assert_array_equal(out["class_names"][most], out["same label"])


def test_grey_is_pillow_s_to_the_bit():
    image = np.random.default_rng(0).integers(0, 256, (100, 100, 3), np.uint8)
    expected = np.asarray(Image.fromarray(image).convert("L"))
    np.testing.assert_array_equal(grey_in_graph(tf.constant(image))[..., 0], expected)


def test_the_folder_holds_what_tensorflow_reads_and_no_keras(fitted, tmp_path):
    export_saved_model(fitted["triplet"], tmp_path / "out")
    files = {path.name for path in (tmp_path / "out").rglob("*") if path.is_file()}
    assert files >= {"saved_model.pb", "variables.index"}
    assert not {name for name in files if "keras" in name}
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_what_was_fitted_is_exported_whatever_was_set_since(digits, tmp_path):
    classifier = fit(digits, loss="triplet", meta_iterations=0)
    classifier.set_params(backbone="vgg16", embedding_size=3)
    export_saved_model(classifier, tmp_path / "out")
    serve = tf.saved_model.load(str(tmp_path / "out")).signatures["serving_default"]
    images = digits.test_images[:3]
    found = serve(images=tf.constant(images))["embedding"]
    np.testing.assert_allclose(found, classifier.transform(images), rtol=1e-4, atol=1e-5)


def test_nothing_is_overwritten(fitted, tmp_path):
    (tmp_path / "mine").write_text("mine")
    with pytest.raises(InputError, match="not empty"):
        export_saved_model(fitted["triplet"], tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_a_loss_that_labels_in_its_own_way_is_refused(digits, tmp_path, monkeypatch):
    class MyLabeller(SoftmaxLabeller):
        name = "mine"

    monkeypatch.setitem(labelling._LABELLERS, "mine", MyLabeller)

    @dataclass(frozen=True)
    class Mine(CrossEntropy):
        name = "mine"
        labelling = "mine"

    classifier = fit(digits, loss=Mine(), meta_iterations=0, epochs=1)
    with pytest.raises(InputError, match="MyLabeller of your own, which can't be exported"):
        export_saved_model(classifier, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_full_disk_is_a_sentence(fitted, small_disk):
    (small_disk / "filler").write_bytes(bytes(2**20 - 2**14))
    with pytest.raises(InputError, match="can't be written"):
        export_saved_model(fitted["triplet"], small_disk / "out")
    assert [path.name for path in small_disk.iterdir()] == ["filler"]


@pytest.fixture(scope="module")
def serve(fitted, tmp_path_factory):
    folder = tmp_path_factory.mktemp("served") / "out"
    export_saved_model(fitted["cross-entropy"], folder)
    module = tf.saved_model.load(str(folder))
    yield module.signatures["serving_default"]


BLACK = "with no pixel above 1: give uint8 pixels from 0 to 255"
TO_1 = {
    "float64": lambda images: images / 255,
    "float32": lambda images: (images / 255).astype(np.float32),
    "float16": lambda images: (images / 255).astype(np.float16),
    "one image": lambda images: images[:1] / 255,
    "in the order of Fortran": lambda images: np.asfortranarray(images / 255),
    "another size": lambda images: (images[:, ::2, ::3] / 255).astype(np.float32),
    "uint8": lambda images: (images / 255).astype(np.uint8),
    "booleans": lambda images: images > 127,
    "a tensor": lambda images: tf.cast(images / 255, tf.uint8),
    "all black": np.zeros_like,
}


@pytest.mark.parametrize("change", TO_1.values(), ids=TO_1)
def test_pixels_from_0_to_1_are_refused_and_not_labelled_as_black_images(change, serve, digits):
    with pytest.raises(tf.errors.InvalidArgumentError, match=BLACK):
        serve(images=change(digits.test_images[:3]))


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16", "int32", "int64", "uint16"])
def test_tensors_of_another_dtype_are_refused(dtype, serve, digits):
    for scale in (1, 255):
        images = tf.cast(digits.test_images[:3] / scale, dtype)
        with pytest.raises(tf.errors.InvalidArgumentError, match="expected to be a uint8"):
            serve(images=images)


def test_lists_of_floats_are_refused_and_lists_of_integers_taken(serve, digits):
    images = digits.test_images[:2]
    with pytest.raises(TypeError):
        serve(images=(images / 255).tolist())
    found = serve(images=images.tolist())["label"]
    assert found.numpy().tolist() == serve(images=images)["label"].numpy().tolist()


@pytest.mark.parametrize("shape", [(0, 32, 32, 3), (0, 64, 64, 3), (2, 0, 32, 3)])
def test_a_batch_without_pixels_is_refused_in_a_sentence(shape, serve):
    with pytest.raises(tf.errors.InvalidArgumentError, match="The batch holds no image: give one"):
        serve(images=tf.zeros(shape, tf.uint8))


def test_a_black_image_among_others_is_labelled(serve, digits):
    images = digits.test_images[:3].copy()
    expected = serve(images=images)["label"].numpy()[1:]
    images[0] = 0
    assert serve(images=images)["label"].numpy()[1:].tolist() == expected.tolist()
    images[1:] = 0
    images[0, 3, 4, 1] = 2
    assert len(serve(images=images)["label"]) == 3


def test_pixels_from_0_to_255_of_other_dtypes_are_those_of_uint8(serve, digits):
    images = digits.test_images[:3]
    expected = serve(images=images)["embedding"].numpy()
    for dtype in ("float32", "float64", "int64", "uint16"):
        np.testing.assert_array_equal(serve(images=images.astype(dtype))["embedding"], expected)
