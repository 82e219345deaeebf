"""The random choice of the initially labelled examples (section 4), and fixed subsets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from keras_selflearn.console.errors import InputError
from keras_selflearn.datasets.dataset import Dataset


def choose_labelled(
    labels: np.ndarray, n_labelled: int | Mapping[int, int], *, seed: int
) -> np.ndarray:
    """Draw a set of examples that keep their labels, class-balanced unless asked otherwise.

    Parameters
    ----------
    labels : (n,) integers
        The true labels of the training set; negative where they are not known.
    n_labelled : int or dict
        How many to draw. Classes get the same number; what is left over goes, one each, to
        classes drawn at random. Or by label, how many of each.
    seed : int
        The same seed draws the same examples.

    Returns
    -------
    (n_labelled,) int64
        Sorted indices into `labels`.

    Raises
    ------
    InputError
        When there are fewer labels than classes, or more for a class than it has examples.
    """
    if isinstance(n_labelled, Mapping):
        return _choose_by_class(labels, n_labelled, np.random.default_rng(seed))
    classes, counts = np.unique(labels[labels >= 0], return_counts=True)
    check_one_of_each("label", n_labelled, len(classes))
    rng = np.random.default_rng(seed)
    wanted = np.full(len(classes), n_labelled // len(classes))
    wanted[rng.permutation(len(classes))[: n_labelled % len(classes)]] += 1
    for label, count, number in zip(classes, counts, wanted):
        if number > count:
            raise InputError(
                f"{n_labelled} labels need {number} of class {label}, which has {count}: ask for"
                f" at most {counts.min() * len(classes)} labels."
            )
    drawn = [
        rng.choice(np.flatnonzero(labels == label), number, replace=False)
        for label, number in zip(classes, wanted)
    ]
    return np.sort(np.concatenate(drawn))


def check_one_of_each(kind: str, number: int, n_classes: int) -> None:
    """Raise an `InputError` for fewer labels, or whatever `kind` is called, than classes."""
    if number < n_classes:
        raise InputError(
            f"{number} {kind}s are too few for {n_classes} classes: ask for at least one {kind} a"
            " class."
        )


def _choose_by_class(
    labels: np.ndarray, numbers: Mapping[int, int], rng: np.random.Generator
) -> np.ndarray:
    drawn = []
    for label, number in sorted(numbers.items()):
        members = np.flatnonzero(labels == label)
        if not 1 <= number <= len(members):
            raise InputError(f"Class {label} has {len(members)} examples: {number} can't be drawn.")
        drawn.append(rng.choice(members, number, replace=False))
    return np.sort(np.concatenate(drawn))


def subset(dataset: Dataset, train_images: int | None, test_images: int | None) -> Dataset:
    """Take at most so many images of a data set, as many of each class. None keeps all.

    Images without a label keep their share of the training images. The choice is fixed: the seed
    of an experiment does not change it.

    Raises
    ------
    InputError
        As `choose_labelled`, for numbers that the classes can't give.
    """
    train = _fixed_choice(dataset.labels, train_images)
    test = _fixed_choice(dataset.test_labels, test_images)
    return replace(
        dataset,
        images=dataset.images[train],
        labels=dataset.labels[train],
        test_images=dataset.test_images[test],
        test_labels=dataset.test_labels[test],
    )


def _fixed_choice(labels: np.ndarray, number: int | None) -> np.ndarray | slice:
    if number is None or number >= len(labels):
        return slice(None)  # Gives a view: whole arrays are not copied.
    is_known = labels >= 0
    n_classes = len(np.unique(labels[is_known]))
    check_one_of_each("image", number, n_classes)
    known = max(n_classes, round(number * is_known.mean()))
    labelled = choose_labelled(labels, known, seed=0)
    unknown = np.random.default_rng(0).permutation(np.flatnonzero(~is_known))[: number - known]
    return np.sort(np.concatenate([labelled, unknown]))
