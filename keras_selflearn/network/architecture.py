"""Check a model's architecture, as Keras writes it in JSON, before Keras builds anything of it.

A file can name any class or function that Python can import, and hold code of its own. Only layers
and parts that come with Keras and hold no code pass here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

MODELS = ("Functional", "Sequential", "Model")
_LAYERS = frozenset(
    """InputLayer Conv2D Conv2DTranspose DepthwiseConv2D SeparableConv2D Dense EinsumDense
    BatchNormalization LayerNormalization GroupNormalization UnitNormalization Normalization
    Rescaling Resizing CenterCrop
    Activation ReLU LeakyReLU PReLU ELU Softmax ThresholdedReLU Identity
    MaxPooling2D AveragePooling2D GlobalMaxPooling2D GlobalAveragePooling2D
    MaxPooling1D AveragePooling1D GlobalMaxPooling1D GlobalAveragePooling1D
    ZeroPadding2D Cropping2D UpSampling2D
    Add Subtract Multiply Average Maximum Minimum Concatenate Dot
    Flatten Reshape Permute RepeatVector
    Attention AdditiveAttention MultiHeadAttention
    Dropout SpatialDropout2D GaussianDropout GaussianNoise AlphaDropout""".split()
)
_PARTS = frozenset(
    """Zeros Ones Constant Identity Orthogonal RandomNormal RandomUniform TruncatedNormal
    VarianceScaling GlorotNormal GlorotUniform HeNormal HeUniform LecunNormal LecunUniform
    L1 L2 L1L2 MaxNorm MinMaxNorm NonNeg UnitNorm
    Policy DTypePolicy
    __keras_tensor__ __tuple__ TensorShape""".split()
)
_MODULE = re.compile(
    r"(tf_keras|keras)"
    r"((\.src)?(\.engine)?"
    r"\.(layers|models|initializers|regularizers|constraints|dtype_policies|mixed_precision"
    r"|sequential|functional|training|input_layer)(\.\w+)*)?"
)
_WORD = re.compile(r"\w+")
# What Keras 2 writes of layers, and Keras 3 refuses or misreads. These values say nothing; None:
# any value.
_SAYS_NOTHING: dict[str, dict[str, tuple[Any, ...] | None]] = {
    "DepthwiseConv2D": {"groups": (1,)},
    "Conv2DTranspose": {"groups": (1,)},
    "SeparableConv2D": {
        "groups": (1,),
        "kernel_initializer": None,
        "kernel_regularizer": (None,),
        "kernel_constraint": (None,),
    },
    "SpatialDropout2D": {"noise_shape": (None,), "trainable": None},
    "Attention": {"score_mode": ("dot",)},
}
# Keras 2 gives their axis in a list, which a layer of Keras 3 alone does not take.
_ONE_AXIS = ("BatchNormalization", "LayerNormalization")
_DEEPEST = 32
_MOST_LAYERS = 10_000
# No network has wider layers, and a wider one would take all memory.
_LARGEST = 2**16
_ANY = ("seed", "shared_object_id")


class ArchitectureError(ValueError):
    """Says what is refused in an architecture, in words for people."""


def check_architecture(architecture: Any) -> None:
    """Raise an `ArchitectureError` unless only layers of Keras without code are in it.

    Parameters
    ----------
    architecture : object
        What `json.loads` made of a model's JSON.
    """
    if not (isinstance(architecture, dict) and architecture.get("class_name") in MODELS):
        raise ArchitectureError("it is no functional or sequential model of Keras")
    layers = list(_layers(architecture, depth=1))
    if len(layers) > _MOST_LAYERS:
        raise ArchitectureError(f"it has more than {_MOST_LAYERS} layers")
    for layer in layers:
        _check_layer(layer)


def mended(architecture: dict[str, Any]) -> dict[str, Any]:
    """A checked architecture as both Keras 2 and Keras 3 can read it."""
    kind, config = architecture["class_name"], architecture["config"]
    if kind not in MODELS:
        config = {
            name: value for name, value in config.items() if not _says_nothing(kind, name, value)
        }
        axis = config.get("axis")
        if kind in _ONE_AXIS and isinstance(axis, list) and len(axis) == 1:
            config["axis"] = axis[0]
        if kind == "ThresholdedReLU" and "theta" in config:  # Keras 3 has it under another name.
            kind = "ReLU"
            config["threshold"] = config.pop("theta")
        return {**architecture, "class_name": kind, "config": config}
    return {
        **architecture,
        "config": {**config, "layers": [mended(each) for each in config["layers"]]},
    }


def _says_nothing(kind: str, name: str, value: Any) -> bool:
    if name not in _SAYS_NOTHING.get(kind, {}):
        return False
    values = _SAYS_NOTHING[kind][name]
    return values is None or value in values


def unreadable_layer(architecture: dict[str, Any], read: Callable[[Any], Any]) -> str:
    """Name the first layer of a checked architecture that `read` fails on, and its kind."""
    for layer in _layers(architecture, depth=1):
        try:
            read(layer)
        except Exception:  # A layer raises whatever it finds wrong with its configuration.
            return f"its layer {layer['config'].get('name')!r} ({layer['class_name']})"
    return "how its layers are connected"


def _layers(model: dict[str, Any], depth: int) -> Iterator[dict[str, Any]]:
    """Give the layers of a model, and of the models in it."""
    if depth > _DEEPEST:
        raise ArchitectureError(f"its models are nested more than {_DEEPEST} deep")
    _check_origin(model, "model")
    config = model.get("config")
    layers = config.get("layers") if isinstance(config, dict) else None
    if not isinstance(layers, list) or not layers:
        raise ArchitectureError("it has no list of layers")
    for layer in layers:
        if not isinstance(layer, dict) or not isinstance(layer.get("config"), dict):
            raise ArchitectureError("one of its layers is not described")
        if layer.get("class_name") in MODELS:
            yield from _layers(layer, depth + 1)
        else:
            yield layer


def _check_layer(layer: dict[str, Any]) -> None:
    kind, name = layer.get("class_name"), layer["config"].get("name")
    if kind not in _LAYERS:
        raise ArchitectureError(
            f"its layer {name!r} is of the kind {kind!r}, which is none of Keras' layers without"
            " code"
        )
    _check_origin(layer, f"layer {name!r}")
    _check_values(layer["config"], name, depth=1)
    _check_values(layer.get("inbound_nodes"), name, depth=1)


def _check_origin(part: dict[str, Any], what: str) -> None:
    """Refuse a class that Keras would look for in another module, or among registered classes."""
    module, registered = part.get("module"), part.get("registered_name")
    if module not in (None, "builtins") and not (
        isinstance(module, str) and _MODULE.fullmatch(module)
    ):
        raise ArchitectureError(f"its {what} is from {module!r}, which is not Keras")
    if registered not in (None, part.get("class_name")):
        raise ArchitectureError(f"its {what} is the foreign class {registered!r}")


def _check_values(value: Any, name: Any, depth: int) -> None:
    """Check what a layer's configuration holds: numbers, words, and parts of Keras."""
    if depth > _DEEPEST:
        raise ArchitectureError(f"its layer {name!r} is nested more than {_DEEPEST} deep")
    if isinstance(value, list):
        for each in value:
            _check_values(each, name, depth + 1)
    if not isinstance(value, dict):
        return
    if "class_name" in value:
        if value["class_name"] not in _PARTS:
            raise ArchitectureError(
                f"its layer {name!r} holds {value['class_name']!r}, which is no part of Keras'"
                " layers without code"
            )
        _check_origin(value, f"layer {name!r}")
    for key, each in value.items():
        if type(each) in (int, float) and abs(each) > _LARGEST and key not in _ANY:
            raise ArchitectureError(f"its layer {name!r} has {key} {each!r}, which is too much")
        if "activation" in key and isinstance(each, str) and not _WORD.fullmatch(each):
            raise ArchitectureError(f"its layer {name!r} has the activation {each!r}")
        _check_values(each, name, depth + 1)
