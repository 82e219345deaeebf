"""Ways to train the network in a meta-iteration."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Protocol

import numpy as np
import tensorflow as tf

from keras_selflearn.selflearning.examples import Examples
from keras_selflearn.training.pipeline import steps_per_epoch, training_batches


class MetaTraining(Protocol):
    """A way to train. The training on the given labels goes this way, too.

    The examples say which label was given and which one is a pseudo-label of what confidence. From
    these a way makes its batches: which images, which augmentation, which targets and weights.
    """

    @property
    def batch_size(self) -> int:
        """The number of images in a batch; no batch has more."""

    @property
    def starts_anew(self) -> bool:
        """Whether each training starts from the initial weights and optimiser state.

        If not, it goes on from the present ones.
        """

    def steps_per_epoch(self, examples: Examples) -> int:
        """Return the number of batches in an epoch."""

    def batches(
        self, images: np.ndarray, examples: Examples, *, first_step: int, steps: int
    ) -> tf.data.Dataset:
        """Return so many batches of images and labels, from the one of this number on.

        Numbers are counted over all trainings. A batch is a function of the examples and its
        number: a training that is resumed asks for the rest of its batches again.

        Returns
        -------
        tf.data.Dataset of (images, targets) or (images, targets, weights)
        """


@dataclass(frozen=True)
class ContinuedTraining:
    """The paper's way: go on training, on all labelled images alike.

    Parameters
    ----------
    batch_size : int
    augmentations : tuple of str
        As `parse_augmentations` returns them.
    seed : int
    """

    batch_size: int
    augmentations: tuple[str, ...]
    seed: int
    starts_anew: ClassVar[bool] = False

    def steps_per_epoch(self, examples: Examples) -> int:
        """Return the number of batches that hold each labelled image once."""
        return steps_per_epoch(len(examples.labelled), self.batch_size)

    def batches(
        self, images: np.ndarray, examples: Examples, *, first_step: int, steps: int
    ) -> tf.data.Dataset:
        """Return batches of labelled images, shuffled in each epoch, with hard labels."""
        indices = examples.labelled
        return training_batches(
            images,
            indices,
            examples.labels[indices],
            batch_size=self.batch_size,
            first_step=first_step,
            steps=steps,
            augmentations=self.augmentations,
            seed=self.seed,
        )
