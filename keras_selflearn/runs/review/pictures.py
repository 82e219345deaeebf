"""Small and large pictures of a user's image files, for a browser."""

from __future__ import annotations

import io
from pathlib import Path

from PIL import Image

from keras_selflearn.datasets.image_files.reading import picture_size, read_picture

_QUALITY = 85


def jpeg(path: Path, most: int) -> bytes:
    """Give an image file as a JPEG of at most `most` pixels a side, in its proportions.

    The browser gets pixels only: nothing else that is in the file leaves it.

    Raises
    ------
    ValueError
        With the reason, when the file is missing or can't be read.
    """
    height, width = _size(path, most)
    content = io.BytesIO()
    picture = Image.fromarray(read_picture(path, (height, width)))
    # Colours at full size: a few pixels are shown enlarged.
    picture.save(content, "JPEG", quality=_QUALITY, subsampling=0)
    return content.getvalue()


def _size(path: Path, most: int) -> tuple[int, int]:
    try:
        height, width = picture_size(path)
    except ValueError:  # A damaged header: the reader mends it, and its size is not known.
        return most, most
    scale = min(most / max(height, width), 1)
    return max(round(scale * height), 1), max(round(scale * width), 1)
