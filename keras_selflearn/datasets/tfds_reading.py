"""Read the examples of a prepared TFDS data set, in the order of its records."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from keras_selflearn.datasets.pixel_range import to_uint8

_BATCH = 500


def read_features(builder: Any, split: str, features: list[str]) -> Iterator[dict[str, np.ndarray]]:
    """Read some features of a split in batches. No other feature is decoded."""
    import tensorflow_datasets as tfds

    yield from tfds.as_numpy(_examples(builder, split, features).batch(_BATCH))


def read_images(builder: Any, split: str, size: int | None, name: str) -> Iterator[np.ndarray]:
    """Read the images of a split in batches (k, height, width, channels) uint8.

    Parameters
    ----------
    builder : tfds.core.DatasetBuilder
    split : str
    size : int or None
        Height and width to resize images to, with antialiasing.
    name : str
        Of the data set, for messages.

    Raises
    ------
    InputError
        As `to_uint8`.
    """
    import tensorflow as tf
    import tensorflow_datasets as tfds

    dtype = np.dtype(builder.info.features["image"].np_dtype).name

    def pixels(example: dict[str, Any]) -> Any:
        image = example["image"]
        if size:
            image = tf.image.resize(image, (size, size), antialias=True)
            if dtype == "uint8":
                image = tf.saturate_cast(tf.round(image), tf.uint8)
        return image

    examples = _examples(builder, split, ["image"])
    images = examples.map(pixels, num_parallel_calls=tf.data.AUTOTUNE)
    for batch in tfds.as_numpy(images.batch(_BATCH).prefetch(1)):
        yield to_uint8(batch, dtype, name)


def _examples(builder: Any, split: str, features: list[str]) -> Any:
    """A `tf.data.Dataset` of some features.

    TFDS writes examples in the order of a hash of their keys: prepared again, they come in the
    same order.
    """
    import tensorflow_datasets as tfds

    return builder.as_dataset(
        split=split,
        shuffle_files=False,
        decoders=tfds.decode.PartialDecoding(dict.fromkeys(features, True)),
        read_config=tfds.ReadConfig(interleave_cycle_length=1, try_autocache=False),
    )
