"""The file of embeddings that a run keeps, before and after self-learning."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np

from keras_selflearn.console.errors import InputError
from keras_selflearn.runs.embedded_images import EmbeddedImages
from keras_selflearn.storage.arrays import read_arrays
from keras_selflearn.storage.files import write_whole
from keras_selflearn.storage.lines import check_file


def write_embeddings(path: Path, embeddings: np.ndarray, images: EmbeddedImages) -> None:
    """Write a .npz with the embeddings, their labels and their images' positions.

    Parameters
    ----------
    path : Path
    embeddings : (n, d) floats
        Stored as float16, which is precise enough for a picture and half the size.
    images : EmbeddedImages
    """
    content = io.BytesIO()
    np.savez(
        content,
        embeddings=embeddings.astype(np.float16),
        labels=images.labels.astype(np.int16),
        indices=images.indices.astype(np.int64),
        of=np.array(images.of),
    )
    write_whole(path, content.getvalue())


def read_embeddings(path: Path) -> tuple[np.ndarray, np.ndarray] | None:
    """Read embeddings (n, d) float16 and labels (n,); None if the file doesn't exist.

    Raises
    ------
    InputError
        When the file is damaged.
    """
    if not path.exists():
        return None
    try:
        check_file(path)
        with path.open("rb") as file:
            arrays = read_arrays(file)
        embeddings, labels = arrays["embeddings"], arrays["labels"]
        if embeddings.dtype.kind != "f" or embeddings.ndim != 2:
            raise ValueError(f"embeddings are {embeddings.dtype} of shape {embeddings.shape}")
        if labels.dtype.kind not in "iu" or labels.shape != embeddings.shape[:1]:
            raise ValueError(f"labels are {labels.dtype} of shape {labels.shape}")
    except (OSError, KeyError, ValueError) as error:
        raise InputError(
            f"The embeddings of a run, {path}, can't be read ({error}): remove the file."
        ) from error
    return embeddings, labels
