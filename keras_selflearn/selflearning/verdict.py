"""Whether self-learning helped, measured on labelled images that training did not see."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

# Two-sided 95 % of a normal distribution.
_QUANTILE = 1.96


@dataclass(frozen=True)
class Changes:
    """What self-learning changed for the images of one fold.

    Attributes
    ----------
    images : int
        How many images the fold holds out.
    right_before : int
        How many of them were labelled right after the first training.
    gained, lost : int
        How many of them are right only after self-learning, and only before it.
    """

    images: int
    right_before: int
    gained: int
    lost: int

    @classmethod
    def between(cls, before: np.ndarray, after: np.ndarray, labels: np.ndarray) -> Changes:
        """Compare the labels (k,) that the held-out images got before and after."""
        was, is_now = before == labels, after == labels
        return cls(
            len(labels), int(was.sum()), int((is_now & ~was).sum()), int((was & ~is_now).sum())
        )


@dataclass(frozen=True)
class Verdict:
    """The gain of self-learning over all folds or on the test images, paired by image.

    Attributes
    ----------
    images : int
        How many images training did not see, each once.
    before, after : float
        Per cent of them labelled right.
    gain, half_width : float
        The difference in percentage points, and a half of its 95 % interval (Agresti and Min
        2005, for matched pairs).
    """

    images: int
    before: float
    after: float
    gain: float
    half_width: float

    @classmethod
    def of(cls, folds: Sequence[Changes]) -> Verdict:
        """Add up the folds; there is at least one image."""
        images, before, gained, lost = (
            sum(getattr(fold, name) for fold in folds)
            for name in ("images", "right_before", "gained", "lost")
        )
        # Half an image more in each of the four cells of the table of pairs.
        n, up, down = images + 2, gained + 0.5, lost + 0.5
        deviation = np.sqrt((up + down) / n - ((up - down) / n) ** 2)
        return cls(
            images=images,
            before=100 * before / images,
            after=100 * (before + gained - lost) / images,
            gain=100 * (gained - lost) / images,
            half_width=float(100 * _QUANTILE * deviation / np.sqrt(n)),
        )

    def by(self, images: str) -> str:
        """In one line: `Self-learning: 78 -> 84 % (folds, +6 ± 2)` by "folds"."""
        return (
            f"Self-learning: {self.before:.0f} -> {self.after:.0f} % ({images}, {self.gain:+.0f} ±"
            f" {self.half_width:.0f})"
        )
