"""An image encoder of KerasHub with its own preprocessing, from pixels to features."""

from __future__ import annotations

import json
from types import ModuleType
from typing import Any

import keras
import tensorflow as tf

from keras_selflearn.console.errors import InputError
from keras_selflearn.network.hub_architecture import ENCODERS

# KerasHub saves them for another size of images, or as they were before training.
_NOT_TRAINED = ("interpolated_position_embeddings",)


@tf.keras.utils.register_keras_serializable(package="keras_selflearn")
class HubEncoder(tf.keras.Model):
    """From images (batch, height, width, 3) floats from 0 to 255 to features (batch, d).

    Images are resized and scaled as the preset says. The feature is what the encoder gives for an
    image, its class token, the mean of its tokens, or the mean of its feature map.

    Parameters
    ----------
    description : dict
        See `hub_architecture.described`. The weights are random.

    Attributes
    ----------
    description : str
        The same as JSON: Keras would change a dict.
    resizes_to : (height, width) or None
        The size in which the encoder sees images; None: as they are.
    """

    def __init__(self, description: dict[str, Any]) -> None:
        config = description["config"]
        encoder = getattr(import_hub().models, config["encoder"]).from_config(config["settings"])
        taken = encoder.input
        size = _size(config["pixels"], [*taken.values()][0] if isinstance(taken, dict) else taken)
        images = tf.keras.Input((None, None, 3), name="pixels")
        pixels = _converted(images, config["pixels"], size)
        given = dict.fromkeys(taken, pixels) if isinstance(taken, dict) else pixels
        has_class_token = config["settings"].get("use_class_token", True)
        features = _pooled(encoder(given), ENCODERS[config["encoder"]] and has_class_token)
        super().__init__(inputs=images, outputs=features, name=encoder.name)
        for weight in encoder.weights:
            if weight.name in _NOT_TRAINED:
                weight.trainable = False
        self.encoder = encoder
        self.description = json.dumps(description)
        self.resizes_to = size

    def get_config(self) -> dict[str, Any]:
        """What makes the same encoder."""
        return {"description": self.description}

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> HubEncoder:
        """Make it with random weights."""
        return cls(json.loads(config["description"]))


def import_hub() -> ModuleType:
    """KerasHub; an `InputError` says how to get it."""
    if keras.__version__.startswith("2."):
        raise InputError(
            "Presets of KerasHub (hub:PRESET) need Keras 3, which comes with Python 3.12 and later:"
            " choose another backbone, or another Python."
        )
    try:
        import keras_hub
    except ImportError as error:
        raise InputError(
            "Presets of KerasHub (hub:PRESET) need the package keras-hub, which can't be imported"
            f" ({error}): install it with `pip install '.[hub]'`."
        ) from error
    return keras_hub


def _size(pixels: dict[str, Any], taken: Any) -> tuple[int, int] | None:
    """The height and width that the encoder gets."""
    fixed = tuple(taken.shape[1:3])
    if None in fixed:
        return tuple(pixels["image_size"]) if pixels["image_size"] else None
    return fixed


def _converted(images: Any, pixels: dict[str, Any], size: tuple[int, int] | None) -> Any:
    """Resize and scale symbolic images as KerasHub's image converter does."""
    layers = tf.keras.layers
    if size is not None:
        names = ("crop_to_aspect_ratio", "pad_to_aspect_ratio", "interpolation", "antialias")
        ways = {name: pixels[name] for name in names}
        images = layers.Resizing(*size, dtype="float32", name="resized", **ways)(images)
    scale = 1.0 if pixels["scale"] is None else pixels["scale"]
    offset = 0.0 if pixels["offset"] is None else pixels["offset"]
    return layers.Rescaling(scale, offset, dtype="float32", name="scaled")(images)


def _pooled(output: Any, has_class_token: bool) -> Any:
    layers = tf.keras.layers
    if len(output.shape) == 2:
        return output
    if len(output.shape) == 4:
        return layers.GlobalAveragePooling2D(dtype="float32", name="mean_of_map")(output)
    if has_class_token:
        return output[:, 0]
    return layers.GlobalAveragePooling1D(dtype="float32", name="mean_of_tokens")(output)
