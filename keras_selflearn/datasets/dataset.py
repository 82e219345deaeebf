"""What every loader gives: images, their labels, and the names of their classes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Dataset:
    """Images and their true labels.

    Attributes
    ----------
    images, test_images : (n, height, width, 3) uint8
        Arrays or read-only memory maps.
    labels, test_labels : (n,) int64
        Positions in `class_names`. In a user's own images an unlabelled one has -1.
    class_names : tuple of str
    paths, test_paths : tuple of str or None
        Where a user's own images are, below their folder.
    skipped : tuple of (path, reason)
        Files that are no whole images. No other attribute counts them.
    """

    images: np.ndarray
    labels: np.ndarray
    test_images: np.ndarray
    test_labels: np.ndarray
    class_names: tuple[str, ...]
    paths: tuple[str, ...] | None = None
    test_paths: tuple[str, ...] | None = None
    skipped: tuple[tuple[str, str], ...] = ()
