"""The convolutional part of the network and the weights that it starts from (section 4)."""

from __future__ import annotations

import functools
import os
from pathlib import Path
from typing import Callable

import tensorflow as tf

from keras_selflearn.console.errors import InputError, first_line, in_any_case, unknown_name
from keras_selflearn.console.full_memory import raise_if_full
from keras_selflearn.network.applications import APPLICATIONS
from keras_selflearn.network.finite_weights import check_finite_weights
from keras_selflearn.network.imagenet_weights import (
    application,
    square_published_variance,
    with_imagenet_weights,
)
from keras_selflearn.network.keras_settings import keras_settings
from keras_selflearn.network.names import OWN, unknown_backbone
from keras_selflearn.network.own_model import (
    Backbone,
    check_takes,
    digest_of_model,
    is_hub,
    is_own_model,
    own_model,
    own_shape,
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
# A file of this name lies beside the weights of a saved classifier.
_OF_A_CLASSIFIER = "classifier.json"
# `tiny` learns in seconds. It is for tests and teaching.
BACKBONES: dict[str, Callable[[tuple[int, int, int]], tf.keras.Model]] = {
    **{name: functools.partial(application, name, weights=None) for name in APPLICATIONS},
    "tiny": _tiny,
}


def name_of(backbone: Backbone) -> str | None:
    """The name of a backbone as `BACKBONES` has it, whatever its upper and lower case.

    None for a model of the user's.

    Raises
    ------
    InputError
        For an unknown name, and for what is neither a name nor a model.
    """
    if is_own_model(backbone):
        return None
    if not isinstance(backbone, (str, os.PathLike)):
        raise InputError(f"backbone is {backbone!r}: give a name, a Keras model or its file.")
    name = in_any_case(str(backbone), BACKBONES)
    if name is None:
        raise unknown_backbone(str(backbone))
    return name


def identity_of(backbone: Backbone) -> str:
    """Identify a backbone: by its name, or by the digest of a model of the user's."""
    return name_of(backbone) or digest_of_model(backbone)


def n_features(backbone: Backbone) -> int:
    """The number of features of an image. Only a model in a file must be built to know it."""
    name = name_of(backbone)
    if name is None:
        return own_shape(backbone).features
    return APPLICATIONS[name].features if name in APPLICATIONS else _TINY_FEATURES


def check_backbone(backbone: Backbone, weights: str | os.PathLike) -> None:
    """Check a backbone and its weights. Raise as `build_backbone`.

    Only a model in a file must be built for it.
    """
    name = name_of(backbone)
    if not isinstance(weights, (str, os.PathLike)):
        raise InputError(f"weights is {weights!r}: give 'random', 'imagenet' or a path.")
    if name is None:
        if weights not in (OWN, "imagenet"):
            what = "A preset of KerasHub" if is_hub(backbone) else "A model of your own"
            raise InputError(
                f"{what} has its own weights, and weights is '{weights}': leave it out (or give"
                f" '{OWN}')."
            )
        own_shape(backbone)
        return
    if weights == OWN:
        raise InputError(
            f"weights '{OWN}' are those of a model of your own, and the backbone is '{name}': give"
            " 'random', 'imagenet' or a file."
        )
    if weights == "imagenet" and name not in APPLICATIONS:
        raise InputError(f"Backbone '{name}' has no 'imagenet' weights: give 'random' or a file.")
    if weights not in ("random", "imagenet"):
        path = Path(weights).expanduser()
        if (path.parent / _OF_A_CLASSIFIER).is_file():
            raise InputError(
                f"The weights file {path} is of a whole classifier, and weights are of a backbone"
                " alone: repeat its run with --from_run, or start from a file that"
                " keras_selflearn.pretrain writes."
            )
        check_weights_file(path)


@keras_settings()
def build_backbone(
    name: Backbone, image_shape: tuple[int, int, int], weights: str | os.PathLike
) -> tf.keras.Model:
    """Make a backbone with the given initial weights.

    Parameters
    ----------
    name : str, Model or path
        One of `BACKBONES`, in upper or lower case, or a model of the user's, its file or a preset
        of KerasHub: see `own_model`.
    image_shape : (height, width, 3)
    weights : str or path
        `random`, `imagenet` (Keras' own download and cache), or an HDF5 file of the backbone's
        weights in one of Keras' layouts: the legacy one of its published `notop` files (`.h5`) or
        that of `save_weights` (`.weights.h5`). A model of the user's has its own weights, `own`.
        `imagenet` means the same there, because it is the default.

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
    named = name_of(name)
    if named is None:
        backbone = own_model(name)
        check_takes(backbone, image_shape)
        return backbone
    check_backbone(named, weights)
    if weights == "imagenet":
        backbone = with_imagenet_weights(named, image_shape)
    else:
        backbone = BACKBONES[named](image_shape)
    if weights not in ("random", "imagenet"):
        load_weights(backbone, Path(weights).expanduser(), f"backbone '{named}'")
    if named.startswith("EfficientNetB"):
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
    if weights in ("random", "imagenet", OWN):
        return None
    return sha256(Path(weights).expanduser())


@keras_settings()
def load_weights(model: tf.keras.Model, path: Path, owner: str) -> None:
    """Load a weights file into `model`. An `InputError` names the model by `owner`."""
    try:
        # Keras reads an array before it looks at its shape; no right one is larger than in float64.
        check_hdf5(path, most_bytes=8 * model.count_params())
        model.load_weights(path)
    except Exception as error:  # Keras and h5py raise whatever the damage leads them to.
        raise_if_full(error)
        raise InputError(
            f"The weights in {path} are not those of {owner}: another architecture, a whole"
            f" classifier, or a damaged file ({first_line(error)})."
        ) from error
    check_finite_weights(model, f"The file {path}")
    settle(model)
