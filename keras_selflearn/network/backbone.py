"""The convolutional part of the network and the weights that it starts from (section 4)."""

from __future__ import annotations

import functools
import os
from pathlib import Path
from typing import Callable

import tensorflow as tf

from keras_selflearn.console.errors import (
    InputError,
    in_any_case,
    unknown_backbone,
    unknown_name,
)
from keras_selflearn.network.applications import APPLICATIONS, title
from keras_selflearn.network.imagenet_weights import (
    application,
    square_published_variance,
    with_imagenet_weights,
)
from keras_selflearn.network.settling import settle
from keras_selflearn.storage.digest import sha256
from keras_selflearn.storage.hdf5 import check_hdf5


def _tiny(image_shape: tuple[int, int, int]) -> tf.keras.Model:
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


_TINY_FEATURES = 32
_SMALLEST = 32
# `tiny` learns in seconds, for tests and teaching: all that the project reports is VGG16.
BACKBONES: dict[str, Callable[[tuple[int, int, int]], tf.keras.Model]] = {
    **{name: functools.partial(application, name, weights=None) for name in APPLICATIONS},
    "tiny": _tiny,
}


def canonical_name(backbone: str) -> str:
    """The name of a backbone as `BACKBONES` has it, whatever its upper and lower case.

    Raises
    ------
    InputError
        For an unknown name.
    """
    name = in_any_case(str(backbone), BACKBONES)
    if name is None:
        raise unknown_backbone(str(backbone), BACKBONES)
    return name


def n_features(backbone: str) -> int:
    """The number of pooled features of a backbone, without building it; see `canonical_name`."""
    name = canonical_name(backbone)
    return APPLICATIONS[name].features if name in APPLICATIONS else _TINY_FEATURES


def check_backbone(name: str, weights: str | os.PathLike) -> None:
    """Check a backbone and its weights without building it. Raise as `build_backbone`."""
    name = canonical_name(name)
    if not isinstance(weights, (str, os.PathLike)):
        raise InputError(f"weights is {weights!r}: give 'random', 'imagenet' or a path.")
    if weights == "imagenet" and name not in APPLICATIONS:
        raise InputError(f"Backbone '{name}' has no 'imagenet' weights: give 'random' or a file.")
    if weights not in ("random", "imagenet"):
        check_weights_file(Path(weights).expanduser())


def check_image_shape(
    image_shape: tuple[int, ...], *, backbone: str = "vgg16", image_size: int | None = None
) -> None:
    """Raise an `InputError` unless the network takes images of this (height, width, channels).

    Parameters
    ----------
    image_shape : (height, width, channels)
    backbone : str
    image_size : int or None
        The height and width to which the network resizes them; None: it does not.
    """
    height, width, channels = image_shape
    check_image_size(image_size, backbone=backbone)
    smallest = _smallest(backbone)
    if image_size is None and min(height, width) < smallest:
        raise InputError(
            f"Images are {height}x{width}, and {title(canonical_name(backbone))} needs at least"
            f" {smallest}x{smallest}: enlarge them, with image_size={smallest}"
            f" (--image_size={smallest}) or more."
        )
    if channels not in (1, 3):
        raise InputError(f"Images have {channels} channels: give 1 (grey) or 3 (RGB).")


def check_image_size(image_size: int | None, *, backbone: str) -> None:
    """Raise an `InputError` if images of this height and width are too small for the network."""
    smallest = _smallest(backbone)
    if image_size is not None and image_size < smallest:
        raise InputError(
            f"image_size is {image_size}, and {title(canonical_name(backbone))} needs at least"
            f" {smallest}: give image_size={smallest} (--image_size={smallest}) or more."
        )


def _smallest(backbone: str) -> int:
    name = canonical_name(backbone)
    return APPLICATIONS[name].smallest if name in APPLICATIONS else _SMALLEST


def build_backbone(
    name: str, image_shape: tuple[int, int, int], weights: str | os.PathLike
) -> tf.keras.Model:
    """Make the named backbone with the given initial weights.

    Parameters
    ----------
    name : str
        One of `BACKBONES`, in upper or lower case.
    image_shape : (height, width, 3)
    weights : str or path
        `random`, `imagenet` (Keras' own download and cache), or an HDF5 file of the backbone's
        weights in one of Keras' layouts: the legacy one of its published `notop` files (`.h5`) or
        that of `save_weights` (`.weights.h5`).

    Returns
    -------
    Model from (batch, height, width, 3) floats to pooled features (batch, d)
        `preprocessing` says which floats.

    Raises
    ------
    InputError
        When there is no such backbone, ImageNet weights can't be had, or the file is missing,
        damaged, or another architecture's.
    """
    check_backbone(name, weights)
    name = canonical_name(name)
    if weights == "imagenet":
        backbone = with_imagenet_weights(name, image_shape)
    else:
        backbone = BACKBONES[name](image_shape)
    if weights not in ("random", "imagenet"):
        load_weights(backbone, Path(weights).expanduser(), f"backbone '{name}'")
    if name.startswith("EfficientNetB"):
        square_published_variance(backbone)
    settle(backbone)
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
    settle(model)
