"""The nearest row of a reference for each embedding, found in float32 and decided in float64."""

from __future__ import annotations

import numpy as np
from sklearn.metrics import pairwise_distances_argmin

_MEBIBYTES_OF_DISTANCES = 32
_ROWS = 1024
# An embedding with more candidates than this is searched for in float64 alone.
_CROWD = 16


def nearest(embeddings: np.ndarray, reference: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Find the row of `reference` with the smallest Euclidean distance to each embedding.

    Of equally near rows it is the first. A product in float32 is twice as fast as one in float64.
    Its error has a bound, which leaves a few candidates; float64 decides between them.

    Parameters
    ----------
    embeddings : (n, d) float32
    reference : (m, d) float32

    Returns
    -------
    positions : (n,) int64
        From 0 to m - 1.
    distances : (n,) float64

    Raises
    ------
    ValueError
        When a value is NaN or infinite.
    """
    positions = np.empty(len(embeddings), np.int64)
    distances = np.empty(len(embeddings))
    clear = np.empty(len(embeddings), bool)
    candidates_of = _Candidates(reference)
    rows = max(1, min(_ROWS, _MEBIBYTES_OF_DISTANCES * 2**20 // (4 * len(reference))))
    for start in range(0, len(embeddings), rows):
        part = slice(start, start + rows)
        candidates = candidates_of(embeddings[part])
        numbers = np.count_nonzero(candidates, axis=1)
        few = (numbers > 0) & (numbers <= _CROWD)
        candidates[~few] = False
        decided = start + np.flatnonzero(few)
        positions[decided], distances[decided] = _decide(embeddings[part], reference, candidates)
        clear[part] = few
    crowded = np.flatnonzero(~clear)
    if len(crowded):
        positions[crowded] = pairwise_distances_argmin(embeddings[crowded], reference)
        for start in range(0, len(crowded), _ROWS):
            of = crowded[start : start + _ROWS]
            distances[of] = np.sqrt(_squares(embeddings[of], reference[positions[of]]))
    return positions, distances


class _Candidates:
    """Tells which rows of the reference (m, d) may be the nearest, as far as float32 can tell."""

    def __init__(self, reference: np.ndarray) -> None:
        halves = np.square(reference, dtype=np.float64).sum(axis=1, keepdims=True) / 2
        # One product gives half of each squared distance, less the part that all rows share.
        with np.errstate(over="ignore"):
            self._factor = np.hstack([-reference, halves.astype(np.float32)]).T
        self._longest = np.sqrt(2 * halves.max())

    def __call__(self, embeddings: np.ndarray) -> np.ndarray:
        """The candidates of each embedding, (k, m) bool; none after NaN or an overflow."""
        ones = np.ones((len(embeddings), 1), np.float32)
        with np.errstate(over="ignore", invalid="ignore"):
            halves = np.hstack([embeddings, ones]) @ self._factor
            error = self._error(embeddings).astype(np.float32)
            return halves <= (halves.min(axis=1) + error)[:, None]

    def _error(self, embeddings: np.ndarray) -> np.ndarray:
        """The largest possible error of the difference of two products, (k,).

        The error of a sum of d products is at most d roundings of the sum of their sizes, in any
        order (Higham, Accuracy and Stability of Numerical Algorithms, section 3.1).
        """
        roundings = (embeddings.shape[1] + 4) * float(np.finfo(np.float32).eps)
        lengths = np.linalg.norm(embeddings.astype(np.float64), axis=1)
        return roundings * self._longest * (lengths + self._longest / 2)


def _decide(
    embeddings: np.ndarray, reference: np.ndarray, candidates: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Give the nearest candidate and its distance for each embedding that has candidates."""
    of, candidate = np.divmod(np.flatnonzero(candidates), len(reference))
    squares = _squares(embeddings[of], reference[candidate])
    # Sorted by embedding, then by distance, then by place in the reference: lexsort is stable.
    order = np.lexsort((squares, of))
    _, first = np.unique(of, return_index=True)
    winners = order[first]
    return candidate[winners], np.sqrt(squares[winners])


def _squares(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Squared distances between the rows of two (k, d) arrays, (k,) float64."""
    differences = a.astype(np.float64) - b
    return np.einsum("ij,ij->i", differences, differences)
