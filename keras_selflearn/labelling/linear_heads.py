"""Linear heads that are fitted in one go: logistic regression and a discriminant."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
from scipy.special import softmax
from sklearn.linear_model import LogisticRegression

# Inverse of the regularisation of scikit-learn's logistic regression, for rows of length 1.
_C = 10.0
_ITERATIONS = 1000
# With so many labels in a class, a head on the labels alone counts as much as all images together.
_EQUAL_SAY = 200
# The share of the covariance that is replaced by its mean variance in all directions.
_SHRINKAGE = 0.2
_BLOCK = 4096
# Rounding leaves so much of the mean square where there is no variance.
_LEAST_VARIANCE = 1e-6


@dataclass(frozen=True)
class LinearHead:
    """From embeddings to logits.

    Attributes
    ----------
    kernel : (d, n_classes) float32
    bias : (n_classes,) float32
    """

    kernel: np.ndarray
    bias: np.ndarray

    def get_weights(self) -> list[np.ndarray]:
        """Return kernel and bias, as a Keras layer does."""
        return [self.kernel, self.bias]

    def probabilities(self, embeddings: np.ndarray) -> np.ndarray:
        """The probability of each class, (n, n_classes) float32."""
        return softmax(embeddings @ self.kernel + self.bias, axis=1)


def fit_logistic(
    embeddings: np.ndarray, labels: np.ndarray, *, n_classes: int, weights: np.ndarray | None = None
) -> LinearHead:
    """Fit scikit-learn's multinomial logistic regression.

    All classes count as equally frequent. A few labels say little of how frequent the classes are,
    least of all labels that were chosen because they were doubted.

    Parameters
    ----------
    embeddings : (n, d) float32
        Rows of length 1.
    labels : (n,) integers
        At least two classes occur. A class that does not occur has a logit of minus infinity.
    n_classes : int
    weights : (n,) floats, optional
    """
    weights = np.ones(len(labels)) if weights is None else np.asarray(weights, np.float64)
    of_class = np.bincount(labels, weights, minlength=n_classes)[labels]
    n_present = len(np.unique(labels))
    even = np.divide(weights.sum() / n_present, of_class, np.ones(len(labels)), where=of_class > 0)
    model = LogisticRegression(C=_C, max_iter=_ITERATIONS)
    with warnings.catch_warnings():
        # It warns of one label a class as if the labels were measurements.
        warnings.filterwarnings("ignore", "The number of unique classes", UserWarning)
        model.fit(embeddings.astype(np.float64), labels, sample_weight=weights * even)
    kernel, bias = model.coef_, model.intercept_
    if len(model.classes_) == 2:  # scikit-learn gives the logit of the second class alone
        kernel, bias = np.concatenate([-kernel, kernel]) / 2, np.concatenate([-bias, bias]) / 2
    return _of_classes(kernel.T, bias, model.classes_, n_classes)


def fit_discriminant(
    embeddings: np.ndarray, labels: np.ndarray, *, n_classes: int, weights: np.ndarray | None = None
) -> LinearHead:
    """Fit a linear discriminant: classes have their means, and one shrunken covariance.

    All classes count as equally frequent. Wrong labels move a mean only a little, but they bend the
    border of a logistic regression. So this is the head for pseudo-labels.

    Parameters
    ----------
    embeddings : (n, d) float32
    labels : (n,) integers
        A class that does not occur has a logit of minus infinity.
    n_classes : int
    weights : (n,) floats, optional
    """
    present, numbers = np.unique(labels, return_inverse=True)
    weights = np.ones(len(labels)) if weights is None else np.asarray(weights, np.float64)
    n, d = embeddings.shape
    sums, products = np.zeros((len(present), d)), np.zeros((d, d))
    for start in range(0, n, _BLOCK):  # float32 within a block is twice as fast and exact enough
        part = slice(start, start + _BLOCK)
        block = embeddings[part]
        weighted = block * weights[part, None].astype(np.float32)
        members = np.equal.outer(np.arange(len(present)), numbers[part]).astype(np.float32)
        sums += members @ weighted
        products += weighted.T @ block
    kernel, bias = discriminant_of(sums, products, np.bincount(numbers, weights), weights.sum())
    return _of_classes(kernel, bias, present, n_classes)


def discriminant_of(
    sums: np.ndarray, products: np.ndarray, frequencies: np.ndarray, total: float
) -> tuple[np.ndarray, np.ndarray]:
    """Give the kernel (d, k) and the bias (k,) of a discriminant of k classes.

    Parameters
    ----------
    sums : (k, d) floats
        Of the embeddings of each class, by weight.
    products : (d, d) floats
        The sum of each embedding's products with itself, by weight.
    frequencies : (k,) floats
        The weight of each class, above 0.
    total : float
        The weight of all.
    """
    d = len(products)
    means = sums / frequencies[:, None]
    covariance = (products - (means.T * frequencies) @ means) / total
    variance = np.trace(covariance) / d
    if (
        variance <= _LEAST_VARIANCE * np.trace(products) / d / total
    ):  # each image is the mean of its class: only distances to the means are left
        covariance, variance = np.zeros((d, d)), 1.0
    shrunken = (1 - _SHRINKAGE) * covariance + _SHRINKAGE * variance * np.eye(d)
    kernel = np.linalg.solve(shrunken, means.T)
    return kernel, -(means.T * kernel).sum(axis=0) / 2


def say_of_labels(n_labelled: int, n_classes: int) -> float:
    """How much a head on the labels alone counts beside all images, above 0 and below 1.

    With few labels the other images know more, and with hundreds in a class the labels do
    (docs/features.md).
    """
    in_class = n_labelled / n_classes
    return in_class / (in_class + _EQUAL_SAY)


def blend(head: LinearHead, other: LinearHead, share: float) -> LinearHead:
    """Mix two heads: the probabilities are a geometric mean, in which `other` has this share.

    The share is above 0 and below 1. Both heads must be able to predict the same classes.
    """
    kernel = (1 - share) * head.kernel + share * other.kernel
    bias = (1 - share) * head.bias + share * other.bias
    return LinearHead(kernel.astype(np.float32), bias.astype(np.float32))


# The names that the options `head` and `meta_head` take.
HEADS = {"logistic": fit_logistic, "discriminant": fit_discriminant}


def _of_classes(
    kernel: np.ndarray, bias: np.ndarray, present: np.ndarray, n_classes: int
) -> LinearHead:
    """Give a head for all classes. A class that is not present can't be predicted."""
    all_kernel = np.zeros((len(kernel), n_classes), np.float32)
    all_bias = np.full(n_classes, -np.inf, np.float32)
    all_kernel[:, present] = kernel
    all_bias[present] = bias
    return LinearHead(all_kernel, all_bias)
