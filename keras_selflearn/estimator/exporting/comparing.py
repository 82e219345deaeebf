"""An exported model against the classifier, image by image."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from keras_selflearn.estimator.exporting.embedder import embedder_of
from keras_selflearn.estimator.exporting.runtime import Answer, Runtime
from keras_selflearn.estimator.fitted import Fitted
from keras_selflearn.network.embedding import embed, inference_batch_size
from keras_selflearn.network.model import compiled
from keras_selflearn.network.precision import resolve_precision

# A vote jumps by a whole vote where two images are equally near but for a rounding.
_TOLERANCE, _SHARE_WITHIN = 1e-3, 0.99


@dataclass(frozen=True)
class Comparison:
    """How well two answers agree.

    Attributes
    ----------
    images : int
    equal : int
        For how many the label is the same.
    largest : float
        The largest difference of a probability.
    within : int
        For how many images no probability differs by more than 0.001.
    own : int or None
        For how many the label is also that of the classifier in its own precision; None where the
        model computes in that.
    own_precision : str
    """

    images: int
    equal: int
    largest: float
    within: int
    own: int | None = None
    own_precision: str = ""

    @property
    def agrees(self) -> bool:
        """Whether the model is the classifier's: every label, and nearly every probability."""
        return self.equal == self.images and self.within >= _SHARE_WITHIN * self.images

    def sentence(self) -> str:
        """Say it in one line."""
        text = (
            f"{self.equal:,} of {self.images:,} labels equal, largest difference of a probability"
            f" {self.largest:.0e}"
        )
        if self.own is not None:
            text += (
                f"; {self.own:,} are those of the classifier in its own {self.own_precision}, too"
            )
        return text


def compare(fitted: Fitted, runtime: Runtime, images: np.ndarray, precision: str) -> Comparison:
    """Label images with an exported model and with the classifier in the same precision.

    Parameters
    ----------
    fitted : Fitted
    runtime : Runtime
        The exported model.
    images : (n, height, width, channels) uint8
        Of the classifier's size.
    precision : str
        What the model computes in.
    """
    own_precision = resolve_precision(fitted.parameters["precision"])
    of_classifier = _answer(fitted, embed(fitted.network, images, np.arange(len(images))))
    expected, own = of_classifier, None
    if resolve_precision(precision) != own_precision:
        embed_batch = compiled(embedder_of(fitted, precision))
        size = inference_batch_size(fitted.network.seen_shape)
        parts = [embed_batch(images[i : i + size]) for i in range(0, len(images), size)]
        expected = _answer(fitted, np.concatenate(parts))
    found = _in_batches(runtime, images, inference_batch_size(fitted.network.seen_shape))
    if expected is not of_classifier:
        own = int(np.sum(found.labels == of_classifier.labels))
    differences = np.abs(found.probabilities - expected.probabilities).max(axis=1)
    return Comparison(
        images=len(images),
        equal=int(np.sum(found.labels == expected.labels)),
        largest=float(differences.max()),
        within=int(np.sum(differences <= _TOLERANCE)),
        own=own,
        own_precision=own_precision,
    )


def _answer(fitted: Fitted, embeddings: np.ndarray) -> Answer:
    labels = fitted.labeller.label(embeddings).labels
    return Answer(labels, fitted.labeller.probabilities(embeddings))


def _in_batches(runtime: Runtime, images: np.ndarray, size: int) -> Answer:
    parts = [runtime(images[start : start + size]) for start in range(0, len(images), size)]
    labels, probabilities = zip(*parts)
    return Answer(np.concatenate(labels), np.concatenate(probabilities))


def random_images(image_shape: tuple[int, int, int], number: int = 64) -> np.ndarray:
    """Images (number, height, width, channels) uint8 of coloured fields and noise, always the same.

    They stand in for the images that a classifier was fitted on.
    """
    height, width, channels = image_shape
    chance = np.random.default_rng(0)
    rows, columns = np.arange(height) * 4 // height, np.arange(width) * 4 // width
    fields = chance.integers(0, 256, (number, 4, 4, channels))
    noise = chance.integers(-40, 41, (number, height, width, channels))
    return np.clip(fields[:, rows][:, :, columns] + noise, 0, 255).astype(np.uint8)
