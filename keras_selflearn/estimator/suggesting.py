"""Which images to label next, by a fitted classifier or by features alone."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Callable

import numpy as np
import tensorflow as tf

from keras_selflearn.console.errors import InputError, check_integer
from keras_selflearn.console.signals import check_for_stop
from keras_selflearn.datasets.image_files.in_parallel import decode_pictures, whole_images
from keras_selflearn.estimator.embedding_given import embed_given
from keras_selflearn.estimator.features_once import frozen_network
from keras_selflearn.estimator.fitted import Fitted
from keras_selflearn.estimator.inputs import check_labels
from keras_selflearn.estimator.label_codes import classes_of, is_unlabelled
from keras_selflearn.labelling.suggestion import suggest
from keras_selflearn.network.embedding import inference_batch_size
from keras_selflearn.selflearning.examples import UNLABELLED
from keras_selflearn.training.joined_embedding import JoinedEmbedding


def suggest_images(
    fitted: Fitted, images: Any, number: int, y: Any, *, float_max: float | None, seed: int
) -> np.ndarray:
    """Give the positions (k,) int64 of images to label; see `SelfLearningClassifier.suggest`."""
    check_integer("number", number, least=1)
    if not isinstance(images, tf.data.Dataset):
        _labels(fitted, len(images), y)  # A mistake is said before the images are embedded.
    embeddings, found = embed_given(fitted, images, float_max=float_max)
    labels = _labels(fitted, len(embeddings), found if y is None else y)
    return suggest(embeddings, number, labels=labels, seed=seed).index


def _labels(fitted: Fitted, n: int, y: Any) -> np.ndarray:
    """Given labels (n,) as positions of classes, or -1."""
    if y is None and n != len(fitted.labels):
        raise InputError(
            f"X has {n} images, and fit was given {len(fitted.labels)}: give y, with -1 for images"
            " without a label."
        )
    given = check_labels(fitted.labels if y is None else y, n, "y")
    is_free = is_unlabelled(given) if y is not None else fitted.labelled_in != 0
    labels = np.full(n, UNLABELLED)
    labels[~is_free] = classes_of(given[~is_free])[1]
    return labels


def embed_files(
    parameters: Mapping[str, Any],
    folder: Path,
    paths: Iterable[str],
    *,
    on_damaged: Callable[[str, str], None],
    on_embedded: Callable[[int], None],
) -> tuple[np.ndarray, list[str]]:
    """Embed image files by the initial weights, with a few images in memory at a time.

    Parameters
    ----------
    parameters : dict
        The estimator's, with an `image_size`. Its backbone must be pretrained.
    folder : Path
    paths : iterable of str
        Below the folder.
    on_damaged : callable
        Called with the path and the reason for each file that is not a whole image.
    on_embedded : callable
        Called with the number of images after each batch.

    Returns
    -------
    embeddings : (n, d) float32
        As `JoinedEmbedding` makes them of the features of these images.
    names : list of n str
        The paths of the images that are whole.
    """
    size = parameters["image_size"]
    network = frozen_network(parameters, (size, size, 3), n_classes=2)
    features: list[list[np.ndarray]] = [[] for _ in network.feature_functions]
    names: list[str] = []
    whole = whole_images(decode_pictures(folder, paths, size), on_damaged)
    while batch := list(itertools.islice(whole, inference_batch_size(network.seen_shape))):
        check_for_stop()
        images = np.stack([image for _, image in batch])
        for found, compute in zip(features, network.feature_functions):
            found.append(np.asarray(compute(images)))
        names += [path for path, _ in batch]
        on_embedded(len(batch))
    if not names:
        return np.zeros((0, 1), np.float32), []
    joined = [np.concatenate(each) for each in features]
    return JoinedEmbedding.fit(joined).embed(joined), names
