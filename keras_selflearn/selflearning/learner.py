"""What figure 1 needs from whatever is trained: a network, or a head on features."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import DTypeLike

from keras_selflearn.selflearning.examples import Examples


@dataclass(frozen=True)
class LearnerState:
    """All that another process needs to go on with a learner.

    Attributes
    ----------
    numbers : dict
        Whatever JSON can hold.
    arrays : dict of str to arrays
    """

    numbers: dict[str, Any]
    arrays: dict[str, np.ndarray]

    def array(self, name: str, shape: tuple[int, ...], dtype: DTypeLike) -> np.ndarray:
        """Return the array `name`; raise a `ValueError` for another shape or dtype, or none."""
        array = self.arrays.get(name)
        if array is None or array.shape != shape or array.dtype != dtype:
            found = "missing" if array is None else f"{array.dtype} {array.shape}"
            raise ValueError(f"the array {name} is {found}, not {np.dtype(dtype)} {shape}")
        return array


class Learner(Protocol):
    """A model that can be trained on examples, and can label and be measured after that.

    `keras_selflearn.training.learner.KerasLearner` is one.
    """

    def train(self, examples: Examples, meta_iteration: int) -> tuple[float, int]:
        """Train on the labelled examples; return the last epoch's mean loss and gradient steps."""

    def label(self, indices: np.ndarray) -> tuple[np.ndarray, ...]:
        """Return labels, confidences and nearest labelled images, each (k,), of these images.

        A larger confidence is surer. The nearest labelled image has the predicted label; it is -1
        for a learner that compares with no labelled image. A learner that trains on soft targets
        returns the probabilities (k, n_classes) float32 as well.
        """

    def test_accuracy(self) -> float | None:
        """Per cent of the test set labelled right; None without a test set."""

    def state(self) -> LearnerState:
        """Return the state at this moment, also in the middle of a training."""

    def restore(self, state: LearnerState, examples: Examples, meta_iteration: int | None) -> None:
        """Go on from `state`.

        Parameters
        ----------
        state : LearnerState
        examples : Examples
            The examples at that moment.
        meta_iteration : int or None
            The meta-iteration whose training comes next or has begun; None: another step is next.

        Raises
        ------
        ValueError, KeyError, TypeError
            When the state does not fit; the learner has not changed then.
        """
