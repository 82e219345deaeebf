"""How fast networks compute features: images a second at 160 and 224 pixels, by name."""

from __future__ import annotations

import time
from collections.abc import Iterator

import numpy as np
import tensorflow as tf

from benchmarks.line import Line
from benchmarks.own_process import in_own_process
from benchmarks.settings import Settings
from keras_selflearn.network.head_network import build_head_network

NAMES = """MobileNetV2 MobileNetV3Small MobileNetV3Large NASNetMobile EfficientNetB0
EfficientNetB1 EfficientNetV2B0 EfficientNetV2B1 EfficientNetV2B3 DenseNet121 ResNet50
ConvNeXtTiny vgg16""".split()
SIZES = (160, 224)
_IMAGES = 192
_BATCH = 64


def lines(settings: Settings) -> Iterator[Line]:
    """One line for each network and size, each in a process of its own."""
    for name in NAMES:
        for size in SIZES:
            yield from in_own_process(of_network, name, size)


def of_network(name: str, size: int, images: int = _IMAGES) -> list[Line]:
    """Measure a network with random weights, which are as fast as trained ones."""
    pixels = np.random.default_rng(0).integers(0, 256, (images, size, size, 3), np.uint8)
    network = build_head_network(
        backbone=name,
        weights="random",
        image_shape=(size, size, 3),
        n_classes=2,
        precision="auto",
    )
    batch = max(1, min(_BATCH, _BATCH * 160 * 160 // size**2))
    specification = tf.TensorSpec((None, size, size, 3), tf.uint8)
    compute = tf.function(lambda x: network.featurizers[0](x, training=False), (specification,))
    compute(pixels[:batch])
    start = time.perf_counter()
    for first in range(0, images, batch):
        compute(pixels[first : first + batch])
    pace = images / (time.perf_counter() - start)
    megabytes = 4 * network.backbone.count_params() / 1e6
    return [Line(f"{name} at {size} pixels", (pace,), "images/s", note=f"{megabytes:.0f} MB")]
