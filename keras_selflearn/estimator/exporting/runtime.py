"""What a runtime says of images."""

from __future__ import annotations

from typing import Callable, NamedTuple

import numpy as np


class Answer(NamedTuple):
    """What is compared.

    Attributes
    ----------
    labels : (n,) integers
        Positions in the classes.
    probabilities : (n, n_classes) float32
    """

    labels: np.ndarray
    probabilities: np.ndarray


# From images (n, height, width, channels) uint8.
Runtime = Callable[[np.ndarray], Answer]
