"""From files on the disk to features: the share of the time that the network takes."""

from __future__ import annotations

import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import tensorflow as tf
from PIL import Image

from benchmarks.line import Line
from benchmarks.settings import Settings
from keras_selflearn.datasets.folder import load_folder
from keras_selflearn.network.features import compute_features
from keras_selflearn.network.head_network import build_head_network

AT_LEAST = 0.85
_BACKBONE, _SIZE, _IMAGES = "EfficientNetV2B0", 160, 600
# Photographs as web sites have them.
_PHOTO = (640, 480)


def lines(settings: Settings) -> list[Line]:
    """Measure with photographs of noise that is smooth, as real ones are."""
    with TemporaryDirectory() as folder:
        write_photos(Path(folder) / "photos", _IMAGES, _PHOTO)
        shares = [share(Path(folder), f"round {each}") for each in range(settings.rounds)]
    return [
        Line(
            f"{_BACKBONE} at {_SIZE}x{_SIZE}: the network's share of the time from file to feature",
            tuple(shares),
            at_least=AT_LEAST,
            note=f"{_IMAGES} JPEGs of {_PHOTO[0]}x{_PHOTO[1]}",
        )
    ]


def write_photos(folder: Path, n: int, shape: tuple[int, int]) -> None:
    """Write `n` JPEGs of this width and height into two classes and a folder of unlabelled ones."""
    chance = np.random.default_rng(0)
    for number in range(n):
        place = folder / ("unlabelled" if number >= 4 else f"labelled/class{number % 2}")
        place.mkdir(parents=True, exist_ok=True)
        noise = chance.integers(0, 256, (24, 32, 3), np.uint8)
        Image.fromarray(noise).resize(shape, Image.BICUBIC).save(place / f"{number}.jpg")


def share(folder: Path, name: str) -> float:
    """Give the time of the bare network over that of decoding, resizing and features."""
    network = build_head_network(
        backbone=_BACKBONE,
        weights="random",
        image_shape=(_SIZE, _SIZE, 3),
        n_classes=2,
        precision="auto",
    )
    compute, featurizer = network.feature_functions[0], network.featurizers[0]
    options: dict[str, Any] = {
        "d": featurizer.output_shape[-1],
        "kind": "training",
        "network": _BACKBONE,
        "pixels": _SIZE * _SIZE,
    }
    # Tracing takes as long for a few images as for a million.
    compute_features(
        compute, np.zeros((1, _SIZE, _SIZE, 3), np.uint8), folder / f"first {name}", **options
    )
    start = time.perf_counter()
    photos = load_folder(folder / "photos", image_size=_SIZE, cache_dir=folder / name)
    compute_features(compute, photos.images, folder / f"features {name}", **options)
    whole = time.perf_counter() - start
    batches = [tf.constant(photos.images[k : k + 64]) for k in range(0, len(photos.images), 64)]
    start = time.perf_counter()
    for batch in batches:
        compute(batch)
    return (time.perf_counter() - start) / whole
