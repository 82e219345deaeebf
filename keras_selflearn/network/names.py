"""The names that the options of the network take, and what a text names as backbone.

TensorFlow must not come in, because `--help` and a mistyped name must not wait for it.
"""

from __future__ import annotations

from keras_selflearn.console.errors import InputError, did_you_mean
from keras_selflearn.network.applications import APPLICATIONS
from keras_selflearn.storage.preset_folder import is_preset

BACKBONES = (*APPLICATIONS, "tiny")
# The weights of a model of the user's.
OWN = "own"
# How the files of whole models end.
MODEL_SUFFIXES = (".keras", ".h5", ".hdf5")
# How pixels are scaled.
PREPROCESSING = ("unit", "imagenet", "raw", "tf", "torch", "caffe")
# With the names of their classes in Keras.
OPTIMIZERS = {"adam": "Adam", "rmsprop": "RMSprop", "sgd": "SGD"}
PRECISIONS = ("float32", "mixed_bfloat16", "mixed_float16", "auto")
# On which devices the network is trained.
STRATEGIES = ("none", "mirrored")


def is_model_file(backbone: str) -> bool:
    """Whether this is the path of a model of the user's, and no name."""
    return not is_preset(backbone) and backbone.endswith(MODEL_SUFFIXES)


def has_own_weights(backbone: str) -> bool:
    """Whether this is the file of a model or a preset of KerasHub."""
    return is_model_file(backbone) or is_preset(backbone)


def unknown_backbone(name: str) -> InputError:
    """Make the error for an unknown network. There are too many known ones to list them."""
    return InputError(
        f"Unknown backbone '{name}': {did_you_mean(name, BACKBONES)}Known are tiny, vgg16,"
        " and the networks of keras.applications by Keras' names, such as EfficientNetB0."
    )
