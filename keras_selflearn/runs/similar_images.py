"""similar.npz: the given images that each image of a run is most similar to, for people to see."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np

from keras_selflearn.console.errors import InputError
from keras_selflearn.labelling.similarity_graph import most_similar, principal_components, unit_rows
from keras_selflearn.selflearning.examples import UNLABELLED
from keras_selflearn.storage.arrays import read_arrays
from keras_selflearn.storage.files import write_whole
from keras_selflearn.storage.lines import check_file

SIMILAR = "similar.npz"
_MOST, _DIMENSIONS = 6, 64


def find_similar(embeddings: np.ndarray, given: np.ndarray) -> np.ndarray:
    """Find up to six given images that are most similar to each image, the most similar first.

    They are compared by the cosine of 64 principal components. No image finds itself.

    Parameters
    ----------
    embeddings : (n, d) float32
    given : (n,) bool
        Which images have a given label.

    Returns
    -------
    (n, k) int32
        Positions of images; -1 where there is none.
    """
    places = np.flatnonzero(given)
    rows = unit_rows(principal_components(embeddings, _DIMENSIONS))
    k = min(_MOST + 1, len(places))
    if not k or not rows.shape[1]:  # images that are all equal
        return np.full((len(given), 0), UNLABELLED, np.int32)
    found = places[most_similar(rows, rows[places], k)[0]]
    others = found != np.arange(len(given))[:, None]
    # A stable sort puts an image itself last, and leaves the order of the others.
    order = np.argsort(~others, axis=1, kind="stable")
    found = np.where(others, found, UNLABELLED)
    return np.take_along_axis(found, order, axis=1)[:, :_MOST].astype(np.int32)


def write_similar(path: Path, similar: np.ndarray) -> None:
    """Write what `find_similar` found; an `InputError` as `write_whole`."""
    content = io.BytesIO()
    np.savez(content, similar=similar)
    write_whole(path, content.getvalue())


def read_similar(path: Path, n: int) -> np.ndarray | None:
    """Read the file of a run with n images; None if it is not there.

    Raises
    ------
    InputError
        When the file is damaged, or is of another run.
    """
    if not path.exists():
        return None
    try:
        check_file(path)
        with path.open("rb") as file:
            similar = read_arrays(file)["similar"]
        if similar.dtype.kind != "i" or similar.ndim != 2 or len(similar) != n:
            raise ValueError(f"similar is {similar.dtype} of shape {similar.shape}")
        if similar.size and not (similar.min() >= UNLABELLED and similar.max() < n):
            raise ValueError("similar names images that there are not")
    except (OSError, KeyError, ValueError) as error:
        raise InputError(f"{path} can't be read ({error}): remove the file.") from error
    return similar
