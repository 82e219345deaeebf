"""Images of one flat colour. Many of them mean files whose pixels were not understood."""

from __future__ import annotations

import warnings
from collections.abc import Iterable

import numpy as np

from keras_selflearn.console.errors import InputWarning

# So many images tell whether most are flat. To read all of them would take long each time.
_LOOKED_AT = 200


class FlatColours:
    """A count of the images of one flat colour."""

    def __init__(self) -> None:
        self._flat = self._images = 0

    def add(self, images: Iterable[np.ndarray]) -> None:
        """Count images, (height, width, channels) each."""
        for image in images:
            self._images += 1
            self._flat += bool((image == image[0, 0]).all())

    def warn(self, where: str) -> None:
        """Warn if more than half of the images in `where` are flat."""
        if self._flat > self._images / 2:
            warnings.warn(
                f"{self._flat} of {self._images} images that were looked at in {where} are one flat"
                " colour each: look at them, and save them as 8-bit PNG if another program shows"
                " more.",
                InputWarning,
                stacklevel=3,
            )


def warn_if_flat(images: np.ndarray, where: str) -> None:
    """Look at some of the images, (n, height, width, channels), and warn as `FlatColours` does."""
    flat = FlatColours()
    flat.add(images[:: len(images) // _LOOKED_AT + 1])
    flat.warn(where)
