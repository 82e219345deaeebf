"""Checks that stop a run whose numbers can't be trusted; each says what was seen and when."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np

from keras_selflearn.console.errors import InputError
from keras_selflearn.console.full_memory import is_out_of_memory

# A share of the largest value: embeddings that differ by less differ by rounding only.
_SAME_WITHIN = 1e-6


class UntrustworthyError(InputError):
    """A training went wrong. The last checkpoint, if there is one, is from before that."""


def needs_other_parameters(error: BaseException) -> bool:
    """Whether a training went wrong in a way that only other parameters can mend."""
    return isinstance(error, UntrustworthyError) or is_out_of_memory(error)


def check_loss(loss: float, *, step: int, meta_iteration: int, learning_rate: float) -> None:
    """Raise an `UntrustworthyError` for a mean loss that is NaN or infinite."""
    if not math.isfinite(loss):
        raise UntrustworthyError(
            f"The loss became {loss} at gradient step {step} of meta-iteration {meta_iteration}:"
            f" try a lower learning rate than {learning_rate}."
        )


def check_weights(weights: Iterable[np.ndarray], meta_iteration: int) -> None:
    """Raise an `UntrustworthyError` when one of these arrays has a NaN or an infinite value."""
    if not all(np.isfinite(each).all() for each in weights):
        raise UntrustworthyError(
            f"Weights became NaN or infinite in the training after meta-iteration {meta_iteration}:"
            " try a lower learning rate."
        )


def check_embeddings(
    embeddings: np.ndarray, images: np.ndarray, indices: np.ndarray, kind: str, when: str
) -> None:
    """Raise an `UntrustworthyError` for embeddings that are NaN, infinite or all the same.

    Parameters
    ----------
    embeddings : (n, d) floats
    images : (m, height, width, channels) uint8
    indices : (n,) integers
        The embedded images. If all of them are the same, their embeddings may be the same.
    kind, when : str
        The kind of the images and the time of the training, for the message.
    """
    if not np.isfinite(embeddings).all():
        raise UntrustworthyError(
            f"Embeddings of {kind} images became NaN or infinite {when}: try a lower learning rate."
        )
    if len(embeddings) < 2:
        return
    apart = np.ptp(embeddings, axis=0).max()
    same = apart <= _SAME_WITHIN * np.abs(embeddings).max()
    if same and any((images[i] != images[indices[0]]).any() for i in indices):
        raise UntrustworthyError(
            f"The embedding collapsed {when}: it is the same for all {len(embeddings)} {kind}"
            " images; try a lower learning rate, pretrained weights or another seed."
        )


def check_classes(labels: np.ndarray, n_classes: int, meta_iteration: int) -> None:
    """Raise an `UntrustworthyError` unless each class has a labelled example.

    Parameters
    ----------
    labels : (n,) integers
        The labels of all labelled examples, from 0 to n_classes - 1.
    n_classes, meta_iteration : int
    """
    missing = np.setdiff1d(np.arange(n_classes), labels)
    if len(missing):
        raise UntrustworthyError(
            f"In meta-iteration {meta_iteration} no labelled example is left of"
            f" {len(missing)} of {n_classes} classes, the first of them number {missing[0]}."
        )


def check_selected(
    number: int, n_predicted: int, meta_iteration: int, *, is_reached: bool = True
) -> None:
    """Raise an `UntrustworthyError` when labels were predicted and none was selected.

    `is_reached` says whether the labeller could label any image.
    """
    if number or not n_predicted:
        return
    why = "self-learning would go on for ever without learning."
    if not is_reached:
        why = (
            "no label reaches any of these images. They are all the same, or too few or too"
            " different for a graph; take another labelling, such as softmax (--labelling=softmax)."
        )
    raise UntrustworthyError(
        f"In meta-iteration {meta_iteration} none of {n_predicted} pseudo-labels was selected:"
        f" {why}"
    )
