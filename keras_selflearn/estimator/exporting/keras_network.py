"""A network of this package as one of layers that Keras itself has."""

from __future__ import annotations

from typing import Any, Callable

import numpy as np
import tensorflow as tf

from keras_selflearn.console.errors import InputError
from keras_selflearn.estimator.exporting import keras_operations as ops
from keras_selflearn.estimator.exporting.keras_operations import KERAS_2
from keras_selflearn.network.dropout import Dropout
from keras_selflearn.network.head_network import Mirrored, ScaleAndShift
from keras_selflearn.network.inference import Inference
from keras_selflearn.network.preprocessing import BlueFirst
from keras_selflearn.network.resizing import Resize, bicubic_matrix
from keras_selflearn.network.settling import settle

# Keras adds it to the variance: with one of 1 it is lost in rounding.
_NOTHING = 1e-12


def plain_network(model: tf.keras.Model) -> tf.keras.Model:
    """Build the same functional model, with the same weights, of layers that Keras has.

    Raises
    ------
    InputError
        For a network that has layers of another package.
    """
    made: dict[int, tf.keras.layers.Layer] = {}
    copied = []

    def plain(layer: tf.keras.layers.Layer) -> tf.keras.layers.Layer:
        # A layer that is called twice has the same weights in both places.
        if id(layer) not in made:
            replaced = _replaced(layer)
            if replaced is None:  # Keras 2 can't have one layer in two models.
                replaced = type(layer).from_config(layer.get_config())
                copied.append((replaced, layer))
            made[id(layer)] = replaced
        return made[id(layer)]

    found = _rebuilt(model, plain)
    for copy, layer in copied:  # They have weights now that they were called.
        copy.set_weights(layer.get_weights())
    settle(found)
    return found


def _rebuilt(model: tf.keras.Model, plain: Callable[[Any], Any]) -> tf.keras.Model:
    if not KERAS_2:
        return tf.keras.models.clone_model(model, clone_function=plain)
    # The same function of Keras 2 never ends where a layer becomes a model.
    images = [tf.keras.Input(each.shape[1:], dtype=each.dtype) for each in model.inputs]
    uses, tensors = model._tensor_usage_count, {}
    for old, new in zip(model.inputs, images):
        tensors[str(id(old))] = [new] * uses[str(id(old))]
    for _, nodes in sorted(model._nodes_by_depth.items(), reverse=True):
        for node in nodes:
            if not node.is_input:
                given, named = node.map_arguments(tensors)
                output = plain(node.layer)(*given, **named)
                (name,) = node.flat_output_ids
                tensors[name] = [output] * uses[name]
    outputs = [tensors[str(id(each))][0] for each in model.outputs]
    return tf.keras.Model(images, outputs[0], name=model.name)


def _replaced(layer: tf.keras.layers.Layer) -> tf.keras.layers.Layer | None:
    """What does the same in Keras itself; None for a layer of Keras."""
    for kind, replace in _REPLACED.items():
        if type(layer) is kind:
            return replace(layer)
    if isinstance(layer, tf.keras.Model):
        return _plain_model(layer)
    if not type(layer).__module__.startswith(("keras.", "tensorflow.")):
        raise _foreign(f"has a layer {type(layer).__name__}")
    return None


def _foreign(what: str) -> InputError:
    return InputError(
        f"The network {what}, which Keras itself can't load: give --format=savedmodel."
    )


def _plain_model(model: tf.keras.Model) -> tf.keras.Model:
    if isinstance(model, tf.keras.Sequential):
        for layer in model.layers:
            if _replaced(layer) is not None:
                raise _foreign(f"has a layer {layer.name} in a sequence")
        copy = tf.keras.models.clone_model(model)
        copy.set_weights(model.get_weights())
        settle(copy)
        return copy
    if type(model).__name__ != "Functional":
        raise _foreign(f"holds a {type(model).__name__}")
    return plain_network(model)


def _by(change: Callable[[Any], Any], layer: tf.keras.layers.Layer) -> tf.keras.Model:
    """A model that changes what the layer gets, in the place of the layer."""
    tensor = layer.input
    given = tf.keras.Input(tensor.shape[1:], dtype=tensor.dtype)
    return tf.keras.Model(given, change(given), name=layer.name)


def _scale_and_shift(layer: ScaleAndShift) -> tf.keras.layers.Layer:
    scale, shift = layer.get_weights()
    plain = tf.keras.layers.BatchNormalization(epsilon=_NOTHING, dtype="float32", name=layer.name)
    plain.build((None, len(scale)))
    plain.set_weights([scale, shift, np.zeros_like(scale), np.ones_like(scale)])
    plain.trainable = False
    return plain


def _resize(layer: Resize) -> tf.keras.Model:
    _, height, width, _ = layer.input.shape

    def step(values: Any, size: int, new_size: int) -> Any:
        multiply = tf.keras.layers.Dense(new_size, use_bias=False, dtype="float32")
        multiply.build((None, size))
        multiply.set_weights([bicubic_matrix(size, new_size)])
        multiply.trainable = False
        return ops.between(ops.floor(multiply(values) + 0.5), 0.0, 255.0)

    def resized(images: Any) -> Any:
        values = ops.with_axes(ops.as_type(images, "float32"), (0, 1, 3, 2))
        values = step(values, width, layer.width)
        values = step(ops.with_axes(values, (0, 3, 2, 1)), height, layer.height)
        return ops.as_type(ops.with_axes(values, (0, 3, 1, 2)), "uint8")

    return _by(resized, layer)


_REPLACED: dict[type, Callable[[Any], tf.keras.layers.Layer]] = {
    Dropout: lambda layer: tf.keras.layers.Activation("linear", dtype="float32", name=layer.name),
    Inference: lambda layer: _plain_model(layer.network),
    ScaleAndShift: _scale_and_shift,
    Resize: _resize,
    Mirrored: lambda layer: _by(lambda images: ops.reversed_along(images, 2), layer),
    BlueFirst: lambda layer: _by(lambda pixels: ops.reversed_along(pixels, 3), layer),
}
