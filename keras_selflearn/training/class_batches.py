"""Batches of P classes with K images each (Hermans et al. 2017)."""

from __future__ import annotations

import functools
import math
from typing import Callable

import numpy as np

from keras_selflearn.training.pipeline import endless


def shape_of_batch(sizes: np.ndarray, batch_size: int, images_per_class: int) -> tuple[int, int]:
    """Return how many classes a batch has, and how many images of each.

    If all classes fit into a batch, it has them all. Then it has more images of each, as many as
    fit, but at most as many as the largest class has.

    Parameters
    ----------
    sizes : (n_classes,) integers
        How many images each class has, at least 1.
    batch_size : int
        No batch has more images.
    images_per_class : int
        K, at most `batch_size`.
    """
    n_classes = batch_size // images_per_class
    if len(sizes) > n_classes:
        return n_classes, images_per_class
    fit = batch_size // len(sizes)
    return len(sizes), max(images_per_class, min(fit, int(sizes.max())))


def batches_of_classes(
    labels: np.ndarray, batch_size: int, images_per_class: int, seed: int
) -> Callable[[int], np.ndarray]:
    """Return a function from a step to the positions of its batch, class by class.

    The classes of a batch differ, and all classes come equally often. The images of a class come in
    one shuffled order after another. A class with fewer images than a batch has of it repeats them.

    Parameters
    ----------
    labels : (n,) integers
    batch_size, images_per_class : int
        See `shape_of_batch`.
    seed : int
    """
    classes, sizes = np.unique(labels, return_counts=True)
    n_classes, n_images = shape_of_batch(sizes, batch_size, images_per_class)
    members = [np.flatnonzero(labels == each) for each in classes]
    draws = [endless(len(each), n_images, (seed, c)) for c, each in enumerate(members)]
    # After so many batches, whole orders of all classes end with a batch.
    in_block = math.lcm(len(classes), n_classes)

    @functools.lru_cache(maxsize=2)
    def orders(block: int) -> list[int]:
        draw = np.random.default_rng([seed, block, len(classes), n_classes])
        found: list[int] = []
        while len(found) < in_block:
            begun = found[len(found) // n_classes * n_classes :]
            found += _others_first(draw.permutation(len(classes)).tolist(), begun, n_classes)
        return found

    def positions(step: int) -> np.ndarray:
        block, batch = divmod(step, in_block // n_classes)
        parts = []
        for place in range(batch * n_classes, (batch + 1) * n_classes):
            each = orders(block)[place]
            visit = (block * in_block + place) // len(classes)
            parts.append(members[each][draws[each](visit)])
        return np.concatenate(parts)

    return positions


def _others_first(order: list[int], begun: list[int], n_classes: int) -> list[int]:
    """Fill up a batch that has these classes with others of the order; the rest comes after it."""
    others = [each for each in order if each not in begun][: n_classes - len(begun)]
    return [*others, *(each for each in order if each not in others)]
