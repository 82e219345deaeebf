"""Which image encoders of KerasHub are used, and how one is described without code.

A description holds the name of a class in this list, numbers and words. So a preset and a saved
classifier of unknown origin can be read: nothing in them is executed.
"""

from __future__ import annotations

import re
from typing import Any

from keras_selflearn.network.architecture import ArchitectureError

KIND = "HubEncoder"
# The encoders, and whether the first of their tokens is the class token.
ENCODERS = {
    "CLIPVisionEncoder": True,
    "DeiTBackbone": True,
    "DINOV2Backbone": True,
    "DINOV3Backbone": True,
    "ViTBackbone": True,
    "SigLIPVisionEncoder": False,
    "SwinTransformerBackbone": False,
    "CSPNetBackbone": False,
    "DenseNetBackbone": False,
    "EfficientNetBackbone": False,
    "HGNetV2Backbone": False,
    "MiTBackbone": False,
    "MobileNetBackbone": False,
    "ResNetBackbone": False,
    "VGGBackbone": False,
    "XceptionBackbone": False,
}
# Models of images and texts: the parts by their names in the configuration.
PAIRS = {
    "CLIPBackbone": {
        "vision_encoder": "CLIPVisionEncoder",
        "text_encoder": "CLIPTextEncoder",
    },
    "SigLIPBackbone": {
        "vision_encoder": "SigLIPVisionEncoder",
        "text_encoder": "SigLIPTextEncoder",
    },
}
# The settings of an image converter, with the values that hold if a preset does not name them.
PIXELS = {
    "image_size": None,
    "scale": None,
    "offset": None,
    "crop_to_aspect_ratio": True,
    "pad_to_aspect_ratio": False,
    "interpolation": "bilinear",
    "antialias": False,
}
# They say nothing about what an encoder computes.
_LEFT_OUT = ("name", "trainable", "dtype")
_WORD = re.compile(r"\w{0,64}")
_DEEPEST = 8
# A wider layer would take all memory, and a vocabulary is larger.
_LARGEST = 2**20


def described(encoder: str, settings: Any, pixels: dict[str, Any]) -> dict[str, Any]:
    """The checked description of an encoder, as JSON has it.

    Parameters
    ----------
    encoder : str
    settings : dict
        The encoder's configuration.
    pixels : dict
        The configuration of its image converter.
    """
    found = {name: pixels.get(name, default) for name, default in PIXELS.items()}
    config = {"encoder": encoder, "settings": plain_settings(settings), "pixels": found}
    description = {"class_name": KIND, "config": config}
    check_description(description)
    return description


def check_description(description: Any) -> None:
    """Raise an `ArchitectureError` unless it names an encoder of the list, numbers and words."""
    config = description.get("config") if isinstance(description, dict) else None
    if not isinstance(config, dict) or {*config} != {"encoder", "settings", "pixels"}:
        raise ArchitectureError("it describes no image encoder")
    encoder, settings, pixels = config["encoder"], config["settings"], config["pixels"]
    if not isinstance(encoder, str) or encoder not in ENCODERS:
        raise ArchitectureError(f"{encoder!r} is none of the image encoders that are known here")
    if not isinstance(pixels, dict) or {*pixels} != {*PIXELS}:
        raise ArchitectureError("it does not say how pixels are scaled")
    if plain_settings(settings) != settings:
        raise ArchitectureError("its settings are more than an encoder's")
    _check_plain(pixels, "image converter", depth=1)
    _check_size(pixels["image_size"])


def plain_settings(config: Any) -> dict[str, Any]:
    """The checked configuration of a part of KerasHub, without what does not matter here.

    Raises
    ------
    ArchitectureError
        Where there is more than numbers and words, or numbers are quantised.
    """
    if not isinstance(config, dict):
        raise ArchitectureError("its configuration is missing")
    policy = config.get("dtype")
    if isinstance(policy, dict) and policy.get("class_name") != "DTypePolicy":
        raise ArchitectureError("its weights are quantised, which is not for an encoder here")
    found = {name: value for name, value in config.items() if name not in _LEFT_OUT}
    _check_plain(found, "encoder", depth=1)
    return found


def _check_size(size: Any) -> None:
    if size is None:
        return
    if not (isinstance(size, (list, tuple)) and len(size) == 2 and {*map(type, size)} == {int}):
        raise ArchitectureError(f"its image converter has the size {size!r}")


def _check_plain(value: Any, owner: str, depth: int) -> None:
    """Check that a value is a number, a word, or a list or dict of them."""
    if depth > _DEEPEST:
        raise ArchitectureError(f"its {owner} is nested more than {_DEEPEST} deep")
    if isinstance(value, dict):
        for name, each in value.items():
            if name in ("class_name", "module", "registered_name"):
                raise ArchitectureError(f"its {owner} holds an object, {each!r}")
            _check_plain(each, owner, depth + 1)
    elif isinstance(value, (list, tuple)):
        for each in value:
            _check_plain(each, owner, depth + 1)
    elif isinstance(value, str):
        if not _WORD.fullmatch(value):
            raise ArchitectureError(f"its {owner} holds the text {value[:50]!r}")
    elif value is not None and not isinstance(value, (bool, int, float)):
        raise ArchitectureError(f"its {owner} holds {value!r}")
    elif value is not None and not abs(value) <= _LARGEST:
        raise ArchitectureError(f"its {owner} holds {value!r}, which is too much")
