"""What users hand over in place of one uint8 array, as a stream of uint8 blocks."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf
from PIL import Image

from keras_selflearn.console.errors import InputError
from keras_selflearn.console.signals import check_for_stop
from keras_selflearn.datasets.image_files.in_parallel import decode_pictures
from keras_selflearn.estimator.dataset_elements import elements_of
from keras_selflearn.estimator.pixels import Brightest, resized, to_uint8
from keras_selflearn.network.embedding import inference_batch_size

_NAMED = 3
_PIXELS_IN_A_BLOCK = 2**22


class Block(NamedTuple):
    """Some images in their order.

    Attributes
    ----------
    images : (k, height, width, channels) uint8
    labels, weights : (k,) arrays or None
        What a data set of TensorFlow has beside its images.
    """

    images: np.ndarray
    labels: np.ndarray | None = None
    weights: np.ndarray | None = None


def as_array(images: Any) -> Any:
    """Tensors, series and the like as NumPy arrays; all else as it is."""
    if isinstance(images, (np.ndarray, list, tuple, tf.data.Dataset)):
        return images
    return np.asarray(images) if hasattr(images, "__array__") else images


def paths_of(images: Any) -> list[str] | None:
    """The paths in a list, tuple or array (n,) of them; None for anything else."""
    if isinstance(images, np.ndarray) and (images.ndim != 1 or images.dtype.kind not in "UO"):
        return None
    if not isinstance(images, (list, tuple, np.ndarray)) or not len(images):
        return None
    found = images.tolist() if isinstance(images, np.ndarray) else images
    if not all(isinstance(each, (str, os.PathLike)) for each in found):
        return None
    return [os.path.expanduser(os.fspath(each)) for each in found]


def blocks_of(
    images: Any,
    name: str,
    *,
    shape: tuple[int, int, int] | None,
    resizes: bool,
    float_max: float | None,
) -> Iterator[Block]:
    """Give images as blocks, with a few of them in memory at a time.

    Parameters
    ----------
    images : list of paths, tf.data.Dataset, or (n, height, width, channels) uint8 or floats
    name : str
        What a message calls them.
    shape : (height, width, channels) or None
        Of the blocks; None: as the images are, which must be of one size then.
    resizes : bool
        Whether images of another size are resized to `shape`. Files always are.
    float_max : 1, 255 or None
        What is white in float images.

    Raises
    ------
    InputError
        For files that can't be read, after all of them have been tried; for anything that is no
        image of this kind.
    """
    paths = paths_of(images)
    if paths is not None:
        assert shape is not None
        yield from _of_files(paths, name, shape)
        return
    is_dataset = isinstance(images, tf.data.Dataset)
    found: Iterator[tuple[Any, ...]] = elements_of(images, name) if is_dataset else _pieces(images)
    brightest = Brightest()
    first = None
    for pixels, *others in found:
        check_for_stop()
        brightest.add(pixels)
        block = to_uint8(pixels, name, float_max)
        if shape is not None and resizes and block.shape[3] in (1, 3):
            block = resized(block, *shape[:2])
        first = first or block.shape[1:]
        if block.shape[1:] != first:
            raise InputError(
                f"{name} holds images of {first} and of {block.shape[1:]}: give image_size, to"
                " which all are resized."
            )
        yield Block(block, *others)
    brightest.warn(name, float_max)


def _pieces(images: np.ndarray) -> Iterator[tuple[np.ndarray]]:
    rows = max(1, _PIXELS_IN_A_BLOCK // max(1, images[:1].size))
    for start in range(0, len(images), rows):
        yield (images[start : start + rows],)


def check_files(paths: list[str], name: str) -> None:
    """Raise an `InputError` unless there is a file at each path: a pipe would be waited for."""
    missing = [path for path in paths if not Path(path).is_file()]
    if missing:
        raise InputError(
            f"{name} names {len(missing)} of {len(paths)} images that are no files:"
            f" {_some(missing)}. Correct these paths, or leave them out."
        )


def _of_files(paths: list[str], name: str, shape: tuple[int, int, int]) -> Iterator[Block]:
    check_files(paths, name)
    height, width, channels = shape
    at_once = inference_batch_size(shape)
    batch: list[np.ndarray] = []
    damaged: list[str] = []
    for path, image in decode_pictures(Path(), paths, (height, width), ahead=at_once):
        if isinstance(image, str):
            damaged.append(f"{path}: {image}")
            batch = []
        elif not damaged:  # The others are read for the message alone.
            batch.append(_with_channels(image, channels))
        if len(batch) == at_once:
            yield Block(np.stack(batch))
            batch = []
    if damaged:
        raise InputError(
            f"{len(damaged)} of {len(paths)} images of {name} can't be read ({_some(damaged)}):"
            " mend them, or leave them out."
        )
    if batch:
        yield Block(np.stack(batch))


def _with_channels(image: np.ndarray, channels: int) -> np.ndarray:
    """An RGB image, or its grey (height, width, 1)."""
    if channels == 3:
        return image
    return np.asarray(Image.fromarray(image).convert("L"))[..., None]


def _some(texts: list[str]) -> str:
    return "; ".join(texts[:_NAMED]) + ("; ..." if len(texts) > _NAMED else "")
