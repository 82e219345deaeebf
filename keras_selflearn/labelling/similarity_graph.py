"""A graph that joins each image with the images that are most similar to it.

Zhou et al. 2004 (Learning with local and global consistency) and Iscen et al. 2019 (Label
propagation for deep semi-supervised learning) spread labels over such a graph.
"""

from __future__ import annotations

from typing import Callable

import numpy as np
from scipy import sparse

from keras_selflearn.console.signals import check_for_stop
from keras_selflearn.labelling.search_progress import SearchProgress

_MEBIBYTES_OF_SIMILARITIES = 96
_COLUMNS_IN_A_GROUP = 64
_BLOCK = 4096
_LEAST_VARIANCE = 1e-7


def unit_rows(vectors: np.ndarray) -> np.ndarray:
    """Divide each row (n, d) by its Euclidean length. A row of zeros stays as it is."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.divide(vectors, lengths, out=np.zeros_like(vectors), where=lengths > 0)


def most_similar(
    queries: np.ndarray,
    reference: np.ndarray,
    k: int,
    *,
    same: bool = False,
    tell: Callable[[int], None] | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Find the k rows of `reference` with the largest cosine to each query.

    Of equally similar rows the first ones are found. The search is exact, and it holds a block of
    similarities at a time.

    Parameters
    ----------
    queries, reference : (n, d), (m, d) float32
        Rows of Euclidean length 1, or of zeros.
    k : int
        At least 1. At most m, or m - 1 where `same`.
    same : bool
        Whether the queries are the reference. A row does not find itself then.
    tell : callable, optional
        Called after each block with the number of queries that are done.

    Returns
    -------
    places : (n, k) int64
        In the order of similarity.
    similarities : (n, k) float32
    """
    places = np.empty((len(queries), k), np.int64)
    similarities = np.empty((len(queries), k), np.float32)
    rows = max(1, _MEBIBYTES_OF_SIMILARITIES * 2**20 // (4 * max(1, len(reference))))
    for start in range(0, len(queries), rows):
        check_for_stop()
        block = queries[start : start + rows] @ reference.T
        if same:
            numbers = np.arange(len(block))
            block[numbers, start + numbers] = -np.inf
        part = slice(start, start + len(block))
        places[part], similarities[part] = _largest(block, k)
        if tell is not None:
            tell(part.stop)
    return places, similarities


def _largest(block: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """Give the places and values of the k largest numbers in each row, the largest first."""
    n_rows, n_columns = block.shape
    n_groups = n_columns // _COLUMNS_IN_A_GROUP
    if n_groups > k:
        # The k largest maxima of groups are k numbers of the row: its k-th largest number is no
        # smaller than the smallest of them. This leaves few candidates, which is far quicker than
        # a partition of the row.
        grouped = block[:, : n_groups * _COLUMNS_IN_A_GROUP]
        maxima = grouped.reshape(n_rows, _COLUMNS_IN_A_GROUP, n_groups).max(axis=1)
        bound = np.partition(maxima, n_groups - k, axis=1)[:, n_groups - k]
        of, place = np.divmod(np.flatnonzero(block >= bound[:, None]), n_columns)
    else:
        of = np.repeat(np.arange(n_rows), n_columns)
        place = np.tile(np.arange(n_columns), n_rows)
    values = block[of, place]
    order = np.lexsort((place, -values, of))
    first = np.searchsorted(of, np.arange(n_rows))  # `of` is sorted, before and after
    largest = order[first[:, None] + np.arange(k)]
    return place[largest], values[largest]


def principal_components(vectors: np.ndarray, size: int) -> np.ndarray:
    """Return the first principal components (n, size) of vectors (n, d), float32.

    There are fewer columns where the vectors have fewer dimensions or less variance.
    """
    centre = vectors.mean(axis=0, dtype=np.float64)
    products = np.zeros((vectors.shape[1],) * 2)
    for start in range(0, len(vectors), _BLOCK):
        block = vectors[start : start + _BLOCK]
        products += block.T @ block  # in float32 within a block, in float64 over blocks
    variances, directions = np.linalg.eigh(products / len(vectors) - np.outer(centre, centre))
    # eigh gives the smallest first. Rounding leaves a little where there is no variance.
    kept = np.flatnonzero(variances > _LEAST_VARIANCE * max(variances[-1], _LEAST_VARIANCE))
    kernel = directions[:, kept[::-1][:size]].astype(np.float32)
    return vectors @ kernel - (centre @ kernel).astype(np.float32)


def similarity_graph(
    embeddings: np.ndarray,
    *,
    dimensions: int,
    n_neighbors: int,
    exponent: float,
    tell: Callable[[int, int], None] | None = None,
) -> sparse.csr_matrix:
    """Return S = D^-1/2 W D^-1/2 of the graph, (n, n) float32.

    An image is joined with its most similar ones by max(0, cosine) ** exponent; W is that matrix
    plus its transpose, and D has the sums of its rows. Images that are similar to no other have
    rows of zeros.

    Parameters
    ----------
    embeddings : (n, d) float32
    dimensions : int
        The number of principal components that similarities are computed from.
    n_neighbors : int
        Fewer where there are no more images.
    exponent : float
        Above 0.
    tell : callable, optional
        See `SearchProgress`.
    """
    n = len(embeddings)
    units = unit_rows(principal_components(embeddings, dimensions))
    k = min(n_neighbors, n - 1)
    if k < 1:
        return sparse.csr_matrix((n, n), dtype=np.float32)
    places, similarities = most_similar(units, units, k, same=True, tell=SearchProgress(n, tell))
    weights = np.maximum(similarities, 0) ** np.float32(exponent)
    ends = np.arange(0, n * k + 1, k)
    joined = sparse.csr_matrix((weights.ravel(), places.ravel(), ends), (n, n))
    joined.eliminate_zeros()
    joined = joined + joined.T
    degrees = np.asarray(joined.sum(axis=1, dtype=np.float64)).ravel()
    scale = np.divide(1, np.sqrt(degrees), out=np.zeros(n), where=degrees > 0).astype(np.float32)
    return (sparse.diags(scale) @ joined @ sparse.diags(scale)).tocsr()
