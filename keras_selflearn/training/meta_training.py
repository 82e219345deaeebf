"""Ways to train the network in a meta-iteration."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Callable, Protocol

import numpy as np
import tensorflow as tf

from keras_selflearn.selflearning.examples import Examples
from keras_selflearn.training.augmentation import augment
from keras_selflearn.training.class_batches import batches_of_classes, shape_of_batch
from keras_selflearn.training.pipeline import (
    drawn_batches,
    endless,
    shuffled,
    steps_per_epoch,
)

# Folded into the seed of pseudo-labelled images: augmentations fold in their own small numbers.
_PSEUDO = 1000


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
class BatchTraining:
    """Train on mini-batches of labelled images.

    The defaults are the paper's way: go on training, on all labelled images alike.

    Parameters
    ----------
    batch_size : int
    augmentations : tuple of str
        For all images, as `parse_augmentations` returns them.
    seed : int
    pseudo_augmentations : tuple of str
        For pseudo-labelled images only, after the others.
    labelled_share : float or None
        The share of a batch that has given labels, where there are pseudo-labels: at least one
        image, and not all. None: all labelled images are drawn alike.
    has_soft_targets : bool
        Whether the targets are the examples' `probabilities` for pseudo-labelled images, and 0 and
        1 for the others, (batch, n_classes) float32. Else they are the labels.
    images_per_class : int or None
        How many images of a class a batch has: see `shape_of_batch`. None: any. It does not go
        together with a `labelled_share`.
    weighs_by_confidence : bool
        Whether a batch has weights, too: the confidence of each pseudo-label, and 1 for given ones.
    starts_anew : bool
        See `MetaTraining`.
    given_weights : (n,) float32 or None
        The weight of each image with a given label, by its index. None: 1.
    """

    batch_size: int
    augmentations: tuple[str, ...]
    seed: int
    pseudo_augmentations: tuple[str, ...] = ()
    labelled_share: float | None = None
    has_soft_targets: bool = False
    images_per_class: int | None = None
    weighs_by_confidence: bool = False
    starts_anew: bool = False
    given_weights: np.ndarray | None = None

    def steps_per_epoch(self, examples: Examples) -> int:
        """Return the number of batches that hold each labelled image once.

        With a fixed share of given labels they hold each pseudo-labelled image once. With a fixed
        number of images of a class they hold as many images as are labelled.
        """
        if self.images_per_class is not None:
            _, sizes = np.unique(examples.labels[examples.labelled], return_counts=True)
            n_classes, n_images = shape_of_batch(sizes, self.batch_size, self.images_per_class)
            return steps_per_epoch(len(examples.labelled), n_classes * n_images)
        n_pseudo = int(_is_pseudo(examples).sum())
        if self._mixes(n_pseudo):
            return steps_per_epoch(n_pseudo, self.batch_size - self._n_given())
        return steps_per_epoch(len(examples.labelled), self.batch_size)

    def batches(
        self, images: np.ndarray, examples: Examples, *, first_step: int, steps: int
    ) -> tf.data.Dataset:
        """Return batches that are shuffled in each epoch."""
        indices = examples.labelled
        is_pseudo = _is_pseudo(examples)
        targets = _soft_targets(examples) if self.has_soft_targets else examples.labels[indices]
        weighs = self.weighs_by_confidence or self.given_weights is not None
        weights = [self._weights(examples)] if weighs else []
        return drawn_batches(
            images,
            indices,
            [targets, *weights],
            draw=self._draw(examples.labels[indices], is_pseudo),
            change=self._change(is_pseudo),
            first_step=first_step,
            steps=steps,
        )

    def _weights(self, examples: Examples) -> np.ndarray:
        """The weight of each labelled image, (k,) float32."""
        indices, one = examples.labelled, np.float32(1)
        of_given = one if self.given_weights is None else self.given_weights[indices]
        of_pseudo = one
        if self.weighs_by_confidence:
            of_pseudo = examples.confidence[indices].astype(np.float32)
        return np.where(_is_pseudo(examples), of_pseudo, of_given)

    def _mixes(self, n_pseudo: int) -> bool:
        return self.labelled_share is not None and n_pseudo > 0

    def _n_given(self) -> int:
        """How many images of a mixed batch have given labels."""
        share = self.labelled_share or 0
        return min(max(round(share * self.batch_size), 1), self.batch_size - 1)

    def _draw(self, labels: np.ndarray, is_pseudo: np.ndarray) -> Callable[[int], np.ndarray]:
        """From the number of a step to the positions of its batch."""
        if self.images_per_class is not None:
            return batches_of_classes(labels, self.batch_size, self.images_per_class, self.seed)
        if not self._mixes(int(is_pseudo.sum())):
            return shuffled(len(is_pseudo), self.batch_size, self.seed)
        given, pseudo = np.flatnonzero(~is_pseudo), np.flatnonzero(is_pseudo)
        n_given = self._n_given()
        draw_given = endless(len(given), n_given, self.seed)
        draw_pseudo = shuffled(len(pseudo), self.batch_size - n_given, self.seed)
        return lambda step: np.concatenate([given[draw_given(step)], pseudo[draw_pseudo(step)]])

    def _change(self, is_pseudo: np.ndarray) -> Callable[..., tf.Tensor]:
        """From images, their positions and the number of a step to augmented images."""

        def change(batch: tf.Tensor, positions: tf.Tensor, step: tf.Tensor) -> tf.Tensor:
            seed = tf.stack([self.seed, step])
            batch = augment(batch, self.augmentations, seed)
            if not self.pseudo_augmentations:
                return batch
            own_seed = tf.random.experimental.stateless_fold_in(seed, _PSEUDO)
            changed = augment(batch, self.pseudo_augmentations, own_seed)
            changes = tf.gather(tf.constant(is_pseudo), positions)
            return tf.where(changes[:, None, None, None], changed, batch)

        return change


def _is_pseudo(examples: Examples) -> np.ndarray:
    """Whether the label of each labelled image is a pseudo-label."""
    return examples.labelled_in[examples.labelled] > 0


def _soft_targets(examples: Examples) -> np.ndarray:
    indices = examples.labelled
    targets = examples.probabilities[indices]
    given = np.flatnonzero(~_is_pseudo(examples))
    targets[given, examples.labels[indices[given]]] = 1
    return targets
