"""Embeddings of images as users hand them over, by a fitted classifier."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

from keras_selflearn.console.errors import InputError
from keras_selflearn.estimator.dataset_elements import check_labels_once
from keras_selflearn.estimator.fitted import Fitted
from keras_selflearn.estimator.gathering import is_read
from keras_selflearn.estimator.image_blocks import as_array, blocks_of, paths_of
from keras_selflearn.estimator.inputs import check_images, check_labels
from keras_selflearn.estimator.label_codes import is_unlabelled
from keras_selflearn.network.embedding import embed, inference_batch_size
from keras_selflearn.network.gradient_registry import traced_gradients_forgotten
from keras_selflearn.network.process import check_process


@traced_gradients_forgotten()
def embed_given(
    fitted: Fitted, images: Any, *, float_max: float | None
) -> tuple[np.ndarray, np.ndarray | None]:
    """Embed images of any kind, and give the labels that came with them.

    Parameters
    ----------
    fitted : Fitted
    images : array, paths or tf.data.Dataset
    float_max : 1, 255 or None

    Returns
    -------
    embeddings : (n, d) float32
    labels : (n,) array or None

    Raises
    ------
    InputError
        As `blocks_of` and `check_images`.
    """
    images, shape, resizes = as_array(images), fitted.image_shape, _resizes(fitted)
    if not is_read(images, shape, resizes=resizes, float_max=float_max):
        check_images(images, "X", like=shape)
        return embed(fitted.network, images, np.arange(len(images))), None
    blocks = blocks_of(images, "X", shape=shape, resizes=resizes, float_max=float_max)
    embeddings, labels = [], []
    for block in blocks:
        check_images(block.images, "X", like=shape)
        embeddings.append(_embed_block(fitted, block.images))
        labels.append(block.labels)
    if not embeddings:
        raise InputError("X holds no images.")
    found = [each for each in labels if each is not None]
    return np.concatenate(embeddings), np.concatenate(found) if found else None


@traced_gradients_forgotten()
def embed_labelled(
    fitted: Fitted, images: Any, y: Any, *, float_max: float | None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Embed the images that have a label, and no others where that can be avoided.

    Parameters
    ----------
    fitted : Fitted
    images : array, paths or tf.data.Dataset
    y : (n,) labels, or None if the images have labels
        -1 where there is none.
    float_max : 1, 255 or None

    Returns
    -------
    embeddings : (k, d) float32
    labels : (k,) array
    known : (k,) int64
        Which of the images have a label.

    Raises
    ------
    InputError
        As `embed_given`, and for labels that do not fit.
    """
    images = as_array(images)
    if isinstance(images, tf.data.Dataset):
        check_labels_once(images, y)
        embeddings, labels = embed_given(fitted, images, float_max=float_max)
        labels = check_labels(y if labels is None else labels, len(embeddings), "y")
        known = np.flatnonzero(~is_unlabelled(labels))
        return embeddings[known], labels[known], known
    paths = paths_of(images)
    shape, resizes = fitted.image_shape, _resizes(fitted)
    is_ready = not is_read(images, shape, resizes=resizes, float_max=float_max)
    if is_ready:
        check_images(images, "X", like=shape)
    labels = check_labels(y, len(images), "y")
    known = np.flatnonzero(~is_unlabelled(labels))
    if not len(known):
        embeddings = np.empty((0, fitted.network.embedder.output_shape[-1]), np.float32)
    elif is_ready:
        embeddings = embed(fitted.network, images, known)
    else:
        chosen = images[known] if paths is None else [paths[i] for i in known]
        embeddings, _ = embed_given(fitted, chosen, float_max=float_max)
    return embeddings, labels[known], known


def _resizes(fitted: Fitted) -> bool:
    return fitted.parameters["image_size"] is not None


def _embed_block(fitted: Fitted, images: np.ndarray) -> np.ndarray:
    network = fitted.network
    if network.embedder.distribute_strategy.num_replicas_in_sync > 1:
        return embed(network, images, np.arange(len(images)))
    check_process()
    size = inference_batch_size(network.seen_shape)
    # The pipeline in `embed` takes longer to start than one batch takes.
    parts = [images[start : start + size] for start in range(0, len(images), size)]
    return np.concatenate([np.asarray(network.embed_batch(each)) for each in parts])
