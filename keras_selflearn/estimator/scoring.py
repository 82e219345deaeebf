"""Scorers of scikit-learn that leave unlabelled images out."""

from __future__ import annotations

from typing import Any, Callable

import numpy as np
from sklearn.metrics import check_scoring

from keras_selflearn.console.errors import InputError
from keras_selflearn.estimator.image_blocks import as_array
from keras_selflearn.estimator.inputs import check_labels
from keras_selflearn.estimator.label_codes import is_unlabelled


class LabelledOnly:
    """A scorer that sees the images with a label alone; see `labelled_only`."""

    def __init__(self, scoring: str | Callable[..., Any]) -> None:
        self.scoring = scoring

    def __call__(
        self, estimator: Any, X: Any, y: Any, sample_weight: np.ndarray | None = None
    ) -> Any:
        """The score of the images whose label is not -1."""
        X = as_array(X)
        labels = check_labels(y, len(X), "y")
        known = np.flatnonzero(~is_unlabelled(labels))
        if not len(known):
            raise InputError(
                "y holds no label but -1: give labelled images, or leave the score out."
            )
        images = [X[i] for i in known] if isinstance(X, (list, tuple)) else X[known]
        weights = (
            {} if sample_weight is None else {"sample_weight": np.asarray(sample_weight)[known]}
        )
        return check_scoring(estimator, self.scoring)(estimator, images, labels[known], **weights)

    def __repr__(self) -> str:
        return f"labelled_only({self.scoring!r})"


def labelled_only(scoring: str | Callable[..., Any]) -> LabelledOnly:
    """Make a scorer that leaves images with the label -1 out, and does not count them as wrong.

    `SelfLearningClassifier.score` does so by itself. A scorer of scikit-learn would take -1 for a
    class.

    Parameters
    ----------
    scoring : str or callable
        What scikit-learn's `cross_validate` and `GridSearchCV` take, such as "f1_macro".

    Returns
    -------
    callable
        Called with the estimator, images (n, ...) or n paths, labels (n,), and perhaps
        `sample_weight` (n,).

    Raises
    ------
    InputError
        By the scorer, when there is no label but -1.

    Examples
    --------
    >>> from keras_selflearn.estimator.scoring import labelled_only
    >>> labelled_only("f1_macro")
    labelled_only('f1_macro')
    """
    return LabelledOnly(scoring)
