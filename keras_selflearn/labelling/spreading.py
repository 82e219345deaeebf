"""Labels spread over a graph of images, and shares of classes that are aligned to a prior."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from keras_selflearn.console.signals import check_for_stop


def spread(graph: sparse.csr_matrix, start: np.ndarray, *, alpha: float, steps: int) -> np.ndarray:
    """Spread labels over a graph, as equation (6) of Zhou et al. 2004 does.

    F <- alpha S F + (1 - alpha) Y. With many steps this is (1 - alpha) (I - alpha S)^-1 Y.

    Parameters
    ----------
    graph : (n, n) sparse float32
        S, as `similarity_graph` returns it.
    start : (n, n_classes) float32
        Y: what each image is labelled with before.
    alpha : float
        The share that comes from the images that an image is joined with, from 0 to below 1.
    steps : int

    Returns
    -------
    (n, n_classes) float32
        Rows of zeros for images that no label reaches.
    """
    spreading = start
    for _ in range(steps):
        check_for_stop()
        spreading = np.float32(alpha) * (graph @ spreading) + np.float32(1 - alpha) * start
    return spreading


def row_shares(masses: np.ndarray, prior: np.ndarray, *, background: float) -> np.ndarray:
    """Turn what reached each image into shares of the classes, which add up to 1.

    Each row first gets a background, which is divided as the prior says. So an image that little
    reaches gets nearly the prior, and its confidence is low.

    Parameters
    ----------
    masses : (n, n_classes) float32
        None is negative.
    prior : (n_classes,) floats
        Adds up to 1.
    background : float
        Above 0.
    """
    shares = masses + np.float32(background) * prior.astype(np.float32)
    return shares / shares.sum(axis=1, keepdims=True)


def usual_mass(masses: np.ndarray) -> float:
    """Return the median of the sums of rows that are not all zero; 1 without any."""
    sums = masses.sum(axis=1)
    return float(np.median(sums[sums > 0])) if (sums > 0).any() else 1.0


def align(shares: np.ndarray, prior: np.ndarray, *, steps: int = 10) -> np.ndarray:
    """Bring the mean share of each class close to the prior, in so many steps.

    Each step divides columns by their mean, multiplies them by the prior, and makes rows add up
    to 1 again (distribution alignment, Berthelot et al. 2020, as iterated scaling).

    Parameters
    ----------
    shares : (n, n_classes) floats
        Above 0; rows add up to 1.
    prior : (n_classes,) floats
        At least 0; it adds up to 1.
    """
    for _ in range(steps):
        means = shares.mean(axis=0, dtype=np.float64)
        scale = np.divide(prior, means, out=np.zeros_like(means), where=means > 0)
        shares = shares * scale.astype(shares.dtype)
        sums = shares.sum(axis=1, keepdims=True)
        shares = np.divide(shares, sums, out=np.full_like(shares, 1 / len(prior)), where=sums > 0)
    return shares
