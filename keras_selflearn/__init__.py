"""Self-learning for image classification that starts from pretrained weights.

The method of Sahito, Frank and Pfahringer (2020), Transfer of Pretrained Model Weights
Substantially Improves Semi-Supervised Image Classification.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from keras_selflearn.console.errors import InputError

if TYPE_CHECKING:
    from keras_selflearn.estimator.classifier import SelfLearningClassifier

__all__ = ["InputError", "SelfLearningClassifier"]
__version__ = "0.2.0"


def __getattr__(name: str) -> Any:
    # TensorFlow takes seconds to import: `--help` and a mistyped flag must not wait for it.
    if name == "SelfLearningClassifier":
        if os.environ.get("TF_USE_LEGACY_KERAS") in ("1", "true", "True"):
            raise ImportError(
                "TF_USE_LEGACY_KERAS makes tf.keras another package than keras, and"
                " keras_selflearn needs both to be the same: unset that environment variable."
            )
        import keras

        if keras.backend.backend() != "tensorflow":
            raise ImportError(
                f"Keras runs on {keras.backend.backend()}, but keras_selflearn needs TensorFlow:"
                " set the environment variable KERAS_BACKEND=tensorflow."
            )
        from keras_selflearn.estimator.classifier import SelfLearningClassifier

        return SelfLearningClassifier
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
