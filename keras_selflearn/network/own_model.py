"""A model with its own weights as backbone: a Keras model, its file, or a preset of KerasHub."""

from __future__ import annotations

import copy
import functools
import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Union

import keras
import numpy as np
import tensorflow as tf

from keras_selflearn.console.errors import InputError, first_line
from keras_selflearn.console.full_memory import raise_if_full
from keras_selflearn.network.architecture import (
    ArchitectureError,
    check_architecture,
    mended,
    unreadable_layer,
)
from keras_selflearn.network.batch_statistics import renewing_layers
from keras_selflearn.network.finite_weights import check_finite_weights
from keras_selflearn.network.hub_architecture import KIND, check_description
from keras_selflearn.network.hub_encoder import HubEncoder
from keras_selflearn.network.hub_preset import hub_encoder
from keras_selflearn.network.keras_settings import keras_settings
from keras_selflearn.network.model_file import opened_model
from keras_selflearn.network.names import MODEL_SUFFIXES
from keras_selflearn.network.settling import settle
from keras_selflearn.storage.digest import sha256
from keras_selflearn.storage.preset_folder import digest_of_preset, is_preset, preset_folder

Backbone = Union[str, os.PathLike, tf.keras.Model]


@dataclass(frozen=True)
class OwnShape:
    """What a model takes, gives and has. None means any height or width.

    `batch_normalisation` says whether it has layers whose statistics training can renew.
    """

    name: str
    height: int | None
    width: int | None
    features: int
    batch_normalisation: bool


def is_own_model(backbone: Any) -> bool:
    """Whether this is a model of the user's, the path of one or a preset, and no name."""
    if isinstance(backbone, tf.keras.Model) or is_hub(backbone):
        return True
    return isinstance(backbone, (str, os.PathLike)) and Path(backbone).suffix in MODEL_SUFFIXES


def is_hub(backbone: Any) -> bool:
    """Whether this is a preset of KerasHub or the encoder of one; it has its own preprocessing."""
    if isinstance(backbone, str):
        return is_preset(backbone)
    return isinstance(backbone, HubEncoder)


@keras_settings()
def own_model(backbone: Backbone) -> tf.keras.Model:
    """A new copy of the user's model, or a preset's encoder, with its weights.

    Returns
    -------
    Model from (batch, height, width, 3) floats to features (batch, d)
        A feature map (batch, h, w, d) is averaged.

    Raises
    ------
    InputError
        When it can't be read, has more than Keras' own layers, or takes or gives something else.
    """
    if isinstance(backbone, str) and is_preset(backbone):
        encoder = hub_encoder(backbone)
        check_finite_weights(encoder, f"The preset {backbone}")
        return encoder
    if isinstance(backbone, tf.keras.Model):
        model = from_architecture(architecture_of(backbone), "The model", keras.__version__)
        model.set_weights(backbone.get_weights())
        check_finite_weights(model, f"The model '{backbone.name}'")
        settle(model)
        return _pooled(model, f"The model '{backbone.name}'")
    path = Path(backbone).expanduser()
    with opened_model(path) as file:
        model = from_architecture(file.architecture, f"The model file {path}", file.keras)
        try:
            model.load_weights(file.weights)
        except Exception as error:  # Keras and h5py raise whatever the damage leads them to.
            raise_if_full(error)
            raise InputError(
                f"The weights in the model file {path} do not fit its layers"
                f" ({first_line(error)}): save it again."
            ) from error
    check_finite_weights(model, f"The model file {path}")
    settle(model)
    return _pooled(model, f"The model file {path}")


def architecture_of(model: tf.keras.Model) -> dict[str, Any]:
    """The architecture of a model as JSON has it, checked and mended.

    Raises
    ------
    InputError
        When it has more than Keras' own layers.
    """
    if isinstance(model, HubEncoder):
        return json.loads(model.description)
    try:
        architecture = json.loads(model.to_json())
        check_architecture(architecture)
    except (ArchitectureError, NotImplementedError, TypeError, ValueError) as error:
        raise InputError(
            f"The model '{model.name}' can't be used: {error}. Give a model of Keras' own layers."
        ) from error
    return mended(architecture)


def check_own_architecture(architecture: Any) -> None:
    """Raise an `ArchitectureError` unless `from_architecture` may build this."""
    if isinstance(architecture, dict) and architecture.get("class_name") == KIND:
        check_description(architecture)
    else:
        check_architecture(architecture)


@keras_settings()
def from_architecture(architecture: dict[str, Any], owner: str, version: str) -> tf.keras.Model:
    """Build a checked architecture, with random weights.

    Parameters
    ----------
    architecture : dict
    owner : str
        Begins the message of an error.
    version : str
        The Keras that wrote it.

    Raises
    ------
    InputError
        When this version of Keras can't. It names the layer.
    """
    if architecture["class_name"] == KIND:
        return HubEncoder(architecture)
    kind = tf.keras.Sequential if architecture["class_name"] == "Sequential" else tf.keras.Model
    try:
        return kind.from_config(copy.deepcopy(architecture["config"]))  # Keras changes it.
    except Exception as error:  # A layer raises whatever it finds wrong with its configuration.
        raise_if_full(error)
        layer = unreadable_layer(architecture, _layer_from)
        raise InputError(
            f"{owner} was written by Keras {version}, and Keras {keras.__version__} can't read"
            f" {layer}: use Keras {version}, or save the model again with this one."
        ) from error


def _layer_from(description: dict[str, Any]) -> tf.keras.layers.Layer:
    kind = getattr(tf.keras.layers, description["class_name"])
    return kind.from_config(copy.deepcopy(description["config"]))


def digest_of_model(backbone: Backbone) -> str:
    """SHA-256 of a model's file, or of its architecture and weights; the name of a download."""
    if isinstance(backbone, str) and is_preset(backbone):
        folder = preset_folder(backbone)
        return backbone if folder is None else digest_of_preset(folder)
    if not isinstance(backbone, tf.keras.Model):
        return sha256(Path(backbone).expanduser())
    digest = hashlib.sha256(json.dumps(architecture_of(backbone), sort_keys=True).encode())
    for weight in backbone.get_weights():
        digest.update(np.ascontiguousarray(weight).tobytes())
    return digest.hexdigest()


@keras_settings()
def own_shape(backbone: Backbone) -> OwnShape:
    """What a model of the user's takes and gives. Raise as `own_model`."""
    if isinstance(backbone, tf.keras.Model):
        architecture_of(backbone)
        return _checked(backbone, f"The model '{backbone.name}'")
    if isinstance(backbone, str) and is_preset(backbone):
        # Reading its files is quick, compared with building it.
        return _shape_of_preset(backbone, digest_of_model(backbone))
    path = Path(backbone).expanduser()
    found = path.stat() if path.is_file() else None
    # The file is read again only if it was changed.
    return _shape_in_file(path, found and (found.st_mtime_ns, found.st_size, found.st_ino))


@functools.lru_cache(maxsize=8)
def _shape_of_preset(backbone: str, _: str) -> OwnShape:
    return _checked(hub_encoder(backbone, load_weights=False), f"The preset {backbone}")


@functools.lru_cache(maxsize=8)
def _shape_in_file(path: Path, _: Any) -> OwnShape:
    return _checked(own_model(path), f"The model file {path}")


def check_own_shape(shape: OwnShape, image_shape: tuple[int, ...]) -> None:
    """Raise an `InputError` unless a user's model takes images (height, width, 3) of this size."""
    height, width = image_shape[:2]
    if shape.height in (None, height) and shape.width in (None, width):
        return
    sizes = f"{shape.height or 'any'}x{shape.width or 'any'}"
    way = "resize them"
    if shape.height == shape.width:
        way = f"give image_size={shape.height} (--image_size={shape.height})"
    raise InputError(
        f"Images are {height}x{width}, and the model '{shape.name}' takes {sizes}: {way}."
    )


def check_takes(model: tf.keras.Model, image_shape: tuple[int, int, int]) -> None:
    """Raise an `InputError` unless all layers of a user's model can be computed for this size."""
    check_own_shape(_checked(model, "The model"), image_shape)
    try:
        model.compute_output_shape((None, *image_shape))
    except Exception as error:  # A layer raises whatever it finds wrong with the size.
        raise_if_full(error)
        raise InputError(
            f"Images are {image_shape[0]}x{image_shape[1]}, which the model '{model.name}' can't"
            " take: enlarge them with image_size (--image_size)."
        ) from error


def _checked(model: tf.keras.Model, owner: str) -> OwnShape:
    """Check what goes in and what comes out."""
    if len(model.inputs or ()) != 1 or len(model.outputs or ()) != 1:
        raise InputError(f"{owner} must have one input, of known shape, and one output.")
    takes, gives = tuple(model.inputs[0].shape), tuple(model.outputs[0].shape)
    if len(takes) != 4 or takes[-1] != 3:
        raise InputError(
            f"{owner} takes {_shape(takes)}: give one that takes images (height, width, 3)."
        )
    if len(gives) not in (2, 4) or gives[-1] is None:
        raise InputError(
            f"{owner} gives {_shape(gives)}: give one that gives vectors (d) or a feature map"
            " (height, width, d), such as a network without its classes."
        )
    renews = bool(renewing_layers(model))
    return OwnShape(model.name, takes[1], takes[2], gives[-1], renews)


def _pooled(model: tf.keras.Model, owner: str) -> tf.keras.Model:
    """Average a feature map."""
    _checked(model, owner)
    if len(model.outputs[0].shape) == 2:
        return model
    pool = tf.keras.layers.GlobalAveragePooling2D(dtype="float32", name="average_of_map")
    return tf.keras.Model(model.inputs[0], pool(model.outputs[0]), name=model.name)


def _shape(shape: tuple[int | None, ...]) -> str:
    return "(" + ", ".join("any" if each is None else str(each) for each in shape[1:]) + ")"
