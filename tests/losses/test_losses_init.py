"""Tests of how losses are found by name, and of what holds for each of them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import naive
import numpy as np
import pytest
import tensorflow as tf
from number_formats import needs_bfloat16

from keras_selflearn import losses
from keras_selflearn.console.errors import InputError
from keras_selflearn.labelling import labeller_names
from keras_selflearn.losses.objective import Objective
from keras_selflearn.network.precision import precision_policy

# On a grid that 16 bits hold, and within [-1, 1], so that they pass as cosines.
OUTPUTS = np.array(
    [[0.25, -0.5, 1.0], [0.0, 0.75, 0.5], [-1.0, 0.25, 0.0], [0.5, 0.5, -0.25]], np.float32
)
LABELS = [0, 1, 0, 2]


def test_paper_has_four_losses():
    assert losses.loss_names() == ["arcface", "contrastive", "cross-entropy", "triplet"]


@pytest.mark.parametrize("name", losses.loss_names())
def test_file_is_named_as_its_loss(name):
    objective_class = losses.objective_class(name)
    assert issubclass(objective_class, Objective)
    assert objective_class.name == name
    assert objective_class.__module__ == f"keras_selflearn.losses.{name.replace('-', '_')}"
    assert getattr(losses, objective_class.__name__) is objective_class
    assert type(losses.get_objective(name)) is objective_class
    assert objective_class.labelling in labeller_names()


def test_every_loss_in_a_file_has_a_name():
    files = {path.stem for path in Path(losses.__file__).parent.glob("*.py")}
    shared = {"__init__", "combined", "objective", "distances", "parameters"}
    assert files - shared == {name.replace("-", "_") for name in losses.loss_names()}


@pytest.mark.slow
def test_the_classes_are_imported_when_they_are_asked_for():
    program = """
import sys
from keras_selflearn import losses
assert losses.loss_names() and not {"tensorflow", "keras"} & set(sys.modules)
from keras_selflearn.losses import Objective
assert not {"tensorflow", "keras"} & set(sys.modules)
from keras_selflearn.losses import ArcFace, Contrastive, CrossEntropy, Triplet
assert "tensorflow" in sys.modules and Triplet(margin=2).margin == 2
"""
    subprocess.run([sys.executable, "-c", program], check=True)


def test_a_class_that_is_not_there_is_an_error():
    with pytest.raises(ImportError, match="Tripplet"):
        from keras_selflearn.losses import Tripplet  # noqa: F401


@pytest.mark.parametrize("attribute", ["uses_reference", "labeller"])
def test_a_loss_with_a_labeller_as_in_version_0_2_0_is_refused(attribute):
    with pytest.raises(TypeError, match=f"Old.{attribute} is of version 0.2.0.*`labelling`"):
        type("Old", (Objective,), {"name": "old", attribute: None})


def test_parameters_replace_defaults():
    objective = losses.get_objective("arcface", scale=12.0)
    assert (objective.scale, objective.margin) == (12.0, 0.5)


@pytest.mark.parametrize(
    ("name", "nearest"),
    [("tripplet", "triplet"), ("cross_entropy", "cross-entropy"), ("Contrastive", "contrastive")],
)
def test_unknown_name_suggests_the_nearest(name, nearest):
    with pytest.raises(InputError, match=f"'{name}': did you mean '{nearest}'"):
        losses.get_objective(name)


def test_name_that_is_near_none_lists_all():
    with pytest.raises(InputError, match="arcface, contrastive, cross-entropy, triplet") as error:
        losses.get_objective("zzz")
    assert "did you mean" not in str(error.value)


@pytest.mark.parametrize("dtype", naive.DTYPES)
@pytest.mark.parametrize("name", losses.loss_names())
def test_labels_of_any_shape_and_type_give_the_same_float32_loss(name, dtype):
    loss = losses.get_objective(name).loss()
    expected = naive.value_and_gradient(loss, np.array(LABELS), OUTPUTS)
    assert expected[0] > 0
    for shape in [(4,), (4, 1)]:
        for label_dtype in ["uint8", "int32", "int64", "float32"]:
            labels = tf.constant(np.array(LABELS, label_dtype).reshape(shape))
            value, slopes = naive.value_and_gradient(loss, labels, OUTPUTS, dtype)
            np.testing.assert_allclose(value, expected[0], rtol=1e-6)
            # The gradient is rounded to the outputs' own type.
            np.testing.assert_allclose(slopes, expected[1], rtol=1e-2, atol=1e-3)


@pytest.mark.slow
@needs_bfloat16
@pytest.mark.parametrize("name", losses.loss_names())
def test_compiled_model_learns_from_it_in_mixed_precision(name):
    objective = losses.get_objective(name)
    layers = tf.keras.layers
    tf.keras.utils.set_random_seed(0)
    with precision_policy("mixed_bfloat16"):
        images = tf.keras.Input((6,))
        hidden = layers.Dense(5, activation="relu")(images)
        embedding = layers.Dense(4, dtype="float32")(hidden)
        if objective.normalized:
            embedding = layers.UnitNormalization(dtype="float32")(embedding)
        head = objective.head(3)
        output = head(embedding) if head else embedding
        model = tf.keras.Model(images, output)
        model.compile(objective.optimizer, objective.loss())
    assert tf.as_dtype(hidden.dtype) == tf.bfloat16
    assert tf.as_dtype(embedding.dtype) == tf.float32
    assert tf.as_dtype(output.dtype) == tf.float32

    features = np.random.default_rng(0).normal(size=(8, 6)).astype(np.float32)
    labels = np.array([0, 1, 2, 0, 1, 2, 0, 1])
    before = model.get_weights()
    first = objective.loss()(labels, model(features)).numpy()
    history = model.fit(features, labels, batch_size=8, epochs=2, verbose=0).history["loss"]
    # bfloat16 has 8 bits.
    np.testing.assert_allclose(history[0], first, rtol=2e-2)
    assert np.isfinite(history).all()
    assert history[1] != history[0]
    for weights, weights_before in zip(model.get_weights(), before):
        assert np.isfinite(weights).all()
        assert (weights != weights_before).any()


def test_losses_that_compare_images_have_no_weights():
    weighs = {name for name in losses.loss_names() if losses.objective_class(name).weighs}
    assert weighs == {"cross-entropy", "arcface"}


@pytest.mark.parametrize("name", ["cross-entropy", "arcface"])
def test_images_may_have_weights_where_each_has_a_loss_of_its_own(name):
    objective = losses.get_objective(name)
    loss, weights = objective.loss(), np.array([1, 0.25, 0, 0.5], np.float32)
    each = [float(loss(np.array([y]), OUTPUTS[i : i + 1])) for i, y in enumerate(LABELS)]
    weighed = float(loss(np.array(LABELS), OUTPUTS, sample_weight=weights))
    assert weighed == pytest.approx(np.mean(weights * each), rel=1e-5)
    assert weighed != pytest.approx(np.mean(each), rel=1e-2)
