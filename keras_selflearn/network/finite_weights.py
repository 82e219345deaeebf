"""Check that weights are finite: a file or model may hold NaN from a training that failed."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from keras_selflearn.console.errors import InputError


def check_finite_weights(model: tf.keras.Model, owner: str) -> None:
    """Raise an `InputError`, which names the weights by `owner`, if one is NaN or infinite."""
    for weight in model.weights:
        values = weight.numpy()
        if values.dtype.kind not in "biu" and not np.isfinite(values).all():
            raise InputError(
                f"{owner} has weights that are NaN or infinite, first in {weight.name}: give one"
                " of a training that went well."
            )
