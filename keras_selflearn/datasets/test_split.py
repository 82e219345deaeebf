"""Choose test images for a data set without a test set (section 4.1, Plant Village)."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np


def choose_test(labels: np.ndarray, keys: Sequence[bytes]) -> np.ndarray:
    """Choose a fifth of each class, rounded down, for testing.

    Those whose keys have the lowest SHA-256 are chosen, so the choice depends neither on the order
    of the examples nor on the release of any library. Rounded down, as then the class sizes of
    the paper's 54,305 Plant Village images give its 43,456 to train on and 10,849 to test on.

    Parameters
    ----------
    labels : (n,) integers
    keys : sequence of n bytes
        What names an example for good, unlike any other.

    Returns
    -------
    (n,) bool
        True for a test example.
    """
    digests = [hashlib.sha256(key).digest() for key in keys]
    is_test = np.zeros(len(labels), bool)
    for label in np.unique(labels):
        members = sorted(np.flatnonzero(labels == label), key=digests.__getitem__)
        is_test[members[: len(members) // 5]] = True
    return is_test
