"""Which images to label next: uncertain ones, different from one another, of all classes.

Zhdanov 2019 (Diverse mini-batch active learning): a weighted k-means of the most uncertain images,
and from each cluster the image that is nearest to its centre. docs/own-images.md says how this was
chosen among published rules.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
from sklearn.cluster import KMeans
from sklearn.exceptions import ConvergenceWarning

from keras_selflearn.labelling.linear_heads import fit_logistic
from keras_selflearn.labelling.similarity_graph import principal_components, unit_rows

_DIMENSIONS = 64
# This part of the unlabelled images is uncertain enough.
_UNCERTAIN = 1 / 3
# So many clusters for each wanted image leave a choice between classes.
_CLUSTERS = 2
_ITERATIONS = 50
# Images whose embeddings have such a cosine show the same. Only one of them is worth a label.
_SAME = 0.95
# Of so many for each wanted image one that shows something new is looked for.
_MOST_ASKED = 10
# k-means takes no image that weighs nothing.
_LEAST_WEIGHT = 1e-6


@dataclass(frozen=True)
class Suggested:
    """Images to label, the most important first.

    Attributes
    ----------
    index : (k,) int64
        Positions of the images.
    stands_for : (k,) int64
        How many of the images that were candidates are in the cluster of each.
    predicted, second : (k,) int64
        The most probable class and the next one, by a head on the labels; -1 without labels.
    probability : (k,) float64
        Of the most probable class; NaN without labels.
    """

    index: np.ndarray
    stands_for: np.ndarray
    predicted: np.ndarray
    second: np.ndarray
    probability: np.ndarray


def suggest(
    embeddings: np.ndarray, number: int, *, labels: np.ndarray | None = None, seed: int = 0
) -> Suggested:
    """Suggest images to label.

    With labels of at least two classes, a logistic regression on them gives each image its
    probabilities. The third of the images with the smallest margin between the two most probable
    classes are candidates. They are clustered, and an image weighs 1 minus its margin. From each
    cluster comes the image that is nearest to the centre. The predicted classes take turns, and
    each begins with its heaviest cluster. Without such labels all images are candidates and weigh
    the same.

    Of images that are nearly the same one is suggested, and none that is nearly a labelled one,
    while there are others.

    Parameters
    ----------
    embeddings : (n, d) float32
        Those of a network that was not trained on the labels are best.
    number : int
        How many to suggest, at least 1. There are fewer if fewer have no label.
    labels : (n,) integers, optional
        From 0; -1 for an image without a label.
    seed : int
        Decides the first centres of clusters.
    """
    labels = np.full(len(embeddings), -1) if labels is None else np.asarray(labels)
    free, given = np.flatnonzero(labels < 0), np.flatnonzero(labels >= 0)
    number = min(number, len(free))
    units = unit_rows(embeddings)
    best = second = np.full(len(free), -1)
    probability, weights = np.full(len(free), np.nan), np.ones(len(free))
    classes, positions = np.unique(labels[given], return_inverse=True)
    if len(classes) > 1 and number:
        head = fit_logistic(units[given], positions, n_classes=len(classes))
        found = head.probabilities(units[free])
        order = np.argsort(-found, axis=1, kind="stable")[:, :2]
        first_two = np.take_along_axis(found, order, axis=1).astype(np.float64)
        best, second = classes[order].T
        probability = first_two[:, 0]
        weights = np.maximum(1 - (first_two[:, 0] - first_two[:, 1]), _LEAST_WEIGHT)
        n_candidates = max(_CLUSTERS * number, int(_UNCERTAIN * len(free)))
        n_clusters = _CLUSTERS * number
    else:
        n_candidates, n_clusters = len(free), number
    candidates = np.argsort(-weights, kind="stable")[:n_candidates]
    middles, sizes, heaviness = _clusters(
        embeddings, free[candidates], weights[candidates], n_clusters, seed
    )
    chosen = candidates[middles]
    turns = _in_turns(best[chosen], heaviness)
    # For the case that clusters are too few, the most uncertain of the others follow.
    others = np.delete(np.arange(len(free)), chosen)
    others = others[np.argsort(-weights[others], kind="stable")]
    asked = np.concatenate([chosen[turns], others])[: _MOST_ASKED * number]
    kept = asked[_once(units, free[asked], given, number)]
    stands_for = np.ones(len(free), np.int64)
    stands_for[chosen] = sizes
    return Suggested(free[kept], stands_for[kept], best[kept], second[kept], probability[kept])


def _clusters(
    embeddings: np.ndarray, candidates: np.ndarray, weights: np.ndarray, number: int, seed: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The middle of each cluster, a position in the candidates, its size and its weight."""
    number = min(number, len(candidates))
    if not number:
        return np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0)
    rows = principal_components(embeddings, _DIMENSIONS)
    if not rows.shape[1]:  # images that are all equal
        rows = np.zeros((len(embeddings), 1), np.float32)
    rows = unit_rows(rows)[candidates]
    means = KMeans(number, n_init=1, max_iter=_ITERATIONS, random_state=seed)
    with warnings.catch_warnings():
        # Images that are equal make fewer clusters, which does no harm.
        warnings.simplefilter("ignore", ConvergenceWarning)
        means.fit(rows, sample_weight=weights)
    distances = np.square(rows - means.cluster_centers_[means.labels_]).sum(axis=1)
    order = np.lexsort((distances, means.labels_))
    _, begins = np.unique(means.labels_[order], return_index=True)
    return (
        order[begins],
        np.bincount(means.labels_, minlength=number)[means.labels_[order[begins]]],
        np.bincount(means.labels_, weights, minlength=number)[means.labels_[order[begins]]],
    )


def _in_turns(classes: np.ndarray, heaviness: np.ndarray) -> np.ndarray:
    """An order in which the classes take turns, the heaviest of each class first."""
    order = np.argsort(-heaviness, kind="stable")
    turn = np.empty(len(classes), np.int64)
    for each in np.unique(classes):
        of_class = order[classes[order] == each]
        turn[of_class] = np.arange(len(of_class))
    return np.lexsort((-heaviness, turn))


def _once(units: np.ndarray, asked: np.ndarray, given: np.ndarray, number: int) -> list[int]:
    """Positions in `asked` of the first images that show something new; then of others."""
    kept: list[int] = []
    again: list[int] = []
    taken = given.tolist()
    for place, index in enumerate(asked.tolist()):
        if len(kept) == number:
            break
        is_new = not taken or (units[taken] @ units[index]).max() < _SAME
        (kept if is_new else again).append(place)
        if is_new:
            taken.append(index)
    return kept + again[: number - len(kept)]
