"""The convolutional part of the network and the weights that it starts from (section 4)."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Callable

import keras
import tensorflow as tf

from keras_selflearn.console.errors import InputError, unknown_name
from keras_selflearn.storage.digest import sha256
from keras_selflearn.storage.hdf5 import check_hdf5

_IMAGENET_FILE = "vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5"


def _vgg16(image_shape: tuple[int, int, int], weights: str | None) -> tf.keras.Model:
    return tf.keras.applications.VGG16(
        include_top=False, pooling="avg", input_shape=image_shape, weights=weights
    )


def _tiny(image_shape: tuple[int, int, int], weights: str | None) -> tf.keras.Model:
    layers = tf.keras.layers
    return tf.keras.Sequential(
        [
            tf.keras.Input(image_shape),
            layers.Conv2D(16, 3, strides=2, padding="same", activation="relu", name="conv1"),
            layers.Conv2D(32, 3, strides=2, padding="same", activation="relu", name="conv2"),
            layers.GlobalAveragePooling2D(name="pool"),
        ],
        name="tiny",
    )


# `tiny` learns in seconds, for tests and teaching: all that the project reports is VGG16.
BACKBONES: dict[str, Callable[[tuple[int, int, int], str | None], tf.keras.Model]] = {
    "vgg16": _vgg16,
    "tiny": _tiny,
}
# Pooled features of each, d in `build_backbone`: known without building it.
FEATURES = {"vgg16": 512, "tiny": 32}
_WITH_IMAGENET = ("vgg16",)


def check_backbone(name: str, weights: str | os.PathLike) -> None:
    """Check a backbone and its weights without building it. Raise as `build_backbone`."""
    if name not in BACKBONES:
        raise unknown_name("backbone", name, BACKBONES)
    if not isinstance(weights, (str, os.PathLike)):
        raise InputError(f"weights is {weights!r}: give 'random', 'imagenet' or a path.")
    if weights == "imagenet" and name not in _WITH_IMAGENET:
        raise InputError(f"Backbone '{name}' has no 'imagenet' weights: give 'random' or a file.")
    if weights not in ("random", "imagenet"):
        check_weights_file(Path(weights).expanduser())


def build_backbone(
    name: str, image_shape: tuple[int, int, int], weights: str | os.PathLike
) -> tf.keras.Model:
    """Make the named backbone with the given initial weights.

    Parameters
    ----------
    name : str
        One of `BACKBONES`.
    image_shape : (height, width, 3)
    weights : str or path
        `random`, `imagenet` (Keras' own download and cache), or an HDF5 file of the backbone's
        weights in one of Keras' layouts: the legacy one of its published `notop` files (`.h5`) or
        that of `save_weights` (`.weights.h5`).

    Returns
    -------
    Model from (batch, height, width, 3) floats in [0, 1] to pooled features (batch, d)

    Raises
    ------
    InputError
        When there is no such backbone, ImageNet weights can't be had, or the file is missing,
        damaged, or another architecture's.
    """
    check_backbone(name, weights)
    build = BACKBONES[name]
    if weights == "random":
        return build(image_shape, None)
    if weights == "imagenet":
        return _with_imagenet(build, image_shape)
    path = Path(weights).expanduser()
    backbone = build(image_shape, None)
    load_weights(backbone, path, f"backbone '{name}'")
    return backbone


def check_weights_file(path: Path) -> None:
    """Raise an `InputError` unless `path` is a whole HDF5 file whose name Keras accepts.

    It may not hold anything harmful either: see `check_hdf5`.
    """
    if not path.is_file():
        if path.suffix not in (".h5", ".hdf5") and path.parent == Path(".") and path.name:
            raise unknown_name("weights", str(path), ["random", "imagenet", "PATH.h5"])
        raise InputError(f"There is no weights file {path}: give 'random', 'imagenet' or a file.")
    if path.suffix not in (".h5", ".hdf5"):
        raise InputError(f"The weights file {path} must end in .h5: it is read as Keras' HDF5.")
    try:
        check_hdf5(path)
    except PermissionError as error:
        raise InputError(f"The weights file {path} can't be read: {error.strerror}.") from error
    except (OSError, ValueError) as error:
        raise InputError(
            f"The weights file {path} is damaged or no HDF5 file ({error}): fetch it again."
        ) from error


def weights_digest(weights: str | os.PathLike) -> str | None:
    """SHA-256 of a weights file, for the record of a run. None without a file."""
    if weights in ("random", "imagenet"):
        return None
    return sha256(Path(weights).expanduser())


def load_weights(model: tf.keras.Model, path: Path, owner: str) -> None:
    """Load a weights file into `model`. An `InputError` names the model by `owner`."""
    try:
        # Keras reads an array before it looks at its shape; no right one is larger than in float64.
        check_hdf5(path, most_bytes=8 * model.count_params())
        model.load_weights(path)
    except Exception as error:  # Keras and h5py raise whatever the damage leads them to.
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise InputError(
            f"The weights in {path} are not those of {owner}: another architecture or a damaged"
            f" file ({reason})."
        ) from error


def _with_imagenet(
    build: Callable[[tuple[int, int, int], str | None], tf.keras.Model],
    image_shape: tuple[int, int, int],
) -> tf.keras.Model:
    try:
        return build(image_shape, "imagenet")
    except Exception as error:  # Keras' downloader raises the bare Exception.
        raise InputError(
            "The ImageNet weights can't be downloaded: give a file that you have with weights=PATH"
            f" (--weights=PATH), or put Keras' own {_IMAGENET_FILE}, whose hash it checks, into"
            f" {_keras_cache()} ({type(error).__name__})."
        ) from error


def _keras_cache() -> Path:
    home = Path.home() / ".keras"
    if not keras.__version__.startswith("2."):
        home = Path(os.environ.get("KERAS_HOME", home))
    return home / "models"
