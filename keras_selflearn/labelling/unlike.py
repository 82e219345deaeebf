"""Images unlike the labelled ones: they may be of none of the classes.

Sun et al. 2022 (Out-of-distribution detection with deep nearest neighbors) take the distance to the
k-th nearest training image. With few labels, the mean over the three nearest finds more.
"""

from __future__ import annotations

import numpy as np

_NEAREST = 3
# Float32 numbers in the similarities of a part: 64 MiB.
_AT_ONCE = 1 << 24


def unlike_labelled(embeddings: np.ndarray, labelled: np.ndarray) -> np.ndarray:
    """Say how unlike all labelled images each image is, from 0 to 1.

    An image is as far from the labelled ones as the mean cosine distance to the three nearest, with
    the mean of all embeddings as the origin. A labelled image does not count as near itself. The
    result is the share of labelled images that are nearer to the others than this image is: at 0.9,
    the image is farther than nine tenths of the labelled ones.

    Parameters
    ----------
    embeddings : (n, d) float32
        Of a network that was not trained on the labels.
    labelled : (m,) integers
        Positions of the images with a given label.

    Returns
    -------
    (n,) float64
        NaN for all where fewer than two images are labelled.
    """
    n, m = len(embeddings), len(labelled)
    if m < 2:
        return np.full(n, np.nan)
    centre = embeddings.mean(axis=0, dtype=np.float64).astype(np.float32)
    reference = _unit(embeddings[labelled] - centre)
    place = np.full(n, -1)
    place[labelled] = np.arange(m)
    nearest = min(_NEAREST, m - 1)
    distance = np.empty(n)
    step = max(1, _AT_ONCE // m)
    for start in range(0, n, step):
        part = slice(start, start + step)
        similarity = _unit(embeddings[part] - centre) @ reference.T
        own = np.flatnonzero(place[part] >= 0)
        similarity[own, place[part][own]] = -np.inf
        largest = np.partition(similarity, m - nearest, axis=1)[:, m - nearest :]
        distance[part] = 1 - largest.mean(axis=1)
    of_labelled = np.sort(distance[labelled])
    return np.searchsorted(of_labelled, distance, side="left") / m


def _unit(rows: np.ndarray) -> np.ndarray:
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return rows / np.where(lengths > 0, lengths, 1)
