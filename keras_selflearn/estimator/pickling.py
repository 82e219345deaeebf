"""The state of a classifier for pickle and copies, without a Keras model in it.

Unpickling runs no code of Keras that reads models, only what `load` runs.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Callable

import keras
import tensorflow as tf

from keras_selflearn.estimator.fitted import Fitted
from keras_selflearn.estimator.saving import content_of, load_fitted
from keras_selflearn.losses import is_known
from keras_selflearn.network.own_model import (
    architecture_of,
    check_own_architecture,
    from_architecture,
)

_MODEL = "a model of the user's"


def packed(state: Mapping[str, Any]) -> dict[str, Any]:
    """Return the attributes of a classifier without a Keras model in them.

    What `fit` learned becomes the files that `save` writes, in memory.
    """
    found = dict(state)
    if "backbone" in found:
        found["backbone"] = _each(found["backbone"], _packed_model)
    fitted = found.get("fitted_")
    if isinstance(fitted, Fitted):
        own_loss = None if is_known(fitted.objective.name) else fitted.objective
        found["fitted_"] = {"files": content_of(fitted), "loss": own_loss}
    return found


def unpacked(
    state: Mapping[str, Any], check_parameters: Callable[[dict[str, Any]], dict[str, Any]]
) -> dict[str, Any]:
    """Return the attributes that `packed` was given.

    Parameters
    ----------
    state : dict
    check_parameters : callable
        See `load_fitted`.

    Raises
    ------
    InputError
        As `load_fitted`, and for a model that this version of Keras can't build.
    """
    found = dict(state)
    if "backbone" in found:
        found["backbone"] = _each(found["backbone"], _unpacked_model)
    fitted = found.get("fitted_")
    if fitted is not None:
        # HDF5 and its checks need files.
        with tempfile.TemporaryDirectory() as folder:
            for name, content in fitted["files"].items():
                (Path(folder) / Path(name).name).write_bytes(content)
            found["fitted_"] = load_fitted(folder, fitted["loss"], check_parameters)
    return found


def _each(backbones: Any, change: Callable[[Any], Any]) -> Any:
    """Change one backbone, or each in a list or tuple of them."""
    if isinstance(backbones, (list, tuple)):
        return type(backbones)(change(each) for each in backbones)
    return change(backbones)


def _packed_model(backbone: Any) -> Any:
    if not isinstance(backbone, tf.keras.Model):
        return backbone
    return {
        _MODEL: architecture_of(backbone),
        "keras": keras.__version__,
        "weights": backbone.get_weights(),
    }


def _unpacked_model(backbone: Any) -> Any:
    if not (isinstance(backbone, dict) and _MODEL in backbone):
        return backbone
    check_own_architecture(backbone[_MODEL])
    model = from_architecture(backbone[_MODEL], "The model", backbone["keras"])
    model.set_weights(backbone["weights"])
    return model
