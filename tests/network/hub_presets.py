"""Small presets of KerasHub with random weights, as its own `save_to_preset` writes them."""

from __future__ import annotations

import numpy as np
import pytest


def small(kind, size=28):
    """A small encoder of KerasHub for images of `size`, and the class of its converter."""
    hub = pytest.importorskip("keras_hub")
    models, image_shape = hub.models, (size, size, 3)
    same = {"num_layers": 1, "hidden_dim": 8, "num_heads": 2, "image_shape": image_shape}
    blocks = {**same, "patch_size": 14}
    if kind == "DINOV2":
        more = {"position_embedding_shape": (42, 42, 3), "num_register_tokens": 2}
        return models.DINOV2Backbone(intermediate_dim=16, **blocks, **more)
    if kind == "DINOV3":
        return models.DINOV3Backbone(intermediate_dim=16, **blocks)
    if kind == "ViT":
        return models.ViTBackbone(mlp_dim=16, **blocks)
    if kind == "ViT without a class token":
        return models.ViTBackbone(mlp_dim=16, use_class_token=False, **blocks)
    if kind == "DeiT":
        return models.DeiTBackbone(intermediate_dim=16, **blocks)
    if kind == "DenseNet":
        return models.DenseNetBackbone(stackwise_num_repeats=[1, 1], growth_rate=4)
    words = {"num_layers": 1, "hidden_dim": 8, "num_heads": 2, "intermediate_dim": 16}
    words.update(vocabulary_size=10, embedding_dim=8)
    if kind == "SigLIP":
        pictures = models.SigLIPVisionEncoder(intermediate_dim=16, **blocks)
        return models.SigLIPBackbone(pictures, models.SigLIPTextEncoder(**words))
    pictures = models.CLIPVisionEncoder(intermediate_dim=16, **blocks)
    return models.CLIPBackbone(pictures, models.CLIPTextEncoder(**words), projection_dim=8)


KINDS = ("DINOV2", "DINOV3", "ViT", "ViT without a class token", "DeiT", "DenseNet")
KINDS += ("SigLIP", "CLIP")
PIXELS = {"scale": [0.01, 0.02, 0.03], "offset": [-1.0, 0.5, 0.25], "interpolation": "bicubic"}


def converter(kind, **changes):
    """The image converter that belongs to `small(kind)`."""
    layers = pytest.importorskip("keras_hub").layers
    own = getattr(layers, f"{kind.split()[0]}ImageConverter")
    return own(**{"image_size": (28, 28), "antialias": True, **PIXELS, **changes})


def save(folder, kind, seed=0, **changes):
    """Write a preset with random weights; return the encoder and the converter."""
    backbone, pixels = small(kind), converter(kind, **changes)
    draw = np.random.default_rng(seed)
    for weight in backbone.weights:
        values = draw.normal(0, 0.4, weight.shape)
        weight.assign(np.abs(values) + 0.5 if "variance" in weight.path else values)
    backbone.save_to_preset(str(folder))
    pixels.save_to_preset(str(folder))
    return backbone, pixels
